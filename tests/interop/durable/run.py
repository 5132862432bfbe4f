#!/usr/bin/env python3
"""Handles that outlive their connection, and on a continuously available share the server: the network goes, the
process is killed with -9; the client comes back to its data and its locks, and others are held off meanwhile.

ROUNDS=N takes another number of deaths, MANY=N another number of handles of the one with many.
"""
import contextlib
import os
import signal
import sqlite3
import struct
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import harness  # noqa: E402
import server as servers  # noqa: E402
import smb2raw as smb  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "3"))
HANDLES = 40
MANY = int(os.environ.get("MANY", "500"))
BATCH = 9
PERSISTENT = 2
CAP_PERSISTENT_HANDLES = 0x10
EXCLUSIVE_AT_ONCE, UNLOCK = 0x12, 4
NOT_FOUND, LOCK_CONFLICT, NOT_AVAILABLE = 0xC0000034, 0xC0000054, 0xC0000467
ACCESS_DENIED = 0xC0000022


def context(name, data):
    """One create context, the last of its list. [MS-SMB2] 2.2.13.2."""
    return struct.pack("<IHHHHI", 0, 16, len(name), 0, 24, len(data)) + name + bytes(4) + data


def ask(guid, flags=0, timeout=0):
    return context(b"DH2Q", struct.pack("<IIQ", timeout, flags, 0) + guid)


def again(file_id, guid, flags=0):
    return context(b"DH2C", file_id + guid + struct.pack("<I", flags))


class Client:
    """A machine with its ClientGuid: what it opened it can come back to over another connection."""

    def __init__(self, port, share, user=servers.USER):
        self.port, self.share, self.guid = port, share, uuid.uuid4().bytes
        self.user, self.password = user, servers.PASSWORD if user == servers.USER else servers.PASSWORD2
        self.connect()

    def connect(self):
        self.connection = smb.Connection("127.0.0.1", self.port, timeout=20)
        self.connection.client_guid = self.guid
        self.connection.capabilities |= CAP_PERSISTENT_HANDLES
        self.connection.negotiate(dialects=[0x311])
        self.tree = self.connection.logon(self.user, self.password).tree_connect(self.share)

    def create(self, name, contexts=b"", *, oplock=0, disposition=3):
        body = bytearray(smb.create_body(name, contexts=contexts, disposition=disposition))
        body[3] = oplock
        return self.tree.request(smb.CREATE, bytes(body))

    def open(self, name, contexts, **keywords):
        return smb.expect(self.create(name, contexts, **keywords), smb.SUCCESS).body[64:80]

    def lock(self, file, flags):
        return self.tree.request(smb.LOCK, smb.lock_body(file, [(0, 8, flags)])).status

    def come_back(self, name, file, guid, flags=0):
        """The FileId it has now."""
        response = self.create(name, again(file, guid, flags))
        smb.expect(response, smb.SUCCESS)
        new = response.body[64:80]
        harness.require(new[:8] == file[:8], "the persistent half of the FileId has changed")
        return new


def drop_and_return(dozo):
    client, guid = Client(dozo.port, "plain"), uuid.uuid4().bytes
    file = client.open("dropped", ask(guid), oplock=BATCH)
    client.tree.write(file, b"kept")
    harness.require(client.lock(file, EXCLUSIVE_AT_ONCE) == smb.SUCCESS, "no lock")
    client.connection.close()

    client.connect()
    file = client.come_back("dropped", file, guid)
    harness.require(client.tree.read(file, 4) == b"kept", "the data is not there")
    harness.require(client.lock(file, UNLOCK) == smb.SUCCESS, "the lock is not there")
    client.tree.close(file)
    client.connection.close()


def somebody_else_comes(dozo):
    client, guid = Client(dozo.port, "plain"), uuid.uuid4().bytes
    file = client.open("mine", ask(guid), oplock=BATCH)
    client.connection.close()
    other = Client(dozo.port, "plain", servers.USER2)
    status = other.create("mine", again(file, guid)).status
    harness.require(status == ACCESS_DENIED, f"another user gets {smb.status_name(status)}")
    client.connect()
    client.tree.close(client.come_back("mine", file, guid))
    client.connection.close()
    other.connection.close()


def kill(dozo):
    dozo.process.send_signal(signal.SIGKILL)
    dozo.process.wait()
    dozo._launch([servers.binary(), "serve", "--config", dozo.config])


def die_and_return(dozo, number):
    client = Client(dozo.port, "available")
    handles = []
    for n in range(HANDLES):
        guid = uuid.uuid4().bytes
        file = client.open(f"persistent-{number}-{n}", ask(guid, PERSISTENT))
        client.tree.write(file, b"%08d" % n)
        harness.require(client.lock(file, EXCLUSIVE_AT_ONCE) == smb.SUCCESS, "no lock")
        handles.append((f"persistent-{number}-{n}", file, guid))
    kill(dozo)

    other = Client(dozo.port, "available", servers.USER2)
    client.connect()
    for n, (name, file, guid) in enumerate(handles):
        status = other.create(name).status
        harness.require(status == NOT_AVAILABLE, f"{name}: another opener gets {smb.status_name(status)}")
        file = client.come_back(name, file, guid, PERSISTENT)
        theirs = smb.expect(other.create(name), smb.SUCCESS).body[64:80]
        status = other.tree.request(smb.WRITE, smb.write_body(theirs, b"x")).status
        harness.require(status == LOCK_CONFLICT, f"{name}: its lock is not there: {smb.status_name(status)}")
        harness.require(client.tree.read(file, 8) == b"%08d" % n, f"{name}: its data is not there")
        other.tree.close(theirs)
        client.tree.close(file)
    client.connection.close()
    other.connection.close()


def closed_is_forgotten(dozo):
    client, guid = Client(dozo.port, "available"), uuid.uuid4().bytes
    file = client.open("closed", ask(guid, PERSISTENT))
    client.tree.close(file)
    kill(dozo)
    client.connect()
    status = client.create("closed", again(file, guid, PERSISTENT)).status
    harness.require(status == NOT_FOUND, f"a closed handle: {smb.status_name(status)}")
    client.tree.close(client.open("closed", b""))
    client.connection.close()


def stored(dozo):
    """How many handles the server has on its disk."""
    with contextlib.closing(sqlite3.connect(os.path.join(dozo.folder, "state", "handles.db"))) as database:
        return database.execute("SELECT count(*) FROM opens").fetchone()[0]


def many_return(dozo):
    client, other = Client(dozo.port, "available"), Client(dozo.port, "available", servers.USER2)
    guids = [uuid.uuid4().bytes for _ in range(MANY)]
    files = [client.open(f"many-{n}", ask(guid, PERSISTENT)) for n, guid in enumerate(guids)]
    kill(dozo)
    client.connect()
    other.connect()
    # All are held for their owner, not only those that it is about to ask for.
    for n in range(MANY):
        status = other.create(f"many-{n}").status
        harness.require(status == NOT_AVAILABLE, f"many-{n}: another opener gets {smb.status_name(status)}")
    for n in range(MANY):
        client.tree.close(client.come_back(f"many-{n}", files[n], guids[n], PERSISTENT))
        other.tree.close(smb.expect(other.create(f"many-{n}"), smb.SUCCESS).body[64:80])
    harness.require(stored(dozo) == 0, f"{stored(dozo)} handles are stored that were closed")
    client.connection.close()
    other.connection.close()


def nobody_returns(dozo):
    client, guid = Client(dozo.port, "available"), uuid.uuid4().bytes
    files = [client.open(f"left-{n}", ask(uuid.uuid4().bytes, PERSISTENT, timeout=2000)) for n in range(HANDLES)]
    last = client.open("last", ask(guid, PERSISTENT, timeout=300_000))
    kill(dozo)
    harness.wait_until(lambda: stored(dozo) == 1, "the handles nobody came back to are forgotten")
    other = Client(dozo.port, "available", servers.USER2)
    for n in range(len(files)):
        other.tree.close(smb.expect(other.create(f"left-{n}"), smb.SUCCESS).body[64:80])
    client.connect()
    client.tree.close(client.come_back("last", last, guid, PERSISTENT))
    client.connection.close()
    other.connection.close()


def main():
    suite = harness.Suite("durable")
    shares = [servers.Share("plain"), servers.Share("available", continuously_available=True)]
    with servers.start(suite, "server", shares) as dozo:
        suite.case("dropped: data and locks are there", drop_and_return, dozo)
        suite.case("dropped: another user does not get it", somebody_else_comes, dozo)
        for number in range(ROUNDS):
            suite.case(f"killed {number}: handles, data and locks are there; others were held off", die_and_return,
                       dozo, number)
        suite.case("killed: what was closed is forgotten", closed_is_forgotten, dozo)
        suite.case("killed: many handles are there, and all were held", many_return, dozo)
        suite.case("killed: handles nobody comes back to end, and are forgotten", nobody_returns, dozo)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
