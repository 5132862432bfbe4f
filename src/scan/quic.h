// Whether somebody speaks QUIC on a UDP port. RFC 9000 6.1, 17.2.1.
#pragma once

#include "base/bytes.h"
#include "runtime/socket.h"
#include "runtime/task.h"
#include "scan/facts.h"

namespace dozo::scan {

// A long-header packet of a version that is kept for this: whoever speaks QUIC answers with the versions it has, and no
// connection comes of it. `id` is eight bytes.
ByteVector encode_quic_probe(Bytes id);
// The versions of a Version Negotiation packet that answers it; empty for anything else.
std::vector<std::uint32_t> decode_version_negotiation(Bytes datagram, Bytes id);

// Yes says that QUIC is there, not that SMB is behind it: only a certificate and a TLS handshake would tell.
runtime::Task<Fact> ask_quic(runtime::Loop& loop, runtime::Endpoint endpoint, Duration timeout);

}  // namespace dozo::scan
