#!/usr/bin/env python3
"""Local programs change files and folders under a client's read and directory leases. The client looks again when it
is told to, and only then: what it knows may be old for as long as the notice is on its way, and no longer.

Each round: the client holds a lease and what it has read; this program, which is not dozo, changes something in the
shared folder; the client waits for the break, looks anew, and must see the change. A round without a break is stale.
ROUNDS=N takes another number of rounds.
"""
import mmap
import os
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import harness  # noqa: E402
import server as servers  # noqa: E402
import smb2raw as smb  # noqa: E402
from harness import require, require_equal  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "100"))
CAP_LEASING, CAP_DIRECTORY_LEASING = 0x02, 0x20
R, H, W = 1, 2, 4
LEASE = 0xFF  # SMB2_OPLOCK_LEVEL_LEASE
UNASKED = 0xFFFFFFFFFFFFFFFF
ACK_REQUIRED = 1
DIRECTORY = 1  # FILE_DIRECTORY_FILE
BREAK_SECONDS = 5


class CachingClient:
    """One connection, leases of version 2. Breaks that come while an answer is awaited are kept."""

    def __init__(self, port):
        self.connection = smb.Connection("127.0.0.1", port, timeout=20)
        self.connection.capabilities |= CAP_LEASING | CAP_DIRECTORY_LEASING
        self.connection.negotiate(dialects=[0x311])
        self.breaks = []
        receive = self.connection.receive

        def receive_answer(*, interim=False):
            while True:
                response = receive(interim=interim)
                if response.message_id != UNASKED:
                    return response
                self.breaks.append(response)

        self.connection.receive = receive_answer
        self.receive_any = receive
        self.session = self.connection.logon(servers.USER, servers.PASSWORD)
        self.tree = self.session.tree_connect("files")

    def open(self, name, state, *, disposition=1, options=0, access=0x120089):
        """(FileId, lease key, state granted)"""
        key = os.urandom(16)
        data = key + struct.pack("<IIQ16sHH", state, 0, 0, bytes(16), 0, 0)
        context = struct.pack("<IHHHHI", 0, 16, 4, 0, 24, len(data)) + b"RqLs" + bytes(4) + data
        body = bytearray(smb.create_body(name, access=access, disposition=disposition, options=options,
                                         contexts=context))
        body[3] = LEASE
        response = smb.expect(self.tree.request(smb.CREATE, bytes(body)), smb.SUCCESS)
        if response.body[2] != LEASE:
            return response.body[64:80], key, 0
        at, size = struct.unpack_from("<II", response.body, 80)
        contexts = response.raw[at:at + size]
        lease = contexts.index(b"RqLs") + 8
        require_equal(contexts[lease:lease + 16], key, "the lease key")
        return response.body[64:80], key, struct.unpack_from("<I", contexts, lease + 16)[0]

    def next_break(self, seconds=BREAK_SECONDS):
        """(lease key, new state) of the next lease break, acknowledged where it asks for that; None without one."""
        if not self.breaks:
            self.connection.socket.settimeout(seconds)
            try:
                response = self.receive_any()
            except TimeoutError:
                return None
            finally:
                self.connection.socket.settimeout(self.connection.timeout)
            require_equal((response.command, response.message_id), (smb.OPLOCK_BREAK, UNASKED), "what came")
            self.breaks.append(response)
        body = self.breaks.pop(0).body
        flags, key, new = struct.unpack_from("<I", body, 4)[0], body[8:24], struct.unpack_from("<I", body, 28)[0]
        if flags & ACK_REQUIRED:
            ack = struct.pack("<HHI16sIQ", 36, 0, 0, key, new, 0)
            smb.expect(self.tree.request(smb.OPLOCK_BREAK, ack), smb.SUCCESS)
        return key, new

    def wait_for_break(self, key):
        deadline = time.monotonic() + BREAK_SECONDS
        while time.monotonic() < deadline:
            told = self.next_break(deadline - time.monotonic())
            if told and told[0] == key:
                return told
        raise harness.Failed("stale: nothing said that what is cached has changed")

    def close(self):
        self.connection.close()


# --- What the local program does, by round; each returns what is to be seen afterwards -------------------------------

def rewrite(path, number):
    content = b"written anew %d\n" % number
    with open(path, "wb") as file:
        file.write(content)
    return content


def append(path, number):
    with open(path, "ab") as file:
        file.write(b"more %d\n" % number)
    with open(path, "rb") as file:
        return file.read()


def shorten(path, _):
    os.truncate(path, 3)
    with open(path, "rb") as file:
        return file.read()


def write_through_a_mapping(path, number):
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[0:2] = b"%02d" % (number % 100)
    with open(path, "rb") as file:
        return file.read()


CHANGES = (rewrite, append, shorten, write_through_a_mapping)


def in_another_process(function, *arguments):
    """As a program of its own, which ends before this returns. What it returned."""
    ours, its = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(its, function(*arguments) or b"")
        finally:
            os._exit(0)
    os.close(its)
    with os.fdopen(ours, "rb") as result:
        answer = result.read()
    os.waitpid(child, 0)
    return answer


def file_rounds(dozo, state):
    client = CachingClient(dozo.port)
    path = os.path.join(dozo.share_path("files"), f"file-{state}")
    rewrite(path, -1)
    for number in range(ROUNDS):
        file, key, granted = client.open(os.path.basename(path), state)
        require(granted & R, f"round {number}: read caching is not granted: {granted}")
        before = client.tree.read(file, 4096)
        expected = in_another_process(CHANGES[number % len(CHANGES)], path, number)
        require(before != expected, f"round {number} changes nothing")
        _, new = client.wait_for_break(key)
        require_equal(new & R, 0, f"round {number}: read caching after the break")
        require_equal(client.tree.read(file, 4096), expected, f"round {number}: the content")
        client.tree.close(file)
    client.close()


def names_in(client, directory):
    """{name: size}"""
    names, flags = {}, 1
    while True:
        response = client.tree.request(smb.QUERY_DIRECTORY, smb.query_directory_body(directory, info=2, flags=flags))
        if response.status == smb.NO_MORE_FILES:
            return names
        smb.expect(response, smb.SUCCESS)
        at, size = struct.unpack_from("<HI", response.body, 2)
        entries, flags = response.raw[at:at + size], 0
        while entries:
            step, = struct.unpack_from("<I", entries, 0)
            end_of_file, = struct.unpack_from("<Q", entries, 40)
            length, = struct.unpack_from("<I", entries, 60)
            name = entries[68:68 + length].decode("utf-16-le")
            if name not in (".", ".."):
                names[name] = end_of_file
            entries = entries[step:] if step else b""


def make_entry(folder, number):
    rewrite(os.path.join(folder, f"entry-{number}"), number)


def rename_entry(folder, number):
    os.rename(os.path.join(folder, f"entry-{number - 1}"), os.path.join(folder, f"renamed-{number - 1}"))


def grow_entry(folder, number):
    append(os.path.join(folder, f"renamed-{number - 2}"), number)


def remove_entry(folder, number):
    os.remove(os.path.join(folder, f"renamed-{number - 3}"))


def directory_rounds(dozo):
    client = CachingClient(dozo.port)
    folder = os.path.join(dozo.share_path("files"), "folder")
    os.mkdir(folder)
    steps = (make_entry, rename_entry, grow_entry, remove_entry)
    for number in range(ROUNDS):
        directory, key, granted = client.open("folder", R | H, options=DIRECTORY)
        require(granted & R, f"round {number}: read caching is not granted: {granted}")
        before = names_in(client, directory)
        in_another_process(steps[number % len(steps)], folder, number)
        there = {name: os.stat(os.path.join(folder, name)).st_size for name in os.listdir(folder)}
        require(before != there, f"round {number} changes nothing")
        _, new = client.wait_for_break(key)
        require_equal(new & R, 0, f"round {number}: read caching after the break")
        require_equal(names_in(client, directory), there, f"round {number}: the listing")
        client.tree.close(directory)
    client.close()


def file_goes(dozo):
    client = CachingClient(dozo.port)
    path = os.path.join(dozo.share_path("files"), "going")
    for number, end in enumerate((os.remove, lambda p: os.rename(p, p + "-moved"))):
        rewrite(path, number)
        file, key, granted = client.open("going", R | H)
        require(granted & R, "read caching is not granted")
        in_another_process(end, path)
        client.wait_for_break(key)
        client.tree.close(file)
        smb.expect(client.tree.try_create("going", disposition=1), smb.OBJECT_NAME_NOT_FOUND)
    client.close()


def own_changes(dozo):
    """What the client writes itself through dozo is not taken for somebody else's doing."""
    client = CachingClient(dozo.port)
    file, key, granted = client.open("own", R | H | W, disposition=5, access=0x12019F)
    require_equal(granted, R | H | W, "what is granted of the client's own new file")
    for number in range(ROUNDS):
        client.tree.write(file, b"x" * 70000, number * 1000)
    smb.expect(client.tree.request(smb.FLUSH, struct.pack("<HHI", 24, 0, 0) + file), smb.SUCCESS)
    require_equal(client.next_break(1), None, "a break after writes of one's own")
    in_another_process(append, os.path.join(dozo.share_path("files"), "own"), 0)
    client.wait_for_break(key)
    client.close()


def main():
    suite = harness.Suite("outside")
    with servers.start(suite, "outside", [servers.Share("files")]) as dozo:
        suite.case("content of a file under a read lease", file_rounds, dozo, R)
        suite.case("content of a file under a read and handle lease", file_rounds, dozo, R | H)
        suite.case("entries of a folder under a directory lease", directory_rounds, dozo)
        suite.case("a file that is removed or renamed", file_goes, dozo)
        suite.case("what the client changes itself", own_changes, dozo)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
