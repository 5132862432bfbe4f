#include "scan/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dozo::scan {
namespace {

struct NamedFix {
  std::string_view kind;
  std::string_view label;
  std::string_view Fixes::* text;
};

constexpr NamedFix kFixes[] = {
    {"windows", "Windows", &Fixes::windows}, {"samba", "Samba", &Fixes::samba}, {"ksmbd", "ksmbd", &Fixes::ksmbd},
    {"macos", "macOS", &Fixes::macos},       {"dozo", "dozo", &Fixes::dozo},
};

Finding finding_of(const Rule& rule, std::string evidence, const HostFacts& host) {
  return {.id = std::string(rule.id),
          .severity = rule.severity,
          .title = std::string(rule.title),
          .evidence = std::move(evidence),
          .why = std::string(rule.why),
          .fix = fix_for(rule.fixes, host.server_kind)};
}

}  // namespace

std::vector<Rule> rules() {
  std::vector<Rule> all;
  for (const auto part : {protocol_rules(), access_rules(), exposure_rules()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

std::string fix_for(const Fixes& fixes, std::string_view server_kind) {
  std::string every;
  for (const NamedFix& fix : kFixes) {
    const std::string_view text = fixes.*fix.text;
    if (text.empty()) continue;
    if (fix.kind == server_kind) return std::string(text);
    every += fmt::format("{}: {}\n", fix.label, text);
  }
  const bool known = std::ranges::find(kFixes, server_kind, &NamedFix::kind) != std::end(kFixes);
  if (known || every.empty()) return std::string(fixes.device);
  return every + fmt::format("Other devices: {}", fixes.device);
}

std::vector<Finding> judge(const HostFacts& host) {
  constexpr std::array kWorstFirst{Severity::critical, Severity::high, Severity::medium, Severity::low, Severity::info};
  const std::vector<Rule> all = rules();
  std::vector<Finding> findings;
  for (const Severity severity : kWorstFirst) {
    for (const Rule& rule : all) {
      if (rule.severity != severity) continue;
      if (auto evidence = rule.evidence(host)) findings.push_back(finding_of(rule, std::move(*evidence), host));
    }
  }
  return findings;
}

}  // namespace dozo::scan
