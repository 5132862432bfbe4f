// Oplocks and leases in the model: rules spelled out, states as letters.
#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/engine_model.h"

namespace dozo::share {

namespace {

constexpr std::chrono::seconds kBreakTimeout{35};

bool has(const std::string& state, char what) { return state.find(what) != std::string::npos; }

// Nothing is cached without R.
std::string without(const std::string& state, const std::string& loses) {
  std::string left;
  for (const char c : state) {
    if (!has(loses, c)) left += c;
  }
  return has(left, 'R') ? left : "";
}

bool is_within(const std::string& part, const std::string& whole) {
  return std::ranges::all_of(part, [&](char c) { return has(whole, c); });
}

std::string common(const std::string& a, const std::string& b) {
  std::string out;
  for (const char c : a) {
    if (has(b, c)) out += c;
  }
  return out;
}

// What a step says: RWH in this order.
std::string letters(LeaseState state) {
  const std::string text = state_text(state);
  return text == "-" ? "" : text;
}

std::string level_of(const std::string& state) {
  if (state == "RWH") return "batch";
  if (state == "RW") return "exclusive";
  return has(state, 'R') ? "level_ii" : "none";
}

std::string shown(const std::string& state) { return state.empty() ? "-" : state; }

std::string client_part_of(const Step& step) { return step.actor.substr(0, step.actor.find('.')); }

// Opened for no more than attributes; `security`: or for reading the security descriptor.
bool looks_only(const Step& step, bool security) {
  AccessMask more = step.access.without(Access::read_attributes | Access::write_attributes | Access::synchronize);
  if (security) more = more.without(Access::read_control);
  return more.empty();
}

bool waits(const std::string& what, const std::string& state) {
  if (what == "change" || what == "outside") return false;
  const bool about_handles =
      what == "conflict" || what == "delete" || what == "security" || what == "rename" || what == "replace";
  return has(state, about_handles ? 'H' : 'W');
}

}  // namespace

std::size_t EngineModel::oplock_count() const {
  return static_cast<std::size_t>(std::ranges::count(caches_, "", &Cache::client));
}
std::size_t EngineModel::lease_count() const { return caches_.size() - oplock_count(); }
std::size_t EngineModel::break_count() const {
  return static_cast<std::size_t>(std::ranges::count(caches_, true, &Cache::breaking));
}

int EngineModel::file_of(const std::string& path) {
  if (!files_.contains(path)) files_[path] = next_file_++;
  return files_[path];
}

bool EngineModel::is_waiting(const std::string& actor, const std::string& handle) const {
  return std::ranges::any_of(cache_waits_, [&](const CacheWait& w) { return w.actor == actor && w.handle == handle; });
}

EngineModel::Cache* EngineModel::cache_of(int id) {
  const auto it = std::ranges::find(caches_, id, &Cache::id);
  return it == caches_.end() ? nullptr : &*it;
}

bool EngineModel::is_owner(const Breaker& who, const Cache& cache) const {
  if (!cache.client.empty()) return !who.key.empty() && cache.client == who.client && cache.key == who.key;
  return who.open != 0 &&
         std::ranges::any_of(opens_, [&](const Open& o) { return o.id == who.open && o.cache == cache.id; });
}

// What this cache loses by it; nullopt: it is not concerned.
std::optional<std::string> EngineModel::loss(const std::string& what, const Cache& cache) const {
  const bool oplock = cache.client.empty();
  if (what == "open") {
    if (!has(cache.state, 'W')) return std::nullopt;
    return oplock ? "WH" : "W";
  }
  if (what == "conflict" || what == "delete" || what == "replace" || what == "rename") {
    if (!has(cache.state, 'H')) return std::nullopt;
    if (!oplock) return "H";
    return what == "rename" ? "RWH" : "WH";
  }
  if (what == "security") return has(cache.state, 'H') && !oplock ? std::optional("H") : std::nullopt;
  if (cache.state.empty()) return std::nullopt;
  return "RWH";
}

bool EngineModel::is_concerned(const std::string& what, const Cache& cache, const Breaker& who) const {
  const bool writes = what == "write" || what == "lock" || what == "size";
  const bool oplock = cache.client.empty();
  if (what == "open" && (oplock ? who.attributes_only : who.security_only)) return false;
  if (is_owner(who, cache)) return writes && oplock && cache.state == "R";
  return loss(what, cache).has_value();
}

bool EngineModel::is_disconnected(const Cache& cache) const {
  return std::ranges::all_of(opens_, [&](const Open& o) { return o.cache != cache.id || o.disconnected; });
}

bool EngineModel::is_held_off(const std::string& what, int file, const std::string& stream, const Breaker& who) const {
  return std::ranges::any_of(caches_, [&](const Cache& cache) {
    if (cache.file != file || cache.stream != stream) return false;
    if (!is_concerned(what, cache, who) || !is_disconnected(cache)) return false;
    return std::ranges::any_of(opens_, [&](const Open& o) { return o.cache == cache.id && o.persistent; });
  });
}

// Whose client nobody can tell ends, but for resilient and persistent opens.
void EngineModel::end_disconnected(const std::string& what, int file, const std::string& stream, const Breaker& who,
                                   std::vector<std::string>& effects) {
  std::vector<int> ends;
  for (const Cache& cache : caches_) {
    if (cache.file != file || cache.stream != stream) continue;
    if (!is_concerned(what, cache, who) || !is_disconnected(cache)) continue;
    for (const Open& open : opens_) {
      if (open.cache == cache.id && !open.persistent && !open.resilient) ends.push_back(open.id);
    }
  }
  for (const int id : ends) forget(id, effects);
}

void EngineModel::forget(int id, std::vector<std::string>& effects) {
  effects.push_back(by_id(id).step.actor + " forget " + by_id(id).step.handle);
  close_open(id, false, effects);
}

std::vector<std::string> EngineModel::cached_streams(int file) const {
  std::vector<std::string> streams;
  for (const Cache& cache : caches_) {
    if (cache.file == file) streams.push_back(cache.stream);
  }
  std::ranges::sort(streams);
  streams.erase(std::ranges::unique(streams).begin(), streams.end());
  return streams;
}

std::vector<int> EngineModel::break_all(const std::string& what, int file, const std::string& stream,
                                        const Breaker& who, std::vector<std::string>& effects) {
  std::vector<int> awaited;
  std::vector<int> concerned;
  for (const Cache& cache : caches_) {
    if (cache.file == file && cache.stream == stream && is_concerned(what, cache, who)) concerned.push_back(cache.id);
  }
  for (const int id : concerned) {
    Cache& cache = *cache_of(id);
    if (waits(what, cache.state) && !is_disconnected(cache)) awaited.push_back(id);
    break_one(cache, *loss(what, cache), effects);
  }
  return awaited;
}

void EngineModel::break_one(Cache& cache, const std::string& loses, std::vector<std::string>& effects) {
  if (cache.breaking) {
    cache.wanted = without(cache.wanted, loses);
    return;
  }
  const std::string from = cache.state;
  const bool told = !is_disconnected(cache);
  const auto is_kept = [&](const Open& o) { return o.cache == cache.id && o.resilient; };
  const std::string to = !told && std::ranges::any_of(opens_, is_kept) ? "" : without(from, loses);
  if (cache.v2) ++cache.epoch;
  if (told) effects.push_back(announcement(cache, from, to));
  if (from == "R" || !told) {
    cache.state = to;
    if (cache.client.empty() && to.empty()) drop(cache.id);
    return;
  }
  cache.breaking = true;
  cache.announced = to;
  cache.wanted = to;
  cache.until = now_ + kBreakTimeout;
}

std::string EngineModel::announcement(const Cache& cache, const std::string& from, const std::string& to) const {
  if (cache.client.empty()) {
    const Open& open = *std::ranges::find(opens_, cache.id, &Open::cache);
    return fmt::format("{} break {} to {}", open.step.actor, open.step.handle, level_of(to));
  }
  std::string out = fmt::format("{} break {} {} to {}", cache.client, cache.key, shown(from), shown(to));
  if (from != "R") out += " ack";
  if (cache.epoch != 0) out += fmt::format(" epoch={}", cache.epoch);
  return out;
}

// It keeps `kept`. If that is more than is wanted by now, the next break follows: from RH to nothing by way of R.
void EngineModel::settle(int id, const std::string& kept, std::vector<std::string>& effects) {
  Cache& cache = *cache_of(id);
  cache.state = kept;
  if (is_within(kept, cache.wanted)) return finish(id, effects);
  const std::string next = kept == "RH" && cache.wanted.empty() ? "R" : common(kept, cache.wanted);
  if (!is_disconnected(cache)) effects.push_back(announcement(cache, kept, next));
  if (kept == "R") {
    cache.state = next;
    return finish(id, effects);
  }
  cache.announced = next;
  cache.until = now_ + kBreakTimeout;
}

void EngineModel::finish(int id, std::vector<std::string>& effects) {
  cache_of(id)->breaking = false;
  for (std::size_t i = 0; i < cache_waits_.size();) {
    CacheWait& wait = cache_waits_[i];
    if (std::erase(wait.caches, id) == 0 || !wait.caches.empty()) {
      ++i;
      continue;
    }
    effects.push_back(wait.actor + " wake ok");
    cache_waits_.erase(cache_waits_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (cache_of(id)->client.empty() && cache_of(id)->state.empty()) drop(id);
}

void EngineModel::drop(int id) {
  for (Open& open : opens_) {
    if (open.cache == id) open.cache = 0;
  }
  std::erase_if(caches_, [id](const Cache& c) { return c.id == id; });
}

StepResult EngineModel::park(const Step& step, int open, std::vector<int> caches, StepResult result) {
  if (caches.empty()) return result;
  result.answer = "pending";
  cache_waits_.push_back({next_id_++, step.actor, step.handle, open, std::move(caches)});
  return result;
}

void EngineModel::end_cache_waits(int open, const std::string& how, std::vector<std::string>& effects) {
  for (const CacheWait& wait : cache_waits_) {
    if (wait.open == open) effects.push_back(wait.actor + " wake " + how);
  }
  std::erase_if(cache_waits_, [open](const CacheWait& w) { return w.open == open; });
}

// Why it cannot be opened; empty: it can. `effects`: what it has already caused.
std::string EngineModel::refusal(const Step& step, int file, const std::vector<std::string>& effects) const {
  if (std::ranges::any_of(effects, [](const auto& e) { return e.find(" purge ") != std::string::npos; })) {
    return "DELETE_PENDING";
  }
  const auto holds_off = [&](const Open& o) { return o.file == file && o.disconnected && o.persistent; };
  if (std::ranges::any_of(opens_, holds_off)) return "FILE_NOT_AVAILABLE";
  const std::pair<int, std::string> link{file, step.path};
  const std::pair<int, std::string> stream{file, step.stream};
  if (std::ranges::count(deleted_links_, link) != 0 || std::ranges::count(deleted_streams_, stream) != 0) {
    return "DELETE_PENDING";
  }
  return violates_sharing(step, file) ? "SHARING_VIOLATION" : "";
}

StepResult EngineModel::open(const Step& step) {
  if (find(step.actor, step.handle) != nullptr || is_waiting(step.actor, step.handle)) return {"INVALID_HANDLE", {}};
  const int file = file_of(step.path);
  const Breaker who{client_part_of(step), step.lease ? step.lease->key : "", 0, looks_only(step, false),
                    looks_only(step, true)};
  if (step.lease) {
    for (const Cache& cache : caches_) {
      const bool same = cache.file == file && cache.stream == step.stream;
      if (cache.client == who.client && cache.key == who.key && !same && !cache.of_deleted_file) {
        return {"INVALID_PARAMETER", {}};
      }
    }
  }
  StepResult result{"ok", {}};
  std::string refused = refusal(step, file, {});
  const std::string opening = step.overwrites ? "overwrite" : "open";
  if (refused == "SHARING_VIOLATION") {
    end_disconnected("conflict", file, step.stream, who, result.effects);
    refused = refusal(step, file, result.effects);
  }
  if (refused.empty()) {
    end_disconnected(opening, file, step.stream, who, result.effects);
    refused = refusal(step, file, result.effects);
  }
  if (!refused.empty()) result.answer = refused;
  const bool conflicts = refused == "SHARING_VIOLATION";
  if (!refused.empty() && !conflicts) return result;
  const std::string what = conflicts ? "conflict" : opening;
  if (conflicts) end_disconnected("conflict", file, step.stream, who, result.effects);
  std::vector<int> awaited = break_all(what, file, step.stream, who, result.effects);
  if (!awaited.empty() && !step.complete_if_oplocked) return park(step, 0, std::move(awaited), std::move(result));
  if (conflicts) return result;
  opens_.push_back({next_id_++, step, file, step.path, {}, 0});
  result.answer += grant(opens_.back());
  return result;
}

std::string EngineModel::caching_text(const Cache* cache) const {
  if (cache == nullptr) return " oplock=none";
  std::string out = cache->client.empty() ? " oplock=" + level_of(cache->state) : " lease=" + shown(cache->state);
  if (cache->v2) out += fmt::format(" epoch={}", cache->epoch);
  if (cache->breaking) out += " breaking";
  return out;
}

std::string EngineModel::grant(Open& open) {
  if (open.step.lease) return grant_lease(open);
  if (open.step.oplock == OplockLevel::none) return "";
  std::string wanted;
  if (open.step.oplock == OplockLevel::level_ii) wanted = "R";
  if (open.step.oplock == OplockLevel::exclusive) wanted = "RW";
  if (open.step.oplock == OplockLevel::batch) wanted = "RWH";
  if (open.step.is_directory) wanted = "";
  const std::string state = best(open, wanted);
  if (!state.empty()) {
    Cache cache{.id = next_id_++, .file = open.file, .stream = open.step.stream, .client = "", .key = ""};
    cache.state = state;
    open.cache = cache.id;
    caches_.push_back(cache);
  }
  return caching_text(cache_of(open.cache));
}

std::string EngineModel::grant_lease(Open& open) {
  const LeaseWords& asked = *open.step.lease;
  const std::string client = client_part_of(open.step);
  for (const Cache& cache : caches_) {
    if (cache.client != client || cache.key != asked.key) continue;
    if (cache.file != open.file || cache.stream != open.step.stream) return " oplock=none";
    open.cache = cache.id;
  }
  if (open.cache == 0) {
    Cache cache{.id = next_id_++, .file = open.file, .stream = open.step.stream, .client = client, .key = asked.key};
    cache.v2 = asked.v2;
    cache.epoch = asked.v2 ? asked.epoch : 0;
    open.cache = cache.id;
    caches_.push_back(cache);
  }
  Cache& cache = *cache_of(open.cache);
  if (open.step.delete_on_close) cache.of_deleted_file = true;
  if (cache.breaking) return caching_text(&cache);
  const std::string wanted = without(letters(asked.state), open.step.is_directory ? "W" : "");
  const std::string state = best(open, wanted);
  const bool from_nothing = cache.state.empty();
  const bool as_a_whole = state == wanted && is_within(cache.state, wanted);
  if (state != cache.state && (from_nothing || as_a_whole)) {
    cache.state = state;
    if (cache.v2) ++cache.epoch;
  }
  return caching_text(&cache);
}

std::string EngineModel::best(const Open& open, const std::string& wanted) const {
  std::vector<std::string> tries{wanted};
  const bool lease = open.step.lease.has_value();
  if (wanted == "RWH" && lease) tries.emplace_back("RH");
  if (wanted != "R" && !wanted.empty()) tries.emplace_back("R");
  for (const std::string& state : tries) {
    if (!state.empty() && may_cache(open, state)) return state;
  }
  return "";
}

bool EngineModel::may_cache(const Open& open, const std::string& wanted) const {
  const bool lease = open.step.lease.has_value();
  for (const Cache& other : caches_) {
    if (other.file != open.file || other.stream != open.step.stream || other.id == open.cache) continue;
    if (other.state.empty()) continue;
    if (has(wanted, 'W') || has(other.state, 'W')) return false;
    const bool other_is_lease = !other.client.empty();
    // RH and level II do not go together.
    if (lease && wanted == "RH" && !other_is_lease) return false;
    if (!lease && other_is_lease && has(other.state, 'H')) return false;
  }
  if (!has(wanted, 'W')) {
    return std::ranges::none_of(locks_, [&](const Lock& lock) {
      const Open& holder = *std::ranges::find(opens_, lock.open, &Open::id);
      const bool here = holder.file == open.file && holder.step.stream == open.step.stream;
      return here && lock.offset < open.step.allocation_size.value_or(~std::uint64_t{0});
    });
  }
  return std::ranges::none_of(opens_, [&](const Open& other) {
    if (other.file != open.file || other.step.stream != open.step.stream || other.id == open.id) return false;
    if (lease && other.cache == open.cache) return false;
    return !looks_only(other.step, lease);
  });
}

StepResult EngineModel::use(const Step& step, Open open) {
  if (open.disconnected) return {"FILE_CLOSED", {}};
  std::string what = "write";
  if (step.use == CacheUse::lock) what = "lock";
  if (step.use == CacheUse::set_size) what = "size";
  if (step.use == CacheUse::set_delete) what = "delete";
  if (step.use == CacheUse::set_security) what = "security";
  if (step.use == CacheUse::rename) what = "rename";
  StepResult result{"ok", {}};
  const Breaker who{client_part_of(open.step), open.step.lease ? open.step.lease->key : "", open.id, false, false};
  if (is_held_off(what, open.file, open.step.stream, who)) return {"FILE_NOT_AVAILABLE", {}};
  end_disconnected(what, open.file, open.step.stream, who, result.effects);
  std::vector<int> awaited = break_all(what, open.file, open.step.stream, who, result.effects);
  return park(step, open.id, std::move(awaited), std::move(result));
}

StepResult EngineModel::replace(const Step& step, const Open& open) {
  StepResult result{"ok", {}};
  const Cache* own = cache_of(open.cache);
  Breaker who;
  if (own != nullptr) who.client = own->client, who.key = own->key;
  const int file = file_of(step.path);
  const std::vector<std::string> streams = cached_streams(file);
  for (const std::string& stream : streams) {
    if (is_held_off("replace", file, stream, who)) return {"FILE_NOT_AVAILABLE", {}};
  }
  std::vector<int> awaited;
  for (const std::string& stream : streams) {
    end_disconnected("replace", file, stream, who, result.effects);
    for (const int id : break_all("replace", file, stream, who, result.effects)) awaited.push_back(id);
  }
  return park(step, 0, std::move(awaited), std::move(result));
}

StepResult EngineModel::change(const Step& step) {
  StepResult result{"ok", {}};
  Breaker who;
  if (step.lease) who.client = client_part_of(step), who.key = step.lease->key;
  const int file = file_of(step.path);
  end_disconnected("change", file, "", who, result.effects);
  break_all("change", file, "", who, result.effects);
  return result;
}

StepResult EngineModel::outside(const Step& step) {
  StepResult result{"ok", {}};
  const int file = file_of(step.path);
  for (const std::string& stream : cached_streams(file)) {
    end_disconnected("outside", file, stream, {}, result.effects);
    break_all("outside", file, stream, {}, result.effects);
  }
  return result;
}

StepResult EngineModel::preserve(const Step& step, Open& open) {
  if (open.disconnected) return {"FILE_CLOSED", {}};
  const Cache* cache = cache_of(open.cache);
  const bool batch = cache != nullptr && cache->client.empty() && cache->state == "RWH";
  const bool handle_lease = cache != nullptr && !cache->client.empty() && has(cache->state, 'H');
  const bool keeps = (batch || handle_lease) && !cache->breaking;
  if (!step.resilient && !step.persistent && !keeps) return {"NOT_SUPPORTED", {}};
  StepResult result{"ok", {}};
  end_cache_waits(open.id, "CANCELLED", result.effects);
  end_waits(open.id, "CANCELLED", result.effects);
  open.disconnected = true;
  open.resilient = step.resilient;
  open.persistent = step.persistent;
  open.until = now_ + *step.time;
  give_up_lost_break(open.cache, result.effects);
  return result;
}

// Nobody is left who could acknowledge it.
void EngineModel::give_up_lost_break(int id, std::vector<std::string>& effects) {
  Cache* cache = cache_of(id);
  if (cache == nullptr || !cache->breaking || !is_disconnected(*cache)) return;
  const bool is_persistent = std::ranges::any_of(opens_, [&](const Open& o) { return o.cache == id && o.persistent; });
  if (!is_persistent) cache->state = "";
  if (is_persistent && !has(cache->state, 'W')) cache->state = cache->wanted;
  finish(id, effects);
}

StepResult EngineModel::reclaim(const Step& step) {
  Open* open = find(step.actor, step.handle);
  if (open == nullptr || !open->disconnected) return {"OBJECT_NAME_NOT_FOUND", {}};
  open->disconnected = false;
  open->resilient = false;
  open->persistent = false;
  const Cache* cache = cache_of(open->cache);
  return {cache == nullptr ? "ok" : "ok" + caching_text(cache), {}};
}

StepResult EngineModel::acknowledge_lease(const Step& step) {
  const std::string client = client_part_of(step);
  for (const Cache& cache : caches_) {
    if (cache.client != client || cache.key != step.lease->key) continue;
    if (!cache.breaking) return {"UNSUCCESSFUL", {}};
    if (!is_within(letters(step.lease->state), cache.announced)) return {"REQUEST_NOT_ACCEPTED", {}};
    const std::string kept = without(letters(step.lease->state), "");
    StepResult result{"ok lease=" + shown(kept), {}};
    if (cache.v2) result.answer += fmt::format(" epoch={}", cache.epoch);
    settle(cache.id, kept, result.effects);
    return result;
  }
  return {"OBJECT_NAME_NOT_FOUND", {}};
}

StepResult EngineModel::acknowledge_oplock(const Step& step, const Open& open) {
  const Cache* cache = cache_of(open.cache);
  if (cache == nullptr || !cache->client.empty()) return {"INVALID_OPLOCK_PROTOCOL", {}};
  if (!cache->breaking) return {"INVALID_DEVICE_STATE", {}};
  StepResult result{"ok oplock=none", {}};
  std::string kept;
  if (step.oplock == OplockLevel::lease) result.answer = "INVALID_PARAMETER";
  const bool exclusive = cache->state == "RW";
  if (step.oplock == OplockLevel::batch || (step.oplock == OplockLevel::exclusive && exclusive)) {
    result.answer = "INVALID_OPLOCK_PROTOCOL";
  }
  if (step.oplock == OplockLevel::level_ii && cache->announced == "R") {
    kept = "R";
    result.answer = "ok oplock=level_ii";
  }
  settle(cache->id, kept, result.effects);
  return result;
}

}  // namespace dozo::share
