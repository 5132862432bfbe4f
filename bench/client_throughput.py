#!/usr/bin/env python3
"""dozo's client against smbclient, on one server after the other, in one run: a tree of small files and one large file,
up and down, signed as both negotiate it. Prints seconds and the ratio (above 1: dozo's client is faster).

    bench/client_throughput.py [FILES [LARGE_MIB [ROUNDS]]]          DOZO_BINARY or DOZO_PRESET choose the program
"""
import os
import shutil
import statistics
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests", "interop", "lib"))
import server  # noqa: E402
import trees  # noqa: E402
from yardstick import Smbd  # noqa: E402

FILES, LARGE, ROUNDS = (int(a) for a in (sys.argv[1:] + ["5000", "1024", "3"][len(sys.argv) - 1:]))


def timed(command, cwd, **environment):
    began = time.monotonic()
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{command[:3]}: {done.stdout[-300:]} {done.stderr[-300:]}"
    return time.monotonic() - began


def dozo(served, folder, *arguments):
    return timed([server.binary(), *arguments], folder, DOZO_PASSWORD=server.PASSWORD)


def smbclient(served, folder, script):
    return timed(["smbclient", "-s", "/dev/null", "//127.0.0.1/files", "-p", str(served.port),
                  "--client-protection=sign", "-U", f"{server.USER}%{server.PASSWORD}", "-c", script], folder)


def measure(served):
    folder = os.path.join(served.folder, "client")
    share = served.share_path("files")
    url = f"smb://{server.USER}@127.0.0.1:{served.port}/files"
    trees.make(os.path.join(folder, "tree"), FILES, edges=False, astral=False)
    with open(os.path.join(folder, "large"), "wb") as file:
        for _ in range(LARGE):
            file.write(os.urandom(1 << 20))

    def clear(*paths):
        for path in paths:
            shutil.rmtree(path, ignore_errors=True)
            if os.path.isfile(path):
                os.unlink(path)

    def both(ours, theirs, result, *made):
        clear(*made)
        mine = ours()
        assert os.path.exists(result[0]), result[0]
        clear(*made)
        other = theirs()
        assert os.path.exists(result[-1]), result[-1]
        return mine, other

    there, back = os.path.join(share, "tree"), os.path.join(folder, "back")
    os.makedirs(back, exist_ok=True)
    rows = {
        f"put {FILES} small files": lambda: both(
            lambda: dozo(served, folder, "put", "--recursive", "tree", url),
            lambda: smbclient(served, folder, "recurse; prompt; mput tree"), [there], there),
        f"get {FILES} small files": lambda: both(
            lambda: dozo(served, folder, "get", "--recursive", url + "/tree", "back"),
            lambda: smbclient(served, folder, "recurse; prompt; lcd back; mget tree"),
            [os.path.join(back, "tree")], os.path.join(back, "tree")),
        f"put {LARGE} MiB": lambda: both(
            lambda: dozo(served, folder, "put", "large", url),
            lambda: smbclient(served, folder, "put large"), [os.path.join(share, "large")],
            os.path.join(share, "large")),
        f"get {LARGE} MiB": lambda: both(
            lambda: dozo(served, folder, "get", url + "/large", "back/large"),
            lambda: smbclient(served, folder, "get large back/large"), [os.path.join(back, "large")],
            os.path.join(back, "large")),
    }
    for name, row in rows.items():
        pairs = [row() for _ in range(ROUNDS)]
        mine, other = (statistics.median(p[i] for p in pairs) for i in (0, 1))
        print(f"  {name:24} dozo {mine:7.2f} s   smbclient {other:7.2f} s   {other / mine:5.2f}", flush=True)


def main():
    for name, kind in (("smbd", Smbd), ("dozo", server.Server)):
        served = kind([server.Share("files")], {}, keep=False)
        try:
            os.makedirs(os.path.join(served.folder, "client"))
            served.start()
            print(f"against {name}", flush=True)
            measure(served)
        finally:
            served.close()


if __name__ == "__main__":
    main()
