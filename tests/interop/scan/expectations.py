"""What a scan must say of a server, from how it is configured. A fact is named by its path in the JSON line."""
SMB2 = ("2.0.2", "2.1", "3.0", "3.0.2", "3.1.1")
OLDER = ("LANMAN2.1", "DOS LANMAN2.1", "LM1.2X002", "DOS LM1.2X002", "LANMAN1.2", "LANMAN1.0", "MICROSOFT NETWORKS 3.0",
         "MICROSOFT NETWORKS 1.03", "XENIX CORE", "xenix1.1", "PC NETWORK PROGRAM 1.0", "PCLAN1.0")
CIPHERS = ("AES-128-GCM", "AES-128-CCM", "AES-256-GCM", "AES-256-CCM")
SIGNING = ("AES-GMAC", "AES-CMAC", "HMAC-SHA256")
COMPRESSION = ("LZ77", "LZNT1", "LZ77+Huffman", "LZ4", "Pattern_V1")
CAPABILITIES = ("dfs", "leasing", "large_mtu", "multi_channel", "persistent_handles", "directory_leasing", "encryption",
                "notifications")
PIPES = ("efsrpc", "efsrpc-lsarpc", "netdfs", "fssagentrpc", "spoolss", "eventlog")
POLICY = ("lockout", "minimum_length", "complexity", "history")
ALL = "*"


def family(prefix, names, yes):
    return {f"{prefix}.{name}": "yes" if yes == ALL or name in yes else "no" for name in names}


def flat(line):
    """{path: {"state", "why"}} of every fact of a host."""
    facts = {}

    def walk(prefix, value):
        if isinstance(value, dict) and set(value) == {"state", "why"}:
            facts[prefix] = value
        elif isinstance(value, dict):
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else key, inner)
    walk("", {key: value for key, value in line.items() if isinstance(value, dict)})
    for share in line["shares"]:
        for key in ("read", "write"):
            facts[f"shares.{share['name']}.{key}"] = share[key]
    return facts


class Expected:
    """Built from a configuration; `facts` is every path and its state, `values` what is not a fact."""

    def __init__(self, *, dialects=SMB2, smb1=False, signing_required=False, signing_enabled=True,
                 capabilities=None, ciphers=CIPHERS, signing=SIGNING, ports=("445/tcp",), **states):
        top = max((d for d in dialects), key=SMB2.index, default=None)
        f = self.facts = {}
        f.update(family("ports", ("445/tcp", "139/tcp", "135/tcp", "137/udp", "443/udp"), ports))
        f["netbios"] = "yes" if "137/udp" in ports else "no"
        f.update(family("dialects", SMB2, dialects))
        f.update(family("dialects", ("NT LM 0.12",), ("NT LM 0.12",) if smb1 else ()))
        f.update(family("dialects", OLDER, ()))
        f["smb1"] = "yes" if smb1 else "no"
        f["signing_required"] = "yes" if signing_required else "no"
        f["signing_enabled"] = "yes" if signing_enabled or signing_required else "no"
        self._algorithms(top, ciphers, signing)
        for dialect in dialects:
            f.update(family(f"capabilities.{dialect}", CAPABILITIES, capabilities(dialect)))
        f.update({"ntlm": "yes", "ms17_010": "no", "smbghost": "no"})
        f.update(states)

    def _algorithms(self, top, ciphers, signing):
        f = self.facts
        f.update(family("compression", COMPRESSION, ()))
        if top == "3.1.1":
            f.update(family("ciphers", CIPHERS, ciphers))
            f.update(family("signing_algorithms", SIGNING, signing))
        elif top in ("3.0", "3.0.2"):
            f.update(family("ciphers", CIPHERS, ("AES-128-CCM",)))
            f.update(family("signing_algorithms", SIGNING, ("AES-CMAC",)))
        else:
            f.update(family("ciphers", CIPHERS, ()))
            f.update(family("signing_algorithms", SIGNING, ("HMAC-SHA256",)))
        f["encryption"] = "yes" if top in ("3.0", "3.0.2", "3.1.1") else "no"

    def differing(self, line):
        """What the line says otherwise, or leaves out, or says without being expected."""
        seen = {path: fact["state"] for path, fact in flat(line).items()}
        problems = []
        for path in sorted(set(seen) | set(self.facts)):
            if seen.get(path) != self.facts.get(path):
                why = flat(line).get(path, {}).get("why", "")
                problems.append(f"{path}: {seen.get(path)} ({why}), expected {self.facts.get(path)}")
        problems += [f"{path}: no reason" for path, fact in flat(line).items() if not fact["why"]]
        return problems
