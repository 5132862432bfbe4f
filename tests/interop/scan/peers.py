#!/usr/bin/env python3
"""Peers of the scan: impacket's server, and servers that do what no server should.

    peers.py impacket ADDRESS NAME FOLDER USER PASSWORD
    peers.py HOW ADDRESS          HOW: random, endless, lengths, drip, silent, hangup
"""
import os
import random
import socket
import struct
import sys
import threading
import time


def impacket(address, name, folder, user, password):
    from impacket import smbserver
    from impacket.ntlm import compute_lmhash, compute_nthash
    server = smbserver.SimpleSMBServer(listenAddress=address, listenPort=445)
    for share in ("files", "archive", "private"):
        server.addShare(share.upper(), os.path.join(folder, share), readOnly="yes" if share == "archive" else "no")
    server.setSMB2Support(True)
    server.addCredential(user, 0, compute_lmhash(password).hex(), compute_nthash(password).hex())
    server.setLogFile("")
    server.start()


def random_bytes(connection):
    connection.recv(4096)
    for _ in range(100):
        connection.sendall(os.urandom(random.randrange(1, 4000)))


def endless(connection):
    connection.recv(4096)
    frame = struct.pack(">I", 60000) + b"\xfeSMB" + os.urandom(59996)
    while True:
        connection.sendall(frame)


def lengths(connection):
    connection.recv(4096)
    connection.sendall(struct.pack(">I", 0xFFFFFF) + b"\xfeSMB" + bytes(100))
    time.sleep(1000)


def drip(connection):
    connection.recv(4096)
    for byte in struct.pack(">I", 200) + b"\xfeSMB" + bytes(196):
        connection.sendall(bytes([byte]))
        time.sleep(0.5)


def silent(connection):
    time.sleep(1000)


def hangup(connection):
    pass


HOSTILE = {"random": random_bytes, "endless": endless, "lengths": lengths, "drip": drip, "silent": silent,
           "hangup": hangup}


def serve(address, behaviour):
    def one(connection):
        try:
            behaviour(connection)
        except OSError:
            pass
        connection.close()
    with socket.create_server((address, 445), backlog=100) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=one, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    if sys.argv[1] == "impacket":
        impacket(*sys.argv[2:])
    else:
        serve(sys.argv[2], HOSTILE[sys.argv[1]])
