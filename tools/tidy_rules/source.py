"""A C++ source as text without comments and literals, and the functions in it.

Not a parser: it relies on the sources being in clang-format's shape, which `./dev fmt --check` sees to.
"""
import bisect
import dataclasses
import re

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'                                  # comments
    r'|R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"'    # raw strings
    r'|"(?:\\.|[^"\\\n])*"'                                # strings
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)           # characters, not digit separators


def blank(match):
    text = match.group(0)
    keep = '"' if text.startswith(("R", '"')) else " "
    inside = re.sub(r"[^\n]", " ", text)
    return keep + inside[1:-1] + keep if len(text) > 1 and "\n" not in text[:1] + text[-1:] else inside


def strip(text):
    """Same length and lines; comments and what stands in literals are spaces."""
    return TOKEN.sub(blank, text)


class Lines:
    def __init__(self, text):
        self.starts = [0] + [m.end() for m in re.finditer("\n", text)]

    def of(self, offset):
        return bisect.bisect_right(self.starts, offset)


@dataclasses.dataclass
class Function:
    name: str
    line: int
    length: int


SCOPE = re.compile(r'\b(namespace|extern\s*""|extern\s*"\s*")|\b(class|struct|union|enum)\b')
BRACE = re.compile(r"[{};]")


def functions(stripped):
    """The function definitions, with their lengths in lines, braces included."""
    lines = Lines(stripped)
    found = []
    stack = []  # kinds of the open braces
    head = 0    # where the text that leads to the next brace begins
    starts = {}
    for match in BRACE.finditer(stripped):
        at, character = match.start(), match.group(0)
        inside_code = bool(stack) and stack[-1] in ("function", "other")
        if character == ";":
            if not inside_code and not in_parentheses(stripped, head, at):
                head = at + 1
        elif character == "{":
            kind = classify(stripped, head, at) if not inside_code else "other"
            stack.append(kind)
            starts[len(stack)] = (at, head)
            if kind in ("namespace", "class", "function"):
                head = at + 1
        elif stack:
            begin, its_head = starts[len(stack)]
            kind = stack.pop()
            if kind == "function":
                first = lines.of(begin)
                name = name_of(stripped[its_head:begin])
                found.append(Function(name, first, lines.of(at) - first + 1))
            if kind in ("namespace", "class", "function"):
                head = at + 1
    return found


def in_parentheses(text, begin, end):
    return text.count("(", begin, end) > text.count(")", begin, end)


def classify(text, head, at):
    if at > 0 and not text[at - 1].isspace():
        return "initialiser"
    before = re.sub(r"^\s*#[^\n]*(?:\\\n[^\n]*)*", "", text[head:at], flags=re.M)
    before = re.sub(r"\boperator\s*(?:\(\s*\)|[^\s\w(]+)", "operator_", before)
    if re.search(r"\bnamespace\b|\bextern\s*\"", before):
        return "namespace"
    flat = flatten(before)
    if re.search(r"\b(class|struct|union|enum)\b", flat) and "(" not in flat:
        return "class"
    if "(" in flat and "=" not in flat.split("(")[0]:
        return "function"
    return "other"


def flatten(text):
    """Without template parameter lists and attributes, in which `class` and `=` mean something else."""
    text = re.sub(r"\[\[[^\]]*\]\]", "", text)
    previous = None
    while previous != text:
        previous = text
        text = re.sub(r"\btemplate\s*<[^<>]*>", "", text)
        text = re.sub(r"(?<!operator)<[^<>;{}()]*>", "", text)
    return re.sub(r"\brequires\s*\((?:[^()]|\([^()]*\))*\)", "", text)


def name_of(head):
    before = flatten(head).split("(")
    match = re.search(r"([~\w:]+)\s*$", before[0])
    if match and match.group(1) in ("TEST", "TEST_F", "TEST_P") and len(before) > 1:
        return before[1].split(")")[0].replace(" ", "").replace(",", ".")
    return match.group(1) if match else "?"


LAMBDA = re.compile(r"(?<![\w\])\[])\[([^\[\]]*)\]\s*(?:<[^<>]*>\s*)?(?:\((?:[^()]|\([^()]*\))*\)\s*)?"
                    r"(?:mutable\s*|noexcept\s*)*(?:->\s*[\w:<>,&*\s]+?)?\s*\{")
CO = re.compile(r"\bco_(?:await|return|yield)\b|\bDOZO_CO_\w+\s*\(")


def capturing_lambda_coroutines(stripped):
    """Offsets of lambdas that capture and are coroutines themselves (not through a lambda inside)."""
    for match in LAMBDA.finditer(stripped):
        if match.group(1).strip() and CO.search(own_body(stripped, match.end() - 1)):
            yield match.start()


def own_body(text, brace):
    body = text[brace + 1:closing(text, brace)]
    inner = LAMBDA.search(body)
    while inner:
        end = closing(body, inner.end() - 1)
        body = body[:inner.start()] + body[end + 1:]
        inner = LAMBDA.search(body)
    return body


def closing(text, brace):
    depth = 0
    for match in re.compile(r"[{}]").finditer(text, brace):
        depth += 1 if match.group(0) == "{" else -1
        if depth == 0:
            return match.start()
    return len(text)
