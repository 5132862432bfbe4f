// CREATE, phase parse: the message as values. [MS-SMB2] 2.2.13.
#include "base/unicode.h"
#include "server/create/contexts.h"

namespace dozo::server {

namespace {

Result<> parse_values(CreateParameters& out) {
  const auto disposition = create_disposition_from_wire(static_cast<std::uint32_t>(out.request.create_disposition));
  if (!disposition) return fail(NtStatus::INVALID_PARAMETER);
  out.disposition = *disposition;
  // [MS-SMB2] 3.3.5.9: impersonation levels beyond Delegate.
  if (static_cast<std::uint32_t>(out.request.impersonation_level) >
      static_cast<std::uint32_t>(ImpersonationLevel::delegate)) {
    return fail(NtStatus::BAD_IMPERSONATION_LEVEL);
  }
  return {};
}

}  // namespace

Result<CreateParameters> parse_create(const Request& request) {
  CreateParameters out;
  DOZO_TRY(out.request, request.decode<wire::CreateRequest>());
  DOZO_TRY(out.contexts, parse_contexts(out.request));
  DOZO_CHECK(settle_durable_contexts(request, out.contexts.durable));
  if (request.tree->share->is_ipc()) {
    DOZO_CHECK(parse_values(out));
    out.name.path = {utf16_to_utf8(out.request.name)};  // only ever compared with the table of pipes
    return out;
  }
  // [MS-SMB2] 3.3.5.9.7, 3.3.5.9.12: what is come back to is as it was opened, and only a lease makes its name count.
  if (out.contexts.durable.reconnects()) {
    if (auto name = parse_name(out.request.name)) out.name = std::move(*name);
    return out;
  }
  DOZO_CHECK(parse_values(out));
  DOZO_TRY(out.name, parse_name(out.request.name));
  return out;
}

}  // namespace dozo::server
