#!/usr/bin/env python3
"""1,000 sessions at one time from one program, each on a connection of its own, all doing I/O; none may fail.

Each step is sent on all connections before the first answer is read, so the server has a thousand requests at once.
SESSIONS=N takes another number.
"""
import os
import resource
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import harness  # noqa: E402
import server as servers  # noqa: E402
import smb2raw as smb  # noqa: E402

SESSIONS = int(os.environ.get("SESSIONS", "1000"))
SIZE = 40000
DELETE_ON_CLOSE, MAY_DELETE = 0x1000, 0x13019F


def content(number):
    return struct.pack("<I", number) * (SIZE // 4)


class Peer:
    def __init__(self, number, port, dialect):
        self.number = number
        self.connection = smb.Connection("127.0.0.1", port, timeout=5 * harness.PATIENCE)
        self.connection.negotiate(dialects=[dialect])
        user, password = ((servers.USER, servers.PASSWORD), (servers.USER2, servers.PASSWORD2))[number % 2]
        self.session = self.connection.logon(user, password)
        self.session.encrypt = number % 3 == 0 and dialect >= 0x300
        self.tree = self.session.tree_connect("files")
        self.file = b""

    def send(self, command, body):
        self.session.send(command, body, tree_id=self.tree.id)

    def answer(self, *statuses):
        return smb.expect(self.connection.receive(), *(statuses or (smb.SUCCESS,)))


def everywhere(peers, request, take):
    """One request on every connection, then every answer."""
    for peer in peers:
        peer.send(*request(peer))
    for peer in peers:
        take(peer, peer.answer())


def opened(peer, response):
    peer.file = response.body[64:80]


def read_back(peer, response):
    at, size = response.body[2], struct.unpack_from("<I", response.body, 4)[0]
    data = response.raw[at:at + size] if response.raw else response.body[at - 64:at - 64 + size]
    harness.require(data == content(peer.number), f"session {peer.number} read something else than it wrote")


def all_do_io(peers):
    everywhere(peers, lambda p: (smb.CREATE, smb.create_body(f"file-{p.number}", access=MAY_DELETE, disposition=2)),
               opened)
    everywhere(peers, lambda p: (smb.WRITE, smb.write_body(p.file, content(p.number))), lambda p, r: None)
    everywhere(peers, lambda p: (smb.FLUSH, struct.pack("<HHI", 24, 0, 0) + p.file), lambda p, r: None)
    everywhere(peers, lambda p: (smb.READ, smb.read_body(p.file, SIZE)), read_back)
    # [MS-FSCC] 2.4.11: FileDispositionInformation
    everywhere(peers, lambda p: (smb.SET_INFO, smb.set_info_body(p.file, b"\1", info=13)), lambda p, r: None)
    everywhere(peers, lambda p: (smb.CLOSE, smb.close_body(p.file)), lambda p, r: None)


def counted(dozo, number):
    counts = dozo.status()["counts"]
    harness.require_equal((counts["connections"], counts["sessions"], counts["trees"]), (number,) * 3,
                          "connections, sessions and tree connects while all are there")


def main():
    suite = harness.Suite("sessions")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    with servers.start(suite, "server", [servers.Share("files")], limits__connections_per_address_max=SESSIONS + 10,
                       limits__pre_auth_timeout_ms=600000, log__level="warning") as dozo:
        peers = []
        started = time.monotonic()

        def log_on():
            dialects = (0x202, 0x210, 0x300, 0x302, 0x311)
            for number in range(SESSIONS):
                peers.append(Peer(number, dozo.port, dialects[number % len(dialects)]))

        suite.case("all log on", log_on)
        suite.case("all are counted", counted, dozo, SESSIONS)
        suite.case("all create, write, flush, read back and delete", all_do_io, peers)
        suite.case("all again", all_do_io, peers)
        suite.case("no file is left", lambda: harness.require_equal(os.listdir(dozo.share_path("files")), [], "left"))
        print(f"{SESSIONS} sessions, {time.monotonic() - started:.0f} s, {dozo.memory_kib()} KiB at most")
        suite.case("all log off", lambda: [smb.expect(p.session.logoff(), smb.SUCCESS) for p in peers])
        for peer in peers:
            peer.connection.close()
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
