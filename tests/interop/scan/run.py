#!/usr/bin/env python3
"""dozo scan against real servers: every fact it reports is held against how the server is configured, against what nmap
and nbtscan say, and nothing on a server may be another after it. Then servers that do what no server should, 4,096
addresses, and a scan that is killed and gone on with. All in a network namespace of its own.
"""
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]
import harness  # noqa: E402
import network  # noqa: E402
import others  # noqa: E402
import server as dozo_servers  # noqa: E402
import servers  # noqa: E402
from expectations import OLDER, PIPES, POLICY, SMB2, Expected, family, flat  # noqa: E402
from harness import PATIENCE, require, require_equal  # noqa: E402

MANY, ALIVE = "10.79.0.0/20", 64
CREDENTIALS = None  # --user and --password-file, of the user that every server knows


def dozo(*arguments, status=0, timeout=5 * PATIENCE):
    done = harness.run([dozo_servers.binary(), "scan", *arguments], timeout=timeout)
    require_equal(done.returncode, status, f"dozo scan {' '.join(arguments)}: {done.stdout[-600:]}")
    return done.stdout


def lines(*arguments, **kwargs):
    return [json.loads(line) for line in dozo(*arguments, "--json", **kwargs).splitlines() if line.startswith("{")]


def line(address, *arguments, **kwargs):
    found = lines(address, *arguments, **kwargs)
    require_equal([host["host"] for host in found], [address], "the hosts of the lines")
    return found[0]


# --- What is expected of smbd

def smbd_capabilities(multi_credit=True):
    """smb2_negprot: DFS by `host msdfs`; leases and credits from 2.1 on, these not over NetBIOS; multichannel in 3;
    encryption as a capability in 3.0 and 3.0.2 alone."""
    def of(dialect):
        names = ["dfs"]
        names += ["leasing"] if dialect != "2.0.2" else []
        names += ["large_mtu"] if dialect != "2.0.2" and multi_credit else []
        names += ["multi_channel"] if dialect.startswith("3") else []
        names += ["encryption"] if dialect in ("3.0", "3.0.2") else []
        return names
    return of


# smbd 4.17 has these behind pipes whether it prints or not; EFSR it has not.
SMBD_PIPES = ("netdfs", "fssagentrpc", "spoolss", "eventlog")


def smbd(*, multi_credit=True, nobody="yes", **changes):
    """Everything of the defaults; what the caller says is otherwise."""
    states = {"anonymous": nobody, "anonymous_ipc": nobody, "anonymous_enumeration": nobody, "guest": "no",
              "credentials": "yes", "encryption_required": "no", "spooler": "yes",
              **family("coercion_pipes", PIPES, SMBD_PIPES), **family("password_policy", POLICY, ("minimum_length",)),
              "shares.files.read": "yes", "shares.files.write": "yes", "shares.archive.read": "yes",
              "shares.archive.write": "no", "shares.private.read": "yes", "shares.private.write": "yes",
              "shares.IPC$.read": "untested", "shares.IPC$.write": "untested"}
    states.update(changes)
    return Expected(capabilities=smbd_capabilities(multi_credit), **states)


def smbd_values(name, address):
    return {"host": address, "address": address, "port": 445, "name": name, "domain": name, "os": "", "forest": "",
            "dns_name": socket.gethostname().lower(), "server_kind": "samba", "mac": "", "interfaces": [address]}


def only(dialect):
    number = {"2.0.2": "SMB2_02", "2.1": "SMB2_10", "3.0": "SMB3_00", "3.0.2": "SMB3_02", "3.1.1": "SMB3_11"}[dialect]
    return [f"server min protocol = {number}", f"server max protocol = {number}"]


def smbd_of(number, name, options=(), expected=None, *, values=None, **how):
    return {"name": name, "number": number, "make": lambda address: servers.Smbd(name, address, options, **how),
            "expected": expected or smbd(), "values": {**smbd_values(name, network.address(number)), **(values or {})}}


NETBIOS = {("{0}", "00", False), ("{0}", "03", False), ("{0}", "20", False), ("HARBOUR", "00", True),
           ("HARBOUR", "1e", True)}
SMBDS = [
    smbd_of(11, "DEFAULTS"),
    smbd_of(12, "ONLY202", only("2.0.2"), smbd(dialects=("2.0.2",)), values={"interfaces": []}),
    smbd_of(13, "ONLY210", only("2.1"), smbd(dialects=("2.1",)), values={"interfaces": []}),
    smbd_of(14, "ONLY300", only("3.0"), smbd(dialects=("3.0",))),
    smbd_of(15, "ONLY302", only("3.0.2"), smbd(dialects=("3.0.2",))),
    smbd_of(16, "ONLY311", only("3.1.1"), smbd(dialects=("3.1.1",))),
    # In SMB2 signing cannot be off: smbd says that it is enabled whatever `server signing` is.
    smbd_of(17, "SIGNOFF", ["server signing = disabled"]),
    # Nobody has no key to sign with, and is let in all the same; but not where it takes one to encrypt.
    smbd_of(18, "SIGNED", ["server signing = mandatory"], smbd(signing_required=True)),
    smbd_of(19, "SEALED", ["server smb encrypt = required"],
            smbd(encryption_required="yes", anonymous="no", anonymous_ipc="untested",
                 anonymous_enumeration="untested")),
    smbd_of(20, "GUESTS", ["map to guest = bad user"], smbd(guest="yes")),
    smbd_of(21, "SHUT", ["restrict anonymous = 2"], smbd(anonymous_ipc="no", anonymous_enumeration="no")),
    smbd_of(22, "SMB1", ["server min protocol = NT1"], smbd(smb1=True)),
    smbd_of(23, "NETBIOS", [], smbd(ports=("445/tcp", "139/tcp", "137/udp")), ports=(445, 139), nmbd=True,
            values={"netbios_names": NETBIOS}),
    smbd_of(24, "OLDNAS", [], smbd(ports=("139/tcp", "137/udp"), multi_credit=False), ports=(139,), nmbd=True,
            values={"netbios_names": NETBIOS}),
]


# --- What is expected of dozo and of impacket

def dozo_capabilities(encrypts):
    """No share is continuously available, so that handles are not persistent."""
    def of(dialect):
        names = ["leasing", "large_mtu"] if dialect != "2.0.2" else []
        names += ["multi_channel", "directory_leasing"] if dialect.startswith("3") else []
        return names + (["encryption"] if encrypts and dialect in ("3.0", "3.0.2") else [])
    return of


def dozo_of(number, name, expected, **settings):
    address = network.address(number)
    return {"name": name, "number": number, "make": lambda a: servers.Dozo(name, a, **settings), "expected": expected,
            "values": {"host": address, "address": address, "port": 445, "name": name, "domain": name, "os": "",
                       "forest": "", "dns_name": name.lower(), "server_kind": "dozo", "mac": ""}}


def dozo_expected(*, encrypts=True, **changes):
    # Nobody and guests are refused; lsarpc is there without EFSR; there is no samr, and no pipe of a spooler.
    states = {"anonymous": "no", "anonymous_ipc": "untested", "anonymous_enumeration": "untested", "guest": "no",
              "credentials": "yes", "encryption_required": "no", "spooler": "no",
              **family("coercion_pipes", PIPES, ()),
              **{f"password_policy.{name}": "untested" for name in POLICY},
              "shares.files.read": "yes", "shares.files.write": "yes", "shares.archive.read": "yes",
              "shares.archive.write": "no", "shares.private.read": "yes", "shares.private.write": "yes",
              "shares.IPC$.read": "untested", "shares.IPC$.write": "untested", "signing_required": True,
              "dialects": ("3.0", "3.0.2", "3.1.1")}
    states.update(changes)
    return Expected(capabilities=dozo_capabilities(encrypts), **states)


DOZOS = [
    dozo_of(31, "STOREHOUSE", dozo_expected()),
    dozo_of(32, "OLDDOZO", dozo_expected(dialects=SMB2, signing_required=False, encrypts=False, encryption="no",
                                         **family("ciphers", ("AES-128-GCM", "AES-128-CCM", "AES-256-GCM",
                                                              "AES-256-CCM"), ())),
            min_dialect="2.0.2", signing="if-asked", encryption="off"),
    dozo_of(33, "VAULT", dozo_expected(encryption_required="yes"), encryption="required"),
]


def impacket_of(number, name):
    """impacket's SimpleSMBServer answers every SMB2 offer in 2.0.2, knows NT LM 0.12, has srvsvc and nothing else
    behind pipes, does not answer with maximal access and opens no folder for writing, whatever the share allows, has no
    PeekNamedPipe, and calls itself by eight random letters."""
    address = network.address(number)
    states = {"anonymous": "no", "anonymous_ipc": "untested", "anonymous_enumeration": "untested", "guest": "no",
              "credentials": "yes", "encryption_required": "no", "spooler": "no",
              "ms17_010": "untested", **family("coercion_pipes", PIPES, ()),
              **{f"password_policy.{name}": "untested" for name in POLICY}}
    for share in ("FILES", "ARCHIVE", "PRIVATE"):
        states[f"shares.{share}.read"] = "yes"
        states[f"shares.{share}.write"] = "untested"
    states.update({"shares.IPC$.read": "untested", "shares.IPC$.write": "untested"})
    # Its 0xFFFF stands among the bytes, behind a WordCount of 0: no answer to an offer of older dialects.
    states.update({f"dialects.{name}": "untested" for name in OLDER})
    expected = Expected(dialects=("2.0.2",), smb1=True, capabilities=lambda dialect: (), **states)
    return {"name": name, "number": number, "make": lambda a: servers.Impacket(name, a), "expected": expected,
            "values": {"host": address, "port": 445, "os": "", "server_kind": ""}}


ALL = SMBDS + DOZOS + [impacket_of(41, "IMPACKET")]


# --- Cases of every server

def require_values(host, values):
    for key, expected in values.items():
        seen = host[key]
        if key == "netbios_names":
            seen = {(name["name"], name["suffix"], name["group"]) for name in seen}
            expected = {(text.format(host["name"]), suffix, group) for text, suffix, group in expected}
        require_equal(seen, expected, key)
    require(abs(host["clock_skew_s"]) <= 5, f"the clock: {host['clock_skew_s']}")
    require(host["server_guid"], "no GUID")


def every_fact(server, spec):
    host = line(server.address, "--deep", *CREDENTIALS)
    problems = spec["expected"].differing(host)
    require(not problems, "; ".join(problems))
    require_values(host, spec["values"])


def nmap_agrees(server, spec):
    host, said = line(server.address, "--negotiate-only"), others.nmap(server.address)
    ours = {path.removeprefix("dialects."): fact["state"] for path, fact in flat(host).items()
            if path.startswith("dialects.")}
    mine = {name for name, state in ours.items() if state == "yes"}
    require_equal(mine & {*SMB2, "NT LM 0.12"}, others.dialects(said), "dialects, and nmap's")
    required = others.signing_required(said)
    if required is not None:
        require_equal(host["signing_required"]["state"] == "yes", required, "signing required, and nmap's")
    for dialect, names in others.capabilities(said).items():
        ours = {name for name in others.CAPABILITIES if host["capabilities"][dialect][name]["state"] == "yes"}
        require_equal(ours, names, f"capabilities of {dialect}, and nmap's")
    names = {(n["name"], n["suffix"], n["group"]) for n in host["netbios_names"]}
    require_equal(names, others.nbstat_names(said), "NetBIOS names, and nmap's")
    if host["netbios"]["state"] == "yes":
        require_equal(names, others.nbtscan_names(server.address), "NetBIOS names, and nbtscan's")


def nothing_is_another(server, before):
    require_equal({k: v for k, v in server.state().items() if before.get(k) != v}, {}, "what a scan has changed")
    require_equal(set(server.state()), set(before), "the names")


def negotiating_logs_nothing(server):
    """What a scan that logs nobody on leaves in the log."""
    if isinstance(server, servers.Impacket):
        raise harness.Skip("impacket logs every NEGOTIATE but that of 2.0.2 alone as an error, whoever sends it")
    before = server.log_text()
    line(server.address, "--negotiate-only")
    after = server.log_text()
    require(after.startswith(before), "the log was begun anew")
    # dozo warns of old dialects, whoever offers them.
    words = ("error", "fail", "panic", "malformed", "invalid", "bad ")
    bad = [text for text in after[len(before):].splitlines() if any(word in text.lower() for word in words)]
    require(not bad, f"the log: {bad[:5]}")


def cases_of(suite, spec, keep):
    """Every case of a server that is wanted; the server is not even started when none is."""
    name = spec["name"]
    cases = [f"{name}: {what}" for what in ("every fact is that of the configuration", "nmap agrees",
                                            "negotiating leaves no error in the log", "nothing on it is another")]
    if not any(suite.wants(case) for case in cases):
        return
    server = spec["make"](network.add(spec["number"]))
    try:
        if spec["values"].get("netbios_names"):
            harness.wait_until(lambda: len(line(server.address, "--negotiate-only")["netbios_names"]) == len(NETBIOS),
                               "nmbd has its names")
        before = server.state()
        suite.case(cases[0], every_fact, server, spec)
        suite.case(cases[1], nmap_agrees, server, spec)
        suite.case(cases[2], negotiating_logs_nothing, server)
        suite.case(cases[3], nothing_is_another, server, before)
    finally:
        server.close(keep)


# --- Who is let in

def rights_of_a_guest(server):
    host = line(server.address)
    seen = {share["name"]: (share["read"]["state"], share["write"]["state"]) for share in host["shares"]}
    require_equal(seen, {"files": ("yes", "yes"), "archive": ("yes", "no"), "private": ("no", "no"),
                         "IPC$": ("untested", "untested")}, "the rights of a guest")
    require("as a guest" in host["shares"][0]["read"]["why"], host["shares"][0])


def wrong_password(addresses):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("wrong\n")
        file.flush()
        hosts = lines(*addresses, "--user", servers.USER, "--password-file", file.name)
    states = sorted(host["credentials"]["state"] for host in hosts)
    require_equal(states, ["no"] + ["untested"] * (len(addresses) - 1), "tried on one host, and on no other")
    require(any("lock the account" in host["credentials"]["why"] for host in hosts), hosts[0]["credentials"])


def lockout_is_not_risked(server):
    subprocess.run(["pdbedit", "-s", server.config, "-P", "bad lockout attempt", "-C", "3"], check=True,
                   stdout=subprocess.DEVNULL)
    host = line(server.address, *CREDENTIALS)
    require_equal(host["credentials"]["state"], "untested", "the credentials")
    require("lock an account" in host["credentials"]["why"], host["credentials"])
    require_equal(host["password_policy"]["lockout"]["state"], "yes", "the policy")


# --- Servers that do what no server should

def hostile(how, number):
    address = network.add(number)
    process = subprocess.Popen([sys.executable, os.path.join(HERE, "peers.py"), how, address])
    try:
        harness.wait_until(lambda: servers.accepts(address, 445), f"{how} accepts connections")
        host = line(address, "--deep", "--timeout", "0.3")
        said = {path: fact["state"] for path, fact in flat(host).items() if not path.startswith("ports.")}
        require_equal({path for path, state in said.items() if state == "yes"}, set(), "facts that are yes")
        require(all(fact["why"] for fact in flat(host).values()), "a fact without a reason")
        require_equal(host["dialects"]["3.1.1"]["state"], "untested", "the dialect")
    finally:
        process.kill()
        process.wait()


# --- Many addresses

@contextlib.contextmanager
def many():
    """4,096 addresses of this computer, on 64 of which a dozo listens."""
    subprocess.run(["ip", "route", "add", "local", MANY, "dev", "lo"], check=True)
    alive = [f"10.79.{number // 4}.{17 + 53 * (number % 4)}" for number in range(ALIVE)]
    server = servers.Dozo("MANY", alive[0], listen=[f"{address}:445" for address in alive])
    try:
        yield alive
    finally:
        server.close()


def complete(alive):
    found = lines(MANY, "--negotiate-only", "--rate", "0")
    require_equal(sorted(host["host"] for host in found), sorted(alive), "the hosts that answer")
    incomplete = [path for host in found for path, fact in flat(host).items()
                  if fact["state"] == "untested" and path.startswith(("dialects", "ciphers", "signing", "smb1"))]
    require_equal(incomplete, [], "facts that were not tested")


def each_once(alive):
    found = lines(MANY, "--negotiate-only", "--all", "--rate", "0")
    require_equal(len(found), 4096, "lines")
    require_equal(len({host["host"] for host in found}), 4096, "hosts")


def resumed(alive):
    with tempfile.TemporaryDirectory() as folder:
        state = os.path.join(folder, "state")
        command = [dozo_servers.binary(), "scan", MANY, "--negotiate-only", "--all", "--json", "--rate", "2000",
                   "--resume", state]
        first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        seen = [json.loads(first.stdout.readline())["host"] for _ in range(1000)]
        first.kill()
        seen += [json.loads(text)["host"] for text in first.stdout.read().splitlines() if text.endswith("}")]
        first.wait()
        first.stdout.close()
        rest = [host["host"] for host in lines(MANY, "--negotiate-only", "--all", "--rate", "0", "--resume", state)]
        require_equal(len(set(seen) | set(rest)), 4096, "hosts of both runs")
        require(len(rest) < 4096, "the second run began anew")
        require_equal(len(rest), len(set(rest)), "hosts of the second run")
        require_equal(lines(MANY, "--negotiate-only", "--resume", state, status=1), [], "the third run")
        dozo("10.79.0.1", "--resume", state, status=1)


def explained(_):
    with socket.create_server((network.address(1), 445)) as listener:
        said = dozo(network.address(1), "--deep", "--explain")
        listener.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            listener.accept()
            raise harness.Failed("--explain has connected")
    for word in ("passive", "negotiate-only", "anonymous", "ms17-010", "ET 2025649", "Nothing has been sent"):
        require(word in said, f"no {word!r} in {said}")
    require("authenticated" not in said, "a logon that was not asked for")


def slow(_):
    started = time.monotonic()
    dozo("10.79.1.0/26", "--negotiate-only", "--rate", "100", "--exclude", "10.79.1.0-17", "--exclude",
         "10.79.1.19-63", status=1)
    one = time.monotonic() - started
    started = time.monotonic()
    lines("10.79.1.0/26", "--negotiate-only", "--rate", "100", "--all")
    require(time.monotonic() - started > 64 * 5 / 100 - 0.5, f"64 hosts at 100 a second; one took {one:.1f} s")


def wrong_usage(_):
    for arguments in ([], ["10.0.0.0/33"], ["10.0.0.1", "--rate", "x"], ["10.0.0.1", "--deep", "--negotiate-only"],
                      ["10.0.0.1", "--exclude", "10.0.0.1"], ["@/nonexistent"]):
        require(dozo(*arguments, status=1 if "@/nonexistent" in arguments else 2) != "", "says nothing")


MANY_CASES = {"4,096 addresses: every host is found, every fact tested": complete,
              "4,096 addresses: each has a line": each_once,
              "4,096 addresses: killed and gone on with": resumed,
              "--rate holds": slow,
              "--explain says what would be sent, and sends nothing": explained,
              "wrong usage is exit status 2": wrong_usage}


def main():
    global CREDENTIALS
    network.enter()
    suite = harness.Suite("scan")
    with tempfile.NamedTemporaryFile("w") as password, tempfile.TemporaryDirectory() as history:
        os.environ["XDG_STATE_HOME"] = history  # of the scans, which is nobody's
        password.write(servers.PASSWORD + "\n")
        password.flush()
        CREDENTIALS = ("--user", servers.USER, "--password-file", password.name)
        for spec in ALL:
            cases_of(suite, spec, suite.keep)
        guests = servers.Smbd("HARBOUR1", network.add(51), ["map to guest = bad user"])
        closed = servers.Smbd("HARBOUR2", network.add(52))
        third = servers.Smbd("HARBOUR3", network.add(53))
        try:
            suite.case("a guest's rights, without credentials", rights_of_a_guest, guests)
            suite.case("wrong credentials are tried once", wrong_password, [s.address for s in (closed, third)])
            suite.case("no logon where three failures lock an account", lockout_is_not_risked, closed)
        finally:
            for server in (guests, closed, third):
                server.close(suite.keep)
        for number, how in enumerate(("random", "endless", "lengths", "drip", "silent", "hangup")):
            suite.case(f"a hostile server: {how}", hostile, how, 61 + number)
        if any(suite.wants(case) for case in MANY_CASES):
            with many() as alive:
                for case, function in MANY_CASES.items():
                    suite.case(case, function, alive)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
