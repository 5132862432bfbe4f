"""go-smb2: the Go program beside this over each dialect that it offers, signed and encrypted."""
import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import server
import trees
from harness import Failed, Suite, require, require_equal, run

DIALECTS = {"2.0.2": "0x202", "2.1": "0x210", "3.0": "0x300", "3.0.2": "0x302", "3.1.1": "0x311"}
STEPS = ("logon", "mount", "tree in", "tree out", "mkdir", "readdir", "stat", "names", "contents", "rmdir",
         "share names", "refusals", "unmount", "logoff")
GOCODE = "/usr/share/gocode"  # where Debian's golang-*-dev packages are


def build(folder):
    """Offline, from the distribution's sources."""
    program = os.path.join(folder, "peer")
    environment = {"GOPATH": GOCODE, "GO111MODULE": "off", "GOFLAGS": "", "GOPROXY": "off", "CGO_ENABLED": "0",
                   "GOCACHE": os.path.join(folder, "cache")}
    done = run(["go", "build", "-o", program, os.path.join(HERE, "peer.go")], environment=environment)
    require(done.returncode == 0, f"go build: {done.stdout[-500:]}")
    return program


def run_peer(suite, dozo, program, folder, source, dialect, protection):
    name = f"{dialect} {protection}"
    inside = re.sub(r"\W", "_", name)
    target = os.path.join(folder, inside)
    share = "sealed" if protection == "encrypted" else "files"
    steps = {}

    def whole():
        done = run([program, f"127.0.0.1:{dozo.port}", server.USER, server.PASSWORD, share, inside, DIALECTS[dialect],
                    source, target])
        for line in done.stdout.splitlines():
            verdict, _, rest = line.partition(" ")
            if verdict in ("ok", "fail"):
                step, _, why = rest.partition(": ")
                steps[step] = why if verdict == "fail" else None
        require(steps, f"exit {done.returncode}: {done.stdout[-400:]}")
        require_equal(done.returncode, 1 if any(steps.values()) else 0, f"exit status; {done.stdout[-400:]}")

    def step_passed(step):
        require(step in steps, "was not reached")
        if steps[step]:
            raise Failed(steps[step])
        if step == "tree in":
            trees.require_same(source, os.path.join(dozo.share_path("files"), inside), step)
        elif step == "tree out":
            trees.require_same(source, target, step)

    suite.case(f"{name}: program", whole)
    for step in STEPS:
        suite.case(f"{name}: {step}", step_passed, step)


def main():
    suite = Suite("go_smb2")
    suite.patterns = [pattern.split(":")[0] for pattern in suite.patterns]  # a whole combination at a time
    folder = tempfile.mkdtemp(prefix="dozo-go-")
    try:
        program = build(folder)
        source = trees.make(os.path.join(folder, "source"), 300)
        shares = [server.Share("files"), server.Share("sealed", of="files", encryption="required")]
        with server.start(suite, "all", shares) as dozo:
            for dialect in DIALECTS:
                for protection in ("signed", "encrypted") if dialect.startswith("3") else ("signed",):
                    if suite.wants(f"{dialect} {protection}: program"):
                        run_peer(suite, dozo, program, folder, source, dialect, protection)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
