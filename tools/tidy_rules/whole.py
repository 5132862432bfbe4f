"""All rules over all files."""
import os

from . import files as file_rules
from . import layers, tables


def check_tree(root, files):
    violations = []
    known = set(files)
    for path, text in files.items():
        if is_c(path, known):
            violations.extend(file_rules.check_text(path, text))
            continue
        violations.extend(file_rules.check_file(path, text))
        violations.extend(layers.check_includes(path, text, known))
    violations.extend(layers.check_cmake(files))
    violations.extend(tables.check_tables(files))
    violations.extend(tables.check_dead_headers(files))
    return violations


def is_c(path, known):
    """A header of a C program (outside src/): a guest's tool, a load generator. The rules of C++ are not for it."""
    folder = os.path.dirname(path)
    return not path.startswith("src/") and path.endswith(".h") and any(
        other.endswith(".c") and os.path.dirname(other) == folder for other in known)
