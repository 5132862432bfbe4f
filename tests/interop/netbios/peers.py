#!/usr/bin/env python3
"""Peers for the netbios suite, good and bad: `peers.py KIND ADDRESS [ARGUMENT…]` answers until it is ended. It prints
"ready" when it hears."""
import os
import socket
import struct
import sys

LLMNR, MDNS, NBNS, DNS = 5355, 5353, 137, 53


def listen(port, *, group=None, address="0.0.0.0"):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.bind(("0.0.0.0", port))
    if group:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(address))
    print("ready", flush=True)
    return s


def serve(s, answer):
    while True:
        data, peer = s.recvfrom(65536)
        for reply in answer(data):
            s.sendto(reply, peer)


def question_of(data):
    """(name's bytes, dotted name, type, end) of the first question."""
    at, labels = 12, []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode(errors="replace"))
        at += 1 + data[at]
    return data[12:at + 1], ".".join(labels), struct.unpack_from(">H", data, at + 1)[0], at + 5


def dns_reply(data, addresses, *, flags=0x8000, rcode=0):
    _, _, kind, end = question_of(data)
    records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 30, 4) + socket.inet_aton(a)
                       for a in addresses if kind == 1)
    count = len(addresses) if kind == 1 else 0
    return data[:2] + struct.pack(">HHHHH", flags | rcode, 1, count, 0, 0) + data[12:end] + records


def named(names, make):
    """Answers for the names (all of them when there is none), by their part before the first dot."""
    def answer(data):
        if data[2] & 0x80:
            return
        name = question_of(data)[1].split(".")[0].lower()
        if not names or name in names:
            yield make(data)
    return answer


def llmnr(address, wanted, *names):
    serve(listen(LLMNR, group="224.0.0.252", address=address), named(names, lambda d: dns_reply(d, [wanted])))


def mdns(address, wanted, *names):
    def make(data):  # two questions in one message
        name, _, _, _ = question_of(data)
        record = name + struct.pack(">HHIH", 1, 0x8001, 120, 4) + socket.inet_aton(wanted)
        return data[:2] + struct.pack(">HHHHH", 0x8400, 0, 1, 0, 0) + record
    serve(listen(MDNS, group="224.0.0.251", address=address), named(names, make))


def mdns_service(address, instance, host):
    smb = b"\x04_smb\x04_tcp\x05local\x00"
    full = bytes([len(instance)]) + instance.encode() + smb
    target = bytes([len(host)]) + host.encode() + b"\x05local\x00"

    def record(name, kind, data):
        return name + struct.pack(">HHIH", kind, 1, 120, len(data)) + data

    def answer(data):
        if question_of(data)[1] == "_smb._tcp.local":
            body = record(smb, 12, full) + record(full, 33, struct.pack(">HHH", 0, 0, 445) + target)
            yield data[:2] + struct.pack(">HHHHH", 0x8400, 0, 2, 0, 0) + body
        elif question_of(data)[1].startswith("_services."):
            body = record(question_of(data)[0], 12, smb)
            yield data[:2] + struct.pack(">HHHHH", 0x8400, 0, 1, 0, 0) + body
    serve(listen(MDNS, group="224.0.0.251", address=address), answer)


def dns(_address, wanted, *names):
    def answer(data):
        known = question_of(data)[1].lower() in names
        yield dns_reply(data, [wanted] if known else [], flags=0x8180, rcode=0 if known else 3)
    serve(listen(DNS), answer)


def nbns(_address, wanted, *names):
    """Says that it is whoever is asked for."""
    def decode(label):
        raw = bytes((ord(a) - 65) << 4 | (ord(b) - 65) for a, b in zip(label[::2], label[1::2]))
        return raw[:15].decode(errors="replace").rstrip().lower()

    def answer(data):
        name, text, kind, _ = question_of(data)
        if kind == 0x20 and (not names or decode(text.split(".")[0]) in names):
            record = name + struct.pack(">HHIH", 0x20, 1, 165, 6) + b"\0\0" + socket.inet_aton(wanted)
            yield data[:2] + struct.pack(">HHHHH", 0x8500, 0, 1, 0, 0) + record
    serve(listen(NBNS), answer)


# --- Bad ones, on the name service's port

def bad(how):
    def answer(data):
        header = data[:2] + struct.pack(">HHHHH", 0x8400, 0, 1, 0, 0)
        name = data[12:46]
        status = name + struct.pack(">HHI", 0x21, 1, 0)
        if how == "random":
            yield os.urandom(200)
        elif how == "empty":
            yield b""
        elif how == "loop":
            yield header + b"\xc0\x0c" + struct.pack(">HHIH", 0x21, 1, 0, 1) + b"\0"
        elif how == "short":
            yield header + status + struct.pack(">H", 137) + b"\xff" + bytes(20)
        elif how == "counts":
            yield data[:2] + b"\x84\x00" + b"\xff" * 8 + data[12:]
        elif how == "huge":
            yield header + status + b"\xff\xff" + b"\xff" * 60000
        elif how == "other-id":
            yield bytes([data[0] ^ 1]) + header[1:] + status + b"\0\1\0"
        elif how == "flood":
            for _ in range(5000):
                yield os.urandom(64)
    serve(listen(NBNS), answer)


KINDS = {"llmnr": llmnr, "mdns": mdns, "mdns-service": mdns_service, "dns": dns, "nbns": nbns,
         "bad": lambda _address, how: bad(how)}

if __name__ == "__main__":
    KINDS[sys.argv[1]](*sys.argv[2:])
