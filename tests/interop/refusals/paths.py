"""Names that would lead out of the share: symlinks, swaps of them, dots."""
import ctypes
import os
import shutil
import struct
import threading
import time

from support import *

NOT_THERE = (smb.OBJECT_NAME_NOT_FOUND, smb.OBJECT_PATH_NOT_FOUND)
BAD_NAME = (smb.OBJECT_NAME_INVALID, smb.OBJECT_PATH_SYNTAX_BAD, smb.INVALID_PARAMETER)


def outside(dozo):
    """A folder beside the share, with a secret."""
    folder = os.path.join(dozo.folder, "outside")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "secret"), "w") as file:
        file.write("outside")
    return folder


def link(dozo, name, target):
    path = os.path.join(inside(dozo), name)
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)


def names_of(tree, pattern="*"):
    folder = tree.create("", access=0x100081, options=1, attributes=0)
    response = tree.request(smb.QUERY_DIRECTORY, smb.query_directory_body(folder, pattern, info=12))  # names only
    tree.close(folder)
    if response.status != smb.SUCCESS:
        return response.status, []
    at, size = struct.unpack_from("<HI", response.body, 2)
    data, names = response.raw[at:at + size], []
    while True:
        following, _, length = struct.unpack_from("<III", data)
        names.append(data[12:12 + length].decode("utf-16-le"))
        if not following:
            return smb.SUCCESS, names
        data = data[following:]


@case("default", "symlink out of the share")
def symlink_out(dozo):
    # Architecture, "Path safety": a walk stays beneath the share's root, whatever the file system says.
    folder = outside(dozo)
    link(dozo, "absolute", folder)
    link(dozo, "relative", "../../outside")
    link(dozo, "file", os.path.join(folder, "secret"))
    link(dozo, "proc", "/proc/self/root")
    link(dozo, "root", "/")
    session = let_in(dozo)
    tree = session.tree_connect("files")
    for name in ("absolute\\secret", "relative\\secret", "file", "absolute", "relative", "root\\etc\\passwd",
                 "proc\\etc\\passwd"):
        for disposition in (1, 3, 5, 2):  # OPEN, OPEN_IF, OVERWRITE_IF, CREATE
            if disposition == 2 and "\\" not in name:
                continue
            refused(tree.try_create(name, disposition=disposition), smb.ACCESS_DENIED, *NOT_THERE,
                    smb.STOPPED_ON_SYMLINK, smb.OBJECT_NAME_COLLISION)
    for name in ("absolute\\new", "relative\\new"):
        refused(tree.try_create(name, disposition=2), smb.ACCESS_DENIED, smb.STOPPED_ON_SYMLINK,
                smb.OBJECT_PATH_NOT_FOUND)
    require_equal(sorted(os.listdir(folder)), ["secret"], "the folder outside")
    require_equal(open(os.path.join(folder, "secret")).read(), "outside", "the file outside")
    # Renames cannot lead out either.
    put_file(dozo, "movable")
    file = tree.create("movable", access=0x13019F)
    target = "absolute\\moved".encode("utf-16-le")
    body = struct.pack("<B7xQI", 1, 0, len(target)) + target
    refused(tree.request(smb.SET_INFO, smb.set_info_body(file, body, info=10)), smb.ACCESS_DENIED,
            smb.STOPPED_ON_SYMLINK, smb.OBJECT_PATH_NOT_FOUND)
    require_equal(sorted(os.listdir(folder)), ["secret"], "the folder outside after a rename")
    session.connection.close()
    for name in ("absolute", "relative", "file", "proc", "root"):
        os.unlink(os.path.join(inside(dozo), name))


@case("default", "symlink within the share is followed")
def symlink_within(dozo):
    put_file(dozo, "real/file")
    link(dozo, "alias", "real")
    link(dozo, "real/up", "../real/file")
    session = let_in(dozo)
    tree = session.tree_connect("files")
    for name in ("alias\\file", "real\\up", "alias\\up"):
        require_equal(tree.read(tree.create(name), 10), b"inside", name)
    session.connection.close()
    os.unlink(os.path.join(inside(dozo), "alias"))


def exchange(one, two):
    """renameat2 with RENAME_EXCHANGE: at no moment is there no entry of the name."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(-100, os.fsencode(one), -100, os.fsencode(two), 2) != 0:
        raise Failed(f"renameat2: {os.strerror(ctypes.get_errno())}")


@case("default", "folder swapped for a symlink while it is used")
def symlink_swap(dozo):
    folder = outside(dozo)
    put_file(dozo, "swap/secret")
    link(dozo, "swap-link", folder)
    one, two = os.path.join(inside(dozo), "swap"), os.path.join(inside(dozo), "swap-link")
    stop = threading.Event()

    def swapping():
        while not stop.is_set():
            exchange(one, two)

    thread = threading.Thread(target=swapping)
    session = let_in(dozo)
    tree = session.tree_connect("files")
    thread.start()
    seen = {"inside": 0, "refused": 0}
    try:
        ends = time.monotonic() + 3
        number = 0
        while time.monotonic() < ends:
            number += 1
            response = tree.try_create("swap\\secret")
            if response.status == smb.SUCCESS:
                file = response.body[64:80]
                content = tree.read(file, 20)
                require_equal(content, b"inside", "what was read")
                tree.write(file, b"inside")
                tree.close(file)
                seen["inside"] += 1
            else:
                refused(response, smb.ACCESS_DENIED, smb.STOPPED_ON_SYMLINK, *NOT_THERE)
                seen["refused"] += 1
            response = tree.try_create(f"swap\\new-{number}", disposition=2)
            if response.status == smb.SUCCESS:
                tree.close(response.body[64:80])
            response = tree.try_create("swap\\secret", disposition=1, options=0x40)
            if response.status == smb.SUCCESS:
                tree.close(response.body[64:80])
    finally:
        stop.set()
        thread.join()
    require(seen["inside"] and seen["refused"], f"the race was not run: {seen}")
    require_equal(os.listdir(folder), ["secret"], "the folder outside")
    require_equal(open(os.path.join(folder, "secret")).read(), "outside", "the file outside")
    session.connection.close()
    if os.path.islink(one):
        exchange(one, two)
    os.unlink(two)
    shutil.rmtree(one)


@for_each_dialect("default", "names with dots")
def dots(dozo, dialect):
    # [MS-FSCC] 2.1.5.1: a dot directory name MUST NOT be sent; [MS-SMB2] 3.3.5.9 <303>: Windows: INVALID_PARAMETER.
    outside(dozo)
    put_file(dozo, "d/f")
    session = let_in(dozo, dialect)
    tree = session.tree_connect("files")
    for name in ("..", "..\\outside\\secret", "d\\..\\..\\outside\\secret", "d\\..\\f", ".\\d", "d\\.\\f", ".",
                 "..\\..\\..\\..\\etc\\passwd", "../outside/secret", "d/../../outside/secret", "d/f", "..\\files\\d"):
        for disposition in (1, 3):
            response = tree.try_create(name, disposition=disposition)
            require(response.status in BAD_NAME, f"{name}: {smb.status_name(response.status)}")
    refused(tree.try_create("\\d\\f"), smb.INVALID_PARAMETER)  # [MS-SMB2] 3.3.5.9
    file = tree.create("d\\f", access=0x13019F)
    for target in ("..\\moved", "d\\..\\..\\moved", "../moved", "\\..\\moved"):
        name = target.encode("utf-16-le")
        body = struct.pack("<B7xQI", 1, 0, len(name)) + name
        for info in (10, 11):  # FileRenameInformation, FileLinkInformation
            response = tree.request(smb.SET_INFO, smb.set_info_body(file, body, info=info))
            require(response.status in BAD_NAME, f"{info} to {target}: {smb.status_name(response.status)}")
    status, names = names_of(tree, "..\\*")
    require(status in BAD_NAME, f"a pattern with ..: {smb.status_name(status)} {names}")
    require_equal(os.path.exists(os.path.join(dozo.folder, "shares", "moved")), False, "a file beside the share")
    session.connection.close()


@case("default", "names that no file can have")
def impossible_names(dozo):
    # [MS-FSCC] 2.1.5.2.
    session = let_in(dozo)
    tree = session.tree_connect("files")
    for name in ("a\0b", "a\x01", "a<b", "a>b", 'a"b', "a|b", "a?b", "a*b", "a\\\\b", "x" * 256, "d\\" + "y" * 300,
                 "a:b:c:d", "a:b:$WRONG", "n" * 30000):
        response = tree.try_create(name, disposition=3)
        require(response.status in BAD_NAME, f"{name[:20]!r}: {smb.status_name(response.status)}")
    odd = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x12019F, 0x80, 7, 3, 0, 120, 3, 0, 0) + b"abc"
    refused(tree.request(smb.CREATE, odd), smb.INVALID_PARAMETER)  # [MS-SMB2] 3.3.5.9: NameLength is not even
    surrogate = smb.create_body("xx", disposition=3).replace("xx".encode("utf-16-le"), b"\x00\xd8x\x00")
    response = tree.request(smb.CREATE, surrogate)  # an unpaired surrogate: refused, or kept reversibly
    require(response.status in (smb.SUCCESS, *BAD_NAME), smb.status_name(response.status))
    if response.status == smb.SUCCESS:
        tree.close(response.body[64:80])
        require("\ud800x" in names_with_surrogates(tree), "the name with an unpaired surrogate did not come back")
    session.connection.close()


def names_with_surrogates(tree):
    folder = tree.create("", access=0x100081, options=1, attributes=0)
    response = tree.request(smb.QUERY_DIRECTORY, smb.query_directory_body(folder, info=12))
    return response.raw.decode("utf-16-le", errors="surrogatepass")


@case("default", "names whose lengths lie")
def lying_lengths(dozo):
    session = let_in(dozo)
    tree = session.tree_connect("files")
    for offset, length in ((120, 2000), (60, 4), (0xFFF0, 100), (0xFFFF, 0xFFFE), (121, 0xFFFE)):
        body = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x12019F, 0x80, 7, 3, 0, offset, length, 0, 0)
        refused(tree.request(smb.CREATE, body + b"a\0b\0"), smb.INVALID_PARAMETER)  # [MS-SMB2] 3.3.5.9
    contexts = (struct.pack("<IHHHHI", 0, 16, 3, 0, 24, 0) + b"MxA\0", struct.pack("<IHHHHI", 0, 16, 4, 0, 24, 99999) +
                b"MxAc\0\0\0\0", struct.pack("<IHHHHI", 4, 16, 4, 0, 24, 0) + b"MxAc", b"\xff" * 40, b"\0" * 3)
    for context in contexts:
        response = tree.try_create("context", disposition=3, contexts=context)
        refused(response, smb.INVALID_PARAMETER)
    session.connection.close()


@case("default", "writing to a share that is read-only")
def read_only(dozo):
    put_file(dozo, "fixed", share="readonly")
    session = let_in(dozo)
    tree = session.tree_connect("readonly")
    denied = (smb.ACCESS_DENIED, 0xC00000A2)  # STATUS_MEDIA_WRITE_PROTECTED
    for disposition in (0, 2, 4, 5):
        refused(tree.try_create("new" if disposition == 2 else "fixed", disposition=disposition), *denied)
    refused(tree.try_create("fixed", access=0x2), *denied)
    refused(tree.try_create("fixed", access=0x10000), *denied)
    # A read-only open with an overwriting disposition must not truncate.
    refused(tree.try_create("fixed", access=0x1, disposition=5), *denied)
    file = tree.create("fixed", access=0x120089)
    require_equal(tree.read(file, 10), b"inside", "the file's content")
    session.connection.close()
