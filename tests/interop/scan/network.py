"""The suite's network: a namespace of its own, in which every server has an address and its usual ports."""
import os
import subprocess
import sys

LINK, BASE = "scan0", "10.78.0."
INSIDE = "DOZO_SCAN_INSIDE"


def address(number):
    return f"{BASE}{number}"


def enter():
    """Runs this program again in a namespace; returns there. One that is left behind ends with its processes."""
    if os.environ.get(INSIDE):
        _sh(f"ip link set lo up && ip link add {LINK} type veth peer name {LINK}p && ip link set {LINK}p up && "
            f"ip addr add {address(1)}/24 brd {BASE}255 dev {LINK} && ip link set {LINK} up")
        return
    command = ["unshare", "-n", sys.executable, *sys.argv]
    os.execvpe(command[0], command, {**os.environ, INSIDE: "1"})


def add(number):
    """An address more, of this computer."""
    _sh(f"ip addr add {address(number)}/24 brd {BASE}255 dev {LINK}")
    return address(number)


def _sh(script):
    subprocess.run(["sh", "-c", script], check=True, stdout=subprocess.DEVNULL)
