"""The files of the tree, and what the rules share."""
import dataclasses
import os
import subprocess


@dataclasses.dataclass(order=True, frozen=True)
class Violation:
    path: str
    line: int
    rule: str
    message: str
    measure: int = 1  # a length, or 1 for each occurrence

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


CODE = (".h", ".cc")
BINARY = (".png", ".bin", ".der", ".gz", ".zst", ".pcap", ".pcapng")
SKIPPED_FOLDERS = ("build", "state", ".git", "__pycache__", "tests/fuzz/corpus")


def read_tree(root):
    """{path: text} of every text file that is, or would be, committed."""
    files = {}
    for path in list_paths(root):
        if path.endswith(BINARY) or path.startswith("tests/fuzz/corpus/"):
            continue
        try:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                files[path] = file.read()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
    return files


def list_paths(root):
    try:
        # A file name per record: NUL-separated, or git quotes names that are not ASCII.
        out = subprocess.run(["git", "-C", root, "ls-files", "-coz", "--exclude-standard"],
                             check=True, capture_output=True).stdout
        return sorted(p.decode() for p in set(out.split(b"\0")) if p)
    except (OSError, subprocess.CalledProcessError):
        return sorted(walk(root))


def walk(root):
    for folder, folders, names in os.walk(root):
        inside = os.path.relpath(folder, root)
        folders[:] = [f for f in folders if os.path.normpath(os.path.join(inside, f)) not in SKIPPED_FOLDERS]
        for name in names:
            yield os.path.normpath(os.path.join(inside, name))


def is_header(path):
    return path.endswith(".h")


def is_test(path):
    return path.endswith("_test.cc") or path.startswith("tests/")
