// Session binding: SESSION_SETUP with SMB2_SESSION_FLAG_BINDING, which makes a connection another channel of a session.
#pragma once

#include <memory>

#include "base/result.h"
#include "server/channel.h"

namespace dozo::server {

class Request;

bool is_binding(const Request& request);

// A signed request on a connection that is no channel of `session`: whether Session.SigningKey signed it. Then it signs
// the answer too (request.session_signer), as Windows does. Whoever has not shown the key gets nothing signed with it:
// under AES-GMAC two messages with one nonce would give the key away.
bool is_signed_by_session(Request& request, const Session& session);

// The channel on which the binding's dialogue goes on, or begins: not open, in the connection's table. Nothing has
// changed before the request's signature has been verified with the session's key.
//
// STATUS_USER_SESSION_DELETED: no such session, or another client's; STATUS_REQUEST_OUT_OF_SEQUENCE,
// STATUS_NOT_SUPPORTED: other signing; STATUS_REQUEST_NOT_ACCEPTED: the dialect has no channels, or the session is on
// this connection already, or not set up yet; STATUS_INVALID_PARAMETER: another dialect or cipher, or unsigned;
// STATUS_ACCESS_DENIED: a wrong signature; STATUS_INSUFFICIENT_RESOURCES: as many channels as there may be.
Result<std::shared_ptr<Channel>> begin_binding(Request& request);

// The dialogue has succeeded for `user`: the channel opens. STATUS_ACCESS_DENIED: the session is somebody else's.
Result<> finish_binding(Request& request, Channel& channel, const Sid& user);

}  // namespace dozo::server
