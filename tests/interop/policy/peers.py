#!/usr/bin/env python3
"""What runs inside a namespace: `listen` answers on ports, `attempt` tries to reach others, `session` holds an SMB
session open.
"""
import asyncio
import json
import os
import socket
import struct
import sys
import warnings

warnings.simplefilter("ignore")  # of old ciphers, which NTLM needs
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

GREETING = b"here"


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(GREETING, address)


async def greet(_, writer):
    writer.write(GREETING)
    try:
        await writer.drain()
    finally:
        writer.close()


async def listen(tcp, udp, addresses):
    """On every port, of both families. Says so, and stays until its input ends. UDP on each address alone: so the
    answer comes from the one that was asked."""
    loop = asyncio.get_running_loop()
    for port in tcp:
        await asyncio.start_server(greet, None, port, backlog=512)
    for port in udp:
        for address in addresses:
            await loop.create_datagram_endpoint(Echo, local_addr=(address, port))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


async def attempt_tcp(to, port, patience):
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(to, port), patience)
    except asyncio.TimeoutError:
        return "silent"
    except ConnectionRefusedError:
        return "refused"
    except OSError:  # the sender's own firewall, or the system gave up
        return "silent"
    try:
        data = await asyncio.wait_for(reader.read(len(GREETING)), patience)
    except (asyncio.TimeoutError, OSError):
        return "silent"
    finally:
        writer.close()
    return "open" if data == GREETING else "silent"


async def attempt_udp(to, port, patience):
    """Asks again and again, as datagrams may be lost."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((to, port))
        end = loop.time() + patience
        while loop.time() < end:
            try:
                await loop.sock_sendall(sock, b"there?")
                data = await asyncio.wait_for(loop.sock_recv(sock, 64), 0.5)
                return "open" if data == GREETING else "silent"
            except asyncio.TimeoutError:
                continue
            except ConnectionRefusedError:
                return "refused"
            except PermissionError:  # the sender's own firewall dropped it
                return "silent"
    return "silent"


async def attempt(wanted):
    """[{to, proto, port, patience}] to the same with `seen`: open, refused or silent."""
    tries = [(attempt_tcp if w["proto"] == "tcp" else attempt_udp)(w["to"], w["port"], w["patience"]) for w in wanted]
    for one, seen in zip(wanted, await asyncio.gather(*tries)):
        one["seen"] = seen
    print(json.dumps(wanted))


def session(to, user, password):
    """Logs on and says `ready`. Then `send` asks for an echo, and `wait SECONDS` says `alive` when it was answered,
    `silent` when not in that time."""
    import smb2raw as smb
    connection = smb.Connection(to, 445)
    connection.negotiate()
    logged_on = connection.logon(user, password)
    logged_on.tree_connect("files")
    print("ready", flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "send":
            logged_on.send(smb.ECHO, struct.pack("<HH", 4, 0))
            continue
        connection.socket.settimeout(float(words[1]))
        try:
            connection.receive()
            print("alive", flush=True)
        except TimeoutError:
            print("silent", flush=True)


def main():
    task, arguments = sys.argv[1], sys.argv[2:]
    if task == "listen":
        tcp, udp, addresses = ([part for part in argument.split(",") if part] for argument in arguments)
        asyncio.run(listen([int(port) for port in tcp], [int(port) for port in udp], addresses))
    elif task == "attempt":
        asyncio.run(attempt(json.load(sys.stdin)))
    else:
        session(*arguments)


if __name__ == "__main__":
    main()
