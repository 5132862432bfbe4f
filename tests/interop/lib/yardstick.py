"""A private smbd in place of dozo (DOZO_YARDSTICK=smbd): a case that fails here too may be wrong itself.

It has no `dozo status`, and it does not know all settings: what a suite says about those may differ.
"""
import os
import pwd
import signal
import socket
import subprocess

from harness import PATIENCE
from server import Server

# Users of ours by system accounts that every Debian has.
ACCOUNTS = {"alice": "games", "bob": "man"}
DIALECTS = {"2.0.2": "SMB2_02", "2.1": "SMB2_10", "3.0": "SMB3_00", "3.0.2": "SMB3_02", "3.1.1": "SMB3_11"}
GLOBAL = """[global]
  netbios name = STOREHOUSE
  server role = standalone server
  smb ports = {port}
  bind interfaces only = yes
  interfaces = lo
  disable netbios = yes
  lock directory = {folder}/smbd
  state directory = {folder}/smbd
  cache directory = {folder}/smbd
  private dir = {folder}/smbd
  pid directory = {folder}/smbd
  ncalrpc dir = {folder}/smbd
  passdb backend = tdbsam:{folder}/smbd/passdb.tdb
  username map = {folder}/users
  logging = file
  log file = {folder}/log
  load printers = no
  disable spoolss = yes
  map to guest = never
  restrict anonymous = 2
  server signing = {signing}
  server smb encrypt = {encryption}
  server min protocol = {minimum}
  server max protocol = {maximum}
"""


class Smbd(Server):
    def start(self):
        settings = self.settings["server"]
        os.makedirs(os.path.join(self.folder, "smbd"), mode=0o700)
        os.chmod(self.folder, 0o755)
        encryption = {"required": "required", "off": "off"}.get(settings.get("encryption"), "default")
        text = GLOBAL.format(
            port=self.port, folder=self.folder, encryption=encryption,
            signing="mandatory" if settings.get("signing", "required") == "required" else "default",
            minimum=DIALECTS[settings.get("min_dialect", "2.0.2")],
            maximum=DIALECTS[settings.get("max_dialect", "3.1.1")])
        for share in self.shares:
            text += f"[{share.name}]\n  path = {self.share_path(share.name)}\n  force user = root\n"
            text += f"  read only = {'yes' if share.settings.get('read_only') else 'no'}\n"
            if share.settings.get("encryption") == "required":
                text += "  server smb encrypt = required\n"
        self.config = os.path.join(self.folder, "smb.conf")
        with open(self.config, "w") as file:
            file.write(text)
        with open(os.path.join(self.folder, "users"), "w") as file:
            file.writelines(f"{account} = {user}\n" for user, account in ACCOUNTS.items())
        for user, password in self.users.items():
            pwd.getpwnam(ACCOUNTS[user])
            subprocess.run(["pdbedit", "-s", self.config, "-a", "-t", "-u", ACCOUNTS[user]], check=True, text=True,
                           input=f"{password}\n{password}\n", stdout=subprocess.DEVNULL)
        self.environment["_NO_WINBINDD"] = "1"
        self._launch(["/usr/sbin/smbd", "--foreground", "--no-process-group", f"--configfile={self.config}"])

    def _is_ready(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def status(self):
        return {"counts": {}, "sessions": []}

    def settle(self, seconds=0):
        pass

    def check_end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    def close(self):
        """smbd leaves helpers behind, in sessions of their own; they are known by this server's configuration."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                if f"--configfile={self.config}".encode() in words:
                    os.kill(int(pid), signal.SIGTERM)
            except OSError:
                pass  # gone in the meantime
        super().close()
