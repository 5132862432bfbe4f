#!/usr/bin/env python3
"""dozo's client against dozo's server and against smbd: every dialect, signed and encrypted; trees, syncs, connections
that are cut and programs that are killed in the middle."""
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import server  # noqa: E402
import trees  # noqa: E402
from harness import PATIENCE, Skip, Suite, require, require_equal, wait_until  # noqa: E402

DIALECTS = ("2.0.2", "2.1", "3.0", "3.0.2", "3.1.1")
FILES = int(os.environ.get("FILES", "400"))
LARGE = 48 * 1024 * 1024 + 12345
# What is interrupted: LARGE_MIB=4096 for the whole measure of it.
TREE_FILES = int(os.environ.get("TREE_FILES", "5000"))
INTERRUPTED = int(os.environ.get("LARGE_MIB", "512")) * 1024 * 1024 + 12345


class Client:
    def __init__(self, served, *, port=None, arguments=()):
        self.served, self.port, self.arguments = served, port or served.port, list(arguments)
        self.folder = os.path.join(served.folder, "client")
        os.makedirs(self.folder, exist_ok=True)

    def url(self, path=""):
        return f"smb://{server.USER}@127.0.0.1:{self.port}/files/{path}"

    def command(self, *arguments):
        return [server.binary(), *arguments, *self.arguments]

    def environment(self, **more):
        return {**os.environ, "DOZO_PASSWORD": server.PASSWORD, **more}

    def run(self, *arguments, status=0, **more):
        done = subprocess.run(self.command(*arguments), cwd=self.folder, env=self.environment(**more),
                              capture_output=True, timeout=5 * PATIENCE, stdin=subprocess.DEVNULL)
        require_equal(done.returncode, status, f"{arguments[0]}'s exit status ({done.stderr.decode()[-400:]})")
        return done

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), cwd=self.folder, env=self.environment(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def json(self, *arguments, status=0):
        return json.loads(self.run(*arguments, "--json", status=status).stdout)

    def here(self, *path):
        return os.path.join(self.folder, *path)

    def there(self, *path):
        return os.path.join(self.served.share_path("files"), *path)


def random_file(path, size):
    with open(path, "wb") as file:
        file.write(os.urandom(min(size, 1 << 20)) * (size // (1 << 20)) + os.urandom(size % (1 << 20)))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path, text):
    with open(path, "wb") as file:
        file.write(text)


def partials(folder):
    return [n for n in os.listdir(folder) if n.endswith(".partial")]


def fresh(*folders):
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def same_trees(a, b):
    left, right = trees.checksums(a), trees.checksums(b)
    differing = sorted(k for k in left.keys() | right.keys() if left.get(k) != right.get(k))
    require(not differing, f"{len(differing)} of {len(left)} differ, as {differing[:3]}")


# --- Trees

def there_and_back(c, name, files):
    trees.make(c.here(name), files)
    c.run("put", "--recursive", name, c.url())
    same_trees(c.here(name), c.there(name))
    c.run("get", "--recursive", c.url(name), "back")
    same_trees(c.here(name), c.here("back"))
    some = next(iter(sorted(k for k, v in trees.checksums(c.here(name)).items() if v != "folder")))
    require_equal(os.stat(c.here("back", some)).st_mtime_ns // 100, os.stat(c.here(name, some)).st_mtime_ns // 100,
                  "the time of a file that went there and back")
    fresh(c.here("back"), c.there(name), c.here(name))


def large_there_and_back(c):
    random_file(c.here("large"), LARGE)
    c.run("put", "large", c.url(), "--verify")
    require(content(c.there("large")) == content(c.here("large")), "what the share holds differs")
    c.run("get", c.url("large"), "large.back", "--verify")
    require(content(c.here("large.back")) == content(c.here("large")), "what came back differs")
    require(not partials(c.folder) and not partials(c.there()), "a partial file is left")
    for path in (c.here("large"), c.here("large.back"), c.there("large")):
        os.unlink(path)


def everything_else(c):
    c.run("mkdir", c.url("made"))
    write(c.there("made", "a"), b"12345")
    require_equal([e["name"] for e in c.json("ls", c.url("made"))["entries"]], ["a"], "ls")
    require_equal(c.json("stat", c.url("made/a"))["size"], 5, "stat")
    require_equal(c.run("cat", c.url("made/a")).stdout, b"12345", "cat")
    c.run("mv", c.url("made/a"), c.url("made/b"))
    c.run("rm", "--recursive", c.url("made"))
    require(not os.path.exists(c.there("made")), "rm --recursive left something")


# --- Sync

def sync_moves_only_what_changed(c):
    trees.make(c.here("tree"), FILES)
    first = c.json("sync", "tree", c.url("synced"))
    require_equal((first["copied"], first["unchanged"]), (FILES, 0), "the first sync")
    same_trees(c.here("tree"), c.there("synced"))
    again = c.json("sync", "tree", c.url("synced"))
    require_equal((again["copied"], again["unchanged"], again["bytes"]), (0, FILES, 0), "the second sync")
    files = sorted(k for k, v in trees.checksums(c.here("tree")).items() if v != "folder")
    write(c.here("tree", files[0]), b"another content")
    os.unlink(c.here("tree", files[1]))
    write(c.here("tree", "new file"), b"new")
    third = c.json("sync", "tree", c.url("synced"))
    require_equal((third["copied"], third["removed"]), (2, 0), "the third sync")
    require(os.path.exists(c.there("synced", files[1])), "a file was removed without --delete")
    dry = c.json("sync", "tree", c.url("synced"), "--delete", "--dry-run")
    require_equal((dry["copied"], dry["removed"]), (0, 1), "a dry run")
    require(os.path.exists(c.there("synced", files[1])), "a dry run removed a file")
    require_equal(c.json("sync", "tree", c.url("synced"), "--delete")["removed"], 1, "removed")
    same_trees(c.here("tree"), c.there("synced"))


def sync_downwards(c):
    down = c.json("sync", c.url("synced"), "down")
    require_equal(down["copied"], FILES, "copied")
    same_trees(c.there("synced"), c.here("down"))
    require_equal(c.json("sync", c.url("synced"), "down")["copied"], 0, "copied again")
    write(c.here("down", "of no use"), b"")
    os.makedirs(c.here("down", "extra", "deep"))
    require_equal(c.json("sync", c.url("synced"), "down", "--delete")["removed"], 3, "removed")
    same_trees(c.there("synced"), c.here("down"))


def sync_checksum(c):
    """A change that neither size nor time shows."""
    write(c.here("down", "new file"), b"NEW")
    times = os.stat(c.there("synced", "new file"))
    os.utime(c.here("down", "new file"), ns=(times.st_atime_ns, times.st_mtime_ns // 100 * 100))
    require_equal(c.json("sync", "down", c.url("synced"))["copied"], 0, "by time")
    require_equal(c.json("sync", "down", c.url("synced"), "--checksum")["copied"], 1, "by content")
    require_equal(content(c.there("synced", "new file")), b"NEW", "the content")


def sync_leaves_out_links(c):
    os.makedirs(c.here("linked"))
    os.symlink("/etc/hostname", c.here("linked", "link"))
    write(c.here("linked", "plain"), b"1")
    done = c.run("sync", "linked", c.url("linked"), status=1)
    require(b"link: left out" in done.stderr, f"said {done.stderr!r}")
    require_equal(os.listdir(c.there("linked")), ["plain"], "what arrived")


def sync_writes_through_no_link(c):
    """A link in the folder here is replaced by the file that has its name there; where it led is as it was."""
    precious = c.here("precious")
    write(precious, b"precious")
    os.makedirs(c.there("plain"))
    write(c.there("plain", "name"), b"from the share")
    os.makedirs(c.here("through"))
    os.symlink(precious, c.here("through", "name"))
    c.run("sync", c.url("plain"), "through")
    require_equal(content(precious), b"precious", "what the link led to")
    require_equal(content(c.here("through", "name")), b"from the share", "the file")
    require(not os.path.islink(c.here("through", "name")), "it is a link still")


def names_no_share_can_have(c):
    os.makedirs(c.here("odd"))
    for name in ("a:b", "c\\d", "good"):
        write(c.here("odd", name), b"1")
    done = c.run("put", "--recursive", "odd", c.url(), status=1)
    require(b"a:b: left out" in done.stderr and b"c\\d: left out" in done.stderr, f"said {done.stderr!r}")
    require_equal(os.listdir(c.there("odd")), ["good"], "what arrived")


def sync_wants_one_address(c):
    c.run("sync", "a", "b", status=2)
    c.run("sync", c.url("a"), c.url("b"), status=2)


def sizes_and_names(c):
    os.makedirs(c.there("sizes", "a", "b"))
    for path, size in (("one.txt", 1000), ("a/two.TXT", 2000), ("a/b/three.bin", 300000)):
        random_file(c.there("sizes", path), size)
    usage = c.json("du", c.url("sizes"))
    require_equal((usage["total"]["files"], usage["total"]["size"]), (3, 303000), "du of all")
    require_equal([(f["name"], f["size"]) for f in usage["folders"]], [("a", 302000)], "du of folders")

    def found(*options):
        return c.run("find", c.url("sizes"), *options).stdout.decode().split()
    require_equal(found(), ["a/", "a/b/", "a/b/three.bin", "a/two.TXT", "one.txt"], "find")
    require_equal(found("--name", "*.txt"), ["a/two.TXT", "one.txt"], "find --name")
    require_equal(found("--larger", "100k"), ["a/b/three.bin"], "find --larger")
    require_equal(found("--type", "d"), ["a/", "a/b/"], "find --type d")


# --- Interruptions

class Proxy:
    """Passes connections on to the server, and cuts the first `cuts` of them after `after` bytes of one direction."""

    def __init__(self, port, *, after, upwards, cuts):
        self.target, self.after, self.upwards, self.cuts = port, after, upwards, cuts
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            served = socket.create_connection(("127.0.0.1", self.target))
            limit = self.after if self.connections <= self.cuts else None
            for source, sink, up in ((client, served, True), (served, client, False)):
                threading.Thread(target=self.pump, args=(source, sink, limit if up == self.upwards else None),
                                 daemon=True).start()

    def pump(self, source, sink, limit):
        passed = 0
        while True:
            try:
                data = source.recv(1 << 16)
                if not data:
                    break
                sink.sendall(data)
            except OSError:
                break
            passed += len(data)
            if limit is not None and passed > limit:
                for end in (source, sink):  # as when a cable is pulled and the other end notices: a reset
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                break
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def close(self):
        self.listener.close()


def cut_while(c, upwards):
    random_file(c.here("cut"), LARGE)
    shutil.copy(c.here("cut"), c.there("cut.there"))
    proxy = Proxy(c.served.port, after=LARGE // 4, upwards=upwards, cuts=3)
    try:
        through = Client(c.served, port=proxy.port)
        if upwards:
            through.run("put", "cut", through.url("cut.back"))
        else:
            through.run("get", through.url("cut.there"), "cut.back")
        require_equal(proxy.connections, 4, "connections")
    finally:
        proxy.close()
    back = c.there("cut.back") if upwards else c.here("cut.back")
    require(content(back) == content(c.here("cut")), "the content differs")
    require(not partials(c.folder) and not partials(c.there()), "a partial file is left")
    for path in (back, c.here("cut"), c.there("cut.there")):
        os.unlink(path)


def cut_while_syncing(c):
    trees.make(c.here("cut tree"), FILES)
    proxy = Proxy(c.served.port, after=200_000, upwards=True, cuts=4)
    try:
        through = Client(c.served, port=proxy.port)
        done = through.json("sync", "cut tree", through.url("cut tree".replace(" ", "%20")))
        require_equal((done["copied"], done["failed"]), (FILES, 0), "copied and failed")
        require(proxy.connections > 1, "nothing was cut")
    finally:
        proxy.close()
    same_trees(c.here("cut tree"), c.there("cut tree"))
    fresh(c.here("cut tree"), c.there("cut tree"))


def killed_while(c, upwards):
    """SIGKILL in the middle; the same command goes on with what it finds."""
    size = INTERRUPTED
    source = c.here("killed") if upwards else c.there("killed")
    random_file(source, size)
    folder = c.there() if upwards else c.folder
    arguments = ("put", "killed", c.url("back")) if upwards else ("get", c.url("killed"), "back")

    def arrived():
        return sum(os.path.getsize(os.path.join(folder, n)) for n in partials(folder))
    process = c.start(*arguments)
    try:
        wait_until(lambda: arrived() > size // 8 or process.poll() is not None, "a part has arrived")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
    if process.returncode == 0:
        raise Skip("it was done before it could be killed")
    require(not os.path.exists(os.path.join(folder, "back")), "half a file has the name of the whole")
    require_equal(len(partials(folder)), 1, "partial files")
    name = os.path.join(folder, partials(folder)[0])
    kept, inode = os.path.getsize(name), os.stat(name).st_ino
    require(kept > size // 8, f"only {kept} bytes are kept")
    c.run(*arguments)
    back = os.path.join(folder, "back")
    require_equal(digest(back), digest(source), "the content")
    require_equal(os.stat(back).st_ino, inode, "the file that was gone on with")
    require(not partials(folder), "a partial file is left")
    os.unlink(source), os.unlink(back)


def files_below(folder):
    return sum(len(files) for _, _, files in os.walk(folder))


def tree_killed_while(c, upwards):
    """SIGKILL when a third of a large tree has arrived; sync moves the rest, and nothing else."""
    source, target = (c.here("tree to kill"), c.there("arriving")) if upwards else (c.there("tree"), c.here("arriving"))
    trees.make(source, TREE_FILES, edges=False)
    way = (source, c.url("arriving")) if upwards else (c.url("tree"), target)
    process = c.start("sync", *way)
    try:
        wait_until(lambda: files_below(target) > TREE_FILES // 3 or process.poll() is not None, "a third has arrived")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
    if process.returncode == 0:
        raise Skip("it was done before it could be killed")
    done = c.json("sync", *way)
    require(done["unchanged"] > TREE_FILES // 4 and done["failed"] == 0, f"the second sync: {done}")
    require_equal(done["copied"] + done["unchanged"], TREE_FILES, "files in all")
    same_trees(source, target)
    fresh(source, target)


def changed_source_is_not_mixed(c):
    """What was left of another version is not gone on with."""
    random_file(c.there("versions"), LARGE)
    c.run("get", c.url("versions"), "versions")
    stale = ".dozo-0123456789abcdef.partial"
    write(c.here(stale), b"x" * 1000)
    random_file(c.there("versions"), LARGE + 1)
    c.run("get", c.url("versions"), "versions")
    require(content(c.here("versions")) == content(c.there("versions")), "the content differs")
    os.unlink(c.here(stale)), os.unlink(c.there("versions"))


# --- Credentials

def credentials(c):
    text = f"# of a test\nusername = {server.USER}\npassword = {server.PASSWORD}\n"
    write(c.here("credentials"), text.encode())
    address = f"smb://127.0.0.1:{c.port}/files"
    os.chmod(c.here("credentials"), 0o644)
    refused = c.run("ls", address, "--credentials", "credentials", status=1, DOZO_PASSWORD="")
    require(b"chmod 600" in refused.stderr, f"said {refused.stderr!r}")
    os.chmod(c.here("credentials"), 0o600)
    c.run("ls", address, "--credentials", "credentials", DOZO_PASSWORD="")
    c.run("ls", address, DOZO_USER=server.USER)


# --- Shares

def shares_are_listed(c):
    address = f"smb://{server.USER}@127.0.0.1:{c.port}/"
    shares = {s["name"]: s for s in c.json("ls", address)["shares"]}
    require_equal((shares["files"]["type"], shares["files"]["special"]), ("disk", False), "files")
    require_equal((shares["IPC$"]["type"], shares["IPC$"]["special"]), ("pipes", True), "IPC$")
    said = c.run("netview", address, "--encrypt").stdout.decode()
    require(re.search(r"^files +disk", said, re.M), f"netview said {said!r}")
    refused = c.run("netview", address, status=1, DOZO_PASSWORD="wrong")
    require(b"user or password is wrong" in refused.stderr, f"said {refused.stderr!r}")
    nobody = c.run("netview", address, "--anonymous", status=1)
    require(b"logging on to 127.0.0.1 as nobody" in nobody.stderr or b"IPC$: access denied" in nobody.stderr,
            f"said {nobody.stderr!r}")
    c.run("netview", address + "files", status=2)
    c.run("du", address, status=2)


# --- The library

def library(c, operation):
    program = os.path.join(os.path.dirname(server.binary()), "tests", "client_api_check")
    if not os.path.exists(program):
        raise Skip("client_api_check is not built")
    done = subprocess.run([program, c.url().rstrip("/"), operation], capture_output=True, text=True,
                          timeout=5 * PATIENCE, env={**os.environ, "SMB_PASSWORD": server.PASSWORD})
    require_equal(done.returncode, 0, f"the exit status ({done.stderr[-400:]})")
    return done.stdout


def anonymous(c):
    """smbd takes the logon (its IPC$ may be another matter), dozo does not."""
    said = library(c, "anonymous")
    expected = r"in$|IPC\$: access denied" if os.environ.get("DOZO_YARDSTICK") else "logging on to"
    require(re.search(expected, said.strip()), f"said {said!r}")


CASES = [
    ("a large file goes there and back, verified", large_there_and_back),
    ("sync moves only what changed", sync_moves_only_what_changed),
    ("sync downwards", sync_downwards),
    ("sync --checksum finds what size and time hide", sync_checksum),
    ("sync leaves out links", sync_leaves_out_links),
    ("sync writes through no link", sync_writes_through_no_link),
    ("names that no share can have are left out", names_no_share_can_have),
    ("sync wants one address", sync_wants_one_address),
    ("du and find", sizes_and_names),
    ("get goes on when its connection is cut", cut_while, False),
    ("put goes on when its connection is cut", cut_while, True),
    ("sync goes on when its connection is cut", cut_while_syncing),
    ("get goes on after it was killed", killed_while, False),
    ("put goes on after it was killed", killed_while, True),
    ("a large tree upwards goes on after it was killed", tree_killed_while, True),
    ("a large tree downwards goes on after it was killed", tree_killed_while, False),
    ("versions are not mixed", changed_source_is_not_mixed),
    ("credentials from a file and the environment", credentials),
    ("the shares of a server", shares_are_listed),
    ("everything in the public header", library, "everything"),
    ("what the public header refuses", library, "refusals"),
    ("anonymous", anonymous),
]


def run_dialects(suite, kind):
    for dialect in DIALECTS:
        with server.start(suite, f"{kind} {dialect}", [server.Share("files")], max_dialect=dialect) as served:
            ways = [("signed", [])]
            if dialect.startswith("3"):
                ways.append(("encrypted", ["--encrypt"]))
            for way, arguments in ways:
                c = Client(served, arguments=["--min-dialect", dialect, *arguments])
                suite.case(f"{kind} {dialect} {way}: a tree", there_and_back, c, "tree", 80)
                suite.case(f"{kind} {dialect} {way}: a large file", large_there_and_back, c)
                suite.case(f"{kind} {dialect} {way}: everything else", everything_else, c)


def run_cases(suite, kind):
    with server.start(suite, kind, [server.Share("files")]) as served:
        c = Client(served)
        for name, function, *arguments in CASES:
            suite.case(f"{kind}: {name}", function, c, *arguments)


def main():
    suite = Suite("client")
    for kind in ("dozo", "smbd"):
        if kind == "smbd":
            if not shutil.which("smbd", path="/usr/sbin:/usr/bin"):
                suite.skip("smbd", "no smbd here")
                break
            os.environ["DOZO_YARDSTICK"] = "smbd"
        run_dialects(suite, kind)
        run_cases(suite, kind)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
