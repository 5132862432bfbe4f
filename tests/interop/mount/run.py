#!/usr/bin/env python3
"""dozo mount: shares of dozo and of smbd as folders of this machine, used as programs use folders."""
import concurrent.futures
import contextlib
import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import harness  # noqa: E402
import server  # noqa: E402
import trees  # noqa: E402
from harness import PATIENCE, Failed, Skip, Suite, require, require_equal, wait_until  # noqa: E402

SOURCE = {
    "Makefile": "prog: main.o twice.o\n\tcc -o $@ $^\n%.o: %.c twice.h\n\tcc -c $<\n",
    "twice.h": "int twice(int);\n",
    "twice.c": '#include "twice.h"\nint twice(int x) { return 2 * x; }\n',
    "main.c": '#include <stdio.h>\n#include "twice.h"\nint main(void) { printf("%d\\n", twice(21)); return 0; }\n',
}


class Mount:
    """The share "files" on a folder; a process of ours in the foreground, so that its end can be seen."""

    def __init__(self, served, *options, name="mount"):
        self.served = served
        self.folder = os.path.join(served.folder, name)
        self.options = list(options)
        self.process = None
        os.makedirs(self.folder, exist_ok=True)

    def url(self, share="files"):
        return f"smb://{server.USER}@127.0.0.1:{self.served.port}/{share}"

    def command(self, *more):
        return [server.binary(), "mount", *more, *self.options, self.url(), self.folder]

    @staticmethod
    def environment(password=server.PASSWORD):
        return {**os.environ, "DOZO_PASSWORD": password}

    def __enter__(self):
        self.log = open(os.path.join(self.served.folder, "mount.log"), "ab")
        self.process = subprocess.Popen(self.command("--foreground"), env=self.environment(), stdout=self.log,
                                        stderr=self.log, stdin=subprocess.DEVNULL)
        wait_until(lambda: os.path.ismount(self.folder) or self.process.poll() is not None, "it is mounted")
        if self.process.poll() is not None:
            raise Failed(f"dozo mount ended with {self.process.returncode}: {self.said()}")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        subprocess.run(["fusermount3", "-u", "-q", "-z", self.folder], check=False)
        self.log.close()

    def said(self):
        with open(os.path.join(self.served.folder, "mount.log"), errors="replace") as file:
            return file.read()[-400:]

    def here(self, *path):
        return os.path.join(self.folder, *path)

    def there(self, *path):
        return os.path.join(self.served.share_path("files"), *path)


def write(path, data, mode="wb"):
    with open(path, mode) as file:
        file.write(data)


def content(path):
    with open(path, "rb") as file:
        return file.read()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fails_with(expected, function, *arguments):
    try:
        function(*arguments)
    except OSError as problem:
        name = errno.errorcode.get(problem.errno)
        require_equal(name, errno.errorcode[expected], f"the error of {function.__name__}")
        return
    raise Failed(f"{function.__name__}{arguments} succeeded")


def only_on_the_share(m, names):
    """Files are closed on the share a moment after close(2)."""
    wait_until(lambda: sorted(os.listdir(m.there())) == names, f"the share has {names} alone")


# --- Cases

def tree_in_and_out(m):
    local, back = os.path.join(m.served.folder, "tree"), os.path.join(m.served.folder, "back")
    trees.make(local, 150)
    shutil.copytree(local, m.here("tree"))
    require_equal(trees.checksums(m.there("tree")), trees.checksums(local), "what the share holds")
    require_equal(trees.checksums(m.here("tree")), trees.checksums(local), "what the mount shows")
    shutil.copytree(m.here("tree"), back)
    require_equal(trees.checksums(back), trees.checksums(local), "what came back")
    shutil.rmtree(m.here("tree"))
    require(not os.path.exists(m.there("tree")), "rmtree left something")
    shutil.rmtree(local), shutil.rmtree(back)


def large_file(m):
    data = os.urandom(1 << 20) * 40 + b"end"
    write(m.here("large"), data)
    require_equal(digest(m.there("large")), hashlib.sha256(data).hexdigest(), "what the share holds")
    with open(m.here("large"), "r+b") as file:
        file.seek(5_000_000)
        file.write(b"in the middle")
        file.flush()
        os.fsync(file.fileno())
        file.seek(4_999_999)
        require_equal(file.read(15), data[4_999_999:5_000_000] + b"in the middle" + data[5_000_013:5_000_014], "read")
    os.truncate(m.here("large"), 1000)
    require_equal(content(m.there("large")), data[:1000], "after truncate")
    with open(m.here("large"), "ab") as file:
        file.write(b"appended")
        file.truncate(1004)
    require_equal(content(m.there("large")), data[:1000] + b"appe", "after appending and ftruncate")
    os.unlink(m.here("large"))


def what_a_file_is(m):
    write(m.here("facts"), b"12345")
    os.utime(m.here("facts"), ns=(10**18 + 100, 10**18 + 200))
    found, there = os.stat(m.here("facts")), os.stat(m.there("facts"))
    require_equal((found.st_size, found.st_mtime_ns), (5, 10**18 + 200), "size and time")
    require_equal(there.st_mtime_ns, 10**18 + 200, "the time on the share")
    require_equal((found.st_uid, found.st_gid), (os.getuid(), os.getgid()), "whose it is")
    os.chmod(m.here("facts"), 0o444)
    require_equal(os.stat(m.here("facts")).st_mode & 0o222, 0, "write permission of a read-only file")
    os.unlink(m.here("facts"))
    require(not os.path.exists(m.there("facts")), "a read-only file stays")
    space, theirs = os.statvfs(m.folder), os.statvfs(m.there())
    require_equal(space.f_blocks * space.f_frsize, theirs.f_blocks * theirs.f_frsize, "the size of the file system")
    kinds = subprocess.run(["stat", "-f", "-c", "%T", m.folder], capture_output=True, text=True).stdout
    require("fuse" in kinds, kinds)


def what_is_refused(m):
    fails_with(errno.ENOENT, os.stat, m.here("nothing"))
    fails_with(errno.ENOENT, os.listdir, m.here("nothing"))
    os.mkdir(m.here("folder"))
    write(m.here("folder", "file"), b"")
    fails_with(errno.EEXIST, os.mkdir, m.here("folder"))
    fails_with(errno.ENOTEMPTY, os.rmdir, m.here("folder"))
    fails_with(errno.EISDIR, open, m.here("folder"), "wb")
    fails_with(errno.ENOTDIR, os.listdir, m.here("folder", "file"))
    fails_with(errno.EEXIST, os.open, m.here("folder", "file"), os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    fails_with(errno.EINVAL, os.mkdir, m.here("back\\slash"))
    fails_with(errno.ENAMETOOLONG, os.mkdir, m.here("n" * 256))
    if os.getuid() == 0:
        fails_with(errno.EPERM, os.chown, m.here("folder", "file"), 12345, -1)
    fails_with(errno.EOPNOTSUPP, os.setxattr, m.here("folder", "file"), "user.x", b"1")
    os.unlink(m.here("folder", "file"))
    os.rmdir(m.here("folder"))


def renaming(m):
    write(m.here("one"), b"one")
    write(m.here("two"), b"two")
    os.rename(m.here("one"), m.here("two"))
    require_equal(content(m.there("two")), b"one", "what was renamed over another")
    with open(m.here("target"), "wb") as held:
        held.write(b"held")
        held.flush()
        os.rename(m.here("two"), m.here("target"))
        require_equal(content(m.there("target")), b"one", "what was renamed over an open file")
        held.write(b" on")
    only_on_the_share(m, ["target"])
    with open(m.here("moving"), "wb") as file:
        file.write(b"before ")
        file.flush()
        os.mkdir(m.here("into"))
        os.rename(m.here("moving"), m.here("into", "moved"))
        file.write(b"after")
    require_equal(content(m.there("into", "moved")), b"before after", "a file that was moved while it was written")
    os.mkdir(m.here("empty"))
    os.rename(m.here("into"), m.here("empty"))
    require_equal(os.listdir(m.there("empty")), ["moved"], "a folder over an empty one")
    shutil.rmtree(m.here("empty"))
    os.unlink(m.here("target"))


def removed_while_open(m):
    with open(m.here("gone"), "w+b") as file:
        file.write(b"still here")
        file.flush()
        os.unlink(m.here("gone"))
        require(not os.path.exists(m.here("gone")), "its name is there still")
        require("gone" not in "".join(os.listdir(m.folder)) and os.listdir(m.folder) == [], os.listdir(m.folder))
        write(m.here("gone"), b"another")
        file.seek(0)
        require_equal(file.read(), b"still here", "what was removed")
    require_equal(content(m.there("gone")), b"another", "what took its name")
    os.unlink(m.here("gone"))
    only_on_the_share(m, [])
    os.mkdir(m.here("folder"))
    with open(m.here("folder", "gone"), "w+b") as file:
        file.write(b"still here")
        shutil.rmtree(m.here("folder"))
        require(not os.path.exists(m.there("folder")), "a folder stays for a file that was removed in it")
        file.seek(0)
        require_equal(file.read(), b"still here", "what was removed with its folder")
    only_on_the_share(m, [])


def many_files(m):
    os.mkdir(m.here("many"))
    names = [f"file {i:04d}" for i in range(1500)]
    for name in names:
        write(m.here("many", name), name.encode())
    require_equal(sorted(os.listdir(m.here("many"))), names, "the listing")
    found = {e.name: e.stat().st_size for e in os.scandir(m.here("many"))}
    require_equal(set(found.values()), {9}, "sizes")
    shutil.rmtree(m.here("many"))
    only_on_the_share(m, [])


def concurrent_writers(m):
    def one(number):
        data = bytes([number]) * 300_001
        for _ in range(5):
            with open(m.here(f"writer {number}"), "wb") as file:
                for at in range(0, len(data), 50_000):
                    file.write(data[at:at + 50_000])
            require_equal(content(m.here(f"writer {number}")), data, "what was written")
        with open(m.here("shared"), "r+b") as file:
            file.seek(number * 1000)
            file.write(bytes([number]) * 1000)
    write(m.here("shared"), bytes(16000))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(16)))
    require_equal(content(m.there("shared")), b"".join(bytes([n]) * 1000 for n in range(16)), "the shared file")
    for name in os.listdir(m.folder):
        os.unlink(m.here(name))


def symbolic_links(m):
    """Where a server has no reparse points for us, that is said, and nothing is left."""
    write(m.here("plain"), b"content")
    try:
        os.symlink("plain", m.here("link"))
    except OSError as problem:
        require(problem.errno in (errno.EOPNOTSUPP, errno.EPERM, errno.EACCES), f"the error: {problem}")
        require_equal(os.listdir(m.there()), ["plain"], "what is left on the share")
        os.unlink(m.here("plain"))
        return
    require_equal(os.readlink(m.here("link")), "plain", "the target")
    require_equal(content(m.here("link")), b"content", "through the link")
    require(os.path.islink(m.there("link")), "no link on the share")
    os.unlink(m.here("link"))
    require_equal(content(m.there("plain")), b"content", "what the link led to")
    os.unlink(m.here("plain"))


def clone_and_build(m):
    for program in ("git", "make", "cc"):
        if not shutil.which(program):
            raise Skip(f"no {program} here")
    origin = os.path.join(m.served.folder, "origin")
    os.makedirs(origin)
    for name, text in SOURCE.items():
        write(os.path.join(origin, name), text, "w")
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", f"safe.directory={m.here('clone')}"]

    def run(*command, cwd):
        done = harness.run(command, cwd=cwd, environment={"GIT_CONFIG_NOSYSTEM": "1", "HOME": m.served.folder})
        require_equal(done.returncode, 0, f"{' '.join(command)}: {done.stdout[-400:]}")
        return done.stdout
    run("git", "init", "-q", cwd=origin)
    run("git", "add", ".", cwd=origin)
    run("git", *identity, "commit", "-q", "-m", "first", cwd=origin)
    run("git", "clone", "-q", origin, m.here("clone"), cwd=m.served.folder)
    require_equal(run("git", *identity, "status", "--porcelain", cwd=m.here("clone")), "", "git status")
    run("make", "-j4", cwd=m.here("clone"))
    require_equal(run(m.here("clone", "prog"), cwd=m.here("clone")), "42\n", "what the program says")
    write(m.here("clone", "twice.h"), "int twice(int);\n/* changed */\n", "w")
    run("git", *identity, "commit", "-q", "-a", "-m", "second", cwd=m.here("clone"))
    require("changed" in run("git", *identity, "show", cwd=m.here("clone")), "git show")
    run("git", *identity, "gc", "-q", cwd=m.here("clone"))
    run("git", *identity, "fsck", "--strict", cwd=m.here("clone"))
    shutil.rmtree(m.here("clone")), shutil.rmtree(origin)


def restart(served):
    with open(f"/proc/{served.process.pid}/cmdline", "rb") as file:
        command = file.read().decode().split("\0")[:-1]
    os.killpg(served.process.pid, signal.SIGKILL)
    served.process.wait()
    served._launch(command)


def server_restarts_in_mid_copy(m):
    """What is written goes on; what cannot be known to have arrived is said by fsync, and by nothing else."""
    data = os.urandom(1 << 20) * 60
    half = threading.Event()

    def copy():
        with open(m.here("copied"), "wb") as file:
            for at in range(0, len(data), 1 << 20):
                file.write(data[at:at + (1 << 20)])
                if at > len(data) // 2:
                    half.set()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        copying = pool.submit(copy)
        require(half.wait(PATIENCE), "half of it is copied")
        restart(m.served)
        copying.result(4 * PATIENCE)
    require_equal(digest(m.there("copied")), hashlib.sha256(data).hexdigest(), "what the share holds")
    with open(m.here("copied"), "rb") as file:
        first = file.read(1 << 20)
        restart(m.served)
        require(first + file.read() == data, "what was read over a restart")
    require_equal(os.listdir(m.folder), ["copied"], "the listing after a restart")
    os.unlink(m.here("copied"))


MOUNTED = [
    ("a tree goes in and out", tree_in_and_out),
    ("a large file is written, read, changed and cut", large_file),
    ("sizes, times, owner, space", what_a_file_is),
    ("what is refused is refused with the right error", what_is_refused),
    ("renaming", renaming),
    ("a file that is removed while it is open", removed_while_open),
    ("many files in a folder", many_files),
    ("concurrent writers", concurrent_writers),
    ("symbolic links", symbolic_links),
    ("git clone, make, commit, gc", clone_and_build),
    ("the server restarts in mid-copy", server_restarts_in_mid_copy),
]


# --- The command itself

def in_the_background(served):
    m = Mount(served, name="background")
    done = harness.run(m.command(), environment={"DOZO_PASSWORD": server.PASSWORD})
    require_equal((done.returncode, done.stdout), (0, ""), "dozo mount")
    require(os.path.ismount(m.folder), "it is not mounted when the command is done")
    write(m.here("file"), b"1")
    require_equal(content(m.there("file")), b"1", "the file on the share")
    os.unlink(m.here("file"))
    subprocess.run(["fusermount3", "-u", m.folder], check=True, timeout=PATIENCE)
    wait_until(lambda: not harness.run(["pgrep", "-f", m.folder]).stdout, "the process has ended")


def ends_when_told(served):
    for how in (signal.SIGTERM, signal.SIGINT, None):
        with Mount(served) as m:
            held = open(m.here("held"), "wb")
            held.write(b"x" * 100)
            held.flush()
            if how is None:
                held.close()
                subprocess.run(["fusermount3", "-u", m.folder], check=True, timeout=PATIENCE)
            else:
                m.process.send_signal(how)
            require_equal(m.process.wait(PATIENCE), 0, f"the exit status after {how}")
            require(not os.path.ismount(m.folder), "it is mounted still")
            require_equal(content(m.there("held")), b"x" * 100, "what was written")
            with contextlib.suppress(OSError):
                held.close()
            os.unlink(m.there("held"))


def read_only(served):
    with Mount(served, "--read-only") as m:
        write(m.there("file"), b"1")
        require_equal(content(m.here("file")), b"1", "the file")
        fails_with(errno.EROFS, open, m.here("file"), "r+b")
        fails_with(errno.EROFS, os.mkdir, m.here("folder"))
        fails_with(errno.EROFS, os.unlink, m.here("file"))
        os.unlink(m.there("file"))


def refusals(served):
    m = Mount(served, name="refused")

    def said(command, password=server.PASSWORD):
        done = harness.run(command, environment={"DOZO_PASSWORD": password})
        require(done.returncode != 0 and not os.path.ismount(m.folder), f"{done.returncode}: {done.stdout}")
        return done.stdout
    for more in ([], ["--foreground"]):
        require("user or password is wrong" in said(m.command(*more), "wrong"), "a wrong password")
    nowhere = said([*m.command()[:-2], m.url("nowhere"), m.folder])
    require("no share of that name" in nowhere, "a share that is not there")
    require("No such file" in said([*m.command()[:-1], m.folder + "/nothing"]), "a folder that is not there")
    require("not a folder in it" in said([*m.command()[:-2], m.url("files/below"), m.folder]), "a folder of the share")


def changes_of_others_are_seen(served):
    with Mount(served, "--cache-seconds", "0") as m:
        write(m.there("changing"), b"1")
        require_equal(content(m.here("changing")), b"1", "at first")
        write(m.there("changing"), b"22")
        require_equal(os.stat(m.here("changing")).st_size, 2, "the size after a change")
        os.unlink(m.there("changing"))
        fails_with(errno.ENOENT, os.stat, m.here("changing"))


COMMAND = [
    ("in the background", in_the_background),
    ("it ends when it is told to", ends_when_told),
    ("--read-only", read_only),
    ("a wrong password, share and folder", refusals),
    ("--cache-seconds 0 shows what others change", changes_of_others_are_seen),
]


def run_server(suite, kind):
    with server.start(suite, kind, [server.Share("files")]) as served:
        for name, function in COMMAND:
            suite.case(f"{kind}: {name}", function, served)
        if not any(suite.wants(f"{kind}: {name}") for name, _ in MOUNTED):
            return
        with Mount(served) as m:
            for name, function in MOUNTED:
                suite.case(f"{kind}: {name}", function, m)


def why_not():
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse here"
    return None if shutil.which("fusermount3") else "no fusermount3 here"


def main():
    suite = Suite("mount")
    for kind in ("dozo", "smbd"):
        reason = why_not()
        if kind == "smbd" and not shutil.which("smbd", path="/usr/sbin:/usr/bin"):
            reason = "no smbd here"
        if reason:
            suite.skip(kind, reason)
            continue
        if kind == "smbd":
            os.environ["DOZO_YARDSTICK"] = "smbd"
        run_server(suite, kind)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
