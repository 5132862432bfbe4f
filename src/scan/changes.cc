#include "scan/changes.h"

#include <fmt/format.h>

#include <algorithm>

#include "scan/fact_fields.h"
#include "scan/findings.h"
#include "scan/scan_run.h"

namespace dozo::scan {
namespace {

using Presence = HostChanges::Presence;

bool has(std::span<const Finding> findings, std::string_view id) {
  return std::ranges::find(findings, id, &Finding::id) != findings.end();
}

// Where somebody listens, and how a host is called by chance, is no change of the host.
bool is_its_own(std::string_view text_field) { return text_field != "host" && text_field != "address"; }

void compare_texts(const HostFacts& before, const HostFacts& after, std::vector<ValueChange>& out) {
  for (const auto& field : text_fields()) {
    const std::string& old = before.*field.member;
    const std::string& now = after.*field.member;
    // A text that is not there was not told.
    if (!is_its_own(field.name) || old.empty() || now.empty() || old == now) continue;
    out.push_back({std::string(field.name), old, now});
  }
}

// What a dialect can do is asked only where it is spoken: when that ends, the dialect's own fact has said it.
bool is_worth_telling(std::string_view name, State old, State now) {
  if (old == now) return false;
  return !name.starts_with("capabilities.") || (old != State::untested && now != State::untested);
}

void compare_facts(const HostFacts& before, const HostFacts& after, std::vector<ValueChange>& out) {
  std::map<std::string, const Fact*> old;
  for (NamedFact& named : all_facts(before)) old.emplace(std::move(named.name), named.fact);
  for (const NamedFact& named : all_facts(after)) {
    const auto it = old.find(named.name);
    const State state = it == old.end() ? State::untested : it->second->state;
    if (is_worth_telling(named.name, state, named.fact->state)) {
      out.push_back({named.name, std::string(state_name(state)), std::string(state_name(named.fact->state))});
    }
    if (it != old.end()) old.erase(it);
  }
  for (const auto& [name, fact] : old) {
    if (is_worth_telling(name, fact->state, State::untested))
      out.push_back({name, std::string(state_name(fact->state)), "untested"});
  }
}

void compare_findings(const HostRecord& before, const HostRecord& after, HostChanges& out) {
  for (const Finding& finding : after.findings) {
    if (!has(before.findings, finding.id)) out.new_findings.push_back(finding);
  }
  // A finding whose facts were not looked at this time is still there, for all that is known.
  const auto assumed = judge(with_what_was_known(before.facts, after.facts));
  for (const Finding& finding : before.findings) {
    if (has(after.findings, finding.id)) continue;
    (has(assumed, finding.id) ? out.untested : out.cured).push_back(finding);
  }
}

void keep_known(const FactsByName& before, FactsByName& after) {
  for (const auto& [name, fact] : before) {
    Fact& now = after[name];
    if (now.state == State::untested) now = fact;
  }
}

}  // namespace

bool HostChanges::is_empty() const {
  return presence == Presence::same && values.empty() && new_findings.empty() && cured.empty() && untested.empty();
}

HostFacts with_what_was_known(const HostFacts& before, const HostFacts& after) {
  HostFacts merged = after;
  for (const auto& field : text_fields()) {
    if ((merged.*field.member).empty()) merged.*field.member = before.*field.member;
  }
  for (const auto& field : fact_fields()) {
    if ((merged.*field.member).state == State::untested) merged.*field.member = before.*field.member;
  }
  for (const auto& field : family_fields()) keep_known(before.*field.member, merged.*field.member);
  if (!merged.clock_skew_s) merged.clock_skew_s = before.clock_skew_s;
  if (merged.netbios_names.empty()) merged.netbios_names = before.netbios_names;
  if (merged.interfaces.empty()) merged.interfaces = before.interfaces;
  if (merged.shares.empty()) merged.shares = before.shares;
  return merged;
}

HostChanges changes_of(const std::optional<EarlierRecord>& before, const HostRecord& after) {
  HostChanges changes{.host = after.facts.host, .port = after.facts.port, .name = after.facts.name};
  if (before) changes.since_s = before->at_s;
  const bool was_there = before && is_there(before->record.facts);
  if (!is_there(after.facts)) {
    // Of a host that does not answer nothing is known: what was found is neither cured nor there.
    changes.presence = was_there ? Presence::gone : Presence::same;
    if (was_there) changes.name = before->record.facts.name;
    return changes;
  }
  if (!was_there) {
    changes.presence = Presence::appeared;
    changes.new_findings = after.findings;
    return changes;
  }
  compare_texts(before->record.facts, after.facts, changes.values);
  compare_facts(before->record.facts, after.facts, changes.values);
  compare_findings(before->record, after, changes);
  return changes;
}

std::string utc_text(std::int64_t unix_s) {
  const std::chrono::sys_seconds at{std::chrono::seconds(unix_s)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count());
}

}  // namespace dozo::scan
