"""All rules over all files."""
from . import files as file_rules
from . import layers, tables


def check_tree(root, files):
    violations = []
    known = set(files)
    for path, text in files.items():
        violations.extend(file_rules.check_file(path, text))
        violations.extend(layers.check_includes(path, text, known))
    violations.extend(layers.check_cmake(files))
    violations.extend(tables.check_tables(files))
    violations.extend(tables.check_dead_headers(files))
    return violations
