"""Who may include whom. The one table; CMakeLists.txt is checked against it."""
import re

from .tree import CODE, Violation

# A folder of src/ may include its own files and those named here.
LAYERS = {
    "base": [],
    "model": ["base"],
    "wire": ["base", "model"],
    "crypto": ["base", "model"],
    "share": ["base", "model"],
    "runtime": ["base"],
    "vfs": ["base", "model", "runtime"],
    "identity": ["base", "model", "wire", "crypto", "runtime"],
    "guard": ["base", "model"],
    "rpc": ["base", "model", "wire"],
    "netbios": ["base", "model", "wire", "runtime"],
    "server": ["base", "model", "wire", "crypto", "share", "runtime", "vfs", "identity", "guard", "rpc", "netbios"],
    "client": ["base", "model", "wire", "crypto", "runtime", "identity"],
    "scan": ["base", "model", "wire", "crypto", "runtime", "identity", "client", "netbios", "guard"],
    "policy": ["base", "model", "wire", "crypto", "runtime", "client", "netbios", "guard"],
    "watch": ["base", "model", "wire", "crypto", "runtime", "client", "netbios", "guard"],
    "mount": ["base", "model", "wire", "runtime", "client"],
    "cli": ["base", "model", "wire", "crypto", "share", "runtime", "vfs", "identity", "guard", "rpc", "netbios",
            "server", "client", "scan", "policy", "watch", "mount"],
}

# Libraries that cost seconds a file, or that must not leak upwards: the folders and files that may include them.
LIBRARIES = {
    r"CLI/": ["src/cli/"],
    r"toml\+\+/": ["src/server/config.cc", "src/policy/", "src/scan/self_"],
    r"spdlog/": ["src/cli/log_backend.cc"],
    r"nlohmann/": ["src/cli/", "src/server/control", "src/guard/", "src/policy/", "src/scan/", "tests/"],
    r"openssl/": ["src/crypto/"],
    r"nettle/": ["src/crypto/"],
    r"sqlite3\.h": ["src/identity/", "src/server/", "src/guard/"],
    r"liburing": ["src/runtime/"],
    r"unicode/": ["src/base/"],
    r"seccomp\.h": ["src/server/"],
    r"fuse": ["src/mount/fuse_api.h"],
    r"expat\.h": ["src/netbios/xml_reader.cc"],
    r"(gtest|gmock)/": ["src/[a-z]+/([a-z_]+/)*[a-z0-9_]*(_test|test_)", "src/[a-z]+/([a-z_]+/)*[a-z_]*conformance",
                        "tests/"],
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def layer_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


def check_includes(path, text, known):
    """`known`: all paths of the tree."""
    if not path.endswith(CODE):
        return
    layer = layer_of(path)
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        kind, target = match.groups()
        if kind == '"':
            yield from check_own_include(path, line, layer, target, known)
        yield from check_library_include(path, line, target)


def check_own_include(path, line, layer, target, known):
    if layer is None:
        if "src/" + target not in known and target not in known:
            yield Violation(path, line, "include-missing", f'"{target}" is neither below src/ nor below the top')
        return
    if "src/" + target not in known:
        yield Violation(path, line, "include-missing", f'"{target}" is not a file below src/')
        return
    if layer not in LAYERS:
        yield Violation(path, line, "layer", f"src/{layer}/ is not in the table of layers (tools/tidy_rules/layers.py)")
        return
    other = target.split("/")[0]
    if other != layer and other not in LAYERS[layer]:
        allowed = ", ".join(LAYERS[layer]) or "nothing"
        yield Violation(path, line, "layer", f"{layer}/ may not include {other}/ (it may: {allowed})")


def check_library_include(path, line, target):
    for library, places in LIBRARIES.items():
        if re.match(library, target) and not any(re.match(place, path) for place in places):
            yield Violation(path, line, "library", f"<{target}> is only for {', '.join(places)}")


def check_cmake(files):
    """What CMake links must be within the table."""
    path = "CMakeLists.txt"
    text = files.get(path, "")
    for match in re.finditer(r"^dozo_library\((\w+)\s*(?:DEPENDS((?:\s+[a-z]+)*))?", text, re.M):
        layer, depends = match.group(1), (match.group(2) or "").split()
        line = text.count("\n", 0, match.start()) + 1
        for other in depends:
            if other not in LAYERS.get(layer, []):
                yield Violation(path, line, "layer", f"library {layer} links {other}, which the table does not allow")
