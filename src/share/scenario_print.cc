#include <fmt/format.h>

#include <algorithm>

#include "share/scenario.h"
#include "share/scenario_words.h"

namespace dozo::share {

std::string answer_text(NtStatus status) {
  if (status == NtStatus::SUCCESS) return "ok";
  if (status == NtStatus::PENDING) return "pending";
  const std::string name = to_string(status);
  return name.starts_with("STATUS_") ? name.substr(7) : name;
}

std::string state_text(LeaseState state) {
  std::string out;
  for (const auto& row : kStateLetters) {
    if (state.has(row.bit)) out += row.letter;
  }
  return out.empty() ? "-" : out;
}

std::string_view level_text(OplockLevel level) { return std::ranges::find(kLevels, level, &LevelRow::level)->name; }

std::string caching_text(const Grant& grant) {
  std::string out;
  if (grant.oplock == OplockLevel::lease)
    out = fmt::format(" lease={}", state_text(grant.lease));
  else
    out = fmt::format(" oplock={}", level_text(grant.oplock));
  if (grant.lease_v2) out += fmt::format(" epoch={}", grant.epoch);
  if (grant.break_in_progress) out += " breaking";
  return out;
}

namespace {

std::string access_text(AccessMask access) {
  std::string out;
  for (const auto& row : kAccessLetters) {
    if (access.has(row.right)) out += row.letter;
  }
  return out.empty() ? "-" : out;
}

std::string share_text(ShareAccess share) {
  std::string out;
  for (const auto& row : kShareLetters) {
    if (share.has(row.flag)) out += row.letter;
  }
  return out.empty() ? "-" : out;
}

std::string range_text(const LockElement& element, Verb verb) {
  std::string out = fmt::format("{}+{}", element.offset, element.length);
  if (verb != Verb::lock) return out;
  out += fmt::format(" {}", std::ranges::find(kKinds, element.kind, &KindRow::kind)->name);
  if (!element.fail_immediately && element.kind != LockKind::unlock) out += " wait";
  return out;
}

std::string open_text(const Step& step) {
  std::string out = fmt::format(" {}{}{}", step.path, step.stream.empty() ? "" : ":", step.stream);
  if (step.handle != out.substr(1)) out += fmt::format(" as {}", step.handle);
  out += fmt::format(" access={} share={}", access_text(step.access), share_text(step.share));
  if (step.is_directory) out += " dir";
  if (step.delete_on_close) out += " doc";
  if (step.oplock != OplockLevel::none) out += fmt::format(" oplock={}", level_text(step.oplock));
  if (step.lease) {
    out += fmt::format(" lease={}:{}", step.lease->key, state_text(step.lease->state));
    if (step.lease->v2) out += " v2";
    if (step.lease->epoch != 0) out += fmt::format(" epoch={}", step.lease->epoch);
    if (!step.lease->parent.empty()) out += fmt::format(" parent={}", step.lease->parent);
  }
  if (step.overwrites) out += " overwrite";
  if (step.complete_if_oplocked) out += " nowait";
  if (step.allocation_size) out += fmt::format(" alloc={}", *step.allocation_size);
  return out;
}

std::string ranges_text(const Step& step) {
  std::string out = fmt::format(" {}", step.handle);
  for (std::size_t i = 0; i < step.ranges.size(); ++i) {
    out += fmt::format("{} {}", i == 0 ? "" : ",", range_text(step.ranges[i], step.verb));
  }
  if (step.sequence) out += fmt::format(" seq={}/{}", step.sequence->index, step.sequence->number);
  return out;
}

std::string seconds_text(Duration time) {
  return fmt::format("{}s", std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

// The verbs of caching whose arguments are like no other's; nullopt for all others.
std::optional<std::string> caching_arguments(const Step& step) {
  switch (step.verb) {
    case Verb::use:
      return fmt::format(" {} {}", step.handle, std::ranges::find(kUses, step.use, &UseRow::use)->name);
    case Verb::replace:
      return fmt::format(" {} by {}", step.path, step.handle);
    case Verb::ack:
      if (step.lease) return fmt::format(" {}:{}", step.lease->key, state_text(step.lease->state));
      return fmt::format(" {} {}", step.handle, level_text(step.oplock));
    case Verb::change:
      return fmt::format(" {}{}", step.path, step.lease ? " key=" + step.lease->key : "");
    case Verb::outside:
      return " " + step.path;
    case Verb::preserve:
      return fmt::format(" {} for={}{}{}", step.handle, seconds_text(*step.time), step.resilient ? " resilient" : "",
                         step.persistent ? " persistent" : "");
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string to_text(const Step& step) {
  std::string out = step.actor + (step.actor.empty() ? "" : " ");
  out += std::ranges::find(kVerbs, step.verb, &VerbRow::verb)->name;
  if (const auto arguments = caching_arguments(step))
    out += *arguments;
  else if (step.verb == Verb::open)
    out += open_text(step);
  else if (step.verb == Verb::advance)
    out += " " + seconds_text(*step.time);
  else if (!step.ranges.empty())
    out += ranges_text(step);
  else if (!step.handle.empty())
    out += " " + step.handle;
  if (step.verb == Verb::rename || step.verb == Verb::link) out += fmt::format(" to {}", step.path);
  if (step.replace && step.verb == Verb::rename) out += " replace";
  if (step.nonempty) out += " nonempty";
  if (step.verb == Verb::lock && step.time) out += " for=" + seconds_text(*step.time);
  out += fmt::format(" -> {}\n", step.answer);
  for (const std::string& effect : step.effects) out += fmt::format("=> {}\n", effect);
  return out;
}

std::string to_text(const Scenario& scenario) {
  std::string out = fmt::format("scenario {}\n", scenario.title);
  for (const Step& step : scenario.steps) out += to_text(step);
  return out;
}

}  // namespace dozo::share
