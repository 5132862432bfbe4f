#include "share/scenario_runner.h"

#include <fmt/format.h>

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
  }
  return {};
}

StepResult EngineRunner::open(const Step& step) {
  if (engine_.is_open(find(step))) return {"INVALID_HANDLE", {}};
  OpenRequest request;
  request.open = OpenId{next_open_++};
  request.owner = owner_of(step.actor);
  request.key = {1, 1, inode_of(step.path), fold_name(step.stream)};
  request.path = fold_name(step.path);
  request.granted_access = step.access;
  request.share_access = step.share;
  request.delete_on_close = step.delete_on_close;
  request.is_directory = step.is_directory;
  StepResult result = apply(request);
  if (result.answer == "ok") {
    const HandleName name{step.actor, step.handle};
    names_[name] = request.open;
    handles_[request.open] = {request.open, name, step.path, {}};
  }
  return result;
}

StepResult EngineRunner::lock(const Step& step, OpenId open) {
  const TicketId ticket{next_ticket_++};
  LockRequest request{open, ticket, step.ranges, step.sequence, std::nullopt};
  if (step.time) request.give_up_at = now_ + *step.time;
  // As a server does: whoever waits is known before the engine is asked.
  tickets_[ticket] = open;
  StepResult result = apply(request);
  if (result.answer == "pending")
    handles_[open].waiting.push_back(ticket);
  else
    tickets_.erase(ticket);
  return result;
}

StepResult EngineRunner::cancel(const Step& step, OpenId open) {
  if (!engine_.is_open(open)) return {"FILE_CLOSED", {}};
  const auto& waiting = handles_[find(step)].waiting;
  return apply(CancelTicket{open, waiting.empty() ? TicketId{} : waiting.back()});
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

StepResult EngineRunner::apply(const Event& event) {
  const Effects effects = engine_.apply(event, now_);
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
  return "an answer in the wrong place";
}

std::string EngineRunner::wake_text(const Wake& wake) {
  const auto it = tickets_.find(wake.ticket);
  if (it == tickets_.end()) return "a wake that nobody waits for";
  Handle& handle = handles_[it->second];
  std::erase(handle.waiting, wake.ticket);
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
