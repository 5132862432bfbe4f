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

const std::vector<ActionRow>& rows() {
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
      {"pause", 1, {{"time", kPauses.size()}}},
      {"settle", 3, {}},
  };
  return kRows;
}

constexpr std::array kDialects = {Dialect::smb_3_1_1, Dialect::smb_3_0_2, Dialect::smb_3_1_1, Dialect::smb_2_1};

}  // namespace

ActionTable caching_actions() { return rows(); }

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
  client_ = &world_.log_on(options);
  client_->listen_for_breaks(this);
  leaving_ = false;
  if (client_->is_disconnected() || !client_->problems().empty()) return fail_with("it cannot log on");
  last_session_ = client_->session();
  reclaim_all();
}

// The connection ends in one of the ways connections end.
void CachingActor::leave(std::uint32_t how) {
  Client* client = client_;
  if (client == nullptr) return;
  if (how == 0) {
    client->reset();
  } else if (how == 1) {
    client->hang_up();
  } else {
    const ByteVector half = {0, 0, 1, 0, 0xFE, 'S', 'M', 'B', 64, 0};
    client->send_bytes(half);
    world_.loop().run_for(std::chrono::microseconds(400));
    client->reset();
  }
  forget_connection();
}

void CachingActor::forget_connection() {
  if (client_ == nullptr) return;
  client_->listen_for_breaks(nullptr);
  if (dozing_) client_->read_again();
  client_ = nullptr;
  watch_.reset();
  keys_opening_.clear();
  for (const auto& [id, operation] : operations_) {
    if (operation.what == "open" || operation.what == "close") ++model_.unknown_opens;
  }
  const std::vector<HandleRef> had = std::exchange(handles_, {});
  for (const HandleRef& handle : had) suspend(handle);
  for (const HandleRef& handle : had) {
    if (!handle->lost_at) release_cache(handle);
  }
}

void CachingActor::look() {
  if (client_ == nullptr || !client_->is_disconnected()) return;
  forget_connection();
}

void CachingActor::end() {
  if (client_ != nullptr) client_->hang_up();
  forget_connection();
  handles_.clear();
}

// --- Asking ------------------------------------------------------------------------------------------------------

runtime::Task<Answer> CachingActor::call(Command command, ByteVector body, std::string what, bool may_wait) {
  Client* client = client_;
  if (client == nullptr || client->is_disconnected()) co_return Answer{};
  const MessageId id = client->start_body(command, std::move(body), {});
  const std::uint64_t number = ++last_operation_;
  operations_[number] = {.what = what, .client = client, .id = id, .may_wait = may_wait, .since = model_.now()};
  Answer answer = co_await client->answered(id);
  operations_.erase(number);
  ++model_.seen[fmt::format("{} {}", what, answer.none() ? "lost" : dozo::to_string(answer.status()))];
  // What came with the last bytes of a connection that has been given up is not known to anybody.
  if (client != client_) co_return Answer{};
  co_return answer;
}

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
  if (client_ == nullptr || leaving_ || client_->credits() < 16) return;
  runtime::spawn(gate_, perform(step));
}

runtime::Task<void> CachingActor::perform(Step step) {
  const auto& v = step.values;
  const auto action = static_cast<CachingAction>(step.action);
  if (action == CachingAction::open) co_return co_await open(step);
  if (action == CachingAction::watch) co_return co_await watch(v[0] == 0 ? 4096 : 16);
  if (action == CachingAction::cancel) co_return cancel_some(v[0]);
  if (action == CachingAction::logoff) co_return co_await log_off();
  if (action == CachingAction::doze) co_return co_await doze(kDozes[v[0]]);
  if (action == CachingAction::steal) {
    const auto& victim = (*all_)[v[0] % all_->size()];
    if (victim.get() == this || victim->handles().empty()) co_return;
    const Handle& handle = *victim->handles()[v[1] % victim->handles().size()];
    // To a v1 open without a lease its owner may come from anywhere. [MS-SMB2] 3.3.5.9.7.
    const bool may_be_mine = victim->user() == user_ && !handle.is_v2 && !(handle.cache && handle.cache->key);
    // A client of 2.1 does not know v2 contexts: it would just open the file.
    const bool can_ask = !handle.is_v2 || is_smb3(client_->dialect());
    if (!handle.is_durable || may_be_mine || !can_ask) co_return;
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
    default:
      co_return;
  }
}

runtime::Task<void> CachingActor::log_off() {
  leaving_ = true;
  Client* client = client_;
  const Answer answer = co_await request(Command::logoff, wire::LogoffRequest{}, "logoff");
  if (answer.none() || client != client_) co_return;
  check_status("logoff", answer.status(), {});
  // [MS-SMB2] 3.3.5.6: durable opens are waited for as after a lost connection.
  client->hang_up();
  forget_connection();
}

// A client that reads nothing for a while, as one that has been suspended.
runtime::Task<void> CachingActor::doze(Duration time) {
  if (dozing_) co_return;
  Client* client = client_;
  dozing_ = true;
  overslept_ = time > kPatienceOfServers;
  client->read_nothing_more();
  co_await runtime::sleep_for(world_.loop(), time);
  if (client == client_) client->read_again();
  co_await runtime::sleep_for(world_.loop(), kNewsTravel);
  dozing_ = overslept_ = false;
}

void CachingActor::cancel_some(std::uint32_t which) {
  if (operations_.empty()) return;
  auto at = operations_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(which % operations_.size()));
  if (at->second.client == client_ && at->second.what != "acknowledge") client_->cancel(at->second.id);
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
