#include "policy/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace dozo::policy {

std::string to_string(const Problem& problem) {
  const std::string_view kind = problem.severity == Problem::Severity::warning ? "warning: " : "";
  if (problem.line == 0) return fmt::format("{}: {}{}", problem.file, kind, problem.message);
  return fmt::format("{}:{}: {}{}", problem.file, problem.line, kind, problem.message);
}

bool has_errors(const Problems& problems) {
  return std::ranges::any_of(problems, [](const Problem& p) { return p.severity == Problem::Severity::error; });
}

void put_in_order(Problems& problems) {
  std::ranges::sort(problems, {}, [](const Problem& p) { return std::tie(p.line, p.severity, p.message); });
  const auto again = std::ranges::unique(problems);
  problems.erase(again.begin(), again.end());
}

}  // namespace dozo::policy
