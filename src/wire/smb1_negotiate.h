// The SMB1 COM_NEGOTIATE request, with which multi-protocol clients open a connection. Only enough of SMB1 to
// answer in SMB2 or to refuse. [MS-SMB2] 3.3.5.3; [MS-CIFS] 2.2.4.52.1.
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace dozo::wire {

// Dialect strings are views into the message.
struct Smb1NegotiateRequest {
  std::vector<std::string_view> dialects;

  bool offers(std::string_view dialect) const;
  // "SMB 2.???": answer with the wildcard, the client then sends an SMB2 NEGOTIATE. [MS-SMB2] 3.3.5.3.2.
  bool offers_smb2_wildcard() const { return offers("SMB 2.???"); }
  // "SMB 2.002": SMB 2.0.2 may be selected at once. [MS-SMB2] 3.3.5.3.1.
  bool offers_smb_2_0_2() const { return offers("SMB 2.002"); }
  bool is_smb1_only() const { return !offers_smb2_wildcard() && !offers_smb_2_0_2(); }
};

// `message` starts at the SMB1 header. STATUS_INVALID_PARAMETER for anything but a well-formed COM_NEGOTIATE
// request with at least one dialect; at most kSmb1DialectsMax are taken.
inline constexpr std::size_t kSmb1DialectsMax = 64;
Result<Smb1NegotiateRequest> decode_smb1_negotiate(Bytes message);
// What a multi-protocol client sends.
void encode_smb1_negotiate(const Smb1NegotiateRequest& request, ByteWriter& out);

}  // namespace dozo::wire
