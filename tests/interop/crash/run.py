#!/usr/bin/env python3
"""kill -9 under write load, and a start after it: what FLUSH or a write-through WRITE acknowledged is there, the
state folder opens, the users are who they were.

Each writer has a file of numbered blocks, each block with its own digest, and keeps what the server has acknowledged:
for `flush`, blocks whose FLUSH was answered; for `write-through`, blocks whose WRITE was answered. The process dies,
not the machine: the test sees that the server answers no sooner than the data has left the process, and that nothing it
keeps of its own breaks. ROUNDS=N takes another number of deaths.
"""
import hashlib
import os
import random
import signal
import struct
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import harness  # noqa: E402
import server as servers  # noqa: E402
import smb2raw as smb  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "5"))
WRITERS = 6
BLOCK = 16384
NO_INTERMEDIATE_BUFFERING, WRITE_THROUGH = 8, 2
WRITE_THROUGH_FLAG = 1  # [MS-SMB2] 2.2.21: SMB2_WRITEFLAG_WRITE_THROUGH


def block(writer, number):
    seed = struct.pack("<II", writer, number)
    body = (seed + hashlib.sha256(seed).digest()) * (BLOCK // 40 + 1)
    return body[:BLOCK]


class Writer(threading.Thread):
    """Writes until the server is gone. `acknowledged` has what was promised."""

    def __init__(self, number, port):
        super().__init__(daemon=True)
        self.number, self.port = number, port
        self.name_on_share = f"writer-{number}"
        self.through = number % 2 == 0
        self.acknowledged, self.problem = set(), None

    def run(self):
        try:
            self.write()
        except (smb.Closed, OSError):
            pass  # the server was killed
        except Exception as problem:
            self.problem = problem

    def write(self):
        connection = smb.Connection("127.0.0.1", self.port)
        connection.negotiate(dialects=[0x311])
        session = connection.logon(servers.USER, servers.PASSWORD)
        tree = session.tree_connect("files")
        options = WRITE_THROUGH if self.number % 4 == 0 else 0
        file = tree.create(self.name_on_share, disposition=5, options=options)
        chosen, number, waiting = random.Random(self.number), 0, []
        while True:
            body = smb.write_body(file, block(self.number, number), number * BLOCK)
            if self.through and not options:
                body = body[:44] + struct.pack("<I", WRITE_THROUGH_FLAG) + body[48:]
            smb.expect(tree.request(smb.WRITE, body), smb.SUCCESS)
            if self.through:
                self.acknowledged.add(number)
            else:
                waiting.append(number)
                if chosen.random() < 0.2:
                    smb.expect(tree.request(smb.FLUSH, struct.pack("<HHI", 24, 0, 0) + file), smb.SUCCESS)
                    self.acknowledged.update(waiting)
                    waiting = []
            number += 1


def die_and_return(dozo, number):
    writers = [Writer(n, dozo.port) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    harness.wait_until(lambda: min(len(w.acknowledged) for w in writers) >= 20 or any(w.problem for w in writers),
                       "each writer has 20 acknowledged blocks")
    time.sleep(random.Random(number).random() * 0.5)
    dozo.process.send_signal(signal.SIGKILL)
    dozo.process.wait()
    for writer in writers:
        writer.join(harness.PATIENCE)
        harness.require(not writer.is_alive(), f"{writer.name_on_share} did not notice that the server is gone")
        harness.require(writer.problem is None, f"{writer.name_on_share}: {writer.problem!r}")
        harness.require(len(writer.acknowledged) >= 20, f"{writer.name_on_share} came to {len(writer.acknowledged)}")
    dozo._launch([servers.binary(), "serve", "--config", dozo.config])
    return writers


def all_is_there(dozo, writers):
    """Read through the server that was started anew."""
    connection = smb.Connection("127.0.0.1", dozo.port)
    connection.negotiate(dialects=[0x311])
    tree = connection.logon(servers.USER, servers.PASSWORD).tree_connect("files")
    for writer in writers:
        file = tree.create(writer.name_on_share, disposition=1)
        for number in sorted(writer.acknowledged):
            harness.require(tree.read(file, BLOCK, number * BLOCK) == block(writer.number, number),
                            f"{writer.name_on_share}: block {number} was acknowledged and is not there")
        tree.close(file)
    connection.close()
    print(f"{sum(len(w.acknowledged) for w in writers)} acknowledged blocks are there")


def users_are_intact(dozo):
    listed = dozo.command("user", "list")
    for name, password in dozo.users.items():
        harness.require(name in listed, f"{name} is gone: {listed}")
        connection = smb.Connection("127.0.0.1", dozo.port)
        connection.negotiate(dialects=[0x311])
        connection.logon(name, password)
        connection.close()


def die_while_users_change(dozo):
    """The users' database is being written when the server, and the command that writes, die."""
    for number in range(10):
        dozo.command("user", "add", f"user{number}", "--password-stdin", stdin="Some-Pass-9\n")
    dozo.users[f"user{number}"] = "Some-Pass-9"
    dozo.process.send_signal(signal.SIGKILL)
    dozo.process.wait()
    dozo._launch([servers.binary(), "serve", "--config", dozo.config])
    users_are_intact(dozo)


def main():
    suite = harness.Suite("crash")
    with servers.start(suite, "server", [servers.Share("files")], limits__connections_per_address_max=100) as dozo:
        for number in range(ROUNDS):
            writers = []
            suite.case(f"killed under load {number}: it starts again",
                       lambda n=number, w=writers: w.extend(die_and_return(dozo, n)))
            suite.case(f"killed under load {number}: what was acknowledged is there", all_is_there, dozo, writers)
            suite.case(f"killed under load {number}: the users are intact", users_are_intact, dozo)
        suite.case("killed after users were added: they are there", die_while_users_change, dozo)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
