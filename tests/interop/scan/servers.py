"""The servers that are scanned, each on an address of its own, and what their shares look like."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
from harness import PATIENCE, wait_until  # noqa: E402
import server as dozo_servers  # noqa: E402

USER, PASSWORD, ACCOUNT = "alice", "Correct-Horse-7", "games"

SMB_CONF = """[global]
  netbios name = {name}
  workgroup = HARBOUR
  server role = standalone server
  server string = {name}
  interfaces = {address}/24
  bind interfaces only = yes
  lock directory = {folder}/state
  state directory = {folder}/state
  cache directory = {folder}/state
  private dir = {folder}/state
  pid directory = {folder}/state
  ncalrpc dir = {folder}/state
  passdb backend = tdbsam:{folder}/state/passdb.tdb
  username map = {folder}/users
  logging = file
  log file = {folder}/log
  log level = 1
  load printers = no
  printcap name = /dev/null
  {options}
[files]
  path = {folder}/files
  read only = no
  guest ok = yes
  comment = for all
[archive]
  path = {folder}/archive
  read only = yes
  guest ok = yes
[private]
  path = {folder}/private
  read only = no
  valid users = {account}
"""
FOLDERS = ("files", "archive", "private")


def fill(folder):
    for name in FOLDERS:
        path = os.path.join(folder, name)
        os.makedirs(os.path.join(path, "old"))
        for file in ("a.txt", "old/b.txt"):
            with open(os.path.join(path, file), "w") as out:
                out.write(name)
        for root, _, files in os.walk(path):
            for entry in (root, *(os.path.join(root, f) for f in files)):
                os.chmod(entry, 0o777)
                os.utime(entry, (1_000_000_000, 1_000_000_000))


def state(folder):
    """Everything that a scan must not change: names, contents' sizes, owners, modes, all times."""
    seen = {}
    for name in FOLDERS:
        for root, _, files in os.walk(os.path.join(folder, name)):
            for entry in (root, *(os.path.join(root, f) for f in files)):
                seen[entry] = tuple(getattr(os.lstat(entry), "st_" + key) for key in (
                    "mode", "uid", "gid", "size", "nlink", "ino", "mtime_ns", "ctime_ns", "atime_ns"))
    return seen


def accepts(address, port):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False


class Process:
    """Something that is started, and ended with everything it has started."""

    def __init__(self, name, address):
        self.name, self.address = name, address
        self.folder = tempfile.mkdtemp(prefix=f"dozo-scan-{name.lower()}-")
        os.chmod(self.folder, 0o755)
        self.processes = []

    def launch(self, command, environment=None):
        with open(os.path.join(self.folder, "output"), "ab") as log:
            self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                   start_new_session=True, env={**os.environ, **(environment or {})}))

    def log_text(self):
        texts = []
        for name in sorted(os.listdir(self.folder)):
            if name == "output" or name.startswith("log"):
                with open(os.path.join(self.folder, name), errors="replace") as file:
                    texts.append(file.read())
        return "\n".join(texts)

    def state(self):
        return state(self.folder)

    def close(self, keep=False):
        for process in reversed(self.processes):
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class Smbd(Process):
    def __init__(self, name, address, options=(), *, ports=(445,), nmbd=False):
        super().__init__(name, address)
        os.makedirs(os.path.join(self.folder, "state"), mode=0o700)
        fill(self.folder)
        options = [f"smb ports = {' '.join(map(str, ports))}", f"disable netbios = {'no' if nmbd else 'yes'}", *options]
        self.config = os.path.join(self.folder, "smb.conf")
        with open(self.config, "w") as file:
            file.write(SMB_CONF.format(name=name, address=address, folder=self.folder, account=ACCOUNT,
                                       options="\n  ".join(options)))
        with open(os.path.join(self.folder, "users"), "w") as file:
            file.write(f"{ACCOUNT} = {USER}\n")
        subprocess.run(["pdbedit", "-s", self.config, "-a", "-t", "-u", ACCOUNT], check=True, text=True,
                       input=f"{PASSWORD}\n{PASSWORD}\n", stdout=subprocess.DEVNULL)
        self.launch(["/usr/sbin/smbd", "--foreground", "--no-process-group", f"--configfile={self.config}"],
                    {"_NO_WINBINDD": "1"})
        if nmbd:
            self.launch(["/usr/sbin/nmbd", "--foreground", "--no-process-group", f"--configfile={self.config}"],
                        {"_NO_WINBINDD": "1"})
        wait_until(lambda: accepts(address, ports[0]), f"{name} accepts connections")


class Impacket(Process):
    def __init__(self, name, address):
        super().__init__(name, address)
        fill(self.folder)
        self.launch([sys.executable, os.path.join(HERE, "peers.py"), "impacket", address, name, self.folder, USER,
                     PASSWORD])
        wait_until(lambda: accepts(address, 445), f"{name} accepts connections")


class Dozo(Process):
    def __init__(self, name, address, **server):
        super().__init__(name, address)
        fill(self.folder)
        self.config = os.path.join(self.folder, "dozo.toml")
        settings = {"listen": [f"{address}:445"], "name": name, "state_dir": os.path.join(self.folder, "state"),
                    **server}
        os.makedirs(settings["state_dir"], mode=0o700)
        lines = ["[server]", *(f"{key} = {dozo_servers.toml(value)}" for key, value in settings.items())]
        for share in FOLDERS:
            lines += ["[[share]]", f'name = "{share}"', f'path = "{self.folder}/{share}"']
            lines += ["read_only = true"] if share == "archive" else []
        with open(self.config, "w") as file:
            file.write("\n".join(lines) + "\n")
        subprocess.run([dozo_servers.binary(), "user", "add", USER, "--password-stdin", "--config", self.config],
                       input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)
        self.launch([dozo_servers.binary(), "serve", "--config", self.config])
        wait_until(lambda: accepts(address, 445), f"{name} accepts connections")
