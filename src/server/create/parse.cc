// CREATE, phase parse: the message as values. [MS-SMB2] 2.2.13.
#include "base/unicode.h"
#include "server/create/contexts.h"

namespace dozo::server {

Result<CreateParameters> parse_create(const Request& request) {
  CreateParameters out;
  DOZO_TRY(out.request, request.decode<wire::CreateRequest>());
  const auto disposition = create_disposition_from_wire(static_cast<std::uint32_t>(out.request.create_disposition));
  if (!disposition) return fail(NtStatus::INVALID_PARAMETER);
  out.disposition = *disposition;
  // [MS-SMB2] 3.3.5.9: impersonation levels beyond Delegate.
  if (static_cast<std::uint32_t>(out.request.impersonation_level) >
      static_cast<std::uint32_t>(ImpersonationLevel::delegate)) {
    return fail(NtStatus::BAD_IMPERSONATION_LEVEL);
  }
  if (request.tree->share->is_ipc()) {
    out.name.path = {utf16_to_utf8(out.request.name)};  // only ever compared with the table of pipes
  } else {
    DOZO_TRY(out.name, parse_name(out.request.name));
  }
  DOZO_TRY(out.contexts, parse_contexts(out.request));
  DOZO_CHECK(settle_durable_contexts(request, out.contexts.durable));
  return out;
}

}  // namespace dozo::server
