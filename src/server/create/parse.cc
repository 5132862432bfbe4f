// CREATE, phase parse: the message as values. [MS-SMB2] 2.2.13.
#include <algorithm>

#include "base/unicode.h"
#include "server/create/create.h"
#include "wire/create_contexts.h"
#include "wire/fscc/ea.h"

namespace dozo::server {
namespace {

// [MS-SMB2] 2.2.13.2.1.
Result<> parse_extended_attributes(Bytes data, CreateContexts& out) {
  if (data.empty()) return {};
  const auto list = wire::decode_chain<wire::FileFullEaInformation>(data, wire::kEaAlignment);
  if (!list) return fail(NtStatus::EA_LIST_INCONSISTENT);
  for (const wire::FileFullEaInformation& ea : *list) {
    out.extended_attributes.push_back({ea.ea_name, {ea.ea_value.begin(), ea.ea_value.end()}});
  }
  return {};
}

// [MS-SMB2] 2.2.13.2.2.
Result<> parse_security(Bytes data, CreateContexts& out) {
  const auto descriptor = decode_security_descriptor(data);
  if (!descriptor) return fail(NtStatus::INVALID_PARAMETER);
  out.security = *descriptor;
  return {};
}

Result<> parse_allocation_size(Bytes data, CreateContexts& out) {
  DOZO_TRY(const auto context, wire::decode_plain<wire::AllocationSizeContext>(data));
  out.allocation_size = context.allocation_size;
  return {};
}

// [MS-SMB2] 2.2.13.2.5: empty, or a timestamp.
Result<> parse_maximal_access(Bytes data, CreateContexts& out) {
  out.query_maximal_access = true;
  if (data.empty()) return {};
  if (data.size() != 8) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_TRY(const auto context, wire::decode_plain<wire::QueryMaximalAccessRequest>(data));
  out.maximal_access_since = context.timestamp;
  return {};
}

Result<> parse_timewarp(Bytes data, CreateContexts& out) {
  if (data.size() != 8) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_TRY(const auto context, wire::decode_plain<wire::TimewarpToken>(data));
  out.timewarp = context.timestamp;
  return {};
}

Result<> parse_on_disk_id(Bytes, CreateContexts& out) {
  out.query_on_disk_id = true;
  return {};
}

// The contexts dozo acts upon. Oplock, lease and durable ones are answered "none" by saying nothing.
struct ContextRow {
  Bytes name;
  Result<> (*parse)(Bytes data, CreateContexts& out);
};
const ContextRow kContexts[] = {
    {wire::context_name::kEaBuffer, &parse_extended_attributes},
    {wire::context_name::kSdBuffer, &parse_security},
    {wire::context_name::kAllocationSize, &parse_allocation_size},
    {wire::context_name::kQueryMaximalAccess, &parse_maximal_access},
    {wire::context_name::kTimewarp, &parse_timewarp},
    {wire::context_name::kQueryOnDiskId, &parse_on_disk_id},
};

Result<CreateContexts> parse_contexts(const wire::CreateRequest& request) {
  CreateContexts out;
  for (const wire::CreateContext& context : request.create_contexts) {
    // [MS-SMB2] 3.3.5.9: no context has a name shorter than four bytes.
    if (context.name.size() < 4) return fail(NtStatus::INVALID_PARAMETER);
    for (const ContextRow& row : kContexts) {
      if (std::ranges::equal(row.name, context.name)) DOZO_CHECK(row.parse(context.data, out));
    }
  }
  return out;
}

}  // namespace

Result<CreateParameters> parse_create(const Request& request) {
  CreateParameters out;
  DOZO_TRY(out.request, request.decode<wire::CreateRequest>());
  const auto disposition =
      create_disposition_from_wire(static_cast<std::uint32_t>(out.request.create_disposition));
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
  return out;
}

}  // namespace dozo::server
