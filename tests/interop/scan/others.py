"""What nmap and nbtscan say of the same hosts, in the scan's words; and why they may say something else."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from harness import PATIENCE, Skip, require  # noqa: E402

DIALECTS = {"202": "2.0.2", "210": "2.1", "300": "3.0", "302": "3.0.2", "311": "3.1.1"}
# nmap asks for no others: a server names only what was asked for ([MS-SMB2] 3.3.5.4), so that it never sees
# multichannel, encryption and the rest.
CAPABILITIES = {"dfs": "Distributed File System", "leasing": "Leasing", "large_mtu": "Multi-credit operations"}


def nmap(address):
    if not shutil.which("nmap"):
        raise Skip("no nmap here")
    scripts = "smb-protocols,smb2-security-mode,smb2-capabilities,nbstat"
    ports = ["-sS", "-sU", "-pT:139,445,U:137"]
    said = subprocess.run(["nmap", "-n", "-Pn", *ports, "--script", scripts, address], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=PATIENCE).stdout
    require("Nmap done: 1 IP address" in said, f"nmap: {said}")
    return said


def section(said, script):
    """The lines of one script's result."""
    found = re.search(rf"^\|_? ?{re.escape(script)}: ?\n((?:\|.*\n)*?)(?=\|_? ?[\w-]+:|\Z|\n|Nmap)", said, re.M)
    return [line.strip("|_ ").strip() for line in found.group(1).splitlines()] if found else []


def dialects(said):
    lines = section(said, "smb-protocols")
    known = {DIALECTS[line] for line in lines if line in DIALECTS}
    return known | ({"NT LM 0.12"} if any(line.startswith("NT LM 0.12") for line in lines) else set())


def signing_required(said):
    text = " ".join(section(said, "smb2-security-mode"))
    return "enabled and required" in text if text else None


def capabilities(said):
    """{dialect: what of CAPABILITIES it lists}."""
    found, current = {}, None
    for line in section(said, "smb2-capabilities"):
        name = line.rstrip(":")
        if name in DIALECTS:
            current = found.setdefault(DIALECTS[name], set())
        elif current is not None:
            current.update(key for key, text in CAPABILITIES.items() if text == line)
    return found


def nbstat_names(said):
    return {(name, suffix, bool(group)) for name, suffix, group in
            re.findall(r"^\|_?\s+(\S+)<(\w\w)>\s+Flags: (<group>)?", said, re.M)}


def nbtscan_names(address):
    if not shutil.which("nbtscan"):
        raise Skip("no nbtscan here")
    said = subprocess.run(["nbtscan", "-v", "-s", ":", address], stdout=subprocess.PIPE, text=True,
                          timeout=PATIENCE).stdout
    return {(name.strip(), suffix.lower(), kind == "G") for name, suffix, kind in
            re.findall(rf"^{re.escape(address)}:(.{{15}}):(\w\w)([UG])", said, re.M)}
