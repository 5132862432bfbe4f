"""Runs the cases of an interop suite and holds them against its ledger, tests/interop/SUITE.csv.

The ledger's columns are `case,status,reason`, status pass, fail, skip, or varies: what another program's timing
decides, with the reason; either outcome counts as a skip. It is the only place that says what is known
not to work: a case that fails and is not there as fail, a case that passes and is there as fail, a case that is not
there at all, and a case that is there and did not run, each fail the run. `--update` writes the ledger
anew from what happened.

    run.py [--update] [--keep] [PATTERN…]     PATTERN: only cases with this in their name; --keep: folders stay
"""
import csv
import os
import signal
import subprocess
import sys
import time
import traceback

INTEROP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP = os.path.dirname(os.path.dirname(INTEROP))


# Seconds after which something that should have happened is taken to hang. No test measures a machine's speed: what
# waits, waits this long, and a busy machine or a sanitizer costs time and no failure.
PATIENCE = float(os.environ.get("DOZO_PATIENCE", "120"))


class Skip(Exception):
    """A case that cannot run here; its text is the reason."""


class Failed(Exception):
    """A case that did not see what it expects; its text says what it saw."""


def require(condition, what):
    if not condition:
        raise Failed(what)


def require_equal(seen, expected, what):
    if seen != expected:
        raise Failed(f"{what}: {seen!r}, expected {expected!r}")


def wait_until(condition, what, *, seconds=PATIENCE):
    """The first value of `condition` that is true; Failed, naming `what`, when it does not become true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
    return value


def run(command, *, timeout=5 * PATIENCE, stdin=None, cwd=None, environment=None):
    """A child process with its output as text. A timeout is a failure; an exit status is for the caller."""
    env = {**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})}
    source = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=timeout, cwd=cwd, env=env, **source)
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
        said = said.decode(errors="replace") if isinstance(said, bytes) else said
        raise Failed(f"{command[0]} did not end within {timeout:.0f} s; {said[-300:]}") from None


class Suite:
    def __init__(self, name):
        self.name = name
        self.ledger_file = os.path.join(INTEROP, name + ".csv")
        arguments = sys.argv[1:]
        self.update = "--update" in arguments
        self.keep = "--keep" in arguments
        unknown = [a for a in arguments if a.startswith("-") and a not in ("--update", "--keep")]
        if unknown:
            print(f"{name}: unknown option {unknown[0]}\n{__doc__}", file=sys.stderr)
            sys.exit(2)
        self.patterns = [a for a in arguments if not a.startswith("-")]
        self.results = {}  # case: (status, reason)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
        self.ledger = self._read()

    def _read(self):
        if not os.path.exists(self.ledger_file):
            return {}
        with open(self.ledger_file, newline="") as file:
            return {row["case"]: (row["status"], row["reason"]) for row in csv.DictReader(file)}

    def wants(self, case):
        return not self.patterns or any(pattern in case for pattern in self.patterns)

    def case(self, name, function, *arguments):
        """Runs one case. True when it passed."""
        if not self.wants(name):
            return False
        assert name not in self.results, name
        started = time.monotonic()
        try:
            function(*arguments)
            result = ("pass", "")
        except Skip as reason:
            result = ("skip", str(reason))
        except Exception as problem:  # whatever goes wrong is the case's failure, and the next case runs
            text = str(problem) if isinstance(problem, Failed) else f"{type(problem).__name__}: {problem}"
            if not isinstance(problem, Failed):
                traceback.print_exc()
            result = ("fail", " ".join(text.split())[:400])
        self._record(name, result, time.monotonic() - started)
        return result[0] == "pass"

    def skip(self, name, reason):
        if self.wants(name):
            self._record(name, ("skip", reason), 0)

    def _record(self, name, result, seconds):
        self.results[name] = result
        status, reason = result
        print(f"{status:4} {name} ({seconds:.1f} s)" + (f": {reason}" if reason else ""), flush=True)

    def _judge(self, case, status, reason):
        """passed, failed or skipped, and what there is to say about it."""
        known, known_reason = self.ledger.get(case, ("", ""))
        if status == "skip":
            return "skipped", f"skipped: {case}: {reason}"
        if known == "varies":
            return "skipped", f"skipped, either outcome: {case}: {known_reason}"
        if not known:
            return "failed", f"not in the ledger: {case}: {status} {reason}"
        if status == "pass":
            if known == "fail":
                return "failed", f"newly passes, promote it with --update: {case}"
            return "passed", ""
        if known == "fail":
            return "skipped", f"skipped, a known failure: {case}: {known_reason}"
        return "failed", f"regressed: {case}: {reason}"

    def _write(self):
        rows = {case: row for case, row in self.ledger.items() if self.patterns and not self.wants(case)}
        for case, (status, reason) in self.results.items():
            known_status, known_reason = self.ledger.get(case, ("", ""))
            if known_status == "varies":
                status = known_status
            rows[case] = (status, known_reason if status == known_status and known_reason else reason)
        with open(self.ledger_file, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["case", "status", "reason"])
            writer.writerows((case, *row) for case, row in rows.items())

    def finish(self):
        """The last lines, and the exit status of the suite."""
        if self.update:
            self._write()
            self.ledger = self._read()
        counts = {"passed": 0, "failed": 0, "skipped": 0}
        print(f"--- {self.name} against {os.path.relpath(self.ledger_file, TOP)}")
        for case, (status, reason) in self.results.items():
            verdict, text = self._judge(case, status, reason)
            counts[verdict] += 1
            if text:
                print(text)
        gone = [] if self.patterns else [case for case in self.ledger if case not in self.results]
        for case in gone:
            print(f"in the ledger and did not run: {case}")
        counts["failed"] += len(gone)
        print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts), flush=True)
        return 1 if counts["failed"] else 0
