"""Who is not let in: passwords, users, guests, old protocols, and how long a refusal takes."""
import select
import struct
import time

import ntlm
from support import *

SMB1_DIALECT = b"\x02NT LM 0.12\0"


def logon_is_refused(dozo, user, password, *statuses, dialect=0x311, **keywords):
    connection = connect(dozo, dialect)
    response, session = connection.try_logon(user, password, **keywords)
    refused(response, *statuses)
    require(session is None, "a session in spite of a refusal")
    # [MS-SMB2] 3.3.5.5.3: the session that was being set up is gone.
    connection.send_frame(connection.message(smb.TREE_CONNECT, bytes(9), session_id=response.session_id))
    refused(connection.receive(), smb.USER_SESSION_DELETED)
    connection.close()


# [MS-SMB2] 3.3.5.5.3: what the mechanism says is the status; [MS-NLMP] 3.2.5.1.2: access is denied.
@for_each_dialect("default", "bad password")
def bad_password(dozo, dialect):
    logon_is_refused(dozo, server.USER, "wrong", smb.LOGON_FAILURE, dialect=dialect)
    dozo.wait_for_log(r'logon_refused: .*user="alice".*reason="bad_password"')


@for_each_dialect("default", "unknown user")
def unknown_user(dozo, dialect):
    # The same status as for a bad password: names cannot be tried out.
    logon_is_refused(dozo, "mallory", "wrong", smb.LOGON_FAILURE, dialect=dialect)


@case("default", "empty password")
def empty_password(dozo):
    logon_is_refused(dozo, server.USER, "", smb.LOGON_FAILURE)


@case("default", "guest by name")
def guest(dozo):
    for name, password in (("Guest", ""), ("guest", "guest"), ("nobody", "")):
        logon_is_refused(dozo, name, password, smb.LOGON_FAILURE, smb_account_disabled())
    dozo.wait_for_log("guest_logon_refused")


def smb_account_disabled():
    return 0xC0000072  # [MS-ERREF] STATUS_ACCOUNT_DISABLED, what Windows says of its own Guest


@for_each_dialect("default", "anonymous")
def anonymous(dozo, dialect):
    # [MS-NLMP] 3.2.5.1.2: an empty name and response is the anonymous user, whom this server does not serve.
    logon_is_refused(dozo, "", "", smb.LOGON_FAILURE, smb.ACCESS_DENIED, dialect=dialect, anonymous=True)
    dozo.wait_for_log("anonymous_logon_refused")


def null_session(dozo, dialect=0x311):
    session = connect(dozo, dialect).logon("", "", anonymous=True)
    require_equal(session.flags, 2, "SessionFlags")  # [MS-SMB2] 2.2.6 SMB2_SESSION_FLAG_IS_NULL
    session.sign = False
    return session


@for_each_dialect("null-sessions", "a null session reaches no share but the pipes")
def null_session_reaches_no_share(dozo, dialect):
    session = null_session(dozo, dialect)
    for share in ("files", "sealed", "readonly", "bobs", "there is none"):
        refused(session.try_tree_connect(share), smb.ACCESS_DENIED)
    pipes = session.tree_connect("IPC$")
    refused(pipes.try_create("lsarpc"), smb.ACCESS_DENIED)
    refused(pipes.close(pipes.create("srvsvc")), smb.SUCCESS)
    dozo.wait_for_log("anonymous_logon_accepted")
    dozo.wait_for_log(r'share_refused: .*share="files".*reason="anonymous"')


@case("null-sessions", "a null session becomes nobody else's")
def null_session_stays_nobodys(dozo):
    # Its keys are known to everybody; [MS-SMB2] 3.3.5.5.2 would go on using them.
    session = null_session(dozo)
    initiator = ntlm.Initiator(server.USER, server.PASSWORD)
    _, response = session.connection.session_setup(ntlm.spnego_init(initiator.negotiate()), session_id=session.id)
    token = initiator.authenticate(ntlm.token_inside(response.body[8:]))
    _, response = session.connection.session_setup(ntlm.spnego_response(token, None), session_id=session.id)
    refused(response, smb.ACCESS_DENIED)


@case("null-sessions", "a name without a proof, and a proof without a name")
def half_a_null_session(dozo):
    logon_is_refused(dozo, "", "x", smb.LOGON_FAILURE)
    logon_is_refused(dozo, server.USER, "", smb.LOGON_FAILURE)


@case("default", "empty name with a response")
def empty_name(dozo):
    logon_is_refused(dozo, "", "x", smb.LOGON_FAILURE, smb.ACCESS_DENIED)


@for_each_dialect("default", "NTLMv1 response")
def ntlmv1(dozo, dialect):
    # [MS-NLMP] 3.2.5.1.2: security that is too weak for the server's policy is an error; the password is right.
    logon_is_refused(dozo, server.USER, server.PASSWORD, smb.LOGON_FAILURE, dialect=dialect, version=1)
    dozo.wait_for_log("ntlmv1|weak_security")


@case("default", "wrong MIC")
def wrong_mic(dozo):
    # [MS-NLMP] 3.2.5.1.2: the MIC is verified when MsvAvFlags says that it is there.
    logon_is_refused(dozo, server.USER, server.PASSWORD, smb.LOGON_FAILURE, spoil_mic=True)


@case("default", "wrong mechListMIC")
def wrong_mech_list_mic(dozo):
    # RFC 4178 5: (d) a MIC that does not verify ends the negotiation.
    logon_is_refused(dozo, server.USER, server.PASSWORD, smb.LOGON_FAILURE, 0xC000000D, mech_list_mic="wrong")


@case("default", "garbage as a security token")
def garbage_token(dozo):
    for token in (b"", b"\x60", b"\x60\x84\xff\xff\xff\xff", b"NTLMSSP\0\1\0\0\0", b"\xa1\x82\x01", b"A" * 4000,
                  ntlm.spnego_init(b"NTLMSSP\0\3" + bytes(80))):
        connection = connect(dozo)
        _, response = connection.session_setup(token)
        require(response.status >= 0xC0000000 and response.status != smb.MORE_PROCESSING,
                f"{smb.status_name(response.status)} for {token[:12]!r}")
        connection.close()


@case("default", "request on a session that is being set up")
def half_open_session(dozo):
    # [MS-SMB2] 3.3.5.2.9: InProgress serves nothing but LOGOFF, CLOSE and LOCK; the error is the server's choice.
    connection = connect(dozo)
    initiator = ntlm.Initiator(server.USER, server.PASSWORD)
    _, response = connection.session_setup(ntlm.spnego_init(initiator.negotiate()))
    refused(response, smb.MORE_PROCESSING)
    path = ntlm.utf16("\\\\x\\files")
    connection.send_frame(connection.message(smb.TREE_CONNECT, struct.pack("<HHHH", 9, 0, 72, len(path)) + path,
                                             session_id=response.session_id))
    refused(connection.receive(), smb.USER_SESSION_DELETED, smb.ACCESS_DENIED)
    connection.close()


@case("default", "session binding without multichannel")
def binding(dozo):
    # [MS-SMB2] 3.3.5.5: SMB2_SESSION_FLAG_BINDING without IsMultiChannelCapable.
    first = let_in(dozo)
    second = connect(dozo)
    initiator = ntlm.Initiator(server.USER, server.PASSWORD)
    second.sessions[first.id] = first
    _, response = second.session_setup(ntlm.spnego_init(initiator.negotiate()), session_id=first.id, flags=1)
    refused(response, smb.REQUEST_NOT_ACCEPTED, smb.USER_SESSION_DELETED)
    unharmed(first)
    first.connection.close()
    second.close()


@case("default", "previous session of another user")
def previous_of_another(dozo):
    # [MS-SMB2] 3.3.5.5.3: PreviousSessionId ends a session only when it is the same user's.
    alice = let_in(dozo)
    bob = connect(dozo).logon(server.USER2, server.PASSWORD2, previous=alice.id)
    unharmed(alice)
    own = connect(dozo).logon(server.USER, server.PASSWORD, previous=alice.id)
    try:
        refused(alice.echo(), smb.USER_SESSION_DELETED)
    except smb.Closed:
        pass
    for session in (alice, bob, own):
        session.connection.close()


# --- Protocols ------------------------------------------------------------------------------------------------------

def smb1_negotiate(dialects):
    header = b"\xffSMB\x72" + struct.pack("<IBH", 0, 0x18, 0xC853) + bytes(12) + struct.pack("<HHHH", 0xFFFF, 1, 0, 0)
    return header + b"\0" + struct.pack("<H", len(dialects)) + dialects


@case("default", "SMB1-only negotiate")
def smb1_only(dozo):
    # [MS-SMB2] 3.3.5.3: without an SMB2 dialect string there is nothing in common.
    connection = smb.Connection("127.0.0.1", dozo.port)
    connection.send_frame(smb1_negotiate(b"\x02PC NETWORK PROGRAM 1.0\0\x02LANMAN1.0\0" + SMB1_DIALECT))
    dropped(connection)
    connection.close()
    dozo.wait_for_log(r'smb1_client_refused: address="127\.0\.0\.1"')


@case("default", "SMB1 negotiate that offers SMB2")
def smb1_upgrade(dozo):
    # [MS-SMB2] 3.3.5.3.2: the answer is SMB2's with dialect 0x02FF, and an SMB2 NEGOTIATE follows.
    connection = smb.Connection("127.0.0.1", dozo.port)
    connection.send_frame(smb1_negotiate(SMB1_DIALECT + b"\x02SMB 2.002\0\x02SMB 2.???\0"))
    response = connection.receive()
    refused(response, smb.SUCCESS)
    require_equal(struct.unpack_from("<H", response.body, 4)[0], 0x2FF, "DialectRevision")
    connection.message_id = 1
    refused(connection.negotiate(), smb.SUCCESS)
    require_equal(connection.dialect, 0x311, "dialect")
    unharmed(connection.logon(server.USER, server.PASSWORD))
    # An SMB1 message after that is none of ours.
    connection.send_frame(smb1_negotiate(SMB1_DIALECT))
    dropped(connection)
    connection.close()


@case("strict", "SMB1 negotiate with SMB 2.002 only, below the minimum")
def smb1_old_smb2(dozo):
    connection = smb.Connection("127.0.0.1", dozo.port)
    connection.send_frame(smb1_negotiate(SMB1_DIALECT + b"\x02SMB 2.002\0"))
    dropped(connection)
    connection.close()


@case("strict", "dialect below the minimum")
def below_minimum(dozo):
    # [MS-SMB2] 3.3.5.4: no common dialect is STATUS_NOT_SUPPORTED. This server's minimum is 3.0.2.
    for dialects in ([0x202], [0x210], [0x202, 0x210, 0x300]):
        connection = smb.Connection("127.0.0.1", dozo.port)
        refused(connection.negotiate(dialects), smb.NOT_SUPPORTED)
        connection.close()
    dozo.wait_for_log("dialect_refused")
    connection = smb.Connection("127.0.0.1", dozo.port)
    refused(connection.negotiate([0x202, 0x302]), smb.SUCCESS)
    require_equal(connection.dialect, 0x302, "dialect")
    connection.close()


@case("old", "dialect above the maximum")
def above_maximum(dozo):
    connection = smb.Connection("127.0.0.1", dozo.port)
    refused(connection.negotiate(), smb.SUCCESS)
    require_equal(connection.dialect, 0x300, "dialect of a server whose maximum is 3.0")
    connection.close()
    connection = smb.Connection("127.0.0.1", dozo.port)
    refused(connection.negotiate([0x311]), smb.NOT_SUPPORTED)
    connection.close()


@case("default", "negotiate without dialects")
def no_dialects(dozo):
    # [MS-SMB2] 3.3.5.4: DialectCount 0 is STATUS_INVALID_PARAMETER.
    connection = smb.Connection("127.0.0.1", dozo.port)
    refused(connection.negotiate([]), smb.INVALID_PARAMETER)
    connection.close()


@case("default", "3.1.1 negotiate without preauthentication integrity")
def no_preauth_context(dozo):
    # [MS-SMB2] 3.3.5.4: without exactly one SMB2_PREAUTH_INTEGRITY_CAPABILITIES: STATUS_INVALID_PARAMETER.
    connection = smb.Connection("127.0.0.1", dozo.port)
    connection.negotiate_contexts = lambda *_: (1, struct.pack("<HHIHH", 2, 4, 0, 1, 2))
    refused(connection.negotiate([0x311]), smb.INVALID_PARAMETER)
    connection.close()
    connection = smb.Connection("127.0.0.1", dozo.port)
    one = struct.pack("<HHIHHH", 1, 38, 0, 1, 32, 1) + bytes(32) + bytes(2)
    connection.negotiate_contexts = lambda *_: (2, one + one)
    refused(connection.negotiate([0x311]), smb.INVALID_PARAMETER)
    connection.close()


@case("default", "3.1.1 negotiate with an unknown hash only")
def unknown_hash(dozo):
    # [MS-SMB2] 3.3.5.4: STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP.
    connection = smb.Connection("127.0.0.1", dozo.port)
    connection.negotiate_contexts = lambda *_: (1, struct.pack("<HHIHHH", 1, 6, 0, 1, 0, 77))
    refused(connection.negotiate([0x311]), 0xC05D0000)
    connection.close()


@case("default", "negotiate twice")
def negotiate_twice(dozo):
    # [MS-SMB2] 3.3.5.4: when NegotiateDialect is set already, disconnect and do not reply.
    connection = connect(dozo)
    connection.send_frame(connection.message(smb.NEGOTIATE, connection.negotiate_body([0x311], [2], [2])))
    dropped(connection)
    session = let_in(dozo)
    session.send(smb.NEGOTIATE, session.connection.negotiate_body([0x202], [], []))
    dropped(session.connection)
    connection.close()
    session.connection.close()


@case("default", "request before negotiate")
def before_negotiate(dozo):
    # [MS-SMB2] 3.3.5.2.2: disconnect, and send no reply.
    for command, body in ((smb.ECHO, struct.pack("<HH", 4, 0)), (smb.SESSION_SETUP, bytes(24)), (smb.READ, bytes(49))):
        connection = smb.Connection("127.0.0.1", dozo.port)
        connection.send_frame(connection.message(command, body))
        dropped(connection)
        connection.close()


# --- Negotiation validated ------------------------------------------------------------------------------------------

def validate(session, *, guid=None, mode=None, capabilities=None, dialects=None, output=24):
    c = session.connection
    dialects = c.dialects if dialects is None else dialects
    data = struct.pack("<I16sHH", c.capabilities if capabilities is None else capabilities, guid or c.client_guid,
                       c.security_mode if mode is None else mode, len(dialects))
    data += struct.pack(f"<{len(dialects)}H", *dialects)
    tree = session.tree_connect("IPC$")
    session.send(smb.IOCTL, smb.ioctl_body(smb.FSCTL_VALIDATE_NEGOTIATE_INFO, data, output=output), tree_id=tree.id)


@for_each_dialect("default", "negotiation validated rightly", (0x202, 0x210, 0x300, 0x302))
def validated(dozo, dialect):
    session = let_in(dozo, dialect)
    validate(session)
    response = session.connection.receive()
    refused(response, smb.SUCCESS)
    at = struct.unpack_from("<I", response.body, 32)[0]
    capabilities, _, mode, said = struct.unpack_from("<I16sHH", response.raw, at)
    c = session.connection
    require_equal((capabilities, mode, said), (c.server_capabilities, c.server_mode, dialect), "validated negotiation")
    c.close()


@for_each_dialect("default", "negotiation that was tampered with", (0x300, 0x302))
def tampered_negotiation(dozo, dialect):
    # [MS-SMB2] 3.3.5.15.12: terminate the transport connection, and do not answer.
    lies = ({"guid": b"x" * 16}, {"mode": 2}, {"capabilities": 0}, {"dialects": [0x202, dialect, 0x311]},
            {"dialects": [0x202, dialect]}, {"dialects": []}, {"output": 23})
    for lie in lies:
        session = let_in(dozo, dialect)
        validate(session, **lie)
        try:
            dropped(session.connection)
        except (Failed, smb.Unexpected) as problem:
            raise Failed(f"{lie}: {problem}") from None


@case("default", "negotiation validated in 3.1.1")
def validated_311(dozo):
    # [MS-SMB2] 3.3.5.15.12: in 3.1.1 the connection is terminated.
    session = let_in(dozo)
    validate(session)
    dropped(session.connection)
    session.connection.close()


# --- Time -----------------------------------------------------------------------------------------------------------

DELAY_MS = 4000


def has_answer(connection):
    return bool(select.select([connection.socket], [], [], 0)[0])


@case("delay", "a failed logon is answered late")
def failed_logon_delay(dozo):
    connection = connect(dozo)
    started = time.monotonic()
    response, _ = connection.try_logon(server.USER, "wrong")
    refused(response, smb.LOGON_FAILURE)
    took = time.monotonic() - started
    require(DELAY_MS / 1000 <= took, f"answered after {took:.2f} s")
    connection.close()


@case("delay", "a failure delays nobody else, and not the right password")
def failure_delays_nobody(dozo):
    # Two failures of alice are under way while bob, and alice herself, come from the same address.
    waiting = [connect(dozo) for _ in range(2)]
    for connection in waiting:
        initiator = ntlm.Initiator(server.USER, "wrong")
        _, response = connection.session_setup(ntlm.spnego_init(initiator.negotiate()))
        token = ntlm.spnego_response(initiator.authenticate(ntlm.token_inside(response.body[8:])))
        body = struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token
        connection.send_frame(connection.message(smb.SESSION_SETUP, body, session_id=response.session_id))
    started = time.monotonic()
    for user, password in ((server.USER2, server.PASSWORD2), (server.USER, server.PASSWORD)):
        session = connect(dozo).logon(user, password)
        unharmed(session)
        session.connection.close()
    # Let in while a failure was still being held back.
    require(not has_answer(waiting[1]), "the failures were answered before the right passwords")
    answered = []
    for connection in waiting:
        refused(connection.receive(), smb.LOGON_FAILURE)
        answered.append(time.monotonic() - started)
        connection.close()
    # Guesses over several connections do not go faster: their answers are a delay apart.
    require(answered[0] >= DELAY_MS / 1000 - 0.2 and answered[1] >= 2 * DELAY_MS / 1000 - 0.2,
            f"answers after {answered[0]:.2f} and {answered[1]:.2f} s")


@case("limits", "a connection that does not authenticate in time")
def pre_auth_timeout(dozo):
    silent = smb.Connection("127.0.0.1", dozo.port)
    negotiated = connect(dozo)
    dripping = smb.Connection("127.0.0.1", dozo.port)
    good = let_in(dozo)
    started = time.monotonic()
    try:
        while time.monotonic() < started + PATIENCE:
            dripping.send_raw(b"\0")
            time.sleep(0.2)
        raise Failed("a connection of single bytes lives on")
    except smb.Closed:
        pass
    require(0.5 < time.monotonic() - started, "closed before the timeout of 1 s")
    dropped(silent)
    dropped(negotiated)
    unharmed(good)
    for connection in (silent, negotiated, dripping, good.connection):
        connection.close()


@case("limits", "more connections from one address than allowed")
def too_many_connections(dozo):
    # The limit is 5.
    held = [let_in(dozo) for _ in range(5)]
    sixth = smb.Connection("127.0.0.1", dozo.port)
    dropped(sixth)
    sixth.close()
    for session in held:
        unharmed(session)
    held.pop().connection.close()
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            held.append(let_in(dozo))
            break
        except smb.Closed:
            if time.monotonic() > deadline:
                raise Failed("no connection is accepted after another one was closed") from None
            time.sleep(0.1)
    for session in held:
        session.connection.close()
