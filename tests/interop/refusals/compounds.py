"""What is not served of compounds, and what becomes of requests that wait."""
import struct

from support import *

ECHO_BODY = struct.pack("<HH", 4, 0)


def echo_chain(session, count, **keywords):
    return [(smb.ECHO, ECHO_BODY, dict(keywords)) for _ in range(count)]


@case("default", "NextCommand that leads out of the frame, back, or to no boundary")
def wrong_next(dozo):
    # [MS-SMB2] 3.3.5.2.7: elements start at 8-byte boundaries, within what arrived; disconnect.
    for wrong in (8, 63, 64, 66, 68, 71, 1000, 0x7FFFFFF8, 0xFFFFFFF8):
        session = let_in(dozo)
        message = session.message(smb.ECHO, ECHO_BODY)
        message = message[:20] + struct.pack("<I", wrong) + message[24:]
        session.connection.send_frame(session.signed(message + bytes(60)))
        dropped(session.connection)
        session.connection.close()


@case("default", "truncated compounds")
def truncated_compounds(dozo):
    # [MS-SMB2] 3.3.5.2.6: an element shorter than a header: disconnect.
    for size in (1, 4, 8, 40, 63):
        session = let_in(dozo)
        first = smb.pad8(session.message(smb.ECHO, ECHO_BODY))
        first = session.signed(first[:20] + struct.pack("<I", len(first)) + first[24:])
        session.connection.send_frame(first + session.message(smb.ECHO, ECHO_BODY)[:size])
        answers = 0
        try:
            while True:
                session.connection.receive()
                answers += 1
        except smb.Closed:
            pass
        require(answers <= 1, f"{answers} answers")
        session.connection.close()
    # An element with a header and half of its body is an error of its own.
    session = let_in(dozo)
    first = smb.pad8(session.message(smb.ECHO, ECHO_BODY))
    first = session.signed(first[:20] + struct.pack("<I", len(first)) + first[24:])
    session.connection.send_frame(first + session.signed(session.message(smb.ECHO, b"\4")))
    answers = session.connection.receive_chain()
    if len(answers) == 1:
        answers += session.connection.receive_chain()
    require_equal([a.status for a in answers], [smb.SUCCESS, smb.INVALID_PARAMETER], "statuses")
    session.connection.close()


@case("default", "first element related")
def related_first(dozo):
    # [MS-SMB2] 3.3.5.2.7.2: the server should fail the chain; Windows: STATUS_INVALID_PARAMETER.
    session = let_in(dozo)
    tree = session.tree_connect("files")
    session.send_compound([(smb.CREATE, smb.create_body("related", disposition=5), {"tree_id": tree.id,
                                                                                   "flags": smb.RELATED}),
                           (smb.CLOSE, smb.close_body(smb.RELATED_ID), {"flags": smb.RELATED})])
    answers = session.connection.receive_chain()
    require_equal(answers[0].status, smb.INVALID_PARAMETER, "status of the first")
    require(all(a.status != smb.SUCCESS for a in answers), "an element of the chain was served")
    unharmed(session)
    session.connection.close()


@case("default", "related elements after a failure")
def related_after_failure(dozo):
    # [MS-SMB2] 3.3.5.2.7.2: an operation that needs the FileId of one that failed fails as it did.
    session = let_in(dozo)
    tree = session.tree_connect("files")
    session.send_compound([(smb.CREATE, smb.create_body("no such file", disposition=1), {"tree_id": tree.id}),
                           (smb.READ, smb.read_body(smb.RELATED_ID, 10), {"flags": smb.RELATED}),
                           (smb.CLOSE, smb.close_body(smb.RELATED_ID), {"flags": smb.RELATED})])
    require_equal([a.status for a in session.connection.receive_chain()], [smb.OBJECT_NAME_NOT_FOUND] * 3, "statuses")
    session.send_compound([(smb.ECHO, ECHO_BODY, {"tree_id": tree.id}),
                           (smb.READ, smb.read_body(smb.RELATED_ID, 10), {"flags": smb.RELATED})])
    answers = session.connection.receive_chain()
    require_equal(answers[-1].status, smb.INVALID_HANDLE, "status without a FileId")
    session.connection.close()


@case("default", "compound of too many elements")
def too_many_elements(dozo):
    session = let_in(dozo)
    for _ in range(10):
        refused(session.echo(credits=512), smb.SUCCESS)
    session.send_compound(echo_chain(session, 1000))
    try:
        answers = 0
        while answers < 1000:
            answers += len(session.connection.receive_chain())
    except smb.Closed:
        pass
    require(answers < 1000, "a compound of 1,000 elements was served")
    session.connection.close()


@case("default", "compound that uses more credits than there are")
def compound_without_credits(dozo):
    session = let_in(dozo)
    c = session.connection
    c.message_id = c.message_id  # nothing is granted beyond what the server said
    over = c.credits - c.message_id + 1
    if over > 60:
        session.send_compound(echo_chain(session, 1, message_id=c.credits + 100000))
    else:
        session.send_compound(echo_chain(session, over, credits=0))
    try:
        while True:
            c.receive_chain()
    except smb.Closed:
        pass
    c.close()


@case("default", "waiting requests end with their connection")
def waiting_requests(dozo):
    """A CHANGE_NOTIFY and a blocking lock are parked; one is cancelled, the others go with the connection."""
    session, other = let_in(dozo), let_in(dozo)
    tree = session.tree_connect("files")
    folder = tree.create("", access=0x100081, options=1, attributes=0)
    file = tree.create("locked", disposition=5)
    theirs = other.tree_connect("files")
    their_file = theirs.create("locked")
    refused(tree.request(smb.LOCK, smb.lock_body(file, [(0, 10, 2 | 16)])), smb.SUCCESS)
    other.send(smb.LOCK, smb.lock_body(their_file, [(0, 10, 2)]), tree_id=theirs.id)
    refused(other.connection.receive_chain(interim=True)[0], smb.PENDING)
    session.send(smb.CHANGE_NOTIFY, struct.pack("<HHI16sII", 32, 0, 4096, folder, 0xFFF, 0), tree_id=tree.id)
    interim = session.connection.receive_chain(interim=True)[0]
    refused(interim, smb.PENDING)
    cancel = session.message(smb.CANCEL, ECHO_BODY, message_id=interim.message_id, flags=smb.ASYNC, charge=0)
    cancel = cancel[:32] + struct.pack("<Q", interim.async_id) + cancel[40:]
    session.connection.send_frame(session.signed(cancel))
    refused(session.connection.receive(), smb.CANCELLED)  # [MS-SMB2] 3.3.5.16
    session.send(smb.CHANGE_NOTIFY, struct.pack("<HHI16sII", 32, 0, 4096, folder, 0xFFF, 0), tree_id=tree.id)
    refused(session.connection.receive_chain(interim=True)[0], smb.PENDING)
    session.connection.close()
    refused(other.connection.receive(), smb.SUCCESS)  # the lock is free when its owner is gone
    other.send(smb.LOCK, smb.lock_body(their_file, [(0, 10, 2)]), tree_id=theirs.id)
    other.connection.close()
