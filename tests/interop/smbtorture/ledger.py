"""The ledger of a foreign test-suite: what is expected of each case, and what a run makes of it."""
import csv
import dataclasses

FIELDS = ("case", "status", "reason")
STATUSES = ("pass", "fail", "skip", "timeout", "error")


@dataclasses.dataclass
class Entry:
    status: str
    reason: str


def read(path):
    entries = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name, status, reason = (row[f] for f in FIELDS)
            if name in entries:
                raise ValueError(f"{path}: {name} is there twice")
            if status not in STATUSES:
                raise ValueError(f"{path}: {name}: no such status: {status}")
            if (status == "pass") != (reason == ""):
                raise ValueError(f"{path}: {name}: a reason belongs to each case that does not pass, and to no other")
            entries[name] = Entry(status, reason)
    return entries


def write(path, entries):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(FIELDS)
        for name, entry in entries.items():
            out.writerow((name, entry.status, entry.reason))


def judge(expected, status):
    """'ok', 'known' (not passing, as recorded), 'regression' or 'promote'."""
    if status == "pass":
        return "ok" if expected == "pass" else "promote"
    return "regression" if expected == "pass" else "known"
