#include "policy/match_lines.h"

#include <fmt/format.h>

#include <algorithm>

namespace dozo::policy {
namespace {

std::string reason_of(const MatchLine& line) {
  if (!line.rule.empty()) return fmt::format("{} by what was compiled for {}", to_string(*line.decision), line.rule);
  return "nothing that was compiled speaks of it";
}

}  // namespace

bool matches(const MatchLine& line, const Flow& flow) {
  if (line.never || (line.secure_only && !flow.ipsec) || (line.established_only && !flow.established)) return false;
  if (line.direction && *line.direction != flow.direction) return false;
  if (line.protocol && *line.protocol != flow.protocol) return false;
  if (line.family && *line.family != flow.source.family) return false;
  if (!line.profiles.contains(flow.profile)) return false;
  if (!line.ports.empty() && !line.ports.contains(flow.port)) return false;
  if (line.macs && !(flow.mac && std::ranges::find(*line.macs, *flow.mac) != line.macs->end())) return false;
  return line.from.holds(flow.source) && line.to.holds(flow.destination);
}

Verdict MatchList::evaluate(const Flow& flow) const {
  const MatchLine* decided = nullptr;
  for (const MatchLine& line : lines_) {
    if (!line.decision || !matches(line, flow)) continue;
    decided = &line;
    if (line.final) break;
  }
  if (decided == nullptr) return {Decision::pass, "", "nothing that was compiled speaks of it"};
  return {*decided->decision, decided->rule, reason_of(*decided)};
}

}  // namespace dozo::policy
