// What is wrong with a policy, for a person: where, what, and what to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dozo::policy {

struct Problem {
  enum class Severity : std::uint8_t { error, warning };  // an error refuses the policy
  std::string file;
  std::uint32_t line = 0;  // from 1; 0 when the problem has no place in the file
  Severity severity = Severity::error;
  std::string message;
  bool operator==(const Problem&) const = default;
};
using Problems = std::vector<Problem>;

std::string to_string(const Problem& problem);  // "policy.toml:12: unknown zone …", "policy.toml:3: warning: …"
bool has_errors(const Problems& problems);
// By line, errors before warnings of the same line, none twice.
void put_in_order(Problems& problems);

}  // namespace dozo::policy
