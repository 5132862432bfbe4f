// What the client caches: leases asked for, breaks received and acknowledged.
#include "server/testing/client.h"
#include "server/testing/world.h"
#include "wire/oplock_break.h"

namespace dozo::server::testing {

wire::CreateContext Client::lease_context(const wire::LeaseContext& lease) {
  return {wire::context_name::kRequestLease, context_data_.emplace_back(wire::encode_plain(lease))};
}

wire::CreateContext Client::lease_context(const wire::LeaseContextV2& lease) {
  return {wire::context_name::kRequestLease, context_data_.emplace_back(wire::encode_plain(lease))};
}

Answer Client::next_break(Duration at_most) {
  world_.run_until([&] { return !breaks_.empty() || ended_; }, at_most);
  if (breaks_.empty()) return {};
  Answer next = std::move(breaks_.front());
  breaks_.pop_front();
  return next;
}

MessageId Client::start_ack(FileId id, OplockLevel level) {
  return start(wire::Command::oplock_break,
               wire::OplockBreakAcknowledgment{.oplock_level = level, .file_id = id});
}

MessageId Client::start_ack(const Guid& lease, LeaseState state) {
  return start(wire::Command::oplock_break,
               wire::LeaseBreakAcknowledgment{.lease_key = lease, .lease_state = state});
}

}  // namespace dozo::server::testing
