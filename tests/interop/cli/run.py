"""dozo's own client commands against a server of ours: what they do, print and refuse, and how they say so."""
import json
import os
import pty
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
import server
from harness import PATIENCE, Skip, Suite, require, require_equal

CHUNK = 16 << 20  # what get and put hold in memory at once


class Client:
    def __init__(self, dozo, folder, share="files"):
        self.dozo, self.folder, self.share = dozo, folder, share
        os.makedirs(folder, exist_ok=True)

    def url(self, path="", share=None, user=server.USER, port=None):
        return f"smb://{user}@127.0.0.1:{port or self.dozo.port}/{share or self.share}/{path}"

    def run(self, *arguments, password=server.PASSWORD, status=0, **kwargs):
        """The command with the password in the environment; its exit status has to be `status` (None: any)."""
        environment = {k: v for k, v in os.environ.items() if k != "DOZO_PASSWORD"}
        if password is not None:
            environment["DOZO_PASSWORD"] = password
        done = subprocess.run([server.binary(), *arguments], cwd=self.folder, env=environment, capture_output=True,
                              timeout=PATIENCE, start_new_session=True, **{"stdin": subprocess.DEVNULL, **kwargs})
        if status is not None:
            require_equal(done.returncode, status, f"{arguments[0]}'s exit status ({done.stderr.decode()[-300:]})")
        return done

    def refused(self, *arguments, says, status=1, **kwargs):
        done = self.run(*arguments, status=status, **kwargs)
        said = done.stderr.decode()
        require(re.search(says, said), f"{arguments[0]} said {said!r}, not /{says}/")
        require_equal(done.stdout, b"", "standard output")
        require(server.PASSWORD not in said, "the password was printed")

    def on_disk(self, *path):
        return os.path.join(self.dozo.share_path(self.share), *path)

    def write(self, path, content):
        with open(path, "wb") as file:
            file.write(content)

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()


def content_of(size):
    return bytes(range(256)) * (size // 256) + b"\x07" * (size % 256)


def put_get_cat(c, size):
    sent, name = content_of(size), f"größe {size}.bin"
    c.write(os.path.join(c.folder, name), sent)
    c.run("put", name, c.url())
    require(c.read(c.on_disk(name)) == sent, "what the share holds differs")
    c.run("get", c.url(name.replace(" ", "%20")), f"back{size}")
    require(c.read(os.path.join(c.folder, f"back{size}")) == sent, "what came back differs")
    require(c.run("cat", c.url(name.replace(" ", "%20"))).stdout == sent, "what was printed differs")
    require(not [n for n in os.listdir(c.folder) if n.endswith("partial")], "a partial file is left")


def get_names_the_file(c):
    c.write(c.on_disk("plain.txt"), b"one\n")
    c.run("get", c.url("plain.txt"))
    require_equal(c.read(os.path.join(c.folder, "plain.txt")), b"one\n", "the file")
    os.makedirs(os.path.join(c.folder, "into"))
    c.run("get", c.url("plain.txt"), "into")
    require_equal(c.read(os.path.join(c.folder, "into", "plain.txt")), b"one\n", "the file in the folder")


def get_replaces_only_when_whole(c):
    kept = os.path.join(c.folder, "kept.txt")
    c.write(kept, b"old")
    c.refused("get", c.url("none.txt"), "kept.txt", says="no such file")
    require_equal(c.read(kept), b"old", "the old file")


def put_replaces(c):
    c.write(c.on_disk("replaced"), b"a long old content")
    c.write(os.path.join(c.folder, "new"), b"new")
    c.run("put", "new", c.url("replaced"))
    require_equal(c.read(c.on_disk("replaced")), b"new", "the replaced file")


def listing(c):
    os.makedirs(c.on_disk("list", "inner"))
    c.write(c.on_disk("list", "a.txt"), b"12345")
    text = c.run("ls", c.url("list")).stdout.decode().splitlines()
    require(len(text) == 2 and re.fullmatch(r"----\s+5 \d{4}-\d\d-\d\dT[\d:]+Z a\.txt", text[0]), f"printed {text}")
    require(re.fullmatch(r"d---\s+\d+ \S+ inner/", text[1]), f"printed {text[1]!r}")
    entries = json.loads(c.run("ls", c.url("list"), "--json").stdout)["entries"]
    require_equal([(e["name"], e["type"]) for e in entries], [("a.txt", "file"), ("inner", "folder")], "as JSON")
    require_equal(entries[0]["size"], 5, "the size")
    one = json.loads(c.run("ls", c.url("list/a.txt"), "--json").stdout)["entries"]
    require_equal([e["name"] for e in one], ["a.txt"], "ls of a file")


def listing_of_many(c):
    os.makedirs(c.on_disk("many"))
    for number in range(3000):
        c.write(c.on_disk("many", f"file with a longer name {number:05}"), b"")
    entries = json.loads(c.run("ls", c.url("many"), "--json").stdout)["entries"]
    require_equal(len(entries), 3000, "entries")
    require_equal(len({e["name"] for e in entries}), 3000, "different names")


def names_cannot_drive_the_terminal(c):
    c.write(c.on_disk("evil\x1b[2Jname"), b"")
    text = c.run("ls", c.url()).stdout
    require(b"\x1b" not in text, "an escape character was printed")
    os.unlink(c.on_disk("evil\x1b[2Jname"))


def stat_shows(c):
    c.write(c.on_disk("facts"), b"x" * 100)
    os.utime(c.on_disk("facts"), (1_000_000_000, 1_000_000_000))
    facts = json.loads(c.run("stat", c.url("facts"), "--json").stdout)
    require_equal((facts["name"], facts["type"], facts["size"]), ("facts", "file", 100), "stat --json")
    require_equal(facts["written"], "2001-09-09T01:46:40Z", "the time of the last write")
    require(b"2001-09-09T01:46:40Z" in c.run("stat", c.url("facts")).stdout, "the text lacks the time")


def backslashes_are_an_address(c):
    c.write(c.on_disk("unc.txt"), b"unc")
    address = f"\\\\127.0.0.1:{c.dozo.port}\\{c.share}\\unc.txt"
    require_equal(c.run("cat", address, "--user", server.USER).stdout, b"unc", "cat of a UNC name")


def make_and_remove(c):
    c.run("mkdir", c.url("made"))
    require(os.path.isdir(c.on_disk("made")), "mkdir made nothing")
    c.refused("mkdir", c.url("made"), says="there already")
    c.refused("mkdir", c.url("no/such/parent"), says="on the way")
    c.run("mkdir", "--parents", c.url("made/a/b/c"))
    c.run("mkdir", "--parents", c.url("made/a/b/c"))
    require(os.path.isdir(c.on_disk("made", "a", "b", "c")), "mkdir --parents made nothing")
    c.write(c.on_disk("made", "a", "file"), b"")
    c.refused("mkdir", "--parents", c.url("made/a/file"), says="not a folder")
    c.refused("rm", c.url("made"), says="--recursive")
    c.run("rm", c.url("made/a/file"))
    c.run("rm", "--recursive", c.url("made"))
    require(not os.path.exists(c.on_disk("made")), "rm --recursive left something")
    c.refused("rm", "--recursive", c.url(), says="ACCESS_DENIED")
    require(os.path.isdir(c.on_disk()), "the share itself was removed")


def removal_follows_no_link(c):
    outside = os.path.join(c.dozo.folder, "outside")
    os.makedirs(outside)
    c.write(os.path.join(outside, "precious"), b"1")
    os.makedirs(c.on_disk("tree"))
    os.symlink(outside, c.on_disk("tree", "link"))
    c.run("rm", "--recursive", c.url("tree"), status=None)
    require_equal(c.read(os.path.join(outside, "precious")), b"1", "the file behind the link")


def move(c):
    c.write(c.on_disk("from.txt"), b"moved")
    c.write(c.on_disk("other.txt"), b"other")
    c.run("mv", c.url("from.txt"), c.url("to.txt"))
    require(c.read(c.on_disk("to.txt")) == b"moved" and not os.path.exists(c.on_disk("from.txt")), "mv did not")
    c.refused("mv", c.url("to.txt"), c.url("other.txt"), says="there already")
    c.run("mv", "--force", c.url("to.txt"), c.url("other.txt"))
    require_equal(c.read(c.on_disk("other.txt")), b"moved", "the replaced file")
    os.makedirs(c.on_disk("target"))
    c.run("mv", c.url("other.txt"), c.url("target"))
    require_equal(c.read(c.on_disk("target", "other.txt")), b"moved", "the file in the folder")
    c.refused("mv", c.url("target"), c.url("x", share="other"), says="within one share", status=2)
    c.refused("mv", c.url("none"), c.url("x"), says="no such file")


def passwords(c):
    c.run("ls", c.url(), "--password-stdin", password=None, stdin=None, input=server.PASSWORD.encode() + b"\n")
    c.write(os.path.join(c.folder, "secret"), server.PASSWORD.encode() + b"\n")
    c.run("ls", c.url(), "--password-file", "secret", password=None)
    c.run("ls", c.url(), "--password-file", "secret", password="wrong in the environment")
    c.refused("ls", c.url(), "--password-file", "none", says="none: cannot be read", password=None)
    c.refused("ls", c.url(), "--password-stdin", says="no password on standard input", password=None)
    c.refused("ls", c.url(), says="--password-stdin, --password-file or DOZO_PASSWORD", password=None)


def typed_password(c):
    """On a terminal of its own; what is typed is not echoed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.pop("DOZO_PASSWORD", None)
        os.execv(server.binary(), [server.binary(), "stat", c.url()])
    said = b""
    while b"Password for" not in said:
        said += os.read(terminal, 1000)
    os.write(terminal, server.PASSWORD.encode() + b"\n")
    while True:
        try:
            more = os.read(terminal, 1000)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        said += more
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    require_equal(status, 0, f"exit status after {said[-200:]!r}")
    require(server.PASSWORD.encode() not in said, "the password was echoed")


def refusals(c):
    c.refused("ls", c.url(), says="user or password is wrong", password="wrong")
    c.refused("ls", c.url(user="nobody"), says="user or password is wrong")
    c.refused("ls", c.url(share="nothere"), says="no share of that name")
    c.refused("cat", c.url("none.txt"), says="no such file")
    c.refused("cat", c.url("none/none.txt"), says="on the way")
    c.refused("get", c.url("none.txt"), says="no such file")
    c.refused("stat", c.url("none.txt"), says="no such file")
    c.refused("rm", c.url("none.txt"), says="no such file")
    c.refused("put", "none-here", c.url(), says="none-here: No such file")
    c.refused("put", ".", c.url(), says="Is a directory")
    c.refused("ls", c.url(port=1), says="nothing accepts connections")
    os.makedirs(c.on_disk("isfolder"))
    c.refused("cat", c.url("isfolder"), says="is a folder")
    c.refused("put", "/etc/hostname", c.url("x", share="readonly"), says="denied|read-only")


def wrong_usage(c):
    c.refused("ls", "http://127.0.0.1/x", says="smb://", status=2)
    c.refused("stat", f"smb://127.0.0.1:{c.dozo.port}", says="names no share", status=2)
    c.refused("ls", f"smb://alice:secret@127.0.0.1:{c.dozo.port}/files", says="password does not belong", status=2)
    c.refused("ls", c.url("a/../b"), says="not a name", status=2)
    c.refused("get", c.url(), says="not a file", status=2)
    c.refused("ls", c.url(), "--min-dialect", "1.0", says="one of 2.0.2", status=2)
    c.refused("ls", says="ADDRESS", status=2)


def encrypted(c):
    c.write(c.on_disk("sealed.txt"), b"sealed")
    require_equal(c.run("cat", c.url("sealed.txt"), "--encrypt").stdout, b"sealed", "cat --encrypt")
    require_equal(c.run("cat", c.url("sealed.txt", share="sealed")).stdout, b"sealed", "cat from an encrypted share")


def no_progress_without_a_terminal(c):
    c.write(os.path.join(c.folder, "big"), bytes(3 * CHUNK))
    require_equal(c.run("put", "big", c.url("big")).stderr, b"", "standard error")
    os.unlink(c.on_disk("big"))


def old_server(c):
    """Of a server that speaks 2.1 at most."""
    c.refused("ls", c.url(), says="NOT_SUPPORTED")
    c.run("ls", c.url(), "--min-dialect", "2.0.2")


# --- Reload: here because the client commands are what is needed to see it.

def reload(dozo, status=0):
    command = [server.binary(), "reload", "--config", dozo.config]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    require_equal(done.returncode, status, f"reload's exit status ({done.stderr[-300:]})")
    return done.stderr


def change_config(dozo, text):
    with open(dozo.config) as file:
        before = file.read()
    with open(dozo.config, "w") as file:
        file.write(before + text)
    return before


def reload_drops_no_session(c):
    """A client is stopped in the middle of a file by a pipe that nobody reads; the reload happens; it goes on."""
    content = content_of(4 * CHUNK)
    c.write(c.on_disk("long"), content)
    os.makedirs(c.on_disk("within"))
    environment = {**os.environ, "DOZO_PASSWORD": server.PASSWORD}
    with subprocess.Popen([server.binary(), "cat", c.url("long")], stdout=subprocess.PIPE, env=environment) as reader:
        first = reader.stdout.read(1)
        sessions = [s["id"] for s in c.dozo.status()["sessions"]]
        require_equal(len(sessions), 1, "sessions")
        c.refused("ls", c.url(share="added"), says="no share of that name")
        change_config(c.dozo, f'[[share]]\nname = "added"\npath = "{c.on_disk("within")}"\n')
        reload(c.dozo)
        c.run("ls", c.url(share="added"))
        require(sessions[0] in [s["id"] for s in c.dozo.status()["sessions"]], "the session is gone")
        require(first + reader.stdout.read() == content, "the content differs")
    require_equal(reader.returncode, 0, "the reader's exit status")


def reload_of_a_wrong_file_changes_nothing(c):
    before = change_config(c.dozo, "[limits]\nnonsense = 1\n")
    said = reload(c.dozo, status=1)
    require(re.search(r"dozo\.toml:\d+:\d+: ", said), f"said {said!r}")
    c.run("ls", c.url())
    c.write(c.dozo.config, before.encode())


def reload_cannot_leave_the_sandbox(c):
    landlock = c.dozo.status()["sandbox"]["landlock"]
    if landlock.startswith("off"):
        raise Skip(f"Landlock is {landlock}")
    outside = os.path.join(c.dozo.folder, "beside")
    os.makedirs(outside)
    before = change_config(c.dozo, f'[[share]]\nname = "beside"\npath = "{outside}"\n')
    said = reload(c.dozo, status=1)
    require("restart the server" in said, f"said {said!r}")
    c.refused("ls", c.url(share="beside"), says="no share of that name")
    c.write(c.dozo.config, before.encode())


CASES = [
    *((f"put, get, cat of {size} bytes", put_get_cat, size)
      for size in (0, 1, 65536, 65537, CHUNK - 1, CHUNK, 2 * CHUNK + 12345)),
    ("get names the file after the address", get_names_the_file),
    ("get that fails leaves the old file", get_replaces_only_when_whole),
    ("put replaces", put_replaces),
    ("ls prints a folder", listing),
    ("ls prints 3000 entries", listing_of_many),
    ("names cannot drive the terminal", names_cannot_drive_the_terminal),
    ("stat shows facts", stat_shows),
    ("a UNC name is an address", backslashes_are_an_address),
    ("mkdir and rm", make_and_remove),
    ("rm --recursive follows no link", removal_follows_no_link),
    ("mv", move),
    ("passwords from standard input, file and environment", passwords),
    ("a typed password is not echoed", typed_password),
    ("what is not there is refused with status 1", refusals),
    ("wrong usage is status 2", wrong_usage),
    ("encrypted", encrypted),
    ("reload drops no session", reload_drops_no_session),
    ("reload of a wrong file changes nothing", reload_of_a_wrong_file_changes_nothing),
    ("reload cannot leave the sandbox", reload_cannot_leave_the_sandbox),
    ("no progress without a terminal", no_progress_without_a_terminal),
]


def main():
    suite = Suite("cli")
    shares = [server.Share("files"), server.Share("other"), server.Share("readonly", read_only=True),
              server.Share("sealed", of="files", encryption="required")]
    with server.start(suite, "cli", shares, min_dialect="3.0") as dozo:
        client = Client(dozo, os.path.join(dozo.folder, "client"))
        for name, function, *arguments in CASES:
            suite.case(name, function, client, *arguments)
    with server.start(suite, "old", [server.Share("files")], min_dialect="2.0.2", max_dialect="2.1") as dozo:
        suite.case("less than 3.0 needs a switch", old_server, Client(dozo, os.path.join(dozo.folder, "client")))
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
