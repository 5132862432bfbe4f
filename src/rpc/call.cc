#include "rpc/call.h"

#include <algorithm>

namespace dozo::rpc {

std::optional<Guid> ContextHandles::open(Host& host) {
  if (open_.size() >= kMax) return std::nullopt;
  const Guid id = host.random_guid();
  // A null handle is a closed one; an id twice would close twice.
  if (id.is_null() || valid(id)) return std::nullopt;
  open_.push_back(id);
  return id;
}

bool ContextHandles::valid(const Guid& id) const { return std::find(open_.begin(), open_.end(), id) != open_.end(); }

bool ContextHandles::close(const Guid& id) { return std::erase(open_, id) != 0; }

Guid read_handle(wire::NdrReader& in) {
  in.u32();  // C706 14.2.3.2 ndr_context_handle: attributes, which are 0
  return in.guid();
}

void write_handle(wire::NdrWriter& out, const Guid& id) {
  out.u32(0);
  out.guid(id);
}

}  // namespace dozo::rpc
