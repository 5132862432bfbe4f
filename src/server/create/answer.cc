// CREATE, phase answer. [MS-SMB2] 2.2.14.
#include <deque>

#include "server/create/contexts.h"

namespace dozo::server {

Reply answer_create(const CreateAnswer& answer) {
  const Materialized& made = answer.made;
  wire::CreateResponse out;
  out.oplock_level = answer.caching.oplock;
  out.create_action = made.action;
  out.creation_time = made.info.creation_time;
  out.last_access_time = made.info.last_access_time;
  out.last_write_time = made.info.last_write_time;
  out.change_time = made.info.change_time;
  out.allocation_size = made.info.allocation_size;
  out.end_of_file = made.info.size;
  out.file_attributes = or_normal(made.info.attributes);
  out.file_id = answer.open.id;
  if (made.info.attributes.has(FileAttribute::reparse_point)) out.flags = wire::kCreateFlagReparsePoint;

  std::deque<ByteVector> storage;
  for (const ContextRow& row : context_table()) {
    if (row.answer == nullptr) continue;
    std::optional<ByteVector> data = row.answer(answer);
    if (!data) continue;
    storage.push_back(std::move(*data));
    out.create_contexts.push_back({row.name, storage.back()});
  }
  return Reply::of(out);
}

}  // namespace dozo::server
