"""Trees of files to copy, and their checksums on both sides."""
import hashlib
import os
import random

from harness import Failed

WORDS = ["Grüße", "naïve", "résumé", "Ελλάδα", "данные", "日本語", "한국어", "שלום", "مرحبا", "ไทย", "😀🏯", "土蔵",
         "e\u0301 decomposed", "Ǆ", "ß", "ﬁ ligature", "a b  c", "#1 & co; (x) [y] {z}", "'quoted'", "100%", "~tilde$",
         "comma, semi", "plus+equals=", "@at!", ".hidden", "UPPER lower"]
SIZES = [0, 1, 7, 100, 511, 4096, 4097, 9000, 30000]
# The boundaries of a credit and of a read or write of the dialects.
EDGES = [65535, 65536, 65537, 131072, 1048575, 1048577]


def name_of(number, rng, words=tuple(WORDS)):
    """Names of which no two are the same without regard to case; some at the limit of 255 bytes on disk."""
    word = words[number % len(words)]
    stem = f"{word} {number:05d}" if number % 3 else f"{number:05d}{word}"
    if number % 40 == 5:
        stem = (stem + " " + "long name " * 30)[:200].rstrip()
    elif number % 40 == 7:
        stem += "長" * ((250 - len(stem.encode())) // 3)
    stem = stem.encode()[:250].decode(errors="ignore").rstrip(" .")
    return stem + rng.choice([".txt", ".c", ".Bin", ""])


def make(root, files, *, seed=1, edges=True, astral=True):
    """`files` files in folders up to four deep, one folder of twenty empty; about 6 KiB each. astral: also names with
    characters that are two units of UTF-16, which not every client counts rightly."""
    rng = random.Random(seed)
    words = [w for w in WORDS if astral or max(w) <= "\uffff"]
    folders = [""]
    for number in range(max(4, files // 20)):
        parent = rng.choice([f for f in folders if f.count("/") < 3])
        folders.append(os.path.join(parent, name_of(100000 + number, rng, words).replace(".", "_")))
    folders = sorted(set(folders))
    for folder in folders:
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    filled = [f for number, f in enumerate(folders) if number % 20 != 19]
    sizes = [rng.choice(SIZES) for _ in range(files)]
    if edges:
        sizes[:len(EDGES)] = EDGES
    for number, size in enumerate(sizes):
        with open(os.path.join(root, rng.choice(filled), name_of(number, rng, words)), "wb") as file:
            file.write(rng.randbytes(size))
    return root


def checksums(root):
    """relative path: SHA-256, or "folder"."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders:
            found[os.path.relpath(os.path.join(folder, name), root)] = "folder"
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, root)] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def require_same(one, other, what):
    a, b = checksums(one), checksums(other)
    if not a:
        raise Failed(f"{what}: {one} is empty")
    if a != b:
        missing = sorted(set(a) - set(b))
        extra = sorted(set(b) - set(a))
        differ = sorted(name for name in set(a) & set(b) if a[name] != b[name])
        raise Failed(f"{what}: {len(missing)} missing {missing[:3]}, {len(extra)} extra {extra[:3]}, "
                     f"{len(differ)} differ {differ[:3]}")


def total_size(root):
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, files in os.walk(root) for name in files)
