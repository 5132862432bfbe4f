// Create contexts of the file: what a new one is made with, and what is told about it. [MS-SMB2] 2.2.13.2, 2.2.14.2.
#include "server/create/contexts.h"
#include "wire/create_contexts.h"
#include "wire/fscc/ea.h"

namespace dozo::server {

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

Result<> parse_timewarp(Bytes data, CreateContexts& out) {
  if (data.size() != 8) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_TRY(const auto context, wire::decode_plain<wire::TimewarpToken>(data));
  out.timewarp = context.timestamp;
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

// [MS-SMB2] 3.3.5.9.5: a client that knows the access as of a time later than the file's last change keeps it.
std::optional<ByteVector> answer_maximal_access(const CreateAnswer& answer) {
  const CreateContexts& asked = answer.parameters.contexts;
  if (!asked.query_maximal_access) return std::nullopt;
  wire::QueryMaximalAccessResponse out;
  const auto since = asked.maximal_access_since;
  if (since && since->ticks != 0 && *since == answer.made.info.last_write_time) {
    out.query_status = NtStatus::NONE_MAPPED;
  } else {
    out.maximal_access = answer.maximal;
  }
  return wire::encode_plain(out);
}

Result<> parse_on_disk_id(Bytes, CreateContexts& out) {
  out.query_on_disk_id = true;
  return {};
}

std::optional<ByteVector> answer_on_disk_id(const CreateAnswer& answer) {
  if (!answer.parameters.contexts.query_on_disk_id) return std::nullopt;
  const vfs::NodeId node = answer.open.node;
  return wire::encode_plain(wire::QueryOnDiskIdResponse{.disk_file_id = node.inode, .volume_id = node.device});
}

}  // namespace dozo::server
