#!/usr/bin/env python3
"""One session on several connections: bound, used at once, dropped in the middle of I/O; no byte may be wrong."""
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import harness  # noqa: E402
import server as servers  # noqa: E402
import smb2raw as smb  # noqa: E402

CHANNELS = 4
PIECE, PIECES = 60000, 200
DELETE_ON_CLOSE, MAY_DELETE = 0x1000, 0x13019F


def content(number):
    return struct.pack("<I", number * 2654435761 % (1 << 32)) * (PIECE // 4)


class Channels:
    """A session with several channels; the first is the connection it was set up on."""

    def __init__(self, dozo, dialect, encrypt=False):
        self.port, self.dialect = dozo.port, dialect
        first = self.connect(os.urandom(16))
        self.session = first.logon(servers.USER, servers.PASSWORD)
        self.session.encrypt = encrypt
        self.tree = self.session.tree_connect("files")
        self.all = [self.session]
        while len(self.all) < CHANNELS:
            self.add()

    def connect(self, guid):
        connection = smb.Connection("127.0.0.1", self.port, timeout=30)
        connection.client_guid = guid
        connection.capabilities |= smb.CAP_MULTI_CHANNEL
        connection.negotiate(dialects=[self.dialect])
        return connection

    def add(self):
        connection = self.connect(self.session.connection.client_guid)
        self.all.append(connection.bind(self.session, servers.USER, servers.PASSWORD))

    def drop(self, channel):
        self.all.remove(channel)
        channel.connection.close()

    def request(self, channel, command, body):
        return smb.expect(channel.request(command, body, tree_id=self.tree.id), smb.SUCCESS)

    def create(self, name, channel=None, **keywords):
        response = self.request(channel or self.all[0], smb.CREATE, smb.create_body(name, **keywords))
        return response.body[64:80]

    def read(self, channel, file, size, offset):
        response = self.request(channel, smb.READ, smb.read_body(file, size, offset))
        at, length = response.body[2], struct.unpack_from("<I", response.body, 4)[0]
        return response.raw[at:at + length]

    def close(self):
        for channel in self.all:
            channel.connection.close()


def each_sees_the_others(channels):
    file = channels.create("shared", access=MAY_DELETE, options=DELETE_ON_CLOSE)
    for number, writer in enumerate(channels.all):
        channels.request(writer, smb.WRITE, smb.write_body(file, content(number)))
        for reader in channels.all:
            harness.require(channels.read(reader, file, PIECE, 0) == content(number), f"piece {number} read back")
    channels.request(channels.all[-1], smb.CLOSE, smb.close_body(file))


def counted(dozo, channels):
    status = dozo.status()
    harness.require_equal(status["counts"]["sessions"], 1, "sessions")
    harness.require_equal(status["counts"]["connections"], len(channels.all), "connections")
    harness.require_equal(len(status["sessions"][0]["channels"]), len(channels.all), "channels in the status")


def write_all(channels, file, at_round):
    """Every piece, in rounds of one piece a channel, all under way at once; those a dropped channel owes go again."""
    pieces = list(range(PIECES))
    rounds = 0
    while pieces:
        asked = []
        for channel in list(channels.all):
            if not pieces:
                break
            number = pieces.pop(0)
            channel.send(smb.WRITE, smb.write_body(file, content(number), number * PIECE), tree_id=channels.tree.id)
            asked.append((channel, number))
        victim = at_round.get(rounds)
        if victim is not None:
            channels.drop(channels.all[victim])
        for channel, number in asked:
            if channel in channels.all:
                smb.expect(channel.connection.receive(), smb.SUCCESS)
            else:
                pieces.append(number)
        rounds += 1


def survives_lost_channels(dozo, channels):
    file = channels.create("copied")
    # The third one, and then the connection that the session was set up on.
    write_all(channels, file, {10: 2, 20: 0})
    harness.require_equal(len(channels.all), CHANNELS - 2, "channels left")
    for number in range(PIECES):
        reader = channels.all[number % len(channels.all)]
        harness.require(channels.read(reader, file, PIECE, number * PIECE) == content(number), f"piece {number}")
    with open(os.path.join(dozo.share_path("files"), "copied"), "rb") as stored:
        harness.require(stored.read() == b"".join(content(number) for number in range(PIECES)), "the file on disk")
    channels.request(channels.all[0], smb.CLOSE, smb.close_body(file))
    os.unlink(os.path.join(dozo.share_path("files"), "copied"))


def bound_anew(dozo, channels):
    while len(channels.all) < CHANNELS:
        channels.add()
    each_sees_the_others(channels)
    counted(dozo, channels)


def interfaces(channels):
    body = smb.ioctl_body(smb.FSCTL_QUERY_NETWORK_INTERFACE_INFO)
    response = channels.request(channels.all[1], smb.IOCTL, body)
    at, size = struct.unpack_from("<II", response.body, 32)
    harness.require(size >= 152, f"{size} bytes of network interfaces")
    index, = struct.unpack_from("<I", response.raw, at + 4)
    family, = struct.unpack_from("<H", response.raw, at + 24)
    harness.require(index != 0 and family in (2, 0x17), f"interface {index}, address family {family}")


def logoff_ends_all(channels):
    smb.expect(channels.all[1].logoff(), smb.SUCCESS)
    for channel in channels.all:
        if not channel.encrypt:
            smb.expect(channel.echo(), smb.USER_SESSION_DELETED)
    channels.close()


def main():
    suite = harness.Suite("channels")
    with servers.start(suite, "server", [servers.Share("files")], server__threads=2, log__level="warning") as dozo:
        for name, dialect, encrypt in (("3.0", 0x300, False), ("3.0.2 encrypted", 0x302, True),
                                       ("3.1.1", 0x311, False), ("3.1.1 encrypted", 0x311, True)):
            channels = []
            if not suite.case(f"{name}: four channels are bound",
                              lambda d=dialect, e=encrypt, c=channels: c.append(Channels(dozo, d, e))):
                continue
            channels = channels[0]
            suite.case(f"{name}: all are counted", counted, dozo, channels)
            suite.case(f"{name}: each reads what the others wrote", each_sees_the_others, channels)
            suite.case(f"{name}: channels lost in the middle of I/O", survives_lost_channels, dozo, channels)
            suite.case(f"{name}: others bound in their place", bound_anew, dozo, channels)
            suite.case(f"{name}: network interfaces are told", interfaces, channels)
            suite.case(f"{name}: logoff on one ends all", logoff_ends_all, channels)
            channels.close()
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
