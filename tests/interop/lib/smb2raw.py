"""A small SMB2 client that keeps the rules by default and can break each of them.

    c = Connection("127.0.0.1", port); c.negotiate(dialects=[0x311]); s = c.logon("alice", "secret")
    tree = s.tree_connect("files"); f = tree.create("name").expect(SUCCESS) ...

Every request goes through Connection.message(), which builds header and body, and Session.send(), which signs or seals.
What a test wants otherwise it says by keyword (sign=False, message_id=…, spoil=True), or it sends bytes of its own with
send_raw().
"""
import copy
import hashlib
import os
import socket
import struct
from collections import namedtuple

import ntlm
from harness import PATIENCE
import smb2crypto as crypto

SUCCESS, PENDING, MORE_PROCESSING = 0, 0x103, 0xC0000016
BUFFER_OVERFLOW, NO_MORE_FILES = 0x80000005, 0x80000006
INFO_LENGTH_MISMATCH, INVALID_HANDLE, INVALID_PARAMETER = 0xC0000004, 0xC0000008, 0xC000000D
INVALID_DEVICE_REQUEST, END_OF_FILE, ACCESS_DENIED = 0xC0000010, 0xC0000011, 0xC0000022
OBJECT_NAME_INVALID, OBJECT_NAME_NOT_FOUND, OBJECT_NAME_COLLISION = 0xC0000033, 0xC0000034, 0xC0000035
OBJECT_PATH_NOT_FOUND, OBJECT_PATH_SYNTAX_BAD = 0xC000003A, 0xC000003B
LOGON_FAILURE, NOT_SUPPORTED, BAD_NETWORK_NAME, NETWORK_NAME_DELETED = 0xC000006D, 0xC00000BB, 0xC00000CC, 0xC00000C9
REQUEST_NOT_ACCEPTED, CANCELLED, FILE_CLOSED = 0xC00000D0, 0xC0000120, 0xC0000128
STOPPED_ON_SYMLINK, USER_SESSION_DELETED = 0x8000002D, 0xC0000203

(NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT, CREATE, CLOSE, FLUSH, READ, WRITE, LOCK, IOCTL,
 CANCEL, ECHO, QUERY_DIRECTORY, CHANGE_NOTIFY, QUERY_INFO, SET_INFO, OPLOCK_BREAK) = range(19)
RESPONSE, ASYNC, RELATED, SIGNED = 1, 2, 4, 8
CAP_LARGE_MTU, CAP_MULTI_CHANNEL, CAP_ENCRYPTION = 4, 8, 0x40
SESSION_BINDING = 1
FSCTL_VALIDATE_NEGOTIATE_INFO, FSCTL_QUERY_NETWORK_INTERFACE_INFO = 0x00140204, 0x001401FC
RELATED_ID = b"\xff" * 16
NAMES = {value: name for name, value in list(globals().items()) if name.isupper() and isinstance(value, int) and
         value > 0x1000 and not name.startswith(("FSCTL", "CAP"))}

Response = namedtuple("Response", "status command credits flags message_id async_id tree_id session_id body raw sealed")


class Closed(Exception):
    """The server has closed the connection."""


class Unexpected(Exception):
    """Another status than the expected one."""


def status_name(status):
    return "SUCCESS" if status == SUCCESS else NAMES.get(status, f"{status:#010x}")


def expect(response, *statuses):
    if response.status not in statuses:
        raise Unexpected(f"{status_name(response.status)} from command {response.command}, "
                         f"expected {' or '.join(status_name(s) for s in statuses)}")
    return response


def pad8(data):
    return data + bytes(-len(data) % 8)


class Connection:
    opened = []  # all there are, for whoever tidies up after a case

    def __init__(self, host, port, *, timeout=PATIENCE, source=None):
        Connection.opened.append(self)
        self.socket = socket.create_connection((host, port), timeout, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout = timeout
        self.message_id, self.credits = 0, 1
        self.dialect, self.cipher, self.signing = 0, 0, crypto.HMAC_SHA256
        self.preauth, self.sessions, self.counter = bytes(64), {}, 0
        self.client_guid, self.capabilities, self.security_mode = os.urandom(16), CAP_LARGE_MTU | CAP_ENCRYPTION, 1
        self.max_transact = self.max_read = self.max_write = 65536
        self.dialects = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    @classmethod
    def close_all(cls):
        for connection in cls.opened:
            connection.close()
        cls.opened.clear()

    # --- Frames -----------------------------------------------------------------------------------------------------

    def send_raw(self, data):
        """Bytes as they are, without a prefix."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None

    def send_frame(self, data):
        self.send_raw(struct.pack(">I", len(data)) + data)

    def _read(self, size):
        data = b""
        while len(data) < size:
            try:
                part = self.socket.recv(size - len(data))
            except ConnectionResetError:
                raise Closed from None
            if not part:
                raise Closed
            data += part
        return data

    def receive_frame(self):
        """The next frame, decrypted; (message, whether it was encrypted)."""
        frame = self._read(struct.unpack(">I", self._read(4))[0])
        if frame[:4] != b"\xfdSMB":
            return frame, False
        session = self.sessions[struct.unpack_from("<Q", frame, 44)[0]]
        return crypto.unseal(self.cipher, session.keys.to_client, frame), True

    def is_closed_within(self, seconds):
        """True when the server closes; False when it stays silent; Unexpected when it answers."""
        self.socket.settimeout(seconds)
        try:
            frame, _ = self.receive_frame()
        except Closed:
            return True
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(self.timeout)
        status, command = struct.unpack_from("<I", frame, 8)[0], struct.unpack_from("<H", frame, 12)[0]
        raise Unexpected(f"an answer, {status_name(status)} to command {command}, where the connection has to end")

    # --- Messages ---------------------------------------------------------------------------------------------------

    def next_id(self, charge=1):
        first = self.message_id
        self.message_id += max(charge, 1)
        return first

    def message(self, command, body, *, session_id=0, tree_id=0, flags=0, charge=None, message_id=None, credits=64,
                next_command=0):
        if charge is None:
            charge = 0 if self.dialect in (0, 0x202) else 1
        if message_id is None:
            message_id = self.next_id(charge)
        header = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, charge, 0, command, credits, flags, next_command,
                             message_id, 0xFEFF, tree_id, session_id, bytes(16))
        return header + body

    def parse(self, raw, sealed=False):
        status, command, credits, flags = struct.unpack_from("<IHHI", raw, 8)
        message_id, = struct.unpack_from("<Q", raw, 24)
        async_id, tree_id = struct.unpack_from("<Q", raw, 32)[0], struct.unpack_from("<I", raw, 36)[0]
        session_id, = struct.unpack_from("<Q", raw, 40)
        self.credits += credits
        return Response(status, command, credits, flags, message_id, async_id, tree_id, session_id, raw[64:], raw,
                        sealed)

    def receive(self, *, interim=False):
        """The next message; interim answers are passed over unless wanted."""
        return self.receive_chain(interim=interim)[0]

    def receive_chain(self, *, interim=False):
        """The messages of the next frame, signatures checked where their session is known."""
        while True:
            frame, sealed = self.receive_frame()
            chain = []
            while frame:
                step = struct.unpack_from("<I", frame, 20)[0]
                part, frame = (frame[:step], frame[step:]) if step else (frame, b"")
                response = self.parse(part, sealed)
                self._check_signature(response)
                chain.append(response)
            if interim or chain[0].status != PENDING:
                return chain

    def _check_signature(self, response):
        session = self.sessions.get(response.session_id)
        if not response.flags & SIGNED or session is None or response.sealed:
            return
        zeroed = response.raw[:48] + bytes(16) + response.raw[64:]
        right = crypto.signature(self.signing, session.keys.signing, zeroed, is_response=True)
        if right != response.raw[48:64]:
            raise Unexpected("the server's signature is wrong")

    def request(self, command, body, **keywords):
        self.send_frame(self.message(command, body, **keywords))
        return self.receive()

    # --- Negotiate --------------------------------------------------------------------------------------------------

    def negotiate_contexts(self, ciphers, signings):
        salt = os.urandom(32)
        contexts = [(1, struct.pack("<HHH", 1, 32, 1) + salt)]
        if ciphers:
            contexts.append((2, struct.pack(f"<H{len(ciphers)}H", len(ciphers), *ciphers)))
        if signings:
            contexts.append((8, struct.pack(f"<H{len(signings)}H", len(signings), *signings)))
        parts = [struct.pack("<HHI", kind, len(data), 0) + data for kind, data in contexts]
        return len(contexts), b"".join(pad8(part) for part in parts[:-1]) + parts[-1]

    def negotiate_body(self, dialects, ciphers, signings):
        contexts, at, count = b"", 0, 0
        start = 64 + 36 + 2 * len(dialects)
        if 0x311 in dialects:
            count, contexts = self.negotiate_contexts(ciphers, signings)
            at = start + -start % 8
            contexts = bytes(at - start) + contexts
        body = struct.pack("<HHHHI16s", 36, len(dialects), self.security_mode, 0, self.capabilities, self.client_guid)
        body += struct.pack("<IHH", at, count, 0) if 0x311 in dialects else bytes(8)
        return body + struct.pack(f"<{len(dialects)}H", *dialects) + contexts

    def negotiate(self, dialects=(0x202, 0x210, 0x300, 0x302, 0x311), *, ciphers=(2, 1, 4, 3), signings=(2, 1, 0)):
        """The response; what was agreed upon is in the connection."""
        self.dialects = list(dialects)
        message = self.message(NEGOTIATE, self.negotiate_body(dialects, ciphers, signings))
        self.send_frame(message)
        response = self.receive()
        if response.status != SUCCESS:
            return response
        self.server_mode, self.dialect, count = struct.unpack_from("<HHH", response.body, 2)
        self.server_capabilities, self.max_transact, self.max_read, self.max_write = struct.unpack_from(
            "<IIII", response.body, 24)
        self.preauth = hashlib.sha512(hashlib.sha512(bytes(64) + message).digest() + response.raw).digest()
        self.signing = crypto.AES_CMAC if self.dialect >= 0x300 else crypto.HMAC_SHA256
        self.cipher = crypto.AES_128_CCM if self.server_capabilities & CAP_ENCRYPTION else 0
        if self.dialect == 0x311:
            self._take_contexts(response, count)
        return response

    def _take_contexts(self, response, count):
        self.cipher = 0
        at, = struct.unpack_from("<I", response.body, 60)
        for _ in range(count):
            kind, length = struct.unpack_from("<HH", response.raw, at)
            data = response.raw[at + 8:at + 8 + length]
            if kind == 2:
                self.cipher, = struct.unpack_from("<H", data, 2)
            elif kind == 8:
                self.signing, = struct.unpack_from("<H", data, 2)
            at += 8 + length + -length % 8

    # --- Session setup ----------------------------------------------------------------------------------------------

    def session_setup(self, token, *, session_id=0, mode=1, previous=0, flags=0, **keywords):
        """One SESSION_SETUP; (request as sent, response)."""
        body = struct.pack("<HBBIIHHQ", 25, flags, mode, 0, 0, 64 + 24, len(token), previous) + token
        message = self.message(SESSION_SETUP, body, session_id=session_id, **keywords)
        self.send_frame(message)
        return message, self.receive()

    def logon(self, user, password, **keywords):
        """A Session, or Unexpected. Keywords: mode, and those of ntlm.Initiator."""
        response, session = self.try_logon(user, password, **keywords)
        expect(response, SUCCESS)
        return session

    def try_logon(self, user, password, *, mode=1, previous=0, mech_list_mic="right", **keywords):
        """The last response and, when that is a success, the Session. mech_list_mic: right, wrong or none."""
        initiator = ntlm.Initiator(user, password, **keywords)
        preauth = self.preauth
        update = lambda data: hashlib.sha512(preauth + data).digest()
        sent, response = self.session_setup(ntlm.spnego_init(initiator.negotiate()), mode=mode, previous=previous)
        if response.status != MORE_PROCESSING:
            return response, None
        preauth = update(sent)
        preauth = update(response.raw)
        challenge = ntlm.token_inside(response.body[8:])
        token = initiator.authenticate(challenge)
        with_mic = mech_list_mic != "none" and initiator.version == 2 and not initiator.anonymous
        token = ntlm.spnego_response(token, initiator.mech_list_mic(mech_list_mic == "wrong") if with_mic else None)
        sent, response = self.session_setup(token, session_id=response.session_id, mode=mode, previous=previous)
        preauth = update(sent)
        if response.status != SUCCESS:
            return response, None
        keys = crypto.Keys(self.dialect, initiator.session_key, preauth, self.cipher)
        session = Session(self, response.session_id, keys, struct.unpack_from("<H", response.body, 2)[0])
        self.sessions[session.id] = session
        self._check_signature(response)
        return response, session

    def bind(self, session, user, password):
        """This connection as another channel of `session`: a Session, or Unexpected."""
        initiator = ntlm.Initiator(user, password)
        preauth = self.preauth
        # [MS-SMB2] 3.2.4.2.3: until the channel has a key, the session's signs.
        self.sessions[session.id] = channel = Session(self, session.id, session.keys, session.flags)

        def ask(token):
            nonlocal preauth
            body = struct.pack("<HBBIIHHQ", 25, SESSION_BINDING, 1, 0, 0, 64 + 24, len(token), 0) + token
            message = channel.signed(channel.message(SESSION_SETUP, body))
            preauth = hashlib.sha512(preauth + message).digest()
            self.send_frame(message)

        ask(ntlm.spnego_init(initiator.negotiate()))
        response = expect(self.receive(), MORE_PROCESSING)
        preauth = hashlib.sha512(preauth + response.raw).digest()
        token = initiator.authenticate(ntlm.token_inside(response.body[8:]))
        ask(ntlm.spnego_response(token, initiator.mech_list_mic(False)))
        channel.keys = copy.copy(session.keys)
        channel.keys.signing = crypto.Keys(self.dialect, initiator.session_key, preauth, self.cipher).signing
        expect(self.receive(), SUCCESS)
        # One key seals on all channels: their nonces must differ.
        self.counter = (len(session.channels) + 1) << 32
        session.channels.append(channel)
        channel.encrypt = session.encrypt
        return channel


class Session:
    def __init__(self, connection, session_id, keys, flags):
        self.connection, self.id, self.keys, self.flags = connection, session_id, keys, flags
        self.sign, self.encrypt = True, bool(flags & 4)
        self.channels = []  # that were bound to it

    def signed(self, message, *, spoil=False):
        flags = struct.unpack_from("<I", message, 16)[0] | SIGNED
        message = message[:16] + struct.pack("<I", flags) + message[20:48] + bytes(16) + message[64:]
        signature = crypto.signature(self.connection.signing, self.keys.signing, message)
        if spoil:
            signature = bytes([signature[0] ^ 1]) + signature[1:]
        return message[:48] + signature + message[64:]

    def sealed(self, message, **keywords):
        c = self.connection
        c.counter += 1
        return crypto.seal(c.cipher, self.keys.to_server, self.id, message, c.counter, **keywords)

    def protect(self, message, *, sign=None, encrypt=None, spoil=False):
        """`spoil`: one bit of the signature or of the ciphertext is turned."""
        if self.encrypt if encrypt is None else encrypt:
            sealed = self.sealed(message)
            return sealed[:-1] + bytes([sealed[-1] ^ 1]) if spoil else sealed
        if self.sign if sign is None else sign:
            return self.signed(message, spoil=spoil)
        return message

    def message(self, command, body, **keywords):
        return self.connection.message(command, body, session_id=keywords.pop("session_id", self.id), **keywords)

    def send(self, command, body, *, sign=None, encrypt=None, spoil=False, **keywords):
        message = self.message(command, body, **keywords)
        self.connection.send_frame(self.protect(message, sign=sign, encrypt=encrypt, spoil=spoil))

    def request(self, command, body, **keywords):
        self.send(command, body, **keywords)
        return self.connection.receive()

    def send_compound(self, parts, *, encrypt=None, next_of_last=0):
        """parts: (command, body, keywords of message()); each element is signed on its own."""
        messages = []
        for number, (command, body, keywords) in enumerate(parts):
            last = number == len(parts) - 1
            message = self.message(command, body, **keywords)
            message = message if last else pad8(message)
            following = next_of_last if last else len(message)
            message = message[:20] + struct.pack("<I", following) + message[24:]
            sealed = self.encrypt if encrypt is None else encrypt
            messages.append(message if sealed or not self.sign else self.signed(message))
        whole = b"".join(messages)
        self.connection.send_frame(self.sealed(whole) if sealed else whole)

    def echo(self, **keywords):
        return self.request(ECHO, struct.pack("<HH", 4, 0), **keywords)

    def logoff(self, **keywords):
        return self.request(LOGOFF, struct.pack("<HH", 4, 0), **keywords)

    def try_tree_connect(self, share, **keywords):
        path = ntlm.utf16(f"\\\\storehouse\\{share}")
        return self.request(TREE_CONNECT, struct.pack("<HHHH", 9, 0, 64 + 8, len(path)) + path, **keywords)

    def tree_connect(self, share, **keywords):
        return Tree(self, expect(self.try_tree_connect(share, **keywords), SUCCESS).tree_id)


def create_body(name, *, access=0x12019F, attributes=0x80, share=7, disposition=3, options=0, contexts=b""):
    name = ntlm.utf16(name)
    at = 64 + 56
    contexts_at = at + len(pad8(name)) if contexts else 0
    body = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, access, attributes, share, disposition, options, at,
                       len(name), contexts_at, len(contexts))
    return body + (pad8(name) if contexts else name or b"\0") + contexts


def close_body(file_id, flags=0):
    return struct.pack("<HHI", 24, flags, 0) + file_id


def read_body(file_id, length, offset=0, *, minimum=0):
    return struct.pack("<HBBIQ16sIIIHH", 49, 0x50, 0, length, offset, file_id, minimum, 0, 0, 0, 0) + b"\0"


def write_body(file_id, data, offset=0, *, length=None):
    return struct.pack("<HHIQ16sIIHHI", 49, 64 + 48, len(data) if length is None else length, offset, file_id, 0, 0, 0,
                       0, 0) + (data or b"\0")


def query_directory_body(file_id, pattern="*", *, output=65536, info=37, flags=1):
    name = ntlm.utf16(pattern)
    return struct.pack("<HBBI16sHHI", 33, info, flags, 0, file_id, 64 + 32, len(name), output) + name


def query_info_body(file_id, *, kind=1, info=5, output=65536):
    return struct.pack("<HBBIHHIII16s", 41, kind, info, output, 0, 0, 0, 0, 0, file_id) + b"\0"


def set_info_body(file_id, data, *, kind=1, info=4):
    return struct.pack("<HBBIHHI16s", 33, kind, info, len(data), 64 + 32, 0, 0, file_id) + data


def ioctl_body(code, data=b"", *, file_id=RELATED_ID, output=65536, is_fsctl=True):
    return struct.pack("<HHI16sIIIIIIII", 57, 0, code, file_id, 64 + 56, len(data), 0, 0, 0, output, int(is_fsctl),
                       0) + (data or b"\0")


def lock_body(file_id, locks):
    body = struct.pack("<HHI16s", 48, len(locks), 0, file_id)
    return body + b"".join(struct.pack("<QQII", offset, length, flags, 0) for offset, length, flags in locks)


class Tree:
    def __init__(self, session, tree_id):
        self.session, self.id = session, tree_id

    def request(self, command, body, **keywords):
        return self.session.request(command, body, tree_id=self.id, **keywords)

    def try_create(self, name, *, send=None, **keywords):
        return self.request(CREATE, create_body(name, **keywords), **(send or {}))

    def create(self, name, **keywords):
        """A FileId."""
        return expect(self.try_create(name, **keywords), SUCCESS).body[64:80]

    def close(self, file_id, **keywords):
        return self.request(CLOSE, close_body(file_id), **keywords)

    def read(self, file_id, length, offset=0, **keywords):
        charge = max(1, (length + 65535) // 65536) if self.session.connection.dialect > 0x202 else 0
        response = self.request(READ, read_body(file_id, length, offset), charge=charge, **keywords)
        expect(response, SUCCESS, END_OF_FILE)
        if response.status == END_OF_FILE:
            return b""
        at, _, size = struct.unpack_from("<BBI", response.body, 2)
        return response.raw[at:at + size]

    def write(self, file_id, data, offset=0, **keywords):
        charge = max(1, (len(data) + 65535) // 65536) if self.session.connection.dialect > 0x202 else 0
        return expect(self.request(WRITE, write_body(file_id, data, offset), charge=charge, **keywords), SUCCESS)

    def disconnect(self):
        return self.request(TREE_DISCONNECT, struct.pack("<HH", 4, 0))
