#include "policy/text_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/emit_text.h"

namespace dozo::policy {
namespace {

using Lines = std::vector<TextRules::Line>;

bool is_in(const Lines& lines, const TextRules::Line& line) { return std::ranges::find(lines, line) != lines.end(); }

void compare_sets(const TextRules& live, const TextRules& wanted, std::vector<Drift>& drifts) {
  for (const auto& [name, should] : wanted.sets) {
    const auto there = live.sets.find(name);
    if (there == live.sets.end()) {
      // A set without anybody is not kept by every firewall.
      if (!should.empty()) drifts.push_back({Drift::Kind::missing, "set " + name, "the set is not there"});
      continue;
    }
    for (const AddressRange& range : should.without(there->second).ranges()) {
      drifts.push_back({Drift::Kind::changed, "set " + name, short_text(range) + " is not in it"});
    }
    for (const AddressRange& range : there->second.without(should).ranges()) {
      drifts.push_back({Drift::Kind::changed, "set " + name, short_text(range) + " is in it, and should not be"});
    }
  }
  for (const auto& [name, space] : live.sets) {
    if (!wanted.sets.contains(name)) drifts.push_back({Drift::Kind::extra, "set " + name, ""});
  }
}

}  // namespace

std::vector<Drift> differences(const TextRules& live, const TextRules& wanted) {
  std::vector<Drift> drifts;
  compare_sets(live, wanted, drifts);
  if (live.lines == wanted.lines) return drifts;
  const std::size_t before = drifts.size();
  for (const auto& line : wanted.lines) {
    if (!is_in(live.lines, line)) drifts.push_back({Drift::Kind::missing, "rule " + line.id, line.text});
  }
  for (const auto& line : live.lines) {
    if (!is_in(wanted.lines, line)) drifts.push_back({Drift::Kind::extra, "rule " + line.id, line.text});
  }
  if (drifts.size() == before) {
    drifts.push_back({Drift::Kind::changed, "rules", "they are in another order, or there twice"});
  }
  return drifts;
}

SetTests::SetTests(const std::map<std::string, AddressSpace>& sets) {
  for (const auto& [name, space] : sets) spaces_[name] = std::make_shared<const AddressSpace>(space);
}

std::optional<AddressTest> SetTests::test(const std::string& name, bool negated) const {
  const auto found = spaces_.find(name);
  if (found == spaces_.end()) return std::nullopt;
  return AddressTest{found->second, negated};
}

Verdict StatefulRules::evaluate(const Flow& flow) const {
  if (!flow.established) return list_.evaluate(flow);
  return {Decision::allow, std::string(kEstablishedRule), "its state is asked before any rule"};
}

Gap ban_gap(std::string_view backend, std::string_view instead) {
  return {.lack = Lack::ban_open,
          .rule = std::string(kBansRule),
          .only_established = true,
          .looser = true,
          .text = fmt::format("{} asks its states before its rules: open connections of the banned go on; {}", backend,
                              instead)};
}

}  // namespace dozo::policy
