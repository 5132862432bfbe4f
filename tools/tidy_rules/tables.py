"""Tables are complete: a source of a folder of rows has a row (docs/architecture.md, "Adding something").

A source with a header of its own is a helper. Every other one is there for the table: it has one of its functions.
"""
import re

from . import source
from .tree import Violation, is_test

# which sources, and the table that names a function of each
TABLES = [
    (r"src/server/commands/[a-z0-9_]+\.cc", "src/server/command_table.cc"),
    (r"src/server/info/[a-z0-9_]+\.cc", "src/server/info/table.cc"),
    (r"src/server/fsctl/[a-z0-9_]+\.cc", "src/server/fsctl/table.cc"),
    (r"src/server/create/context_[a-z0-9_]+\.cc", "src/server/create/contexts.cc"),
    (r"src/scan/check_[a-z0-9_]+\.cc", "src/scan/checks.cc"),
    (r"src/watch/detect_[a-z0-9_]+\.cc", "src/watch/detectors.cc"),
]


def check_tables(files, tables=None):
    for pattern, table in tables or TABLES:
        if table not in files:
            continue
        named = set(re.findall(r"\w+", source.strip(files[table])))
        for path, text in files.items():
            is_row = re.fullmatch(pattern, path) and path != table and path[:-2] + "h" not in files
            if not is_row or is_test(path):
                continue
            defined = {f.name for f in source.functions(source.strip(text))}
            if not defined & named:
                yield Violation(path, 1, "table", f"none of its functions has a row in {table}")


def check_dead_headers(files):
    """A header that nobody includes is dead."""
    included = set()
    for path, text in files.items():
        if path.endswith((".h", ".cc", ".txt")):
            included.update(re.findall(r'[<"]?([a-z0-9_]+(?:/[a-z0-9_]+)*\.h)[>"]?', text))
    for path in files:
        if path.startswith("src/") and path.endswith(".h") and path[4:] not in included and path not in included:
            yield Violation(path, 1, "dead-header", "nobody includes it")
