"""What the host does for the guests while a suite runs, and a network of the server's own with several addresses."""
import concurrent.futures
import ctypes
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess

import server as servers
from harness import require, wait_until


def listener(network=None):
    """A listening socket on the loopback; of the network's namespace, when there is one."""
    if network is None:
        return socket.create_server(("127.0.0.1", 0))

    def inside():  # a thread can be in another namespace than its process, and a socket stays where it was made
        with open(f"/proc/{network.holder.pid}/ns/net") as namespace:
            problem = ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0)
        require(problem == 0, f"setns: {os.strerror(ctypes.get_errno())}")
        return socket.create_server(("127.0.0.1", 0))

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(inside).result()


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    require(done.returncode == 0, f"{' '.join(command)}: {done.stdout.strip()[-300:]}")
    return done.stdout


class Network:
    """A network namespace with ADDRESSES beside the loopback, held open by a process that sleeps. Commands run in it
    behind `prefix`."""
    ADDRESSES = ["192.0.2.101", "192.0.2.102", "192.0.2.103", "192.0.2.104"]
    PORT = 445  # further connections go there whatever the first one's port was: [MS-SMB2] 2.2.32.5.1.1 carries none

    @staticmethod
    def unavailable():
        missing = [program for program in ("unshare", "nsenter", "ip", "ss") if not shutil.which(program)]
        if missing:
            return f"no {missing[0]} here"
        if os.getuid() != 0 or subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
            return "no network namespaces here: they need root"
        return ""

    def __enter__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own, "a network namespace")
        self.prefix = ["nsenter", "-t", str(self.holder.pid), "-n"]
        run(*self.prefix, "ip", "link", "set", "lo", "up")
        for address in self.ADDRESSES:
            run(*self.prefix, "ip", "address", "add", f"{address}/32", "dev", "lo")
        return self

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait()

    def connections(self):
        """{local address and peer: bytes that went over it, both ways} of those established."""
        shown = run(*self.prefix, "ss", "-Htin", "state", "established", f"sport = :{self.PORT}")
        found = re.findall(r"^\d+\s+\d+\s+(\S+)\s+(\S+)[^\n]*\n\s+(.*)$", shown, re.M)
        return {(ours, theirs): sum(map(int, re.findall(r"bytes_(?:received|sent):(\d+)", rest)))
                for ours, theirs, rest in found}

    def cut(self):
        """Ends one connection as a broken network does, both sides at once: the last one made."""
        before = set(self.connections())
        require(len(before) > 1, f"{len(before)} connections")
        ours, theirs = max(before, key=lambda pair: int(pair[1].rsplit(":", 1)[1]))
        run(*self.prefix, "ss", "-K", "src", ours, "dst", theirs)
        require((ours, theirs) not in self.connections(), "the connection is still there: this kernel cannot end it")


class Host:
    """Called with the words that a guest has said after "host"; what it returns is the answer."""

    def __init__(self, dozo, network):
        self.dozo, self.network = dozo, network

    def __call__(self, verb, *words):
        return getattr(self, "do_" + verb)(*words)

    def path(self, name):
        return os.path.join(self.dozo.share_path("files"), name)

    # --- The server ---

    def do_crash(self):
        self.dozo.process.send_signal(signal.SIGKILL)
        self.dozo.process.wait()
        self.dozo._launch([servers.binary(), "serve", "--config", self.dozo.config])
        return "restarted"

    # --- A local program ---

    def do_md5(self, name):
        with open(self.path(name), "rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()

    def do_size(self, mounted):
        """Of a file as the guest names it, beneath /m."""
        return str(os.path.getsize(self.path(os.path.relpath(mounted, "/m"))))

    def do_write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text + "\n")
        self.to_owner(name)
        return "ok"

    def do_append(self, name, text):
        with open(self.path(name), "a") as file:
            file.write(text + "\n")
        return "ok"

    def do_remove(self, name):
        os.unlink(self.path(name))
        return "ok"

    def do_rename(self, name, other):
        os.rename(self.path(name), self.path(other))
        return "ok"

    def to_owner(self, name):
        owner = os.stat(os.path.dirname(self.path(name)))
        os.chown(self.path(name), owner.st_uid, owner.st_gid)

    # --- The network ---

    def do_channels(self):
        return str(len(self.network.connections()))

    def do_traffic(self):
        return str(min(self.network.connections().values()))

    def do_cut(self):
        self.network.cut()
        return "cut"
