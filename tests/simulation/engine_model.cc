#include "tests/simulation/engine_model.h"

#include <algorithm>

namespace dozo::share {

namespace {

using Wide = unsigned __int128;

bool reads(const Step& s) { return s.access.has(Access::read_data) || s.access.has(Access::execute); }
bool writes(const Step& s) { return s.access.has(Access::write_data) || s.access.has(Access::append_data); }
bool deletes(const Step& s) { return s.access.has(Access::delete_object); }
bool takes_part(const Step& s) { return reads(s) || writes(s) || deletes(s); }

bool tolerates(const Step& one, const Step& other) {
  if (reads(other) && !one.share.has(ShareFlag::read)) return false;
  if (writes(other) && !one.share.has(ShareFlag::write)) return false;
  return !deletes(other) || one.share.has(ShareFlag::delete_access);
}

// Ranges share a byte; or a point lies strictly inside a range; two points never meet.
bool meet(Wide a, Wide a_length, Wide b, Wide b_length) {
  if (a_length == 0 && b_length == 0) return false;
  if (a_length == 0) return b < a && a < b + b_length;
  if (b_length == 0) return a < b && b < a + a_length;
  return std::max(a, b) < std::min(a + a_length, b + b_length);
}

bool is_valid(std::uint64_t offset, std::uint64_t length) { return Wide{offset} + length <= (Wide{1} << 64); }

bool has_index(const std::optional<LockSequence>& sequence) {
  return sequence && sequence->index >= 1 && sequence->index <= 64;
}

template <class T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::ranges::find(list, value) != list.end();
}

std::string client_of(const Step& step) { return step.actor.substr(0, step.actor.find('.')); }

}  // namespace

EngineModel::Open* EngineModel::find(const std::string& actor, const std::string& handle) {
  for (Open& open : opens_) {
    if (open.step.actor == actor && open.step.handle == handle) return &open;
  }
  return nullptr;
}

EngineModel::Open& EngineModel::by_id(int id) { return *std::ranges::find(opens_, id, &Open::id); }

StepResult EngineModel::run(const Step& step) {
  if (step.verb == Verb::open) return open(step);
  if (step.verb == Verb::advance) return advance(step);
  if (step.verb == Verb::disconnect) return disconnect(step);
  if (step.verb == Verb::cancel) return cancel(step);
  if (step.verb == Verb::change) return change(step);
  if (step.verb == Verb::outside) return outside(step);
  if (step.verb == Verb::reclaim) return reclaim(step);
  if (step.verb == Verb::ack && step.lease) return acknowledge_lease(step);
  Open* open = find(step.actor, step.handle);
  if (open == nullptr) return {"FILE_CLOSED", {}};
  switch (step.verb) {
    case Verb::close:
      return close(step, *open);
    case Verb::lock:
    case Verb::unlock:
      return lock(step, *open);
    case Verb::read:
    case Verb::write:
      return io(step, *open);
    case Verb::use:
      return use(step, *open);
    case Verb::preserve:
      return preserve(step, *open);
    case Verb::replace:
      return replace(step, *open);
    case Verb::ack:
      return acknowledge_oplock(step, *open);
    case Verb::delete_file:
      return mark(step, *open, true);
    case Verb::undelete:
      return mark(step, *open, false);
    case Verb::pending:
      return {is_marked(*open) ? "yes" : "no", {}};
    case Verb::rename:
      return rename(step, *open);
    default:
      return link(step, *open);
  }
}

bool EngineModel::violates_sharing(const Step& step, int file) const {
  if (!takes_part(step)) return false;
  for (const Open& other : opens_) {
    if (other.file != file || !takes_part(other.step)) continue;
    if (other.step.stream == step.stream) {
      if (!tolerates(other.step, step) || !tolerates(step, other.step)) return true;
      continue;
    }
    // Deletion of the main stream concerns every stream.
    const bool newcomer_deletes_all = step.stream.empty() && deletes(step);
    const bool other_deletes_all = other.step.stream.empty() && deletes(other.step);
    if (newcomer_deletes_all && !other.step.share.has(ShareFlag::delete_access)) return true;
    if (other_deletes_all && !step.share.has(ShareFlag::delete_access)) return true;
  }
  return false;
}

bool EngineModel::is_marked(const Open& open) const {
  return contains(deleted_links_, {open.file, open.path}) || contains(deleted_streams_, {open.file, open.step.stream});
}

bool EngineModel::has_opens(int file) const { return std::ranges::find(opens_, file, &Open::file) != opens_.end(); }

StepResult EngineModel::close(const Step& step, Open& open) {
  StepResult out{"ok", {}};
  close_open(open.id, step.nonempty, out.effects);
  return out;
}

void EngineModel::close_open(int id, bool nonempty, std::vector<std::string>& effects) {
  end_cache_waits(id, "FILE_CLOSED", effects);
  end_waits(id, "RANGE_NOT_LOCKED", effects);
  const Open gone = by_id(id);
  if (std::erase_if(locks_, [id](const Lock& l) { return l.open == id; }) != 0) {
    retry(gone.file, gone.step.stream, effects);
  }
  const bool main = gone.step.stream.empty();
  if (gone.step.delete_on_close && !nonempty) {
    if (main)
      deleted_links_.emplace_back(gone.file, gone.path);
    else
      deleted_streams_.emplace_back(gone.file, gone.step.stream);
    const Breaker who{client_of(gone.step), gone.step.lease ? gone.step.lease->key : "", id, false, false};
    break_all("delete", gone.file, gone.step.stream, who, effects);
  }
  const int cache = by_id(id).cache;  // the break may have ended it
  std::erase_if(opens_, [id](const Open& o) { return o.id == id; });

  const std::string name = gone.step.actor + " purge " + gone.step.handle;
  const auto same_stream = [&](const Open& o) { return o.file == gone.file && o.step.stream == gone.step.stream; };
  const std::pair<int, std::string> stream{gone.file, gone.step.stream};
  if (std::ranges::none_of(opens_, same_stream) && std::erase(deleted_streams_, stream) != 0) {
    effects.push_back(name + ":" + gone.step.stream);
  }
  const auto same_link = [&](const Open& o) { return o.file == gone.file && o.path == gone.path; };
  const std::pair<int, std::string> link{gone.file, gone.path};
  if (std::ranges::none_of(opens_, same_link) && std::erase(deleted_links_, link) != 0) {
    effects.push_back(name);
    files_.erase(gone.path);
  }
  // The last open of a lease, or the one of an oplock: who waited for it need not any more.
  if (cache != 0 && std::ranges::none_of(opens_, [cache](const Open& o) { return o.cache == cache; })) {
    cache_of(cache)->state = "R";
    finish(cache, effects);
    drop(cache);
  } else if (cache != 0) {
    give_up_lost_break(cache, effects);
  }
}

void EngineModel::end_waits(int id, const std::string& how, std::vector<std::string>& effects) {
  for (const Wait& wait : waits_) {
    if (wait.lock.open == id) effects.push_back(by_id(id).step.actor + " wake " + how);
  }
  std::erase_if(waits_, [id](const Wait& w) { return w.lock.open == id; });
}

bool EngineModel::blocked(const Lock& wanted, bool writing, bool is_lock) const {
  const Open& mine = *std::ranges::find(opens_, wanted.open, &Open::id);
  for (const Lock& held : locks_) {
    const Open& holder = *std::ranges::find(opens_, held.open, &Open::id);
    if (holder.file != mine.file || holder.step.stream != mine.step.stream) continue;
    if (!meet(wanted.offset, wanted.length, held.offset, held.length)) continue;
    if (!held.exclusive && writing) return true;
    if (held.exclusive && held.open != wanted.open) return true;
    if (held.exclusive && is_lock && wanted.exclusive) return true;
  }
  return false;
}

void EngineModel::retry(int file, const std::string& stream, std::vector<std::string>& effects) {
  for (std::size_t i = 0; i < waits_.size();) {
    const Wait wait = waits_[i];
    Open& open = by_id(wait.lock.open);
    if (open.file != file || open.step.stream != stream || blocked(wait.lock, wait.lock.exclusive, true)) {
      ++i;
      continue;
    }
    locks_.push_back(wait.lock);
    if (has_index(wait.sequence)) open.sequences[wait.sequence->index] = wait.sequence->number;
    effects.push_back(open.step.actor + " wake ok");
    waits_.erase(waits_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

StepResult EngineModel::lock(const Step& step, Open& open) {
  if (has_index(step.sequence) && open.sequences.contains(step.sequence->index)) {
    if (open.sequences[step.sequence->index] == step.sequence->number) return {"ok", {}};
    open.sequences.erase(step.sequence->index);
  }
  if (open.step.is_directory) return {"INVALID_PARAMETER", {}};
  const bool unlocks = step.ranges.front().kind == LockKind::unlock;
  StepResult result = unlocks ? unlock_all(step, open) : lock_all(step, open);
  if (result.answer == "ok" && has_index(step.sequence)) {
    open.sequences[step.sequence->index] = step.sequence->number;
  }
  return result;
}

StepResult EngineModel::lock_all(const Step& step, Open& open) {
  for (const LockElement& e : step.ranges) {
    if (e.kind != LockKind::shared && e.kind != LockKind::exclusive) return {"INVALID_PARAMETER", {}};
    if (step.ranges.size() > 1 && !e.fail_immediately) return {"INVALID_PARAMETER", {}};
  }
  const std::vector<Lock> before = locks_;
  for (const LockElement& e : step.ranges) {
    const Lock wanted{open.id, e.offset, e.length, e.kind == LockKind::exclusive};
    if (!is_valid(e.offset, e.length)) {
      locks_ = before;
      return {"INVALID_LOCK_RANGE", {}};
    }
    if (!blocked(wanted, wanted.exclusive, true)) {
      locks_.push_back(wanted);
      continue;
    }
    locks_ = before;
    if (e.fail_immediately) return {"LOCK_NOT_GRANTED", {}};
    const auto until = step.time ? std::optional<Duration>(now_ + *step.time) : std::nullopt;
    waits_.push_back({next_id_++, wanted, step.sequence, until});
    return {"pending", {}};
  }
  return {"ok", {}};
}

bool EngineModel::remove_lock(const Lock& like) {
  for (auto it = locks_.begin(); it != locks_.end(); ++it) {
    if (it->open != like.open || it->offset != like.offset || it->length != like.length) continue;
    if (it->exclusive != like.exclusive) continue;
    locks_.erase(it);
    return true;
  }
  return false;
}

StepResult EngineModel::unlock_all(const Step& step, Open& open) {
  StepResult out{"ok", {}};
  bool released = false;
  for (const LockElement& e : step.ranges) {
    if (e.kind != LockKind::unlock)
      out.answer = "INVALID_PARAMETER";
    else if (!is_valid(e.offset, e.length))
      out.answer = "INVALID_LOCK_RANGE";
    else if (!remove_lock({open.id, e.offset, e.length, true}) && !remove_lock({open.id, e.offset, e.length, false})) {
      out.answer = "RANGE_NOT_LOCKED";
    }
    if (out.answer != "ok") break;
    released = true;
  }
  if (released) retry(open.file, open.step.stream, out.effects);
  return out;
}

StepResult EngineModel::io(const Step& step, const Open& open) {
  Wide end = Wide{step.ranges[0].offset} + step.ranges[0].length;
  end = std::min(end, Wide{1} << 64);
  // A length that no longer fits 64 bits can only be the whole range; the generator never asks for it.
  const auto length = static_cast<std::uint64_t>(end - step.ranges[0].offset);
  const bool writing = step.verb == Verb::write;
  // I/O of no bytes meets no lock.
  const bool is_blocked = length != 0 && blocked({open.id, step.ranges[0].offset, length, writing}, writing, false);
  return {is_blocked ? "FILE_LOCK_CONFLICT" : "ok", {}};
}

StepResult EngineModel::cancel(const Step& step) {
  const Open* open = find(step.actor, step.handle);
  int newest = 0;
  for (const Wait& wait : waits_) {
    if (open != nullptr && wait.lock.open == open->id) newest = std::max(newest, wait.ticket);
  }
  for (const CacheWait& wait : cache_waits_) {
    if (wait.actor == step.actor && wait.handle == step.handle) newest = std::max(newest, wait.id);
  }
  if (newest == 0) return {open == nullptr ? "FILE_CLOSED" : "NOT_FOUND", {}};
  std::erase_if(waits_, [newest](const Wait& w) { return w.ticket == newest; });
  std::erase_if(cache_waits_, [newest](const CacheWait& w) { return w.id == newest; });
  return {"ok", {step.actor + " wake CANCELLED"}};
}

StepResult EngineModel::mark(const Step&, const Open& open, bool on) {
  if (!deletes(open.step)) return {"ACCESS_DENIED", {}};
  const bool main = open.step.stream.empty();
  auto& list = main ? deleted_links_ : deleted_streams_;
  const std::pair<int, std::string> what{open.file, main ? open.path : open.step.stream};
  std::erase(list, what);
  if (on) list.push_back(what);
  return {"ok", {}};
}

StepResult EngineModel::rename(const Step& step, Open& open) {
  if (!deletes(open.step) || contains(deleted_links_, {open.file, open.path})) return {"ACCESS_DENIED", {}};
  const auto beneath = [&](const Open& o) { return o.path.starts_with(open.path + "\\"); };
  if (open.step.is_directory && std::ranges::any_of(opens_, beneath)) return {"ACCESS_DENIED", {}};
  const auto target = files_.find(step.path);
  const bool exists = step.path != open.path && target != files_.end();
  if (exists && target->second == open.file && contains(deleted_links_, {open.file, step.path})) {
    return {"DELETE_PENDING", {}};
  }
  if (exists && target->second != open.file) {
    if (!step.replace) return {"OBJECT_NAME_COLLISION", {}};
    if (contains(deleted_links_, {target->second, step.path})) return {"DELETE_PENDING", {}};
    if (has_opens(target->second)) return {"ACCESS_DENIED", {}};
  }
  const std::string old_path = open.path;
  const int file = open.file;
  files_.erase(old_path);
  files_[step.path] = file;
  for (Open& other : opens_) {
    if (other.file == file && other.path == old_path) other.path = step.path;
  }
  return {"ok", {}};
}

StepResult EngineModel::link(const Step& step, const Open& open) {
  if (files_.contains(step.path)) return {"OBJECT_NAME_COLLISION", {}};
  files_[step.path] = open.file;
  return {"ok", {}};
}

StepResult EngineModel::disconnect(const Step& step) {
  StepResult out{"ok", {}};
  for (const CacheWait& wait : cache_waits_) {
    if (wait.actor == step.actor) out.effects.push_back(step.actor + " wake CANCELLED");
  }
  std::erase_if(cache_waits_, [&](const CacheWait& w) { return w.actor == step.actor; });
  std::vector<int> gone;
  for (const Open& open : opens_) {
    if (open.step.actor == step.actor && !open.disconnected) gone.push_back(open.id);
  }
  for (const int id : gone) end_waits(id, "RANGE_NOT_LOCKED", out.effects);
  for (const int id : gone) forget(id, out.effects);
  return out;
}

StepResult EngineModel::advance(const Step& step) {
  StepResult out{"ok", {}};
  now_ += *step.time;
  while (true) {
    const auto first = std::ranges::min_element(waits_, [](const Wait& a, const Wait& b) {
      return a.until.value_or(Duration::max()) < b.until.value_or(Duration::max());
    });
    if (first == waits_.end() || !first->until || *first->until > now_) break;
    out.effects.push_back(by_id(first->lock.open).step.actor + " wake LOCK_NOT_GRANTED");
    waits_.erase(first);
  }
  while (true) {
    const Cache* late = nullptr;
    for (const Cache& cache : caches_) {
      const bool due = cache.breaking && cache.until <= now_;
      if (due && (late == nullptr || cache.until < late->until)) late = &cache;
    }
    if (late == nullptr) break;
    cache_of(late->id)->state = "";
    finish(late->id, out.effects);
  }
  while (true) {
    const Open* late = nullptr;
    for (const Open& open : opens_) {
      const bool due = open.disconnected && open.until <= now_;
      if (due && (late == nullptr || open.until < late->until)) late = &open;
    }
    if (late == nullptr) return out;
    forget(late->id, out.effects);
  }
}

}  // namespace dozo::share
