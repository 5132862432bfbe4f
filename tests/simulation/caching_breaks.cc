// What the caching actor may keep: asked for, granted, broken, acknowledged. [MS-SMB2] 3.2.5.19.
#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/caching_actor.h"
#include "tests/simulation/caching_names.h"
#include "wire/oplock_break.h"

namespace dozo::server::testing {
namespace {

using wire::Command;

constexpr LeaseState kR = LeaseBit::read;
constexpr LeaseState kRH = LeaseBit::read | LeaseBit::handle;
constexpr LeaseState kRW = LeaseBit::read | LeaseBit::write;
constexpr LeaseState kRWH = kRH | LeaseBit::write;

constexpr Duration kSlowly = std::chrono::seconds(3);
constexpr Duration kTooLate = std::chrono::seconds(40);

std::string show(LeaseState state) {
  std::string out;
  if (state.has(LeaseBit::read)) out += 'R';
  if (state.has(LeaseBit::write)) out += 'W';
  if (state.has(LeaseBit::handle)) out += 'H';
  return out.empty() ? "none" : out;
}

bool is_newer(std::uint16_t epoch, std::uint16_t than) { return static_cast<std::int16_t>(epoch - than) > 0; }

}  // namespace

LeaseState state_of(OplockLevel level) {
  switch (level) {
    case OplockLevel::level_ii:
      return kR;
    case OplockLevel::exclusive:
      return kRW;
    case OplockLevel::batch:
      return kRWH;
    default:
      return {};
  }
}

// --- What is asked for -------------------------------------------------------------------------------------------

CachingActor::Wish CachingActor::wish_of(const Step& step) {
  static constexpr std::array kOplocks = {OplockLevel::none, OplockLevel::level_ii, OplockLevel::exclusive,
                                          OplockLevel::batch};
  static constexpr std::array kLeases = {kR, kRH, kRW, kRWH};
  static constexpr std::array kAccess = {Access::read_data | Access::write_data, AccessMask(Access::read_data),
                                         AccessMask(Access::write_data),
                                         Access::read_data | Access::write_data | Access::delete_object};
  const auto& v = step.values;
  const std::uint32_t file = v[0], cache = v[3];
  const auto named = static_cast<std::uint8_t>(std::ranges::find(kFileNames, kFileNames[file]) - kFileNames.begin());
  Wish wish;
  wish.args.access = kAccess[std::min<std::uint32_t>(v[1], 3)] | Access::read_attributes | Access::synchronize;
  wish.args.share = ShareAccess::from_wire(v[2] > 3 ? 7 : 7 - v[2]);
  if (v[6] == 1) wish.args.disposition = CreateDisposition::open;
  if (v[6] == 2) wish.args.disposition = CreateDisposition::create;
  if (v[6] == 3 && kFileNames[file] == kOverwritten) wish.args.disposition = CreateDisposition::overwrite_if;
  const bool has_leases = client_->dialect() >= Dialect::smb_2_1;
  if (cache < 4 || !has_leases) {
    wish.oplock = kOplocks[cache % 4];
  } else {
    wish.oplock = OplockLevel::lease;
    wish.lease.emplace();
    wish.lease->lease_state = kLeases[cache - 4];
    wish.lease->lease_key.bytes = {
        0x1E, 0xA5, 0xE0, static_cast<std::uint8_t>(number_), named, static_cast<std::uint8_t>(v[4])};
    wish.lease_v2 = is_smb3(client_->dialect());
  }
  wish.durable = v[5] != 0;
  wish.persistent = v[5] == 2 && is_smb3(client_->dialect());
  wish.create_guid.bytes = {0xD2, static_cast<std::uint8_t>(number_)};
  store_le(wish.create_guid.bytes.data() + 8, ++last_guid_);
  return wish;
}

CacheRef CachingActor::take_lease(const Wish& wish, const wire::CreateResponse& said, std::uint64_t identity) {
  if (said.oplock_level != OplockLevel::lease) {
    if (said.oplock_level != OplockLevel::none && said.oplock_level != wish.oplock &&
        said.oplock_level != OplockLevel::level_ii) {
      fail_with("an oplock that was not asked for");
    }
    if (said.oplock_level == OplockLevel::none) return nullptr;
    auto cache = std::make_shared<Cache>();
    cache->identity = identity;
    cache->state = cache->told = state_of(said.oplock_level);
    return cache;
  }
  const auto* context = wire::find_context(said.create_contexts, wire::context_name::kRequestLease);
  if (!wish.lease || context == nullptr) {
    fail_with("a lease that was not asked for, or says nothing");
    return nullptr;
  }
  Guid key;
  LeaseState state;
  wire::LeaseFlags flags;
  std::uint16_t epoch = 0;
  if (wish.lease_v2) {
    const auto lease = wire::decode_plain<wire::LeaseContextV2>(context->data).value_or(wire::LeaseContextV2{});
    key = lease.lease_key, state = lease.lease_state, flags = lease.flags, epoch = lease.epoch;
  } else {
    const auto lease = wire::decode_plain<wire::LeaseContext>(context->data).value_or(wire::LeaseContext{});
    key = lease.lease_key, state = lease.lease_state, flags = lease.lease_flags;
  }
  if (key != wish.lease->lease_key) fail_with("a lease of another key");
  const auto known = leases_.find(key);
  if (known == leases_.end()) {
    // Opens of this lease that the client has given up may live on at the server.
    if (!wish.lease->lease_state.has_all(state) && model_.unknown_opens == 0) {
      fail_with("a lease of more than was asked for");
    }
    auto cache = std::make_shared<Cache>();
    cache->key = key;
    cache->identity = identity;
    cache->state = cache->told = state;
    // Of a replay: its notification may be lost.
    cache->trusted = !flags.has(wire::LeaseFlag::break_in_progress);
    cache->is_v2 = wish.lease_v2;
    cache->epoch = epoch;
    leases_[key] = cache;
    return cache;
  }
  const CacheRef& cache = known->second;
  if (cache->identity != identity) fail_with("one lease key for two files");
  const LeaseState most = cache->state | wish.lease->lease_state;
  const bool breaking = flags.has(wire::LeaseFlag::break_in_progress);
  cache->told = state;
  // An answer that a break on another channel has overtaken.
  if (cache->is_v2 && is_newer(cache->epoch, epoch)) return cache;
  if (!breaking && !most.has_all(state) && model_.unknown_opens == 0) fail_with("a lease of more than was asked for");
  cache->epoch = epoch;
  if (cache->trusted && !breaking && !state.has_all(cache->state)) {
    fail_with(fmt::format("a lease is {} without a break, and was {}", show(state), show(cache->state)));
  }
  // While a break goes on, the client knows better than the answer what it still has.
  if (!breaking) {
    cache->state = state;
    cache->trusted = true;
  }
  return cache;
}

// --- Breaks ------------------------------------------------------------------------------------------------------

void CachingActor::on_break(Client& client, const Answer& notification) {
  if (std::ranges::find(channels_, &client) != channels_.end()) handle_break(notification);
}

void CachingActor::handle_break(const Answer& notification) {
  if (wire::is_lease_break(notification.bytes)) return handle_lease_break(notification);
  handle_oplock_break(notification);
}

void CachingActor::handle_oplock_break(const Answer& notification) {
  const auto said = notification.as<wire::OplockBreakNotification>();
  const auto found = std::ranges::find(handles_, said.file_id, &Handle::id);
  ++model_.seen["oplock break"];
  if (found == handles_.end()) {  // it was closed meanwhile, or its answer is on
                                  // another channel
    if (channels_.size() > 1) early_oplock_breaks_[said.file_id] = notification;
    return;
  }
  const CacheRef cache = (*found)->cache;
  if (!cache || cache->key) return fail_with("a break of an oplock that it does not hold");
  // [MS-SMB2] 3.3.4.6: one to none from level II is not acknowledged.
  take_break(cache, state_of(said.oplock_level), cache->state != kR);
}

void CachingActor::handle_lease_break(const Answer& notification) {
  const auto said = notification.as<wire::LeaseBreakNotification>();
  ++model_.seen[fmt::format("lease break {} to {}", show(said.current_lease_state), show(said.new_lease_state))];
  const auto known = leases_.find(said.lease_key);
  if (known == leases_.end()) {
    if (!keys_used_.contains(said.lease_key)) fail_with("a break of a lease that it never had");
    if (keys_opening_.contains(said.lease_key)) early_lease_breaks_[said.lease_key] = notification;
    return;
  }
  if (!said.current_lease_state.has_all(said.new_lease_state)) fail_with("a lease break that gives");
  if (said.current_lease_state == said.new_lease_state) fail_with("a lease break that takes nothing");
  // [MS-SMB2] 3.3.4.7: of R alone there is nothing to acknowledge.
  const bool ack_required = said.flags.has(wire::LeaseBreakFlag::ack_required);
  if (ack_required != (said.current_lease_state != kR)) {
    fail_with(fmt::format("a break of {} that is {}to be acknowledged", show(said.current_lease_state),
                          ack_required ? "" : "not "));
  }
  // [MS-SMB2] 3.2.5.19.2: one that an answer on another channel has overtaken is old news. Of one epoch there may be
  // several, when more had to be broken meanwhile (smbtorture smb2.lease.v2_breaking3).
  Cache& cache = *known->second;
  const bool is_old = cache.is_v2 && is_newer(cache.epoch, said.new_epoch);
  if (is_old && !ack_required) return;
  if (cache.is_v2 && !is_old) cache.epoch = said.new_epoch;
  take_break(known->second, said.new_lease_state, ack_required);
}

void CachingActor::take_break(const CacheRef& cache, LeaseState to, bool ack_required) {
  cache->state = cache->state & to;
  if (!cache->can(LeaseBit::read)) cache->forget_clean();
  if (!ack_required) {
    if (cache->trusted && !cache->can(LeaseBit::write) && !cache->dirty.empty() && !cache->owes_ack) {
      fail_with("data it kept back, and a break that is not waited for");
    }
    return;
  }
  // What was sent on a channel that is lost may be sent again.
  if (cache->owes_ack && !cache->trusted) return;
  // Over another channel it may come before the answer to the acknowledgement that brought it.
  if (cache->ack_is_under_way && channels_.size() > 1) return runtime::spawn(gate_, answer_next_break(cache, to));
  if (cache->owes_ack && temper_ != Temper::late && temper_ != Temper::never) {
    return fail_with("a second break before the first was acknowledged");
  }
  runtime::spawn(gate_, answer_break(cache, to));
}

runtime::Task<void> CachingActor::answer_break(CacheRef cache, LeaseState to) {
  cache->owes_ack = true;
  const bool overslept = overslept_;
  const Temper temper = overslept ? Temper::late : temper_;
  const Instant told = model_.now();
  const Client* told_on = client_;
  if (temper == Temper::slow) {
    cache->slow_since = told;
    co_await runtime::sleep_for(world().loop(), kSlowly);
    cache->slow_since.reset();
  }
  if (client_ != told_on) co_return;
  // [MS-FSA] 2.1.4.12: who writes does not wait for it, and it hears of that only when it has acknowledged.
  if (temper == Temper::slow) cache->forget_clean();
  if (temper == Temper::vanishes) {
    for (Client* channel : std::vector(channels_)) channel->reset();
    co_return forget_connection();
  }
  if (temper == Temper::logs_off && !leaving_ && client_ != nullptr) co_await log_off();
  if (temper == Temper::meek) {
    cache->state = to = {};
    cache->forget_clean();
  }
  if (temper == Temper::closes) {
    const std::vector<HandleRef> all = handles_;
    for (const HandleRef& handle : all) {
      if (handle->cache == cache) co_await close(handle);
    }
    if (client_ != told_on) co_return;
    // One that is being opened just now keeps it: then it acknowledges as others do.
    if (is_used(cache)) co_await acknowledge(cache, to, true, told);
    if (client_ == told_on) cache->owes_ack = false;
    co_return;
  }
  if (temper == Temper::late || temper == Temper::never) {
    // It knows that it is too late for everything, and relies on nothing.
    cache->state = to = {};
    cache->forget_clean();
    if (temper == Temper::never) {
      lose(*cache);
      cache->owes_ack = false;
      co_return;
    }
    if (!overslept) co_await runtime::sleep_for(world().loop(), kTooLate);
    if (client_ != told_on) co_return;
  }
  co_await acknowledge(cache, to, temper != Temper::late, told);
  if (client_ == told_on) cache->owes_ack = false;
}

runtime::Task<void> CachingActor::answer_next_break(CacheRef cache, LeaseState to) {
  const Client* told_on = client_;
  while (client_ == told_on && cache->owes_ack) {
    co_await runtime::sleep_for(world().loop(), std::chrono::microseconds(200));
  }
  if (client_ == told_on) co_await answer_break(cache, to);
}

// Writes back what must be, and acknowledges.
runtime::Task<void> CachingActor::acknowledge(CacheRef cache, LeaseState to, bool in_time, Instant told) {
  Client* client = client_;
  std::vector<Flushed> done;
  while (cache->flushing) co_await runtime::sleep_for(world().loop(), std::chrono::microseconds(200));
  if (client == nullptr || client != client_ || !is_used(cache)) co_return;
  if (!to.has(LeaseBit::write) && !cache->dirty.empty()) {
    const bool all_written = co_await write_back(cache, done);
    static_cast<void>(all_written);  // what could not be is lost with the open
  }
  cache->ack_is_under_way = true;
  const NtStatus status = co_await send_acknowledgement(cache, to);
  cache->ack_is_under_way = false;
  const bool accepted = status == NtStatus::SUCCESS;
  settle_flushed(done, in_time && accepted);
  if (!accepted && client == client_) lose(*cache);
  const bool is_excused = model_.jumped_since(told) || last_oversleep_ >= told;
  if (status == NtStatus::IO_TIMEOUT || client != client_ || leaving_ || is_excused) co_return;
  if (!cache->trusted) co_return;
  if (in_time && !accepted && is_used(cache)) {
    fail_with(fmt::format("an acknowledgement in time ended with {}", dozo::to_string(status)));
  }
  if (!in_time && accepted && !overslept_) fail_with("an acknowledgement after the timeout was accepted");
}

runtime::Task<NtStatus> CachingActor::send_acknowledgement(CacheRef cache, LeaseState to) {
  if (cache->key) {
    const Answer answer =
        co_await request(Command::oplock_break,
                         wire::LeaseBreakAcknowledgment{.lease_key = *cache->key, .lease_state = to}, "acknowledge");
    co_return answer.status();
  }
  const auto holder = std::ranges::find(handles_, cache, &Handle::cache);
  if (holder == handles_.end()) co_return NtStatus::IO_TIMEOUT;
  const OplockLevel level = to.has(LeaseBit::read) ? OplockLevel::level_ii : OplockLevel::none;
  const Answer answer =
      co_await request(Command::oplock_break,
                       wire::OplockBreakAcknowledgment{.oplock_level = level, .file_id = (*holder)->id}, "acknowledge");
  co_return answer.status();
}

// Data written back before anybody else could look was there from the moment it was written.
void CachingActor::settle_flushed(const std::vector<Flushed>& done, bool in_time) {
  for (const Flushed& flushed : done) {
    for (const DirtyCell::Value& value : flushed.values) {
      if (!in_time) model_.history.doubt(flushed.cell, value.value);
      model_.history.end_write(flushed.cell, value.value, in_time ? value.at : flushed.done);
    }
  }
}

// What was kept back is not written any more.
void CachingActor::lose_dirty(Cache& cache) {
  for (const auto& [cell, dirty] : cache.dirty) {
    const Cell where{cache.identity, cell};
    std::vector<DirtyCell::Value> values = dirty.before;
    values.push_back(dirty.last);
    for (const DirtyCell::Value& value : values) {
      if (dirty.sent) {
        model_.history.doubt(where, value.value);
      } else {
        model_.history.drop(where, value.value);
      }
    }
  }
  cache.dirty.clear();
}

// It may be written when its client is back, if that is in time.
void CachingActor::doubt_dirty(const Cache& cache) {
  for (const auto& [cell, dirty] : cache.dirty) {
    for (const DirtyCell::Value& value : dirty.before) model_.history.doubt({cache.identity, cell}, value.value);
    model_.history.doubt({cache.identity, cell}, dirty.last.value);
  }
}

// Nothing of it counts any more: the open is gone, or the client has given up.
void CachingActor::lose(Cache& cache) {
  lose_dirty(cache);
  cache.state = {};
  cache.forget_clean();
}

// --- Who has it --------------------------------------------------------------------------------------------------

bool CachingActor::is_used(const CacheRef& cache) const {
  return std::ranges::any_of(handles_, [&](const HandleRef& h) { return h->cache == cache && !h->closing; });
}

// Also one that is lost, for it may come back.
bool CachingActor::has_writer(const CacheRef& cache) const {
  return std::ranges::any_of(
      handles_, [&](const HandleRef& h) { return h->cache == cache && h->access.has(Access::write_data); });
}

HandleRef CachingActor::writer_of(const CacheRef& cache) const {
  for (const HandleRef& handle : handles_) {
    if (handle->cache == cache && handle->access.has(Access::write_data) && !handle->lost_at && !handle->close_is_sent)
      return handle;
  }
  return nullptr;
}

// The handle is out of handles_.
void CachingActor::release_cache(const HandleRef& handle) {
  const CacheRef cache = handle->cache;
  if (!cache || std::ranges::any_of(handles_, [&](const HandleRef& h) { return h->cache == cache; })) return;
  lose(*cache);
  cache->owes_ack = false;
  if (cache->key) leases_.erase(*cache->key);
}

}  // namespace dozo::server::testing
