// FSCTL_VALIDATE_NEGOTIATE_INFO. [MS-SMB2] 3.3.5.15.12.
#include <algorithm>

#include "server/connection.h"
#include "server/fsctl/functions.h"
#include "server/request.h"
#include "server/server.h"
#include "wire/fscc/fsctl.h"

namespace dozo::server {
namespace {

constexpr std::size_t kAnswerSize = 24;  // VALIDATE_NEGOTIATE_INFO Response, [MS-SMB2] 2.2.32.6

// [MS-SMB2] 3.3.5.15.12: the greatest of the client's dialects that this server speaks; 0: none.
std::uint16_t greatest_common(const std::vector<std::uint16_t>& offered, const ServerConfig& config) {
  std::uint16_t best = 0;
  for (const Dialect dialect : kAllDialects) {
    const auto number = static_cast<std::uint16_t>(dialect);
    const bool spoken = dialect >= config.min_dialect && dialect <= config.max_dialect;
    if (spoken && std::ranges::find(offered, number) != offered.end()) best = number;
  }
  return best;
}

// What the client says it offered is what arrived, and leads to the dialect it got.
bool is_as_negotiated(const Request& request, const wire::ValidateNegotiateInfoRequest& said) {
  const Negotiated& negotiated = *request.connection.negotiated;
  const auto config = request.server.config();
  // A client that came by an SMB1 multi-protocol negotiate has offered dialects twice: then only what they lead to
  // counts.
  const bool same_offer = negotiated.client_dialects.empty() || said.dialects == negotiated.client_dialects;
  const std::uint16_t dialect = static_cast<std::uint16_t>(negotiated.dialect);
  return same_offer && greatest_common(said.dialects, config->server) == dialect &&
         said.guid == negotiated.client_guid && said.security_mode == negotiated.client_security_mode &&
         said.capabilities == negotiated.client_capabilities;
}

// Somebody in between has changed the negotiation, or the client is broken: no answer can help.
FsctlAnswer end_connection(Request& request, std::string_view why) {
  request.connection.disconnect(why);
  FsctlAnswer nothing;
  nothing.silent = true;
  return nothing;
}

}  // namespace

FsctlTask validate_negotiate_info(FsctlCall& call) {
  const Negotiated& negotiated = *call.request.connection.negotiated;
  const auto said = wire::decode_plain<wire::ValidateNegotiateInfoRequest>(call.input);
  if (negotiated.dialect == Dialect::smb_3_1_1)
    co_return end_connection(call.request, "negotiation validated in 3.1.1");
  if (!said || call.output_max < kAnswerSize) co_return end_connection(call.request, "malformed negotiate validation");
  if (!is_as_negotiated(call.request, *said)) co_return end_connection(call.request, "negotiation was tampered with");
  co_return fsctl_answer(wire::ValidateNegotiateInfoResponse{negotiated.server_capabilities, call.request.server.guid(),
                                                             negotiated.server_security_mode,
                                                             static_cast<std::uint16_t>(negotiated.dialect)});
}

}  // namespace dozo::server
