// The caching actor's durable opens: left behind by a connection that broke, come back to, and what strangers try with
// them.
#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/caching_actor.h"
#include "tests/simulation/caching_names.h"
#include "wire/fscc/fsctl.h"

namespace dozo::server::testing {
namespace {

using wire::Command;
namespace context_name = wire::context_name;

ByteVector lease_context(const Guid& key, LeaseState state, bool v2) {
  if (v2) return wire::encode_plain(wire::LeaseContextV2{.lease_key = key, .lease_state = state});
  return wire::encode_plain(wire::LeaseContext{.lease_key = key, .lease_state = state});
}

struct SaidCaching {
  LeaseState state;
  bool breaking = false;
  std::uint16_t epoch = 0;
};
SaidCaching said_caching(const wire::CreateResponse& said) {
  const auto* context = wire::find_context(said.create_contexts, context_name::kRequestLease);
  if (context == nullptr) return {state_of(said.oplock_level)};
  if (context->data.size() == wire::kLeaseV2ContextSize) {
    const auto v2 = wire::decode_plain<wire::LeaseContextV2>(context->data).value_or(wire::LeaseContextV2{});
    return {v2.lease_state, v2.flags.has(wire::LeaseFlag::break_in_progress), v2.epoch};
  }
  const auto v1 = wire::decode_plain<wire::LeaseContext>(context->data).value_or(wire::LeaseContext{});
  return {v1.lease_state, v1.lease_flags.has(wire::LeaseFlag::break_in_progress)};
}

}  // namespace

// --- Opening -----------------------------------------------------------------------------------------------------

runtime::Task<Answer> CachingActor::send_open(const Wish& wish, const std::string& name) {
  ReconnectRequest all{.name = name, .args = wish.args, .oplock = wish.oplock, .contexts = {}};
  all.contexts.emplace_back(context_name::kQueryOnDiskId, ByteVector());
  if (wish.lease) {
    all.contexts.emplace_back(context_name::kRequestLease,
                              lease_context(wish.lease->lease_key, wish.lease->lease_state, wish.lease_v2));
  }
  if (wish.durable && is_smb3(client_->dialect())) {
    wire::DurableHandleRequestV2 asked{.create_guid = wish.create_guid};
    if (wish.persistent) asked.flags = wire::DurableFlag::persistent;
    all.contexts.emplace_back(context_name::kDurableRequestV2, wire::encode_plain(asked));
  } else if (wish.durable) {
    all.contexts.emplace_back(context_name::kDurableRequest, wire::encode_plain(wire::DurableHandleRequest{}));
  }
  // [MS-SMB2] 3.2.4.3: what has a create GUID can be sent again.
  const bool can_be_replayed = wish.durable && is_smb3(client_->dialect());
  Answer answer =
      co_await call(Command::create, all.encoded(), "open", false, can_be_replayed ? Again::replay : Again::never);
  co_return answer;
}

ByteVector CachingActor::ReconnectRequest::encoded() const {
  wire::CreateRequest request = create_request(name, args);
  request.requested_oplock_level = oplock;
  for (const auto& [tag, data] : contexts) request.create_contexts.push_back({tag, data});
  return body_of(request);
}

void CachingActor::take_open(const Wish& wish, const std::string& name, const Answer& answer) {
  const auto said = answer.as<wire::CreateResponse>();
  const auto* disk_id = wire::find_context(said.create_contexts, context_name::kQueryOnDiskId);
  if (disk_id == nullptr) return fail_with("an open without the file's id");
  auto handle = std::make_shared<Handle>();
  handle->id = said.file_id;
  handle->name = name;
  handle->identity = wire::decode_plain<wire::QueryOnDiskIdResponse>(disk_id->data)
                         .value_or(wire::QueryOnDiskIdResponse{})
                         .disk_file_id;
  handle->access = wish.args.access;
  handle->share = wish.args.share;
  handle->lease_v2 = wish.lease_v2;
  if (name == kOverwritten) model_.history.untrack(handle->identity);
  handle->cache = take_lease(wish, said, handle->identity);
  // A replay is told the oplock that it asks for, whatever is held (smbtorture replay-dhv2-oplock2).
  if (was_replayed_ && handle->cache && !handle->cache->key) handle->cache->trusted = false;
  if (handle->cache) ++model_.seen[handle->cache->key ? "lease granted" : "oplock granted"];
  if (const auto* v2 = wire::find_context(said.create_contexts, context_name::kDurableRequestV2)) {
    const auto durable = wire::decode_plain<wire::DurableHandleResponseV2>(v2->data);
    handle->is_durable = handle->is_v2 = true;
    handle->create_guid = wish.create_guid;
    if (durable) handle->patience = std::chrono::milliseconds(durable->timeout);
    if (durable) handle->is_persistent = durable->flags.has(wire::DurableFlag::persistent);
  } else if (wire::find_context(said.create_contexts, context_name::kDurableRequest) != nullptr) {
    handle->is_durable = true;
  }
  if (handle->is_durable) {
    ++model_.seen["durable granted"];
    // [MS-SMB2] 3.3.5.9.6, 3.3.5.9.10: with a batch oplock or an H lease.
    const bool may_be = handle->is_persistent || (handle->cache && handle->cache->told.has(LeaseBit::handle));
    if (!wish.durable || !may_be) fail_with("a durable open that may not be one");
    // [MS-SMB2] 3.3.5.9.10.
    if (handle->is_persistent != (wish.persistent && model_.persistent)) fail_with("a persistent open, or none");
  }
  const HandleRef added = handles_.emplace_back(std::move(handle));
  if (auto early = early_oplock_breaks_.extract(added->id)) handle_break(early.mapped());
  if (!added->cache || !added->cache->key) return;
  if (auto early = early_lease_breaks_.extract(*added->cache->key)) handle_break(early.mapped());
}

// --- Coming back -------------------------------------------------------------------------------------------------

// The connection is gone. An open that is durable and still has H is waited for. [MS-SMB2] 3.3.7.1.
void CachingActor::suspend(const HandleRef& handle) {
  if (handle->lost_at) return handles_.push_back(handle);
  const bool has_h = handle->cache && handle->cache->can(LeaseBit::handle);
  const bool kept =
      !handle->closing && (handle->is_persistent || handle->is_resilient || (handle->is_durable && has_h));
  if (!kept) {
    if (handle->is_durable || handle->is_resilient || handle->may_be_resilient) ++model_.unknown_opens;
    return;
  }
  handle->lost_at = handle->lost_since = model_.now();
  handles_.push_back(handle);
}

bool CachingActor::others_were_quiet_since(Instant since) const {
  for (std::size_t i = 0; i < all_->size(); ++i) {
    if (i != number_ && (model_.last_action[i] > since - kMargin || !(*all_)[i]->is_quiet())) return false;
  }
  return true;
}

CachingActor::ReconnectRequest CachingActor::reconnect_request(const Handle& handle) const {
  ReconnectRequest all{
      .name = name_of(handle), .args = {.access = handle.access, .share = handle.share}, .contexts = {}};
  all.args.disposition = CreateDisposition::open;
  const bool v2 = handle.is_v2;
  all.oplock = handle.cache && handle.cache->key ? OplockLevel::lease : OplockLevel::batch;
  if (handle.cache && handle.cache->key) {
    all.contexts.emplace_back(context_name::kRequestLease,
                              lease_context(*handle.cache->key, handle.cache->state, handle.lease_v2));
  }
  if (v2) {
    wire::DurableHandleReconnectV2 back{.file_id = handle.id, .create_guid = handle.create_guid};
    if (handle.is_persistent) back.flags = wire::DurableFlag::persistent;
    all.contexts.emplace_back(context_name::kDurableReconnectV2, wire::encode_plain(back));
  } else {
    all.contexts.emplace_back(context_name::kDurableReconnect,
                              wire::encode_plain(wire::DurableHandleReconnect{handle.id}));
  }
  return all;
}

void CachingActor::reclaim_all() {
  std::vector<HandleRef> lost;
  for (const HandleRef& handle : handles_) {
    if (handle->lost_at) lost.push_back(handle);
  }
  for (const HandleRef& handle : lost) {
    if (client_ == nullptr || client_->is_disconnected()) return;  // the one connection that it has so far
    reclaim(handle);
  }
}

// What is renamed by others while its client is away is not found under its old name; this client is told the new one.
const std::string& CachingActor::name_of(const Handle& handle) const {
  const auto renamed = model_.names.find(handle.identity);
  return renamed == model_.names.end() ? handle.name : renamed->second;
}

bool CachingActor::must_be_given_back(const Handle& handle) const {
  const bool in_time = handle.patience == Duration{} || model_.now() < handle.lost_since + handle.patience - kMargin;
  if (!in_time || handle.is_gone || handle.may_be_over) return false;
  if (model_.names_doubted.contains(handle.identity) || model_.names_removed.contains(handle.identity)) return false;
  // [MS-SMB2] 3.3.5.9: others are held off, or refused.
  if (handle.is_persistent || handle.is_resilient) return true;
  const bool quiet = others_were_quiet_since(handle.lost_since) && !handle.lost_in_break;
  return quiet && model_.now() < handle.lost_since + kMargin;
}

void CachingActor::reclaim(const HandleRef& handle) {
  const bool must_succeed = must_be_given_back(*handle);
  // A rename that is answered, or begun, while this is under way: it may be known by the other name.
  const bool name_was_known = !model_.names_doubted.contains(handle->identity);
  const int renames_before = model_.renames_begun[handle->identity];
  const Answer answer = client_->wait(client_->start_body(Command::create, reconnect_request(*handle).encoded(), {}));
  if (answer.none() || std::ranges::find(handles_, handle) == handles_.end()) return;
  ++model_.seen[fmt::format("reclaim{}{} {}", handle->is_gone ? " gone" : "",
                            handle->is_persistent  ? " persistent"
                            : handle->is_resilient ? " resilient"
                                                   : "",
                            dozo::to_string(answer.status()))];
  if (answer.status() == NtStatus::SUCCESS) return take_reclaimed(handle, answer);
  if (must_succeed) {
    fail_with(fmt::format("its durable open is not given back: {}", dozo::to_string(answer.status())));
  }
  const bool name_is_known = name_was_known && model_.renames_begun[handle->identity] == renames_before;
  check_status(
      "reclaim", answer.status(),
      {NtStatus::OBJECT_NAME_NOT_FOUND, name_is_known ? NtStatus::OBJECT_NAME_NOT_FOUND : NtStatus::INVALID_PARAMETER});
  if (answer.status() != NtStatus::OBJECT_NAME_NOT_FOUND) ++model_.unknown_opens;
  std::erase(handles_, handle);
  release_cache(handle);
}

void CachingActor::take_reclaimed(const HandleRef& handle, const Answer& answer) {
  const auto said = answer.as<wire::CreateResponse>();
  const Instant lost_at = *std::exchange(handle->lost_at, std::nullopt);
  if (handle->is_gone) fail_with("an open of a server that was killed is given back");
  // The server may have heard of the loss only after a jump.
  const Instant counted_from = std::max(lost_at, model_.jumped_at);
  if (handle->patience != Duration{} && model_.now() > counted_from + handle->patience + kMargin) {
    fail_with("its durable open is given back after its time");
  }
  handle->id = said.file_id;
  if (!handle->cache) return;
  Cache& cache = *handle->cache;
  const auto [state, breaking, epoch] = said_caching(said);
  cache.state = breaking ? cache.state & state : state;
  cache.trusted = true;
  if (cache.is_v2) cache.epoch = epoch;
  if (!cache.can(LeaseBit::read)) cache.forget_clean();
  if (!cache.can(LeaseBit::write)) lose_dirty(cache);
}

// [MS-SMB2] 3.3.5.15.9: from here on it is kept as long as was asked for, whatever it caches.
runtime::Task<void> CachingActor::become_resilient(HandleRef handle, Duration timeout) {
  if (handle->is_persistent) co_return;
  const auto wanted =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
  const ByteVector input = wire::encode_plain(wire::NetworkResiliencyRequest{.timeout = wanted});
  const wire::IoctlRequest ask{.ctl_code = wire::Fsctl::lmr_request_resiliency, .file_id = handle->id, .input = input};
  const bool was_durable = std::exchange(handle->is_durable, false);
  handle->may_be_resilient = true;
  const Answer answer = co_await request(Command::ioctl, ask, "resilient");
  if (answer.none()) co_return;
  handle->may_be_resilient = false;
  check_status("resilient", answer.status(), {NtStatus::FILE_CLOSED, NtStatus::CANCELLED});
  handle->is_resilient = handle->is_resilient || answer.status() == NtStatus::SUCCESS;
  handle->is_durable = was_durable && !handle->is_resilient;
  if (answer.status() == NtStatus::SUCCESS) handle->patience = timeout;
}

// Somebody else's open: not to be had, whatever is known of it. [MS-SMB2] 3.3.5.9.7, 3.3.5.9.12.
runtime::Task<void> CachingActor::steal(ReconnectRequest theirs) {
  const Answer answer = co_await call(Command::create, theirs.encoded(), "steal");
  if (answer.none()) co_return;
  if (answer.status() == NtStatus::SUCCESS) co_return fail_with("it got somebody else's durable open");
  check_status("steal", answer.status(),
               {NtStatus::OBJECT_NAME_NOT_FOUND, NtStatus::ACCESS_DENIED, NtStatus::INVALID_PARAMETER,
                NtStatus::FILE_NOT_AVAILABLE, NtStatus::CANCELLED});
}

}  // namespace dozo::server::testing
