#!/usr/bin/env python3
"""dozo nbtstat, netview and resolve, in a network of two namespaces joined by a veth pair: in one nmbd, wsdd and peers
of ours, in the other dozo and the tools it is compared with. Nothing leaves the namespaces.
"""
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import harness  # noqa: E402
import server as servers  # noqa: E402
from harness import PATIENCE, Skip, require, require_equal  # noqa: E402

SERVER, CLIENT, ROGUE = "10.77.0.1", "10.77.0.2", "10.77.0.9"
SMB_CONF = """[global]
  netbios name = STOREHOUSE
  workgroup = HARBOUR
  server string = The thick walled one
  interfaces = 10.77.0.1/24
  bind interfaces only = yes
  lock directory = {0}
  state directory = {0}
  cache directory = {0}
  private dir = {0}
  pid directory = {0}
  ncalrpc dir = {0}
  wins support = yes
  preferred master = yes
  os level = 65
  logging = file
  log file = {0}/log
"""


class Network:
    """Two namespaces that live as long as the processes which hold them."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []
        self.holders = {}

    def start(self):
        for name in ("server", "client"):
            holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
            self.started.append(holder)
            self.holders[name] = holder.pid
        ours = os.readlink("/proc/self/ns/net")
        harness.wait_until(lambda: all(os.readlink(f"/proc/{pid}/ns/net") != ours for pid in self.holders.values()),
                           "the namespaces")
        self.sh("server", f"ip link add veth0 type veth peer name veth1 netns {self.holders['client']}")
        for name, link, address in (("server", "veth0", SERVER), ("client", "veth1", CLIENT)):
            self.sh(name, f"ip link set lo up && ip addr add {address}/24 brd 10.77.0.255 dev {link} && "
                          f"ip link set {link} up && ip route add 224.0.0.0/4 dev {link}")

    def command(self, name, *command):
        return ["nsenter", "-t", str(self.holders[name]), "-n", "--", *command]

    def sh(self, name, script):
        done = harness.run(self.command(name, "sh", "-c", script))
        require_equal(done.returncode, 0, f"{script}: {done.stdout}")

    def run(self, name, *command, timeout=PATIENCE, environment=None):
        return harness.run(self.command(name, *command), timeout=timeout, environment=environment)

    @contextlib.contextmanager
    def peer(self, *arguments):
        """One of peers.py in the server's namespace."""
        command = self.command("server", sys.executable, os.path.join(HERE, "peers.py"), *arguments)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            require_equal(process.stdout.readline().strip(), "ready", f"peer {arguments}")
            yield
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def launch(self, name, *command, environment=None):
        process = subprocess.Popen(self.command(name, *command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**os.environ, **(environment or {})})
        self.started.append(process)
        return process

    def stop(self, process):
        process.terminate()
        process.wait(PATIENCE)

    def close(self):
        for process in reversed(self.started):
            if process.poll() is None:
                process.kill()
                process.wait()


class Tools:
    def __init__(self, network):
        self.network = network
        self.cache = os.path.join(network.folder, "cache")
        self.environment = {"XDG_CACHE_HOME": self.cache}

    def dozo(self, *arguments, status=0, where="client"):
        done = self.network.run(where, servers.binary(), *arguments, environment=self.environment)
        require_equal(done.returncode, status, f"dozo {' '.join(arguments)}: {done.stdout[-400:]}")
        return done.stdout

    def json(self, *arguments, **kwargs):
        said = self.dozo(*arguments, "--json", **kwargs)
        lines = [line for line in said.splitlines() if line.startswith("{")]
        require_equal(len(lines), 1, f"lines of JSON in {said[-300:]}")
        return json.loads(lines[0])

    def trace(self, name, *arguments, status=0):
        return self.json("resolve", name, "--trace", "--timeout", "0.3", *arguments, status=status)

    def table(self):
        """{(name, suffix, is group)} as dozo sees it."""
        found = self.json("nbtstat", "-A", SERVER)
        return {(n["name"], n["suffix"], n["type"] == "group") for n in found["names"]}


def need(program):
    if not shutil.which(program):
        raise Skip(f"no {program} here")


# --- nbtstat, against nmbd

def same_as_nmblookup(tools):
    said = tools.network.run("client", "nmblookup", "-s", "/dev/null", "-A", SERVER).stdout
    theirs = {(name, suffix, bool(group)) for name, suffix, group in
              re.findall(r"^\t(\S+)\s+<(\w\w)> - (<GROUP>)?", said, re.M)}
    require(len(theirs) >= 5, f"nmblookup: {said}")
    require_equal(tools.table(), theirs, "dozo's table and nmblookup's")


def same_as_nbtscan(tools):
    need("nbtscan")
    said = tools.network.run("client", "nbtscan", "-v", "-s", ":", SERVER).stdout
    theirs = {(name.strip(), suffix.lower(), kind == "G") for name, suffix, kind in
              re.findall(rf"^{re.escape(SERVER)}:(.{{15}}):(\w\w)([UG])", said, re.M)}
    require(len(theirs) >= 5, f"nbtscan: {said}")
    ours = {(name.replace(".", ""), suffix, group) for name, suffix, group in tools.table()}
    require_equal(ours, {(re.sub(r"[^\w]", "", n) if "MSBROWSE" in n else n, s, g) for n, s, g in theirs},
                  "dozo's table and nbtscan's")


def same_as_nmap(tools):
    need("nmap")
    said = tools.network.run("client", "nmap", "-n", "-Pn", "-sU", "-p137", "-v", "--script", "nbstat", SERVER).stdout
    theirs = {(name, suffix, bool(group)) for name, suffix, group in
              re.findall(r"^\|_?\s+(\S+)<(\w\w)>\s+Flags: (<group>)?", said, re.M)}
    require(len(theirs) >= 5, f"nmap: {said}")
    plain = lambda table: {(re.sub(r"(\\x..|\.)", "", n), s, g) for n, s, g in table}  # noqa: E731
    require_equal(plain(tools.table()), plain(theirs), "dozo's table and nmap's")


def text_is_that_of_windows(tools):
    said = tools.dozo("nbtstat", "-A", SERVER)
    for line in (rf"Node IpAddress: \[{SERVER}\] Scope Id: \[\]", r" +NetBIOS Remote Machine Name Table",
                 r" +Name +Type +Status", r"    STOREHOUSE +<20>  UNIQUE +Registered .*",
                 r"    HARBOUR +<00>  GROUP +Registered .*", r"    MAC Address = 00-00-00-00-00-00"):
        require(re.search(rf"^{line}$", said, re.M), f"no line {line!r} in {said}")


def name_is_found_cached_and_counted(tools):
    tools.dozo("nbtstat", "-a", "storehouse")
    cached = tools.json("nbtstat", "-c")["names"]
    require_equal([(n["name"], n["suffix"], n["address"]) for n in cached], [("STOREHOUSE", "00", SERVER)], "the cache")
    require(590 <= cached[0]["life_s"] <= 600, cached)
    require(re.search(r"STOREHOUSE +<00>  UNIQUE +10.77.0.1", tools.dozo("nbtstat", "-c")), "the cache's text")
    counts = tools.json("nbtstat", "-r")
    require_equal((counts["resolved_by_broadcast"], counts["resolved_by_name_server"]), (1, 0), "the counts")
    tools.dozo("nbtstat", "-a", "storehouse", "--wins", SERVER)
    counts = tools.json("nbtstat", "-r")
    require_equal((counts["resolved_by_broadcast"], counts["resolved_by_name_server"]), (1, 1), "the counts")


def unknown_name_is_not_found(tools):
    said = tools.dozo("nbtstat", "-a", "nobody", "--timeout", "0.2", status=1)
    require("Host not found." in said, said)
    said = tools.dozo("nbtstat", "-a", "nobody", "--wins", SERVER, "--timeout", "0.2", status=1)
    require("Host not found." in said, said)


def own_names(tools):
    nodes = tools.json("nbtstat", "-n", "--timeout", "0.3", where="server")["nodes"]
    require(SERVER in [node["address"] for node in nodes], nodes)
    require("NetBIOS Local Name Table" in tools.dozo("nbtstat", "-n", "--timeout", "0.3", where="server"), "text")


def sessions(tools):
    script = ("import socket,sys,time\n"
              "l = socket.create_server(('0.0.0.0', 139)); c = socket.create_connection(('127.0.0.1', 139))\n"
              "s, _ = l.accept(); c.sendall(b'x' * 3000); s.recv(3000, socket.MSG_WAITALL)\n"
              "print('ready', flush=True); time.sleep(1000)")
    process = subprocess.Popen(tools.network.command("client", sys.executable, "-c", script), stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        found = tools.json("nbtstat", "-S")["connections"]
        inbound = [c for c in found if c["state"] == "Connected" and c["direction"] == "in"]
        require_equal([(c["remote"], c["over_netbios"], c["bytes_in"]) for c in inbound], [("127.0.0.1", True, 3000)],
                      "connections that came in")
        require("Listening" in [c["state"] for c in found], found)
        require(re.search(r"Connected +In +127.0.0.1 +2KB", tools.dozo("nbtstat", "-S")), "text")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def privacy(tools):
    found = tools.json("nbtstat", "--privacy", "-A", SERVER, "--timeout", "0.5")
    facts = {(fact["what"], fact["value"]) for fact in found["facts"]}
    for fact in (("computer name", "STOREHOUSE"), ("workgroup or domain", "HARBOUR"), ("serves files", "STOREHOUSE")):
        require(fact in facts, f"{fact} not in {facts}")
    require(all(fact["remedy"] for fact in found["facts"]), "a fact without a remedy")


def nobody_there(tools):
    started = time.monotonic()
    said = tools.dozo("nbtstat", "-A", "10.77.0.77", "--timeout", "0.2", status=1)
    require("Host not found." in said, said)
    said = tools.dozo("nbtstat", "-A", CLIENT, "--timeout", "0.2", status=1)
    require("nothing listens" in said, f"a closed port: {said}")
    require(time.monotonic() - started < PATIENCE, "it took too long")


# --- netview

def neighbourhood(tools):
    def master():
        hosts = {h["address"]: h for h in tools.json("netview", "--timeout", "0.3")["hosts"]}
        found = hosts.get(SERVER)
        return found if found and "master browser" in found["roles"] else None
    found = harness.wait_until(master, "nmbd is the master browser")
    require_equal((found["name"], found["group"], found["file_server"]), ("STOREHOUSE", "HARBOUR", True), "the host")
    require_equal(found["shares"], {"state": "untested", "why": "not asked"}, "its shares")
    require(r"\\STOREHOUSE" in tools.dozo("netview", "--timeout", "0.3"), "text")
    asked = {h["address"]: h["shares"] for h in tools.json("netview", "--timeout", "0.3", "--shares")["hosts"]}
    require_equal(asked[SERVER]["state"], "no", "the shares of who has no SMB server")


def announcements(tools):
    def comment():
        found = {h["address"]: h for h in tools.json("netview", "--timeout", "0.2", "--listen", "10")["hosts"]}
        return found[SERVER]["comment"] == "The thick walled one" and "announcement" in found[SERVER]["heard_by"]
    harness.wait_until(comment, "nmbd announces itself")


def services(tools):
    with tools.network.peer("mdns-service", SERVER, "Store house", "storehouse"):
        found = {h["address"]: h for h in tools.json("netview", "--timeout", "0.3")["hosts"]}
        require("mdns" in found[SERVER]["heard_by"], found)
        facts = tools.json("nbtstat", "--privacy", "-A", SERVER, "--timeout", "0.3")["facts"]
        require(("service", "_smb._tcp.local") in {(f["what"], f["value"]) for f in facts}, facts)


def wsdd(tools):
    need("wsdd")
    process = tools.network.launch("server", "wsdd", "-4", "-i", "veth0", "-n", "STOREHOUSE", "-w", "HARBOUR")
    try:
        def heard():
            hosts = {h["address"]: h for h in tools.json("netview", "--timeout", "0.5")["hosts"]}
            return [h for h in hosts.values() if "wsd" in h["heard_by"] and "computer" in h["roles"]]
        harness.wait_until(heard, "wsdd answers the probe")
    finally:
        tools.network.stop(process)


# --- resolve

def by_mechanism(trace, mechanism):
    return [a for step in trace["steps"] if step["mechanism"] == mechanism
            for answer in step["answers"] for a in answer["addresses"]]


def broadcast_and_wins(tools):
    trace = tools.trace("storehouse", "--wins", SERVER, "--dns", CLIENT)
    require_equal(set(by_mechanism(trace, "NBNS broadcast")), {SERVER}, "the broadcast's answer")
    require(SERVER in by_mechanism(trace, "WINS"), trace)
    require_equal(trace["first"], "WINS", "the first that knows it")
    order = list(dict.fromkeys(step["mechanism"] for step in trace["steps"]))
    require_equal(order, ["hosts file", "DNS", "mDNS", "LLMNR", "WINS", "NBNS broadcast", "lmhosts"], "the order")
    refused = tools.trace("nobody", "--wins", SERVER, "--dns", CLIENT, status=1)
    wins = [step for step in refused["steps"] if step["mechanism"] == "WINS"][0]
    require_equal(wins["answers"][0]["refusal"], "there is no such name", "what the WINS server says")


def every_mechanism_answers(tools):
    lmhosts = os.path.join(tools.network.folder, "lmhosts")
    with open(lmhosts, "w") as file:
        file.write(f"{SERVER} STOREHOUSE #PRE\n")
    with contextlib.ExitStack() as peers:
        for kind in ("llmnr", "mdns", "dns"):
            peers.enter_context(tools.network.peer(kind, SERVER, SERVER, "storehouse"))
        trace = tools.trace("storehouse", "--wins", SERVER, "--dns", SERVER, "--lmhosts", lmhosts)
    for mechanism in ("DNS", "mDNS", "LLMNR", "WINS", "NBNS broadcast", "lmhosts"):
        require(SERVER in by_mechanism(trace, mechanism), f"{mechanism}: {trace['steps']}")
    require_equal(trace["findings"], [], "findings")


def kinds(trace):
    return {finding["kind"] for finding in trace["findings"]}


def conflict_is_found(tools):
    with tools.network.peer("dns", SERVER, ROGUE, "storehouse"):
        trace = tools.trace("storehouse", "--dns", SERVER)
    require("conflict" in kinds(trace), trace["findings"])
    require_equal(trace["first"], "DNS", "the first that knows it")
    said = next(f["text"] for f in trace["findings"] if f["kind"] == "conflict")
    require(ROGUE in said and SERVER in said, said)


def spoofer_is_found(tools):
    for kind in ("llmnr", "mdns"):
        with tools.network.peer(kind, SERVER, ROGUE):
            trace = tools.trace("intranet", "--dns", CLIENT)
        require({"answers-for-nobody", "only-multicast"} <= kinds(trace), f"{kind}: {trace['findings']}")


def only_multicast_is_said(tools):
    with tools.network.peer("llmnr", SERVER, ROGUE, "printer"):
        trace = tools.trace("printer", "--dns", CLIENT)
    require_equal(kinds(trace), {"only-multicast"}, "findings")


def short_answer(tools):
    with tools.network.peer("dns", SERVER, "192.0.2.7", "www.example"):
        require_equal(tools.dozo("resolve", "www.example", "--dns", SERVER), "192.0.2.7\tDNS\n", "the answer")


# --- Hostile peers; nmbd is gone by then

def rogue_name_service(tools):
    with tools.network.peer("nbns", SERVER, ROGUE):
        trace = tools.trace("intranet", "--dns", CLIENT)
    require("answers-for-nobody" in kinds(trace), trace["findings"])


def hostile(tools, how):
    with tools.network.peer("bad", SERVER, how):
        started = time.monotonic()
        said = tools.dozo("nbtstat", "-A", SERVER, "--timeout", "0.3", status=1)
        require("Host not found." in said and "none is an answer" in said, said)
        require(time.monotonic() - started < PATIENCE, "it took too long")


def wrong_usage(tools):
    for arguments in (["nbtstat"], ["nbtstat", "-c", "-r"], ["nbtstat", "-A", "name"], ["nbtstat", "-a", "a.b"],
                      ["nbtstat", "-A", SERVER, "--timeout", "0"], ["netview", "--listen", "x"],
                      ["resolve", "a..b"], ["resolve", "a", "--dns", "b"], ["netview", "--interface", "nothing"]):
        tools.dozo(*arguments, status=2)


AGAINST_NMBD = {
    "nbtstat -A shows what nmblookup -A shows": same_as_nmblookup,
    "nbtstat -A shows what nbtscan shows": same_as_nbtscan,
    "nbtstat -A shows what nmap's nbstat shows": same_as_nmap,
    "nbtstat -A prints as Windows does": text_is_that_of_windows,
    "nbtstat -a finds a name, -c and -r know it then": name_is_found_cached_and_counted,
    "nbtstat -a of an unknown name": unknown_name_is_not_found,
    "nbtstat -n shows this computer's names": own_names,
    "nbtstat -S shows connections with their bytes": sessions,
    "nbtstat --privacy says what is given away": privacy,
    "nbtstat of nobody and of a closed port": nobody_there,
    "resolve asks WINS and broadcast, in Windows' order": broadcast_and_wins,
    "resolve --trace hears every mechanism": every_mechanism_answers,
    "resolve finds a conflict": conflict_is_found,
    "resolve finds a spoofer of LLMNR and mDNS": spoofer_is_found,
    "resolve says when only multicast knows a name": only_multicast_is_said,
    "resolve without a trace": short_answer,
    "netview hears a service of mDNS, and --privacy too": services,
    "netview hears wsdd": wsdd,
    "netview finds host, workgroup and master browser": neighbourhood,
    "netview --listen hears announcements": announcements,
}
BAD = ("random", "empty", "loop", "short", "counts", "huge", "other-id", "flood")


def main():
    suite = harness.Suite("netbios")
    folder = tempfile.mkdtemp(prefix="dozo-netbios-")
    os.makedirs(os.path.join(folder, "nmbd"), mode=0o755)
    network = Network(folder)
    try:
        network.start()
        tools = Tools(network)
        config = os.path.join(folder, "smb.conf")
        with open(config, "w") as file:
            file.write(SMB_CONF.format(os.path.join(folder, "nmbd")))
        nmbd = network.launch("server", "/usr/sbin/nmbd", "--foreground", "--no-process-group",
                              f"--configfile={config}", environment={"_NO_WINBINDD": "1"})
        # It answers for a name on the link some seconds after it has taken it.
        ask = ["nmblookup", "-s", "/dev/null", "-B", "10.77.0.255", "STOREHOUSE"]
        harness.wait_until(lambda: f"{SERVER} STOREHOUSE" in network.run("client", *ask).stdout, "nmbd answers")
        for name, function in AGAINST_NMBD.items():
            suite.case(name, function, tools)
        network.stop(nmbd)
        suite.case("resolve finds a spoofer of NetBIOS names", rogue_name_service, tools)
        for how in BAD:
            suite.case(f"a hostile name service: {how}", hostile, tools, how)
        suite.case("wrong usage is exit status 2", wrong_usage, tools)
    finally:
        network.close()
        if not suite.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
