"""What the refusals' cases share: their registry, a client that is let in, and the ways to see a refusal."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
import server
import smb2raw as smb
from harness import PATIENCE, Failed, require, require_equal

DIALECTS = {0x202: "2.0.2", 0x210: "2.1", 0x300: "3.0", 0x302: "3.0.2", 0x311: "3.1.1"}
CASES = []  # (server, name, function, arguments)


def case(where, name, *arguments):
    """Registers a case of the server named `where`."""
    def register(function):
        CASES.append((where, name, function, arguments))
        return function
    return register


def for_each_dialect(where, name, dialects=tuple(DIALECTS)):
    """One case for each of the dialects; the function takes the dialect after the server."""
    def register(function):
        CASES.extend((where, f"{name}, {DIALECTS[d]}", function, (d,)) for d in dialects)
        return function
    return register


def connect(dozo, dialect=0x311, **keywords):
    """A connection that has negotiated."""
    connection = smb.Connection("127.0.0.1", dozo.port)
    smb.expect(connection.negotiate([dialect], **keywords), smb.SUCCESS)
    return connection


def let_in(dozo, dialect=0x311, **keywords):
    """A session of a user that exists."""
    return connect(dozo, dialect, **keywords).logon(server.USER, server.PASSWORD)


def refused(response, *statuses):
    smb.expect(response, *statuses)


def dropped(connection, seconds=PATIENCE):
    """The connection was ended without an answer."""
    if not connection.is_closed_within(seconds):
        raise Failed(f"the server neither answered nor closed within {seconds:.0f} s")


def unharmed(session):
    """The session that saw a refusal is still there."""
    refused(session.echo(), smb.SUCCESS)


def good_client(dozo, share="files"):
    """A client that keeps the rules is served."""
    session = let_in(dozo)
    tree = session.tree_connect(share)
    file = tree.create("good client", disposition=5, options=0x1000, access=0x13019F)  # FILE_DELETE_ON_CLOSE
    tree.write(file, b"served")
    require_equal(tree.read(file, 100), b"served", "what a good client reads")
    refused(tree.close(file), smb.SUCCESS)
    refused(session.logoff(), smb.SUCCESS)
    session.connection.close()


def inside(dozo, name="files"):
    return dozo.share_path(name)


def put_file(dozo, name, content=b"inside", share="files"):
    path = os.path.join(inside(dozo, share), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    return path


__all__ = ["CASES", "DIALECTS", "PATIENCE", "Failed", "case", "connect", "dropped", "for_each_dialect", "good_client",
           "inside", "let_in", "put_file", "refused", "require", "require_equal", "server", "smb", "unharmed"]
