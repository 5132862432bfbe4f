#!/usr/bin/env python3
"""dozo scan and nmap over the same 4,096 loopback addresses, on 64 of which a dozo listens: seconds of each, in turn.

    bench/scan_speed.py [ROUNDS]        DOZO_BINARY, or build/release/dozo; needs root, nmap, and network namespaces

Both ask for the same: dialects, signing and capabilities of SMB2 on port 445, and NetBIOS names on UDP 137. nmap runs
as fast as it can be told to (-T5, no ping, no names, --min-parallelism, --min-rate); dozo asks for more besides (139,
135, QUIC, SMB1's older dialects, ciphers, signing and compression algorithms, and who the server is), as it cannot be
told to ask for less than --negotiate-only.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOZO = os.path.abspath(os.environ.get("DOZO_BINARY", os.path.join(TOP, "build", "release", "dozo")))
MANY, ALIVE, INSIDE = "10.79.0.0/20", 64, "DOZO_BENCH_INSIDE"
SCRIPTS = "smb-protocols,smb2-security-mode,smb2-capabilities,nbstat"
NMAP = ["nmap", "-n", "-Pn", "-T5", "--min-rate", "100000", "--min-parallelism", "100", "--min-hostgroup", "4096",
        "-sS", "-sU", "-pT:445,U:137", "--script", SCRIPTS, "-oX", "-", MANY]


def enter():
    if not os.environ.get(INSIDE):
        os.execvpe("unshare", ["unshare", "-n", sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    subprocess.run(f"ip link set lo up && ip route add local {MANY} dev lo", shell=True, check=True)


def serve(folder, alive):
    config = os.path.join(folder, "dozo.toml")
    os.makedirs(os.path.join(folder, "state"), mode=0o700)
    os.makedirs(os.path.join(folder, "share"))
    with open(config, "w") as file:
        file.write(f'[server]\nlisten = {json.dumps([f"{address}:445" for address in alive])}\nname = "BENCH"\n'
                   f'state_dir = "{folder}/state"\n[[share]]\nname = "share"\npath = "{folder}/share"\n')
    process = subprocess.Popen([DOZO, "serve", "--config", config], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while subprocess.run([DOZO, "status", "--config", config], capture_output=True).returncode != 0:
        time.sleep(0.1)
    return process


def timed(command):
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return time.monotonic() - started, done.stdout


def main():
    enter()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    alive = [f"10.79.{number // 4}.{17 + 53 * (number % 4)}" for number in range(ALIVE)]
    with tempfile.TemporaryDirectory() as folder:
        server = serve(folder, alive)
        try:
            best = {"dozo": 1e9, "nmap": 1e9}
            for _ in range(rounds):
                seconds, said = timed([DOZO, "scan", MANY, "--negotiate-only", "--json", "--no-history", "--rate",
                                      "0"])
                found = sum(1 for line in said.splitlines() if line.startswith("{"))
                print(f"dozo {seconds:8.3f} s, {found} of {ALIVE} hosts", flush=True)
                best["dozo"] = min(best["dozo"], seconds)
                seconds, said = timed(NMAP)
                found = said.count('<script id="smb-protocols"')
                print(f"nmap {seconds:8.3f} s, {found} of {ALIVE} hosts", flush=True)
                best["nmap"] = min(best["nmap"], seconds)
        finally:
            server.terminate()
            server.wait()
    print(f"the best of {rounds}: dozo is {best['nmap'] / best['dozo']:.1f} times as fast")


if __name__ == "__main__":
    main()
