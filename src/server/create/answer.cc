// CREATE, phase answer. [MS-SMB2] 2.2.14.
#include <deque>

#include "server/create/create.h"
#include "wire/create_contexts.h"

namespace dozo::server {
namespace {

// [MS-SMB2] 3.3.5.9.5: a client that knows the access as of a time later than the file's last change keeps it.
wire::QueryMaximalAccessResponse maximal_access_answer(const CreateParameters& parameters, const Materialized& made,
                                                       AccessMask maximal) {
  wire::QueryMaximalAccessResponse out;
  const auto since = parameters.contexts.maximal_access_since;
  if (since && since->ticks != 0 && *since == made.info.last_write_time) {
    out.query_status = NtStatus::NONE_MAPPED;
    return out;
  }
  out.maximal_access = maximal;
  return out;
}

}  // namespace

Reply answer_create(const CreateParameters& parameters, const Open& open, const Materialized& made,
                    AccessMask maximal) {
  wire::CreateResponse out;
  out.oplock_level = OplockLevel::none;
  out.create_action = made.action;
  out.creation_time = made.info.creation_time;
  out.last_access_time = made.info.last_access_time;
  out.last_write_time = made.info.last_write_time;
  out.change_time = made.info.change_time;
  out.allocation_size = made.info.allocation_size;
  out.end_of_file = made.info.size;
  out.file_attributes = or_normal(made.info.attributes);
  out.file_id = open.id;
  if (made.info.attributes.has(FileAttribute::reparse_point)) out.flags = wire::kCreateFlagReparsePoint;

  std::deque<ByteVector> storage;
  const auto add = [&](Bytes name, ByteVector data) {
    storage.push_back(std::move(data));
    out.create_contexts.push_back({name, storage.back()});
  };
  if (parameters.contexts.query_maximal_access) {
    add(wire::context_name::kQueryMaximalAccess,
        wire::encode_plain(maximal_access_answer(parameters, made, maximal)));
  }
  if (parameters.contexts.query_on_disk_id) {
    add(wire::context_name::kQueryOnDiskId,
        wire::encode_plain(wire::QueryOnDiskIdResponse{.disk_file_id = open.node.inode,
                                                       .volume_id = open.node.device}));
  }
  return Reply::of(out);
}

}  // namespace dozo::server
