"""The list of exceptions: each has a reason, each is still needed, and there are never more than there were.

A line is `PATH RULE MEASURE # reason`. MEASURE is the length for the rules about lengths, else how often the rule is
broken in the file. An exception that covers more than what is there has to be made smaller, or removed.
"""
import re

from .tree import Violation

# Lower it when the list gets shorter. It is raised only with the reason in the commit's message.
AT_MOST = 4

FILE = "tools/tidy-exceptions.txt"
LENGTHS = ("line-length", "function-length", "file-length")


def parse(text):
    """[(line, path, rule, measure)] and the violations of the list itself."""
    entries, wrong = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"(\S+) ([a-z-]+) (\d+) # (.{10,})", line)
        if match:
            entries.append((number, match[1], match[2], int(match[3])))
        else:
            wrong.append(Violation(FILE, number, "exception", "is not `PATH RULE MEASURE # reason`"))
    return entries, wrong


def measure_of(rule, violations):
    if rule in LENGTHS:
        return max((v.measure for v in violations), default=0)
    return len(violations)


def apply(text, violations, at_most=None):
    """The violations that remain, with those of the list itself."""
    entries, remaining = parse(text)
    at_most = AT_MOST if at_most is None else at_most
    if len(entries) != at_most:
        advice = "lower AT_MOST" if len(entries) < at_most else "the list only shrinks"
        remaining.append(Violation(FILE, 1, "exception", f"{len(entries)} exceptions, AT_MOST is {at_most}: {advice}"))
    covered = set()
    for number, path, rule, allowed in entries:
        these = [v for v in violations if v.path == path and v.rule == rule]
        actual = measure_of(rule, these)
        if actual == 0:
            remaining.append(Violation(FILE, number, "exception", f"{path} no longer breaks {rule}; remove the line"))
        elif actual < allowed:
            remaining.append(Violation(FILE, number, "exception", f"{path} {rule}: {actual} is enough"))
        if actual <= allowed:
            covered.update(these)
    return remaining + [v for v in violations if v not in covered]
