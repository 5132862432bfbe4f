"""Rules over one file."""
import re

from . import source
from .tree import CODE, Violation, is_header

LINE_MAX = 120
FUNCTION_MAX = 70
FILE_MAX = 600
TEST_FILE_MAX = 900  # tables of cases are long and harmless

PROGRAMS = CODE + (".py", ".sh", "/dev", "/run", "/check", "/tidy")

# Heavy in headers; strong_id.h specialises std::hash and is a listed exception.
HEADER_INCLUDES = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<(functional|iostream|regex|filesystem|thread|CLI/[^>]*|"
                             r"toml[^>]*|nlohmann/[^>]*|spdlog/[^>]*)>", re.M)

# rule, pattern over code without comments and literals, what to do instead
BANNED = [
    ("reinterpret-cast", re.compile(r"\breinterpret_cast\b"), "only base/bytes.h reinterprets; see as_bytes, as_chars"),
    ("endl", re.compile(r"\bstd::endl\b"), "flushes each line; write \\n"),
    ("raw-new", re.compile(r"(?<!operator )(?<!\w)new\s+[A-Za-z_:]"), "std::make_unique, a pool or a container"),
    ("raw-delete", re.compile(r"(?<!operator )(?<!\w)delete\b(?:\s*\[\s*\])?\s*[\w(*:]"), "an owner with a destructor"),
    ("shell", re.compile(r"(?<![\w.>])(?:std::|::)?(?:system|popen)\s*\("), "no text ever reaches a shell; spawn"),
    ("sprintf", re.compile(r"\b(?:v?sprintf|strcpy|strcat|gets|strtok)\s*\("), "fmt::format and std::string"),
    ("exception", re.compile(r"\bthrow\s+\w|\bcatch\s*\("), "errors are Result<T> (docs/adr/0002-error-carrier.md)"),
]
HEADER_BANNED = [
    ("using-namespace", re.compile(r"\busing\s+namespace\b"), "a header decides for everybody who includes it"),
    ("header-thread", re.compile(r"\bstd::j?thread\b"), "threads belong to runtime/*.cc"),
]
# Spelt so that this file does not contain them.
REMINDER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}~-])/(?:(?:wo" r"rk|ro" r"ot|fa" r"rm)/|ho" r"me/(?!USER|[<\[{$*]|alice|user))")


def check_file(path, text):
    yield from check_text(path, text)
    if path.endswith(PROGRAMS) or path in ("dev", "run", "check"):
        yield from check_length(path, text)
    if path.endswith(CODE):
        yield from check_code(path, text)


def check_text(path, text):
    if text and not text.endswith("\n"):
        yield Violation(path, text.count("\n") + 1, "last-newline", "the file does not end with a newline")
    for number, line in enumerate(text.split("\n"), 1):
        if REMINDER.search(line):
            yield Violation(path, number, "reminder", "finish it, or write an issue")
        if MACHINE_PATH.search(line):
            yield Violation(path, number, "machine-path", "a path of one machine")
        if path.endswith(CODE) and line != line.rstrip():
            yield Violation(path, number, "trailing-space", "clang-format removes it")
        if path.endswith(PROGRAMS) and len(line) > LINE_MAX:
            yield Violation(path, number, "line-length", f"{len(line)} columns, limit {LINE_MAX}", len(line))


def check_length(path, text):
    lines, limit = text.count("\n"), TEST_FILE_MAX if path.endswith("_test.cc") else FILE_MAX
    if lines > limit:
        yield Violation(path, 1, "file-length", f"{lines} lines, limit {limit}", lines)


def check_code(path, text):
    code = source.strip(text)
    # Owned at once, where make_unique cannot see the constructor.
    code = re.sub(r"(unique_ptr<[\w:]+>(?:\s+\w+)?\()new ", r"\1    ", code)
    lines = source.Lines(code)
    for function in source.functions(code):
        if function.length > FUNCTION_MAX:
            yield Violation(path, function.line, "function-length",
                            f"{function.name} has {function.length} lines, limit {FUNCTION_MAX}", function.length)
    rules = BANNED + (HEADER_BANNED if is_header(path) else [])
    for rule, pattern, instead in rules:
        for match in pattern.finditer(code):
            if rule != "reinterpret-cast" or path != "src/base/bytes.h":
                yield Violation(path, lines.of(match.start()), rule, instead)
    for offset in source.capturing_lambda_coroutines(code):
        yield Violation(path, lines.of(offset), "lambda-coroutine",
                        "its captures die before it resumes; pass arguments to a function")
    if is_header(path):
        yield from check_header(path, text)


def check_header(path, text):
    if not re.search(r"^#pragma once$", text, re.M):
        yield Violation(path, 1, "pragma-once", "a header begins with #pragma once")
    for match in HEADER_INCLUDES.finditer(text):
        yield Violation(path, text.count("\n", 0, match.start()) + 1, "header-include",
                        f"<{match.group(1)}> costs too much in a header")
