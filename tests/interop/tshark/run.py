"""tshark, a dissector that nobody here wrote, reads what went over the wire: every command in both directions, every
information class, pipes, compounds, and a smbclient; no packet is malformed, and no dissector says "error"."""
import collections
import io
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
import server
import smb2raw as smb
import trees
from harness import PATIENCE, Failed, Skip, Suite, require, require_equal, run, wait_until

COMMANDS = ("NEGOTIATE", "SESSION_SETUP", "LOGOFF", "TREE_CONNECT", "TREE_DISCONNECT", "CREATE", "CLOSE", "FLUSH",
            "READ", "WRITE", "LOCK", "IOCTL", "CANCEL", "ECHO", "QUERY_DIRECTORY", "CHANGE_NOTIFY", "QUERY_INFO",
            "SET_INFO", "OPLOCK_BREAK")
# [MS-FSCC] 2.4, 2.5: what is asked for of a file and of a file system.
FILE_CLASSES = (4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 18, 21, 22, 23, 24, 25, 28, 34, 35, 48, 59)
FS_CLASSES = (1, 3, 4, 5, 6, 7, 8, 11)
DIRECTORY_CLASSES = (1, 2, 3, 12, 37, 38)
# Contexts: MxAc, QFid, AlSi.
CONTEXTS = (struct.pack("<IHHHHI", 24, 16, 4, 0, 24, 0) + b"MxAc\0\0\0\0" +
            struct.pack("<IHHHHI", 24, 16, 4, 0, 24, 0) + b"QFid\0\0\0\0" +
            struct.pack("<IHHHHI", 0, 16, 4, 0, 24, 8) + b"AlSi\0\0\0\0" + struct.pack("<Q", 4096))


class Capture:
    """dumpcap on the loopback, for one port, until stop()."""

    def __init__(self, folder, port):
        self.file, self.port = os.path.join(folder, f"{port}.pcapng"), port
        command = ["dumpcap", "-q", "-B", "64", "-i", "lo", "-f", f"tcp port {port}", "-w", self.file]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE,
                                        text=True)
        try:
            self.mark()
        except Failed:
            self.process.kill()
            raise

    def mark(self):
        """A NEGOTIATE with a client GUID of its own, sent until the file has it: what is sent from now on will be in
        the file, and what was sent before is."""
        guid = os.urandom(16)
        sent = [0.0]

        def is_there():
            if self.process.poll() is not None:
                raise Skip(f"dumpcap may not capture on the loopback here: {self.process.stderr.read().strip()[:200]}")
            if time.monotonic() > sent[0] + 1:  # again, as long as dumpcap has not begun
                with smb.Connection("127.0.0.1", self.port) as marker:
                    marker.client_guid = guid
                    smb.expect(marker.negotiate([0x302]), smb.SUCCESS)
                sent[0] = time.monotonic()
            with open(self.file, "rb") if os.path.exists(self.file) else io.BytesIO() as file:
                return guid in file.read()

        wait_until(is_there, "a packet is in the capture")

    def stop(self):
        if self.process.poll() is None:
            self.mark()
            self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=PATIENCE)
        lost = re.search(r"/dropped on interface '\w+': \d+/(\d+)", said or "")
        self.lost = int(lost.group(1)) if lost else 0

    def read(self, display_filter, *fields):
        command = ["tshark", "-2", "-n", "-r", self.file, "-d", f"tcp.port=={self.port},nbss", "-o",
                   "tcp.desegment_tcp_streams:TRUE"]
        if display_filter:
            command += ["-Y", display_filter]
        if fields:
            command += ["-T", "fields", "-E", "separator=/t"] + [word for field in fields for word in ("-e", field)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                              timeout=5 * PATIENCE)
        require(done.returncode == 0, f"tshark: {done.stderr.decode(errors='replace')[-300:]}")
        return [line.split("\t") for line in done.stdout.decode(errors="replace").splitlines()]


# --- What is sent ---------------------------------------------------------------------------------------------------

def queries(tree, file, folder):
    for info in FILE_CLASSES:
        tree.request(smb.QUERY_INFO, smb.query_info_body(file, info=info))
        tree.request(smb.QUERY_INFO, smb.query_info_body(folder, info=info))
    for info in FS_CLASSES:
        tree.request(smb.QUERY_INFO, smb.query_info_body(file, kind=2, info=info))
    security = struct.pack("<HBBIHHIII16s", 41, 3, 0, 65536, 0, 0, 0, 7, 0, file) + b"\0"
    smb.expect(tree.request(smb.QUERY_INFO, security), smb.SUCCESS)
    for info in DIRECTORY_CLASSES:
        response = tree.request(smb.QUERY_DIRECTORY, smb.query_directory_body(folder, info=info))
        smb.expect(response, smb.SUCCESS)
    tree.request(smb.QUERY_DIRECTORY, smb.query_directory_body(folder, "no such*", info=37))


def changes(tree, file):
    basic = struct.pack("<QQQQII", 0, 0, 130000000000000000, 0, 0x80, 0)
    smb.expect(tree.request(smb.SET_INFO, smb.set_info_body(file, basic, info=4)), smb.SUCCESS)
    smb.expect(tree.request(smb.SET_INFO, smb.set_info_body(file, struct.pack("<Q", 5000), info=20)), smb.SUCCESS)
    name = "renamed".encode("utf-16-le")
    rename = struct.pack("<B7xQI", 1, 0, len(name)) + name
    smb.expect(tree.request(smb.SET_INFO, smb.set_info_body(file, rename, info=10)), smb.SUCCESS)


def somebody_writes(dozo):
    with smb.Connection("127.0.0.1", dozo.port) as other:
        smb.expect(other.negotiate([0x302]), smb.SUCCESS)
        tree = other.logon(server.USER2, server.PASSWORD2).tree_connect("files")
        smb.expect(tree.close(tree.create("noticed", disposition=5)), smb.SUCCESS)


def locks_and_waiting(dozo, session, tree, file, folder):
    smb.expect(tree.request(smb.LOCK, smb.lock_body(file, [(0, 10, 2 | 16)])), smb.SUCCESS)
    smb.expect(tree.request(smb.LOCK, smb.lock_body(file, [(0, 10, 4)])), smb.SUCCESS)
    smb.expect(tree.request(smb.FLUSH, struct.pack("<HHI16s", 24, 0, 0, file)), smb.SUCCESS)
    notify = struct.pack("<HHI16sII", 32, 0, 4096, folder, 0xFFF, 0)
    session.send(smb.CHANGE_NOTIFY, notify, tree_id=tree.id)
    smb.expect(session.connection.receive_chain(interim=True)[0], smb.PENDING)
    somebody_writes(dozo)
    smb.expect(session.connection.receive(), smb.SUCCESS)
    for _ in range(20):  # what has happened in the meantime is told first
        session.send(smb.CHANGE_NOTIFY, notify, tree_id=tree.id)
        waiting = session.connection.receive_chain(interim=True)[0]
        if waiting.status == smb.PENDING:
            break
    cancel = session.message(smb.CANCEL, struct.pack("<HH", 4, 0), message_id=waiting.message_id, flags=smb.ASYNC,
                             charge=0)
    session.connection.send_frame(session.signed(cancel[:32] + struct.pack("<Q", waiting.async_id) + cancel[40:]))
    smb.expect(session.connection.receive(), smb.CANCELLED)
    oplock_break = struct.pack("<HBBI16s", 24, 0, 0, 0, file)
    response = tree.request(smb.OPLOCK_BREAK, oplock_break)
    require(response.status >= 0xC0000000, "an acknowledgement of no break was accepted")


def controls(session, tree, file):
    pipe = session.tree_connect("IPC$")
    pipe.request(smb.IOCTL, smb.ioctl_body(0x001401FC))  # FSCTL_QUERY_NETWORK_INTERFACE_INFO
    for code in (0x00140078, 0x000900C0, 0x00144064, 0x0009009C, 0x00060194, 0x000940CF):
        tree.request(smb.IOCTL, smb.ioctl_body(code, bytes(32), file_id=file))
    if session.connection.dialect in (0x300, 0x302):
        c = session.connection
        data = struct.pack("<I16sHH", c.capabilities, c.client_guid, c.security_mode, len(c.dialects))
        data += struct.pack(f"<{len(c.dialects)}H", *c.dialects)
        smb.expect(pipe.request(smb.IOCTL, smb.ioctl_body(smb.FSCTL_VALIDATE_NEGOTIATE_INFO, data)), smb.SUCCESS)
    smb.expect(pipe.disconnect(), smb.SUCCESS)


def everything(dozo, dialect):
    c = smb.Connection("127.0.0.1", dozo.port)
    smb.expect(c.negotiate([dialect]), smb.SUCCESS)
    session = c.logon(server.USER, server.PASSWORD)
    tree = session.tree_connect("files")
    for name in ("renamed", "noticed"):
        path = os.path.join(dozo.share_path("files"), name)
        if os.path.exists(path):
            os.unlink(path)
    file = tree.create("wörk 土", disposition=5, access=0x1F01FF, contexts=CONTEXTS)
    folder = tree.create("", access=0x100081, options=1, attributes=0)
    tree.write(file, b"0123456789" * 1000)
    require_equal(len(tree.read(file, 65536)), 10000, "bytes read")
    queries(tree, file, folder)
    changes(tree, file)
    locks_and_waiting(dozo, session, tree, file, folder)
    controls(session, tree, file)
    session.send_compound([(smb.CREATE, smb.create_body("renamed"), {"tree_id": tree.id}),
                           (smb.QUERY_INFO, smb.query_info_body(smb.RELATED_ID, info=18), {"flags": smb.RELATED}),
                           (smb.CLOSE, smb.close_body(smb.RELATED_ID, 1), {"flags": smb.RELATED})])
    require_equal([r.status for r in c.receive_chain()], [smb.SUCCESS] * 3, "statuses of the compound")
    smb.expect(tree.try_create("nowhere\\nothing", disposition=1), smb.OBJECT_PATH_NOT_FOUND)
    for handle in (file, folder):
        smb.expect(tree.request(smb.CLOSE, smb.close_body(handle, 1)), smb.SUCCESS)
    smb.expect(session.echo(), smb.SUCCESS)
    smb.expect(tree.disconnect(), smb.SUCCESS)
    smb.expect(session.logoff(), smb.SUCCESS)
    bad, _ = c.try_logon(server.USER, "wrong")
    smb.expect(bad, smb.LOGON_FAILURE)
    c.close()
    below = smb.Connection("127.0.0.1", dozo.port)
    smb.expect(below.negotiate([0x0999]), smb.NOT_SUPPORTED)
    below.close()


def others(dozo, folder, source):
    """smbclient and rpcclient, signed, so that the dissector sees into it; the pipes' DCE/RPC too."""
    conf = os.path.join(folder, "smb.conf")
    with open(conf, "w") as file:
        for key in ("state directory", "lock directory", "private dir", "cache directory", "ncalrpc dir"):
            file.write(f"{key} = {folder}\n" if file.tell() else f"[global]\n{key} = {folder}\n")
    options = [f"--configfile={conf}", "-p", str(dozo.port), "-U", f"{server.USER}%{server.PASSWORD}"]
    commands = f'mkdir t; cd t; prompt; recurse; lcd "{source}"; mput *; ls; du; allinfo *; cd ..; deltree t'
    run(["smbclient", "//127.0.0.1/files", *options, "--client-protection=sign", "-c", commands], cwd=folder)
    run(["smbclient", "-L", "127.0.0.1", *options, "--client-protection=sign"], cwd=folder)
    for command in ("srvinfo", "netshareenumall 1", "netsharegetinfo files 1", "lsaquery", "getusername",
                    f"lookupnames {server.USER}", "lookupsids S-1-1-0", "wkstagetinfo"):
        run(["rpcclient", "127.0.0.1", *options, "--client-protection=sign", "-c", command], cwd=folder)


# --- What is found --------------------------------------------------------------------------------------------------

def well_formed(capture):
    """The dissector knows no NegTokenInit2 ([MS-SPNG] 2.2.1), which every server's NEGOTIATE response holds, and takes
    negHints for a mechListMIC; it says so with Windows and smbd, and this one message is let pass in this one place."""
    require(capture.lost == 0, f"dumpcap lost {capture.lost} packets, so that others cannot be put together")
    wrong = []
    for number, info, message in capture.read("_ws.malformed || (_ws.expert.severity == 8388608)", "frame.number",
                                              "_ws.col.Info", "_ws.expert.message"):
        hints = message == "BER Error: OctetString expected but class:UNIVERSAL(0) Constructed tag:16 was unexpected"
        if not (info == "Negotiate Protocol Response" and hints):
            wrong.append(f"{number} {info}: {message}")
    require(not wrong, f"{len(wrong)} packets: {'; '.join(wrong[:4])}")


def seen(capture):
    counts = collections.Counter()
    for commands, flags in capture.read("smb2", "smb2.cmd", "smb2.flags.response"):
        for command, response in zip(commands.split(","), flags.split(",")):
            counts[int(command, 0), response in ("1", "True")] += 1
    return counts


def every_command(counts, command, is_response):
    require(counts[command, is_response] > 0, f"{COMMANDS[command]} was not seen")


def pipes(capture):
    for protocol in ("srvsvc", "lsarpc"):
        require(capture.read(protocol, "frame.number"), f"no {protocol} was dissected")


def main():
    suite = Suite("tshark")
    folder = tempfile.mkdtemp(prefix="dozo-tshark-")
    try:
        source = trees.make(os.path.join(folder, "source"), 60, edges=False)
        with server.start(suite, "all", [server.Share("files", comment="all the files")]) as dozo:
            capture = []
            suite.case("capturing", lambda: capture.append(Capture(folder, dozo.port)))
            if not capture:
                return suite.finish()
            try:
                for dialect in (0x202, 0x210, 0x300, 0x302, 0x311):
                    suite.case(f"everything is sent in {dialect:#05x}", everything, dozo, dialect)
                    smb.Connection.close_all()
                suite.case("smbclient and rpcclient run", others, dozo, folder, source)
            finally:
                capture[0].stop()
            counts = seen(capture[0])
            for command, name in enumerate(COMMANDS):
                suite.case(f"{name} request", every_command, counts, command, False)
                if name != "CANCEL":  # [MS-SMB2] 3.3.5.16: has no response
                    suite.case(f"{name} response", every_command, counts, command, True)
            suite.case("no packet is malformed", well_formed, capture[0])
            suite.case("DCE/RPC on the pipes is dissected", pipes, capture[0])
            if suite.keep:
                shutil.copy(capture[0].file, dozo.folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
