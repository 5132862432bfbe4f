"""A dozo server of one test: folder, shares, users and a port of its own on the loopback."""
import os
import shutil
import socket
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
USERS = (("torturer", "Pa55-one"), ("torturer2", "Pa55-two"))


def binary():
    named = os.environ.get("DOZO")
    return named or os.path.join(TOP, "build", "dev" + os.environ.get("DOZO_BUILD_SUFFIX", ""), "dozo")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, shares, settings="", share_settings=""):
        self.root = tempfile.mkdtemp(prefix="dozo-interop-")
        os.chmod(self.root, 0o755)
        self.port = free_port()
        self.config = os.path.join(self.root, "dozo.toml")
        self.folders = {share: os.path.join(self.root, share) for share in shares}
        for folder in self.folders.values():
            os.mkdir(folder, 0o755)
            if os.getuid() == 0:  # users without a system account act as the folder's owner
                shutil.chown(folder, "nobody", "nogroup")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(self.text(settings, share_settings))
        for name, password in USERS:
            self.command("user", "add", name, "--password-stdin", "--config", self.config, stdin=password + "\n")
        self.process = None
        self.start()

    def text(self, settings, share_settings):
        lines = ["[server]", f'listen = ["127.0.0.1:{self.port}"]', 'name = "DOZOTEST"',
                 f'state_dir = "{self.root}/state"', 'min_dialect = "2.0.2"', 'signing = "if-asked"', settings,
                 "[auth]", "failure_delay_ms = 0", "[limits]", "connections_per_address_max = 100000"]
        for share, folder in self.folders.items():
            lines += ["[[share]]", f'name = "{share}"', f'path = "{folder}"', share_settings]
        return "\n".join(lines) + "\n"

    def command(self, *words, stdin=None):
        done = subprocess.run([binary(), *words], input=stdin, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"dozo {' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout

    def start(self):
        with open(os.path.join(self.root, "log"), "ab") as log:
            self.process = subprocess.Popen([binary(), "serve", "--config", self.config], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        end = time.monotonic() + 15
        while time.monotonic() < end and self.running():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("dozo serve did not start:\n" + self.log())

    def log(self):
        with open(os.path.join(self.root, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def running(self):
        return self.process.poll() is None

    def stop(self):
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if not os.environ.get("DOZO_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)
