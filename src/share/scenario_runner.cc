#include "share/scenario_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/unicode.h"

namespace dozo::share {

namespace {

std::string answer_of(const Result<>& result) { return answer_text(result ? NtStatus::SUCCESS : result.error()); }

}  // namespace

StepResult EngineRunner::run(const Step& step) {
  const OpenId open_id = find(step);
  const auto io = [&](IoKind kind) {
    const LockElement& range = step.ranges.front();
    return StepResult{answer_of(engine_.check_io(open_id, range.offset, range.length, kind)), {}};
  };
  switch (step.verb) {
    case Verb::open:
      return open(step);
    case Verb::close:
      return apply(CloseOpen{open_id, step.nonempty});
    case Verb::lock:
    case Verb::unlock:
      return lock(step, open_id);
    case Verb::read:
      return io(IoKind::read);
    case Verb::write:
      return io(IoKind::write);
    case Verb::cancel:
      return cancel(step, open_id);
    case Verb::delete_file:
      return apply(SetDeletePending{open_id, true});
    case Verb::undelete:
      return apply(SetDeletePending{open_id, false});
    case Verb::pending: {
      const auto info = engine_.find_open(open_id);
      if (!info) return {"FILE_CLOSED", {}};
      return {info->delete_pending ? "yes" : "no", {}};
    }
    case Verb::rename:
      return rename(step, open_id);
    case Verb::link:
      return link(step, open_id);
    case Verb::disconnect:
      return apply(DisconnectOwner{owner_of(step.actor)});
    case Verb::advance:
      return advance(*step.time);
    case Verb::use:
      return use(step, open_id);
    case Verb::replace:
      return replace(step, open_id);
    case Verb::ack:
      return ack(step, open_id);
    case Verb::change:
      return apply(DirectoryChange{{1, 1, inode_of(step.path)},
                                   step.lease ? std::optional(lease_of(step.actor, step.lease->key)) : std::nullopt});
    case Verb::outside:
      return apply(OutsideChange{{1, 1, inode_of(step.path)}});
    case Verb::preserve:
      return apply(PreserveOpen{open_id, now_ + *step.time, step.resilient, step.persistent});
    case Verb::reclaim:
      return reclaim(step, open_id);
  }
  return {};
}

OpenRequest EngineRunner::request_of(const Step& step) {
  OpenRequest request;
  request.open = OpenId{next_open_++};
  request.ticket = TicketId{next_ticket_++};
  request.owner = owner_of(step.actor);
  request.key = {1, 1, inode_of(step.path), fold_name(step.stream)};
  request.path = fold_name(step.path);
  request.granted_access = step.access;
  request.share_access = step.share;
  request.delete_on_close = step.delete_on_close;
  request.is_directory = step.is_directory;
  request.overwrites = step.overwrites;
  request.complete_if_oplocked = step.complete_if_oplocked;
  request.oplock = step.oplock;
  if (step.allocation_size) request.allocation_size = *step.allocation_size;
  if (!step.lease) return request;
  const LeaseId id = lease_of(step.actor, step.lease->key);
  request.oplock = OplockLevel::lease;
  request.client_guid = id.client;
  request.lease = LeaseRequest{id.key, step.lease->state, std::nullopt, step.lease->epoch, step.lease->v2};
  if (!step.lease->parent.empty()) request.lease->parent_key = lease_of(step.actor, step.lease->parent).key;
  return request;
}

StepResult EngineRunner::open(const Step& step) {
  const OpenId before = find(step);
  if (engine_.is_open(before) || !handles_[before].waiting.empty()) return {"INVALID_HANDLE", {}};
  const OpenRequest request = request_of(step);
  const HandleName name{step.actor, step.handle};
  handles_[request.open] = {request.open, name, step.path, {}};
  StepResult result = apply_waiting(request, request.ticket, request.open, request.open);
  if (result.answer == "ok" || result.answer == "pending") names_[name] = request.open;
  if (result.answer == "ok" && request.oplock != OplockLevel::none) {
    result.answer += caching_text(engine_.find_open(request.open)->caching);
  }
  return result;
}

StepResult EngineRunner::lock(const Step& step, OpenId open) {
  const TicketId ticket{next_ticket_++};
  LockRequest request{open, ticket, step.ranges, step.sequence, std::nullopt};
  if (step.time) request.give_up_at = now_ + *step.time;
  return apply_waiting(request, ticket, open, open);
}

StepResult EngineRunner::use(const Step& step, OpenId open) {
  const TicketId ticket{next_ticket_++};
  return apply_waiting(BreakCaches{open, ticket, step.use}, ticket, open, open);
}

StepResult EngineRunner::replace(const Step& step, OpenId open) {
  const auto info = engine_.find_open(open);
  if (!info) return {"FILE_CLOSED", {}};
  const TicketId ticket{next_ticket_++};
  const BreakForReplace event{
      OpenId{next_open_++}, ticket, owner_of(step.actor), {1, 1, inode_of(step.path)}, info->lease};
  return apply_waiting(event, ticket, event.open, open);
}

StepResult EngineRunner::ack(const Step& step, OpenId open) {
  const Event event = step.lease ? Event(AckLease{lease_of(step.actor, step.lease->key), step.lease->state})
                                 : Event(AckOplock{open, step.oplock});
  const Effects effects = engine_.apply(event, now_);
  StepResult result = text_of(effects);
  if (const auto* grant = std::get_if<Grant>(&effects.answer())) result.answer += caching_text(*grant);
  return result;
}

StepResult EngineRunner::reclaim(const Step& step, OpenId open) {
  StepResult result = apply(ReclaimOpen{open, owner_of(step.actor)});
  if (result.answer != "ok") return result;
  const Grant caching = engine_.find_open(open)->caching;
  if (caching.oplock != OplockLevel::none) result.answer += caching_text(caching);
  return result;
}

StepResult EngineRunner::cancel(const Step& step, OpenId open) {
  const auto& waiting = handles_[find(step)].waiting;
  if (waiting.empty() && !engine_.is_open(open)) return {"FILE_CLOSED", {}};
  return apply(waiting.empty() ? CancelTicket{open, TicketId{}}
                               : CancelTicket{waiting.back().open, waiting.back().ticket});
}

StepResult EngineRunner::rename(const Step& step, OpenId open) {
  if (const Result<> allowed = engine_.can_rename(open); !allowed) return {answer_of(allowed), {}};
  Handle& handle = handles_[open];
  const auto target = inodes_.find(step.path);
  if (target != inodes_.end() && target->second != inodes_[handle.path]) {
    if (!step.replace) return {"OBJECT_NAME_COLLISION", {}};
    const Result<> allowed = engine_.can_replace({1, 1, target->second}, fold_name(step.path));
    if (!allowed) return {answer_of(allowed), {}};
  }
  const std::string old_path = handle.path;
  const std::uint64_t inode = inodes_[old_path];
  StepResult result = apply(RenameLink{open, fold_name(step.path)});
  if (result.answer != "ok") return result;
  inodes_.erase(old_path);
  inodes_[step.path] = inode;
  for (auto& [id, other] : handles_) {
    if (other.path == old_path && engine_.is_open(id)) other.path = step.path;
  }
  return result;
}

StepResult EngineRunner::link(const Step& step, OpenId open) {
  if (!engine_.is_open(open)) return {"FILE_CLOSED", {}};
  if (inodes_.contains(step.path)) return {"OBJECT_NAME_COLLISION", {}};
  inodes_[step.path] = inodes_[handles_[open].path];
  return {"ok", {}};
}

StepResult EngineRunner::advance(Duration time) {
  now_ += time;
  const auto next = engine_.next_deadline();
  if (!next || *next > now_) return {"ok", {}};
  return apply(Deadline{});
}

StepResult EngineRunner::apply(const Event& event) { return text_of(engine_.apply(event, now_)); }

// As a server does: whoever waits is known before the engine is asked.
StepResult EngineRunner::apply_waiting(const Event& event, TicketId ticket, OpenId open, OpenId handle) {
  tickets_[ticket] = handle;
  StepResult result = apply(event);
  if (result.answer == "pending")
    handles_[handle].waiting.push_back({ticket, open});
  else
    tickets_.erase(ticket);
  return result;
}

StepResult EngineRunner::text_of(const Effects& effects) {
  StepResult out{answer_of(effects.result()), {}};
  for (auto it = effects.begin() + 1; it != effects.end(); ++it) out.effects.push_back(effect_text(*it));
  return out;
}

std::string EngineRunner::effect_text(const Effect& effect) {
  if (const auto* wake = std::get_if<Wake>(&effect)) return wake_text(*wake);
  if (const auto* purge = std::get_if<Purge>(&effect)) return purge_text(*purge);
  if (const auto* forget = std::get_if<Forget>(&effect)) {
    const HandleName& name = handles_[forget->open].name;
    return fmt::format("{} forget {}", name.first, name.second);
  }
  if (const auto* lease = std::get_if<BreakLease>(&effect)) return break_text(*lease);
  if (const auto* oplock = std::get_if<BreakOplock>(&effect)) {
    const HandleName& name = handles_[oplock->open].name;
    return fmt::format("{} break {} to {}", name.first, name.second, level_text(oplock->to));
  }
  return "an answer in the wrong place";
}

std::string EngineRunner::break_text(const BreakLease& effect) const {
  std::string out = fmt::format("{} break {} {} to {}", clients_.at(effect.lease.client), keys_.at(effect.lease.key),
                                state_text(effect.from), state_text(effect.to));
  if (effect.ack_required) out += " ack";
  if (effect.epoch != 0) out += fmt::format(" epoch={}", effect.epoch);
  return out;
}

std::string EngineRunner::wake_text(const Wake& wake) {
  const auto it = tickets_.find(wake.ticket);
  if (it == tickets_.end()) return "a wake that nobody waits for";
  Handle& handle = handles_[it->second];
  std::erase_if(handle.waiting, [&](const Waiting& w) { return w.ticket == wake.ticket; });
  tickets_.erase(it);
  return fmt::format("{} wake {}", handle.name.first, answer_text(wake.status));
}

std::string EngineRunner::purge_text(const Purge& purge) {
  const Handle& handle = handles_[purge.open];
  if (purge.key.is_main_stream()) inodes_.erase(handle.path);
  const std::string stream = purge.key.is_main_stream() ? "" : ":" + utf16_to_utf8(purge.key.stream);
  return fmt::format("{} purge {}{}", handle.name.first, handle.name.second, stream);
}

OwnerId EngineRunner::owner_of(const std::string& actor) {
  return owners_.try_emplace(actor, OwnerId{owners_.size() + 1}).first->second;
}

// `A` and `A.2` are one client.
LeaseId EngineRunner::lease_of(const std::string& actor, const std::string& key) {
  const auto guid_of = [](const std::string& name) {
    Guid guid;
    for (std::size_t i = 0; i < std::min(name.size(), guid.bytes.size()); ++i) {
      guid.bytes[i] = static_cast<std::uint8_t>(name[i]);
    }
    return guid;
  };
  const std::string client = actor.substr(0, actor.find('.'));
  const LeaseId id{guid_of(client), guid_of(key)};
  clients_[id.client] = client;
  keys_[id.key] = key;
  return id;
}

OpenId EngineRunner::find(const Step& step) const {
  const auto it = names_.find({step.actor, step.handle});
  return it == names_.end() ? OpenId{} : it->second;
}

std::uint64_t EngineRunner::inode_of(const std::string& path) {
  const auto [it, added] = inodes_.try_emplace(path, next_inode_);
  if (added) ++next_inode_;
  return it->second;
}

std::expected<void, std::string> run_scenario(const Scenario& scenario, EngineOptions options) {
  EngineRunner runner(options);
  for (const Step& step : scenario.steps) {
    const StepResult got = runner.run(step);
    if (got == StepResult{step.answer, step.effects}) continue;
    Step seen = step;
    seen.answer = got.answer;
    seen.effects = got.effects;
    return std::unexpected(
        fmt::format("line {}: expected\n{}but it came out as\n{}", step.line, to_text(step), to_text(seen)));
  }
  return {};
}

}  // namespace dozo::share
