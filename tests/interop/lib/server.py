"""A dozo server of a test's own: private folders, a free loopback port, users; and what has to be true at its end.

    with server.start(suite, shares=[Share("files")], min_dialect="2.0.2") as dozo:
        dozo.port, dozo.share_path("files"), dozo.status(), dozo.log_text()

The binary is build/PRESET$DOZO_BUILD_SUFFIX/dozo of DOZO_PRESET (release), or DOZO_BINARY. DOZO_LOOP=epoll is passed
on.
DOZO_YARDSTICK=smbd runs the same cases against a private smbd, which shows that a correct server can pass them.
"""
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import PATIENCE, TOP, Failed, wait_until

USER, PASSWORD = "alice", "Correct-Horse-7"
USER2, PASSWORD2 = "bob", "Battery.Staple.8"

SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error: |LeakSanitizer: detected|"
                       r"AddressSanitizer:|assertion failed", re.I)
# What `dozo status` counts and has to be zero when every client is gone.
LIVE = ("connections", "sessions", "trees", "opens", "files", "share_engine_opens", "locks", "lock_waiters")


class Share:
    def __init__(self, name, *, of=None, **settings):
        self.name, self.of, self.settings = name, of or name, settings  # of: the folder, shared by shares


def binary():
    preset = os.environ.get("DOZO_PRESET", "release")
    default = os.path.join(TOP, "build", preset + os.environ.get("DOZO_BUILD_SUFFIX", ""), "dozo")
    return os.path.abspath(os.environ.get("DOZO_BINARY", default))


def free_port():
    """A port that nothing listens on. Not of the range that connections going out take theirs from (Linux: 32768 and
    above): one of those could come between this look and the server's bind, or while a server is being restarted."""
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass  # somebody's; another one


def toml(value):
    return json.dumps(value, ensure_ascii=False)


class Server:
    """Running between start and stop. Owns its folder, which goes with it. `within`: a command before the server's own,
    which puts it into a namespace and becomes it."""

    def __init__(self, shares, settings, *, keep=False, environment=None, within=()):
        self.folder = tempfile.mkdtemp(prefix="dozo-interop-")
        self.shares, self.keep, self.environment = shares, keep, environment or {}
        self.port, self.within = free_port(), list(within)
        self.settings = {"server": {}, "auth": {}, "limits": {}, "log": {}}
        for key, value in settings.items():
            section = "server"
            if "__" in key:
                section, key = key.split("__")
            self.settings[section][key] = value
        self.users = {USER: PASSWORD, USER2: PASSWORD2}
        self.config = os.path.join(self.folder, "dozo.toml")
        self.process = None
        self.problems = []
        for share in shares:
            os.makedirs(self.share_path(share.of), exist_ok=True)

    def share_path(self, name):
        of = next((s.of for s in self.shares if s.name == name), name)
        return os.path.join(self.folder, "shares", of)

    # --- Starting ---------------------------------------------------------------------------------------------------

    def _config_text(self):
        sections = {name: dict(values) for name, values in self.settings.items()}
        defaults = {"listen": [f"127.0.0.1:{self.port}"], "name": "STOREHOUSE",
                    "state_dir": os.path.join(self.folder, "state"), "min_dialect": "2.0.2", "threads": 2}
        sections["server"] = {**defaults, **sections["server"]}
        sections["auth"].setdefault("failure_delay_ms", 0)
        lines = []
        for name, values in sections.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {toml(value)}" for key, value in values.items()]
        for share in self.shares:
            lines.append("[[share]]")
            values = {"name": share.name, "path": self.share_path(share.name), **share.settings}
            lines += [f"{key} = {toml(value)}" for key, value in values.items()]
        return "\n".join(lines) + "\n"

    def command(self, *arguments, stdin=None):
        done = subprocess.run([binary(), *arguments, "--config", self.config], input=stdin, text=True,
                              capture_output=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise Failed(f"dozo {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def start(self):
        with open(self.config, "w") as file:
            file.write(self._config_text())
        os.makedirs(os.path.join(self.folder, "state"), mode=0o700)
        for name, password in self.users.items():
            self.command("user", "add", name, "--password-stdin", stdin=password + "\n")
        self._launch([binary(), "serve", "--config", self.config])

    def _launch(self, command):
        environment = {**os.environ, **self.environment}
        environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        with open(os.path.join(self.folder, "log"), "ab") as log:  # after what one before it said
            self.process = subprocess.Popen([*self.within, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, env=environment)
        wait_until(self._is_ready, "the server is ready")

    def _is_ready(self):
        """Its own word for it: a port that accepts may still be that of a server killed a moment ago, whose ring (and
        the listener in it) the kernel takes down after the process is gone."""
        if self.process.poll() is not None:
            raise Failed(f"the server ended with {self.process.returncode}: {self.log_text()[-600:]}")
        try:
            self.command("status")
            return True
        except Failed:
            return False

    # --- While it runs ----------------------------------------------------------------------------------------------

    def log_text(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as file:
            return file.read()

    def wait_for_log(self, pattern):
        wait_until(lambda: re.search(pattern, self.log_text()), f"the log has /{pattern}/")

    def status(self):
        return json.loads(self.command("status", "--json"))

    def is_running(self):
        return self.process.poll() is None

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))

    def settle(self, seconds=PATIENCE):
        """Waits until nothing that clients had is left; Failed says what is."""
        deadline = time.monotonic() + seconds
        while True:
            counts = self.status()["counts"]
            left = {name: counts[name] for name in LIVE if counts[name] != 0}
            # What waits for a client that may come back is no leftover, nor what the share engine has of it.
            if left.get("opens") == counts["preserved_opens"]:
                for name in ("opens", "files", "share_engine_opens", "locks"):
                    left.pop(name, None)
            if not left:
                return
            if time.monotonic() > deadline:
                raise Failed(f"left behind: {left}")
            time.sleep(0.05)

    # --- Ending -----------------------------------------------------------------------------------------------------

    def check_end(self):
        """The case at the end of every server: it still runs, nothing is left, it stops when told, no complaint."""
        if not self.is_running():
            raise Failed(f"the server ended by itself with {self.process.returncode}: {self.log_text()[-600:]}")
        self.settle()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f"the server did not stop within {PATIENCE:.0f} s of SIGTERM") from None
        complaint = SANITIZER.search(self.log_text())
        if complaint:
            raise Failed(f"the log has: {self.log_text()[complaint.start():complaint.start() + 600]}")
        if code != 0:
            raise Failed(f"the server ended with {code}: {self.log_text()[-600:]}")

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class start:
    """The context of one server; at its end the case `NAME: nothing is left behind` runs in `suite`."""

    def __init__(self, suite, name, shares, *, environment=None, within=(), **settings):
        self.suite, self.name = suite, name
        kind = Server
        if os.environ.get("DOZO_YARDSTICK") == "smbd":
            from yardstick import Smbd as kind
        self.server = kind(shares, settings, keep=suite.keep, environment=environment, within=within)

    def __enter__(self):
        try:
            self.server.start()
        except BaseException:
            self.server.close()
            raise
        return self.server

    def __exit__(self, kind, problem, trace):
        try:
            if kind is None:
                case = f"{self.name}: nothing is left behind"
                if not self.suite.wants(case) and self.suite.patterns:
                    return
                if not self.suite.case(case, self.server.check_end):
                    print(f"--- the end of the server's log\n{self.server.log_text()[-4000:]}\n---")
        finally:
            self.server.close()
