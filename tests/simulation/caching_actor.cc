#include "tests/simulation/caching_actor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tests/simulation/caching_names.h"
#include "wire/flush.h"
#include "wire/logoff.h"

namespace dozo::server::testing {
namespace {

using wire::Command;

const std::vector<ActionRow>& caching_rows() {
  static const std::vector<ActionRow> kRows = {
      {"open",
       26,
       {{"file", kFileNames.size()},
        {"access", 6},
        {"share", 16},
        {"cache", 8},
        {"key", 2},
        {"durable", 3},
        {"how", 12}}},
      {"close", 9, {{"which", 8}}},
      {"read", 55, {{"which", 8}, {"cell", kCells}}},
      {"write", 40, {{"which", 8}, {"cell", kCells}}},
      {"flush", 3, {{"which", 8}}},
      {"lock", 6, {{"which", 8}, {"from", 4}, {"length", 3}, {"kind", 4}}},
      {"unlock", 3, {{"which", 8}}},
      {"rename", 4, {{"which", 8}, {"to", kFileNames.size()}, {"replace", 2}}},
      {"remove", 4, {{"which", 8}}},
      {"watch", 4, {{"small", 2}}},
      {"cancel", 1, {{"which", 4}}},
      {"temper", 3, {{"kind", 14}}},
      {"drop", 3, {{"how", 3}}},
      {"abandon", 1, {{"how", 3}}},
      {"logoff", 1, {}},
      {"doze", 1, {{"time", kDozes.size()}}},
      {"steal", 2, {{"whose", 4}, {"which", 8}}},
      {"resilient", 3, {{"which", 8}, {"time", kResiliencies.size()}}},
      {"bind", 5, {}},
      {"cut", 3, {{"which", 3}}},
      {"pause", 1, {{"time", kPauses.size()}}},
      {"settle", 3, {}},
      {"restart", 1, {{"down", kDowns.size()}}},
      {"outside", 4, {{"file", kFileNames.size()}, {"how", 4}}},
      {"jump", 1, {{"time", kJumps.size()}}},
      {"set_clock", 1, {{"by", kClockErrors.size()}}},
  };
  return kRows;
}

constexpr std::array kDialects = {Dialect::smb_3_1_1, Dialect::smb_3_0_2, Dialect::smb_3_1_1, Dialect::smb_2_1};

}  // namespace

ActionTable caching_actions() { return caching_rows(); }

void CachingActor::fail_with(std::string what) { model_.fail_with(fmt::format("actor {}: {}", number_, what)); }

// --- Connecting --------------------------------------------------------------------------------------------------

void CachingActor::connect() {
  ClientOptions options;
  options.dialect = kDialects[number_ % kDialects.size()];
  options.only_this_dialect = true;
  user_ = number_ % 2 == 0 ? "alice" : "bob";
  options.user = user_;
  options.encrypt = number_ % 4 == 1;
  options.machine = static_cast<std::uint8_t>(0xC2 + number_);
  options.previous_session = last_session_;
  options.capabilities |= wire::Capability::persistent_handles;
  client_ = &world().log_on(options);
  client_->listen_for_breaks(this);
  channels_ = {client_};
  channel_sequence_ = 0;
  leaving_ = false;
  if (client_->is_disconnected() || !client_->problems().empty()) return fail_with("it cannot log on");
  last_session_ = client_->session();
  reclaim_all();
}

// The connection ends in one of the ways connections end.
void CachingActor::leave(std::uint32_t how) {
  const Client* session = client_;
  if (how == 2 && session != nullptr) {
    const ByteVector half = {0, 0, 1, 0, 0xFE, 'S', 'M', 'B', 64, 0};
    for (Client* channel : std::vector(channels_)) channel->send_bytes(half);
    world().loop().run_for(std::chrono::microseconds(400));
  }
  if (session == nullptr || session != client_) return;
  for (Client* channel : std::vector(channels_)) {
    if (how == 1) {
      channel->hang_up();
    } else {
      channel->reset();
    }
  }
  forget_connection();
}

void CachingActor::forget_connection() {
  if (client_ == nullptr) return;
  for (Client* channel : std::exchange(channels_, {})) {
    channel->listen_for_breaks(nullptr);
    if (dozing_) channel->read_again();
  }
  client_ = nullptr;
  watch_.reset();
  keys_opening_.clear();
  early_lease_breaks_.clear();
  early_oplock_breaks_.clear();
  for (const auto& [id, operation] : operations_) {
    if (operation.what == "open" || operation.what == "close") ++model_.unknown_opens;
  }
  // What it was told on this connection it cannot acknowledge on another.
  for (const HandleRef& handle : handles_) {
    if (!handle->lost_at) handle->lost_in_break = handle->cache && handle->cache->owes_ack;
  }
  for (const HandleRef& handle : handles_) {
    if (handle->cache) handle->cache->owes_ack = false;
  }
  const std::vector<HandleRef> had = std::exchange(handles_, {});
  for (const HandleRef& handle : had) suspend(handle);
  for (const HandleRef& handle : handles_) {
    const bool may_still = handle->cache && handle->cache->can(LeaseBit::write) && has_writer(handle->cache);
    if (handle->cache && !may_still) lose_dirty(*handle->cache);
    if (may_still) doubt_dirty(*handle->cache);
  }
  for (const HandleRef& handle : had) {
    if (!handle->lost_at) release_cache(handle);
  }
}

void CachingActor::look() {
  if (client_ == nullptr) return;
  notice_lost_channels();
  if (channels_.empty()) forget_connection();
}

void CachingActor::lose_server() {
  for (Client* channel : std::vector(channels_)) channel->reset();
  forget_connection();
  last_session_ = {};
  for (const HandleRef& handle : handles_) {
    handle->is_gone = handle->is_gone || !handle->is_persistent;
    handle->may_be_over = handle->may_be_over || model_.now() > handle->lost_since + handle->patience - kMargin;
  }
}

// It waits for its clients anew.
void CachingActor::find_server_again() {
  for (const HandleRef& handle : handles_) handle->lost_at = handle->lost_since = model_.now();
}

void CachingActor::end() {
  for (Client* channel : std::vector(channels_)) channel->hang_up();
  forget_connection();
  handles_.clear();
}

// --- Asking ------------------------------------------------------------------------------------------------------

void CachingActor::check_status(std::string_view what, NtStatus status, std::initializer_list<NtStatus> expected) {
  if (status == NtStatus::SUCCESS || std::ranges::find(expected, status) != expected.end()) return;
  // Requests that meet a LOGOFF.
  if (leaving_) return;
  fail_with(fmt::format("{} ended with {}", what, dozo::to_string(status)));
}

HandleRef CachingActor::pick(std::uint32_t which) const {
  std::vector<HandleRef> usable;
  for (const HandleRef& handle : handles_) {
    if (!handle->closing && !handle->lost_at) usable.push_back(handle);
  }
  return usable.empty() ? nullptr : usable[which % usable.size()];
}

// --- Acting ------------------------------------------------------------------------------------------------------

void CachingActor::run(const Step& step, std::vector<std::unique_ptr<CachingActor>>& all) {
  all_ = &all;
  const auto action = static_cast<CachingAction>(step.action);
  model_.last_action[number_] = model_.now();
  if (action == CachingAction::drop) return leave(step.values[0]);
  if (action == CachingAction::abandon) {
    leave(step.values[0]);
    for (const HandleRef& handle : std::exchange(handles_, {})) {
      ++model_.unknown_opens;
      release_cache(handle);
    }
    return;
  }
  if (action == CachingAction::temper) {
    temper_ = step.values[0] <= static_cast<std::uint32_t>(Temper::never) ? static_cast<Temper>(step.values[0])
                                                                          : Temper::prompt;
    return;
  }
  if (client_ == nullptr) connect();
  if (client_ == nullptr || leaving_) return;
  if (action == CachingAction::bind) return bind_channel();
  if (action == CachingAction::cut) return cut_channel(step.values[0]);
  const Client* channel = any_channel();
  if (channel == nullptr || channel->credits() < 16) return;
  runtime::spawn(gate_, perform(step));
}

runtime::Task<void> CachingActor::perform(Step step) {
  const auto& v = step.values;
  const auto action = static_cast<CachingAction>(step.action);
  if (action == CachingAction::open) co_return co_await open(step);
  if (action == CachingAction::watch) co_return co_await watch(v[0] == 0 ? 4096 : 12);
  if (action == CachingAction::cancel) co_return cancel_some(v[0]);
  if (action == CachingAction::logoff) co_return co_await log_off();
  if (action == CachingAction::doze) co_return co_await doze(kDozes[v[0]]);
  if (action == CachingAction::steal) {
    const auto& victim = (*all_)[v[0] % all_->size()];
    if (victim.get() == this || victim->handles().empty()) co_return;
    const Handle& handle = *victim->handles()[v[1] % victim->handles().size()];
    // To an open without a lease its owner may come from anywhere. [MS-SMB2] 3.3.5.9.7, 3.3.5.9.12.
    const bool may_be_mine = victim->user() == user_ && !(handle.cache && handle.cache->key);
    // A client of 2.1 does not know v2 contexts: it would just open the file.
    const bool can_ask = !handle.is_v2 || is_smb3(client_->dialect());
    if (!(handle.is_durable || handle.is_resilient) || may_be_mine || !can_ask) co_return;
    co_return co_await steal(victim->reconnect_request(handle));
  }
  const HandleRef handle = v.empty() ? nullptr : pick(v[0]);
  if (handle == nullptr) co_return;
  switch (action) {
    case CachingAction::close:
      co_return co_await close(handle);
    case CachingAction::read:
      co_return co_await read(handle, v[1]);
    case CachingAction::write:
      co_return co_await write(handle, v[1]);
    case CachingAction::flush:
      co_return co_await flush(handle);
    case CachingAction::lock: {
      wire::LockElement element{.offset = v[1] * 4, .length = 1 + v[2] * 4};
      element.flags = v[3] < 2 ? wire::LockFlag::shared_lock : wire::LockFlag::exclusive_lock;
      if (v[3] % 2 == 0) element.flags |= wire::LockFlag::fail_immediately;
      co_return co_await lock(handle, element);
    }
    case CachingAction::unlock:
      co_return co_await unlock(handle);
    case CachingAction::rename:
      co_return co_await rename(handle, std::string(kFileNames[v[1]]), v[2] == 1);
    case CachingAction::remove:
      co_return co_await remove(handle);
    case CachingAction::resilient:
      co_return co_await become_resilient(handle, kResiliencies[v[1]]);
    default:
      co_return;
  }
}

runtime::Task<void> CachingActor::log_off() {
  leaving_ = true;
  Client* client = client_;
  const Instant begun = model_.now();
  const Answer answer = co_await request(Command::logoff, wire::LogoffRequest{}, "logoff");
  if (client != client_) co_return;
  if (!answer.none()) check_status("logoff", answer.status(), {});
  // [MS-SMB2] 3.3.5.6: durable opens are waited for as after a lost connection.
  for (Client* channel : std::vector(channels_)) channel->hang_up();
  forget_connection();
  for (const HandleRef& handle : handles_) handle->lost_since = std::min(handle->lost_since, begun);
}

// A client that reads nothing for a while, as one that has been suspended.
runtime::Task<void> CachingActor::doze(Duration time) {
  if (dozing_) co_return;
  Client* client = client_;
  dozing_ = true;
  if (time > kPatienceOfServers) oversleep();
  for (Client* channel : std::vector(channels_)) channel->read_nothing_more();
  co_await runtime::sleep_for(world().loop(), time);
  if (client == client_) {
    for (Client* channel : std::vector(channels_)) channel->read_again();
  }
  co_await runtime::sleep_for(world().loop(), kNewsTravel);
  dozing_ = overslept_ = false;
}

void CachingActor::cancel_some(std::uint32_t which) {
  if (operations_.empty()) return;
  auto at = operations_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(which % operations_.size()));
  const Operation& operation = at->second;
  const bool is_there = std::ranges::find(channels_, operation.client) != channels_.end();
  if (is_there && operation.what != "acknowledge") operation.client->cancel(operation.id);
}

// --- Looking -----------------------------------------------------------------------------------------------------

bool CachingActor::is_quiet() const {
  if (dozing_) return false;
  for (const auto& [key, cache] : leases_) {
    if (cache->owes_ack || cache->flushing) return false;
  }
  for (const HandleRef& handle : handles_) {
    if (handle->cache && (handle->cache->owes_ack || handle->cache->flushing)) return false;
  }
  return std::ranges::all_of(operations_, [](const auto& entry) { return entry.second.may_wait; });
}

// Whether it may have written to the file what the server does not have yet.
bool CachingActor::may_keep_back(std::uint64_t identity) const {
  return std::ranges::any_of(handles_, [&](const HandleRef& handle) {
    const Cache* cache = handle->cache.get();
    return cache != nullptr && cache->identity == identity &&
           (cache->can(LeaseBit::write) || !cache->dirty.empty() || cache->flushing || cache->owes_ack);
  });
}

std::string CachingActor::what_is_pending() const {
  for (const auto& [number, operation] : operations_) {
    if (!operation.may_wait) return operation.what;
  }
  return dozing_ ? "doze" : "a break";
}

void CachingActor::check_settled() {
  if (client_ == nullptr) return;
  for (const auto& [number, operation] : operations_) {
    if (!operation.client->is_pending(operation.id)) {
      return fail_with(
          fmt::format("{} (message {}) waits without an interim response", operation.what, operation.id.value()));
    }
  }
}

}  // namespace dozo::server::testing
