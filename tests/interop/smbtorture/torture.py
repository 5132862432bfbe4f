"""smbtorture's smb2.* tests, one process each: their names, one run, what came of it."""
import dataclasses
import os
import re
import subprocess

# The client's own settings: every dialect, and no file outside of a folder of ours.
CLIENT_CONF = """[global]
  client min protocol = SMB2_02
  client max protocol = SMB3_11
  state directory = {d}
  lock directory = {d}
  private dir = {d}
  cache directory = {d}
"""
REASON_MAX = 240


@dataclasses.dataclass
class Outcome:
    status: str  # pass fail skip timeout error
    reason: str = ""
    seconds: float = 0.0
    output: str = ""
    ended_server: bool = False


@dataclasses.dataclass
class Target:
    """The server under test. Each share is a folder of its own, so that tests do not meet."""
    host: str
    port: int
    user: str
    password: str
    user2: str
    password2: str
    folders: dict  # share -> local folder, or None when it is not on this machine


def version():
    text = subprocess.run(["smbtorture", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"\d+\.\d+", text).group(0)


def test_names():
    listed = subprocess.run(["smbtorture", "--list"], capture_output=True, text=True, check=True).stdout
    names = []
    for line in listed.splitlines():
        name = line.strip()
        head, _, last = name.rpartition(".")
        if head.endswith("." + last):  # the list prints the last component of some twice
            name = head
        if name.startswith("smb2.") and name not in names:
            names.append(name)
    return names


def verdict(output, code):
    found = re.findall(r"^(success|failure|skip|error): ", output, re.M)
    why = re.search(r"^(?:failure|skip|error): [^\n]*?\[\n(.*?)\n\]", output, re.M | re.S)
    reason = " ".join(why.group(1).split()) if why else ""
    reason = re.sub(r"(?:\.\./)+source4/torture/", "", reason)[:REASON_MAX]
    tail = " ".join(output.split()[-30:])[-200:]
    if not found:
        return "error", reason or f"exit {code}: {tail}"
    for word, status in (("failure", "fail"), ("error", "error"), ("skip", "skip")):
        if word in found:
            return status, reason or tail
    return ("pass", "") if code == 0 else ("fail", f"exit {code}: {tail}")


def write_client_conf(folder):
    path = os.path.join(folder, "client.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(CLIENT_CONF.format(d=folder))
    return path


def run(target, share, test, limit, conf, workdir, options=()):
    command = ["smbtorture", "-s", conf, "-p", str(target.port), "-m", "SMB3_11",
               "-U", f"{target.user}%{target.password}", "--option=torture:progress=no",
               f"--option=torture:user2name={target.user2}", f"--option=torture:user2password={target.password2}"]
    if target.folders.get(share):
        command.append(f"--option=torture:localdir={target.folders[share]}")
    command += [*options, f"//{target.host}/{share}", test]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                               cwd=workdir)
    try:
        output = process.communicate(timeout=limit)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        process.kill()
        output = process.communicate()[0].decode(errors="replace")
        return Outcome("timeout", f"not done after {limit} s", limit, output)
    return Outcome(*verdict(output, process.returncode), output=output)
