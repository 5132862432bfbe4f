"""Wrong things: each is done to a server, the refusal that the specification names is seen, a client that keeps the
rules is served, and nothing is left behind."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import CASES, good_client, server, smb
import compounds
import logons
import messages
import paths
from harness import Suite

# name: settings. The names are those of the cases.
SERVERS = {
    "default": {},
    "strict": {"min_dialect": "3.0.2"},
    "old": {"max_dialect": "3.0"},
    "if-asked": {"signing": "if-asked"},
    "encrypted": {"encryption": "required"},
    "delay": {"auth__failure_delay_ms": logons.DELAY_MS},
    "limits": {"limits__pre_auth_timeout_ms": 1000, "limits__connections_per_address_max": 5},
    "null-sessions": {"auth__anonymous": "ipc"},
    "small": {"limits__io_size_max": messages.MIB},
}


def shares():
    return [server.Share("files"), server.Share("sealed", encryption="required"),
            server.Share("readonly", read_only=True), server.Share("bobs", allow=["bob"])]


def refuse_and_serve(dozo, name, function, arguments):
    try:
        function(dozo, *arguments)
    finally:
        smb.Connection.close_all()
    dozo.settle()
    if name != "old":  # whose dialects the good client does not speak
        good_client(dozo)
        dozo.settle()


def run_cases(suite, where, cases):
    """On one server, as long as nothing is left behind; a case that leaves something does not spoil those after it."""
    if cases:
        with server.start(suite, where, shares(), **SERVERS[where]) as dozo:
            while cases:
                _, name, function, arguments = cases.pop(0)
                if suite.case(name, refuse_and_serve, dozo, where, function, arguments):
                    continue
                try:
                    dozo.settle()
                except Exception:
                    if not cases:
                        break
                    print(f"something was left behind; a new server for the rest of {where}")
                    dozo.process.kill()
                    dozo.process.wait()
                    dozo.close()
                    dozo.__init__(shares(), SERVERS[where], keep=suite.keep)
                    dozo.start()


def main():
    suite = Suite("refusals")
    assert compounds and paths and {where for where, *_ in CASES} == set(SERVERS)
    for where in SERVERS:
        run_cases(suite, where, [case for case in CASES if case[0] == where and suite.wants(case[1])])
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
