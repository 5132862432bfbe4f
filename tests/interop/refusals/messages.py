"""What is not served on a session: signatures, encryption, message ids, lengths, compounds."""
import os
import struct

from support import *

SIGNINGS = {0: "HMAC-SHA256", 1: "AES-CMAC", 2: "AES-GMAC"}
CIPHERS = {1: "AES-128-CCM", 2: "AES-128-GCM", 3: "AES-256-CCM", 4: "AES-256-GCM"}
ECHO_BODY = struct.pack("<HH", 4, 0)
MIB = 1 << 20


def for_each_cipher(where, name):
    def register(function):
        CASES.extend((where, f"{name}, {CIPHERS[c]}", function, (c,)) for c in CIPHERS)
        return function
    return register


# --- Signing --------------------------------------------------------------------------------------------------------

@for_each_dialect("default", "unsigned request on a signed session")
def unsigned(dozo, dialect):
    # [MS-SMB2] 3.3.5.2.4: SigningRequired and no SMB2_FLAGS_SIGNED: STATUS_ACCESS_DENIED.
    session = let_in(dozo, dialect)
    refused(session.echo(sign=False), smb.ACCESS_DENIED)
    tree = session.tree_connect("files")
    file = tree.create("f", disposition=5)
    refused(tree.try_create("g", disposition=5, send={"sign": False}), smb.ACCESS_DENIED)
    refused(tree.request(smb.WRITE, smb.write_body(file, b"x"), sign=False), smb.ACCESS_DENIED)
    refused(tree.request(smb.READ, smb.read_body(file, 1), sign=False), smb.ACCESS_DENIED)
    refused(tree.request(smb.CLOSE, smb.close_body(file), sign=False), smb.ACCESS_DENIED)
    refused(session.logoff(sign=False), smb.ACCESS_DENIED)
    refused(tree.close(file), smb.SUCCESS)
    dozo.wait_for_log("unsigned_request_refused")
    session.connection.close()


@case("default", "unsigned TREE_CONNECT in 3.1.1")
def unsigned_tree_connect(dozo):
    # [MS-SMB2] 3.3.5.7 disconnects, 3.3.5.2.4 comes before it and may answer.
    session = let_in(dozo)
    try:
        refused(session.try_tree_connect("files", sign=False), smb.ACCESS_DENIED)
    except smb.Closed:
        pass
    session.connection.close()


@case("if-asked", "unsigned TREE_CONNECT in 3.1.1 where signing is not required")
def unsigned_tree_connect_optional(dozo):
    # [MS-SMB2] 3.3.5.7: 3.1.1, not anonymous, not a guest, neither signed nor encrypted: disconnect.
    session = let_in(dozo)
    session.send(smb.TREE_CONNECT, struct.pack("<HHHH", 9, 0, 72, 18) + "\\\\x\\files".encode("utf-16-le"), sign=False)
    dropped(session.connection)
    session.connection.close()


@case("if-asked", "unsigned request on a session whose client requires signing")
def client_requires_signing(dozo):
    # [MS-SMB2] 3.3.5.5.3: SigningRequired follows the client's SecurityMode too.
    session = connect(dozo, 0x300).logon(server.USER, server.PASSWORD, mode=2)
    refused(session.echo(sign=False), smb.ACCESS_DENIED)
    session.connection.close()
    session = connect(dozo, 0x300).logon(server.USER, server.PASSWORD, mode=1)
    refused(session.echo(sign=False), smb.SUCCESS)
    refused(session.echo(spoil=True), smb.ACCESS_DENIED)  # a signature is verified even where none is needed
    session.connection.close()


@for_each_dialect("default", "tampered signature")
def tampered_signature(dozo, dialect):
    # [MS-SMB2] 3.3.5.2.4: verification failed: STATUS_ACCESS_DENIED, perhaps a disconnect.
    for signing in SIGNINGS if dialect == 0x311 else (None,):
        session = let_in(dozo, dialect, signings=(2, 1, 0) if signing is None else (signing,))
        tree = session.tree_connect("files")
        try:
            refused(tree.try_create("tampered", disposition=5, send={"spoil": True}), smb.ACCESS_DENIED)
            unharmed(session)
        except smb.Closed:
            pass
        session.connection.close()
    require(not (smb_exists(dozo, "tampered")), "the request was carried out")
    dozo.wait_for_log("bad_signature")


def smb_exists(dozo, name):
    return os.path.exists(os.path.join(inside(dozo), name))


@case("default", "signed request changed on its way")
def changed_request(dozo):
    session = let_in(dozo)
    tree = session.tree_connect("files")
    message = session.signed(session.message(smb.CREATE, smb.create_body("aaaa", disposition=5), tree_id=tree.id))
    session.connection.send_frame(message.replace("aaaa".encode("utf-16-le"), "bbbb".encode("utf-16-le")))
    refused(session.connection.receive(), smb.ACCESS_DENIED)
    require(not smb_exists(dozo, "bbbb"), "the request was carried out")
    session.connection.close()


@case("default", "unsigned or tampered element within a compound")
def compound_signatures(dozo):
    # [MS-SMB2] 3.2.4.1.4, 3.3.5.2.4: each element has its own signature, and each is verified.
    session = let_in(dozo)
    c = session.connection
    for spoil in (lambda m: m, lambda m: session.signed(m, spoil=True)):
        first = smb.pad8(session.message(smb.ECHO, ECHO_BODY))
        first = session.signed(first[:20] + struct.pack("<I", len(first)) + first[24:])
        c.send_frame(first + spoil(session.message(smb.ECHO, ECHO_BODY)))
        answers = c.receive_chain()
        if len(answers) == 1:
            answers += c.receive_chain()
        require_equal([a.status for a in answers], [smb.SUCCESS, smb.ACCESS_DENIED], "statuses")
    unharmed(session)
    c.close()


# --- Sessions, trees and files of others ----------------------------------------------------------------------------

@case("default", "session, tree and file ids of others")
def ids_of_others(dozo):
    put_file(dozo, "theirs")
    one, two = let_in(dozo), let_in(dozo)
    refused(two.echo(session_id=one.id, sign=False), smb.USER_SESSION_DELETED, smb.ACCESS_DENIED)
    first = one.tree_connect("files")
    file = first.create("theirs")
    second = two.tree_connect("files")
    # [MS-SMB2] 3.3.5.12: the open is looked up in the session's own table.
    refused(second.request(smb.READ, smb.read_body(file, 6)), smb.FILE_CLOSED)
    refused(second.close(file), smb.FILE_CLOSED)
    # [MS-SMB2] 3.3.5.2.11.
    refused(two.request(smb.CREATE, smb.create_body("theirs"), tree_id=0x7FFFFFFF), smb.NETWORK_NAME_DELETED)
    # Another tree of the same session does not own the file either.
    other = one.tree_connect("files")
    refused(other.request(smb.READ, smb.read_body(file, 6)), smb.FILE_CLOSED)
    require_equal(first.read(file, 6), b"inside", "the owner's read")
    one.connection.close()
    two.connection.close()


@case("default", "requests after TREE_DISCONNECT, LOGOFF and CLOSE")
def after_the_end(dozo):
    put_file(dozo, "theirs")
    session = let_in(dozo)
    tree = session.tree_connect("files")
    file = tree.create("theirs")
    refused(tree.close(file), smb.SUCCESS)
    refused(tree.request(smb.READ, smb.read_body(file, 1)), smb.FILE_CLOSED)  # [MS-SMB2] 3.3.5.12
    file = tree.create("theirs")
    refused(tree.disconnect(), smb.SUCCESS)
    refused(tree.try_create("theirs"), smb.NETWORK_NAME_DELETED)
    again = session.tree_connect("files")
    refused(again.request(smb.READ, smb.read_body(file, 1)), smb.FILE_CLOSED)
    refused(session.logoff(), smb.SUCCESS)
    refused(session.echo(), smb.USER_SESSION_DELETED)  # [MS-SMB2] 3.3.5.2.4: the session is not found
    session.connection.close()


@case("default", "shares that are not there, or not for this user")
def shares(dozo):
    session = let_in(dozo)
    for name in ("nothing", "..", "files\\x", "C$", "ADMIN$", "f" * 300, ""):
        refused(session.try_tree_connect(name), smb.BAD_NETWORK_NAME, smb.INVALID_PARAMETER)
    refused(session.try_tree_connect("bobs"), smb.ACCESS_DENIED)  # [MS-SMB2] 3.3.5.7: ConnectSecurity
    bob = connect(dozo).logon(server.USER2, server.PASSWORD2)
    bob.tree_connect("bobs")
    session.connection.close()
    bob.connection.close()


# --- Encryption -----------------------------------------------------------------------------------------------------

@for_each_cipher("default", "tampered ciphertext")
def tampered_ciphertext(dozo, cipher):
    # [MS-SMB2] 3.3.5.2.1.1: the signature of the transform does not verify: disconnect.
    session = let_in(dozo, ciphers=(cipher,))
    session.encrypt = True
    require(session.echo().sealed, "an encrypted request was answered in the clear")
    session.send(smb.ECHO, ECHO_BODY, spoil=True)
    dropped(session.connection)
    session.connection.close()


def sealed_echo(session):
    return session.sealed(session.message(smb.ECHO, ECHO_BODY))


@for_each_dialect("default", "transform headers that are wrong", (0x300, 0x302, 0x311))
def wrong_transforms(dozo, dialect):
    # [MS-SMB2] 3.3.5.2.1.1, each a disconnect.
    def patch(at, data):
        return lambda s: (lambda f: f[:at] + data + f[at + len(data):])(sealed_echo(s))
    ways = {
        "tag": patch(4, bytes(16)),
        "nonce": patch(20, b"\xee" * 11),
        "flags": lambda s: s.sealed(s.message(smb.ECHO, ECHO_BODY), flags=2),
        "size": lambda s: s.sealed(s.message(smb.ECHO, ECHO_BODY), size=4000),
        "unknown session": patch(44, struct.pack("<Q", 0x1234)),
        "header alone": lambda s: sealed_echo(s)[:52],
        "half a header": lambda s: sealed_echo(s)[:40],
        "a transform within": lambda s: s.sealed(sealed_echo(s)),
        "nothing of SMB2 within": lambda s: s.sealed(b"x" * 100),
        "a short header within": lambda s: s.sealed(s.message(smb.ECHO, b"")[:40]),
        "SMB1 within": lambda s: s.sealed(b"\xffSMB" + bytes(60)),
    }
    for what, frame in ways.items():
        session = let_in(dozo, dialect)
        session.connection.send_frame(frame(session))
        try:
            dropped(session.connection)
        except (Failed, smb.Unexpected) as problem:
            raise Failed(f"{what}: {problem}") from None
        session.connection.close()


@case("default", "encrypted request for another session")
def encrypted_for_another(dozo):
    # [MS-SMB2] 3.3.5.2.1.1: SessionId is not Request.TransformSessionId: disconnect.
    for command, body in ((smb.ECHO, ECHO_BODY), (smb.LOGOFF, ECHO_BODY),
                          (smb.TREE_CONNECT, struct.pack("<HHHH", 9, 0, 72, 18) + "\\\\x\\files".encode("utf-16-le"))):
        c = connect(dozo)
        one, two = (c.logon(server.USER, server.PASSWORD) for _ in range(2))
        c.send_frame(one.sealed(two.message(command, body)))
        dropped(c)
        c.close()


@case("default", "encrypted compound whose first element is related")
def encrypted_related_first(dozo):
    # [MS-SMB2] 3.3.5.2.1.1: SMB2_FLAGS_RELATED_OPERATIONS in the first operation: disconnect.
    session = let_in(dozo)
    session.encrypt = True
    session.send(smb.ECHO, ECHO_BODY, flags=smb.RELATED)
    dropped(session.connection)
    session.connection.close()


@case("default", "encrypted message replayed")
def replayed_ciphertext(dozo):
    session = let_in(dozo)
    frame = sealed_echo(session)
    session.connection.send_frame(frame)
    refused(session.connection.receive(), smb.SUCCESS)
    session.connection.send_frame(frame)
    dropped(session.connection)  # [MS-SMB2] 3.3.5.2.3: the message id was used
    session.connection.close()


@case("default", "encrypted message before there is a session")
def encrypted_too_early(dozo):
    connection = connect(dozo)
    connection.send_frame(b"\xfdSMB" + bytes(46) + struct.pack("<HQ", 1, 99) + bytes(80))
    dropped(connection)
    connection.close()


@for_each_dialect("default", "unencrypted access to an encrypted share", (0x300, 0x302, 0x311))
def unencrypted_share(dozo, dialect):
    put_file(dozo, "secret", share="sealed")
    session = let_in(dozo, dialect)
    # [MS-SMB2] 3.3.5.7: a client that can encrypt is told to, by SMB2_SHAREFLAG_ENCRYPT_DATA.
    response = session.try_tree_connect("sealed")
    refused(response, smb.SUCCESS)
    require(struct.unpack_from("<I", response.body, 4)[0] & 0x8000, "SMB2_SHAREFLAG_ENCRYPT_DATA is not set")
    tree = smb.Tree(session, response.tree_id)
    # [MS-SMB2] 3.3.5.2.11: and every unencrypted request is STATUS_ACCESS_DENIED.
    refused(tree.try_create("secret"), smb.ACCESS_DENIED)
    file = tree.create_sealed("secret") if hasattr(tree, "create_sealed") else smb.expect(
        tree.try_create("secret", send={"encrypt": True}), smb.SUCCESS).body[64:80]
    refused(tree.request(smb.READ, smb.read_body(file, 6)), smb.ACCESS_DENIED)
    refused(tree.request(smb.QUERY_INFO, smb.query_info_body(file)), smb.ACCESS_DENIED)
    refused(tree.close(file), smb.ACCESS_DENIED)
    session.send_compound([(smb.CREATE, smb.create_body("secret"), {"tree_id": tree.id}),
                           (smb.READ, smb.read_body(smb.RELATED_ID, 6), {"flags": smb.RELATED})])
    statuses = {r.status for r in session.connection.receive_chain()}
    require(smb.SUCCESS not in statuses, f"an unencrypted compound: {[smb.status_name(s) for s in statuses]}")
    session.encrypt = True
    require_equal(tree.read(file, 6), b"inside", "the encrypted read")
    session.connection.close()


@for_each_dialect("default", "encrypted share for a client without encryption", (0x202, 0x210, 0x300, 0x302, 0x311))
def no_encryption_share(dozo, dialect):
    # [MS-SMB2] 3.3.5.7: Connection.ClientCapabilities, or the server's for this connection, without encryption.
    connection = smb.Connection("127.0.0.1", dozo.port)
    connection.capabilities = smb.CAP_LARGE_MTU
    refused(connection.negotiate([dialect], ciphers=()), smb.SUCCESS)
    session = connection.logon(server.USER, server.PASSWORD)
    refused(session.try_tree_connect("sealed"), smb.ACCESS_DENIED)
    connection.close()


@for_each_dialect("encrypted", "unencrypted request when the session demands encryption", (0x300, 0x302, 0x311))
def unencrypted_session(dozo, dialect):
    session = let_in(dozo, dialect)
    require(session.encrypt, "SMB2_SESSION_FLAG_ENCRYPT_DATA is not set")  # [MS-SMB2] 3.3.5.5.3
    # [MS-SMB2] 3.3.5.2.9: EncryptData, and the request is not encrypted: STATUS_ACCESS_DENIED.
    refused(session.try_tree_connect("files", encrypt=False), smb.ACCESS_DENIED)
    tree = session.tree_connect("files")
    refused(tree.try_create("x", disposition=5, send={"encrypt": False}), smb.ACCESS_DENIED)
    refused(session.logoff(encrypt=False), smb.ACCESS_DENIED)
    unharmed(session)
    session.connection.close()


@for_each_dialect("encrypted", "client without encryption where it is demanded")
def no_encryption_server(dozo, dialect):
    # [MS-SMB2] 3.3.5.5: EncryptData, RejectUnencryptedAccess, and the client cannot: STATUS_ACCESS_DENIED.
    connection = smb.Connection("127.0.0.1", dozo.port)
    connection.capabilities = smb.CAP_LARGE_MTU
    refused(connection.negotiate([dialect], ciphers=()), smb.SUCCESS)
    response, _ = connection.try_logon(server.USER, server.PASSWORD)
    refused(response, smb.ACCESS_DENIED)
    connection.close()


# --- Message ids ----------------------------------------------------------------------------------------------------

@for_each_dialect("default", "replayed message id")
def replayed_id(dozo, dialect):
    # [MS-SMB2] 3.3.5.2.3: not in Connection.CommandSequenceWindow: terminate the connection.
    session = let_in(dozo, dialect)
    frame = session.signed(session.message(smb.ECHO, ECHO_BODY))
    session.connection.send_frame(frame)
    refused(session.connection.receive(), smb.SUCCESS)
    session.connection.send_frame(frame)
    dropped(session.connection)
    session.connection.close()


@case("default", "message ids outside the window")
def ids_outside(dozo):
    for wrong in (1 << 20, 1 << 40, (1 << 63) - 1, (1 << 64) - 1):
        session = let_in(dozo)
        session.send(smb.ECHO, ECHO_BODY, message_id=wrong)
        dropped(session.connection)
        session.connection.close()


@case("default", "credit charge that reaches out of the window")
def charge_outside(dozo):
    session = let_in(dozo)
    session.send(smb.ECHO, ECHO_BODY, charge=60000)
    dropped(session.connection)
    session.connection.close()


@case("default", "credits stay bounded however much is asked for")
def bounded_credits(dozo):
    # [MS-SMB2] 3.3.1.2; the setting limits.credits_max is 8192.
    session = let_in(dozo)
    for _ in range(40):
        refused(session.echo(credits=65535), smb.SUCCESS)
    held = session.connection.credits - session.connection.message_id
    require(0 < held <= 8192, f"{held} credits")
    refused(session.echo(credits=0), smb.SUCCESS)
    session.connection.close()


# --- Lengths --------------------------------------------------------------------------------------------------------

@case("default", "16 MiB announced before authentication")
def huge_frame(dozo):
    before = dozo.memory_kib()
    held = [smb.Connection("127.0.0.1", dozo.port) for _ in range(20)]
    for connection in held:
        connection.send_raw(struct.pack(">I", 0x00FFFFFF) + b"\xfeSMB")
    for connection in held:
        dropped(connection)
        connection.close()
    grown = dozo.memory_kib() - before
    require(grown < 16 * 1024, f"the server grew by {grown} KiB")


@case("default", "frames that are not direct TCP")
def not_direct_tcp(dozo):
    # [MS-SMB2] 2.1: the first byte of the prefix is zero.
    for prefix in (b"\x01\0\0\x40", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n"):
        connection = smb.Connection("127.0.0.1", dozo.port)
        connection.send_raw(prefix + bytes(64))
        dropped(connection)
        connection.close()


@case("default", "frames shorter than a header")
def short_frames(dozo):
    # [MS-SMB2] 3.3.5.2.6: a length less than that of the header: disconnect.
    for size in (0, 1, 4, 32, 63):
        session = let_in(dozo)
        session.connection.send_frame(session.signed(session.message(smb.ECHO, ECHO_BODY))[:size])
        dropped(session.connection)
        session.connection.close()


@case("default", "much sent before authentication")
def much_before_authentication(dozo):
    connection = connect(dozo)
    sent = 0
    try:
        while sent < 8 * MIB:
            token = b"A" * 60000
            body = struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token
            connection.send_frame(connection.message(smb.SESSION_SETUP, body))
            sent += len(token)
            connection.receive()
    except smb.Closed:
        pass
    require(sent < 2 * MIB, f"{sent} bytes were taken without a session")
    connection.close()


@case("small", "message above MaxTransactSize + 256")
def frame_above_maximum(dozo):
    # [MS-SMB2] 3.3.5.2: longer than Connection.MaxTransactSize + 256: disconnect. Here MaxTransactSize is 1 MiB.
    session = let_in(dozo)
    tree = session.tree_connect("files")
    file = tree.create("f", disposition=5)
    tree.write(file, b"x" * MIB)
    body = smb.write_body(file, b"x" * MIB) + bytes(300)
    session.send(smb.WRITE, body, tree_id=tree.id, charge=17)
    dropped(session.connection)
    session.connection.close()


@case("default", "other commands above 68 KiB")
def command_above_68k(dozo):
    # [MS-SMB2] 3.3.5.2: only commands that carry data may be longer: terminate the connection.
    session = let_in(dozo)
    tree = session.tree_connect("files")
    session.send(smb.CREATE, smb.create_body("x") + bytes(70 * 1024), tree_id=tree.id)
    dropped(session.connection)
    session.connection.close()


@for_each_dialect("small", "read and write above the maximum")
def io_above_maximum(dozo, dialect):
    # [MS-SMB2] 3.3.5.12, 3.3.5.13: Length above MaxReadSize or MaxWriteSize: STATUS_INVALID_PARAMETER.
    session = let_in(dozo, dialect)
    c = session.connection
    require_equal(c.max_read, 65536 if dialect == 0x202 else MIB, "MaxReadSize")
    tree = session.tree_connect("files")
    file = tree.create("f", disposition=5)
    charge = 0 if dialect == 0x202 else 17
    refused(tree.request(smb.READ, smb.read_body(file, c.max_read + 1), charge=charge), smb.INVALID_PARAMETER)
    for length in (0xFFFFFFFF, 0x80000000):
        refused(tree.request(smb.READ, smb.read_body(file, length), charge=charge), smb.INVALID_PARAMETER)
    # A length that is not there.
    for length in (c.max_write + 1, 0xFFFFFFFF, 4096):
        refused(tree.request(smb.WRITE, smb.write_body(file, b"xy", length=length), charge=charge),
                smb.INVALID_PARAMETER)
    for offset in (1 << 63, (1 << 64) - 1):
        refused(tree.request(smb.WRITE, smb.write_body(file, b"xy", offset)), smb.INVALID_PARAMETER)
    for info in (smb.QUERY_DIRECTORY, smb.QUERY_INFO, smb.IOCTL):
        body = {smb.QUERY_DIRECTORY: smb.query_directory_body(file, output=c.max_transact + 1),
                smb.QUERY_INFO: smb.query_info_body(file, output=c.max_transact + 1),
                smb.IOCTL: smb.ioctl_body(0x0014400C, file_id=file, output=c.max_transact + 1)}[info]
        refused(tree.request(info, body, charge=charge), smb.INVALID_PARAMETER)
    unharmed(session)
    c.close()


@for_each_dialect("default", "credit charge too small", (0x210, 0x300, 0x302, 0x311))
def small_charge(dozo, dialect):
    # [MS-SMB2] 3.3.5.2.5: the calculated charge is greater than CreditCharge: STATUS_INVALID_PARAMETER.
    session = let_in(dozo, dialect)
    tree = session.tree_connect("files")
    file = tree.create("f", disposition=5)
    folder = tree.create("", access=0x100081, options=1, attributes=0)
    for charge, size in ((0, 65537), (1, 65537), (2, 131073), (15, MIB)):
        for command, body in (
                (smb.READ, smb.read_body(file, size)), (smb.WRITE, smb.write_body(file, bytes(size))),
                (smb.QUERY_DIRECTORY, smb.query_directory_body(folder, output=size)),
                (smb.QUERY_INFO, smb.query_info_body(file, output=size)),
                (smb.IOCTL, smb.ioctl_body(0x00060194, bytes(24), file_id=file, output=size)),
                (smb.CHANGE_NOTIFY, struct.pack("<HHI16sII", 32, 0, size, folder, 0xFFF, 0))):
            response = tree.request(command, body, charge=charge)
            require_equal((command, charge, size, smb.status_name(response.status)),
                          (command, charge, size, "INVALID_PARAMETER"), "command, charge, size, status")
    refused(tree.request(smb.READ, smb.read_body(file, 65536), charge=0), smb.END_OF_FILE)
    session.connection.close()


@case("default", "bodies of a wrong StructureSize or too short")
def wrong_bodies(dozo):
    # [MS-SMB2] 3.3.5.2.6: what is not as section 2 says is STATUS_INVALID_PARAMETER.
    session = let_in(dozo)
    tree = session.tree_connect("files")
    for command in (c for c in range(smb.TREE_DISCONNECT, smb.OPLOCK_BREAK + 1) if c != smb.CANCEL):
        for body in (b"", b"\0", struct.pack("<H", 3), struct.pack("<H", 0xFFFF) + bytes(80)):
            response = tree.request(command, body)
            require_equal((command, len(body), smb.status_name(response.status)),
                          (command, len(body), "INVALID_PARAMETER"), "command, length, status")
    unharmed(session)
    session.connection.close()


@case("default", "unknown command")
def unknown_command(dozo):
    # [MS-SMB2] 3.3.5.2.6: a command code that is none: disconnect without a response.
    for command in (0x13, 0x7FFF, 0xFFFF):
        session = let_in(dozo)
        session.send(command, ECHO_BODY)
        dropped(session.connection)
        session.connection.close()


@case("default", "a response from a client")
def response_from_client(dozo):
    # [MS-SMB2] 3.3.5.2.6, 2.2.1: SMB2_FLAGS_SERVER_TO_REDIR is for the server.
    session = let_in(dozo)
    session.send(smb.ECHO, ECHO_BODY, flags=smb.RESPONSE)
    try:
        refused(session.connection.receive(), smb.INVALID_PARAMETER)
    except smb.Closed:
        pass
    session.connection.close()
