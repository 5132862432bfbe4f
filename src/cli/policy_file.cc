#include "cli/policy_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <ostream>

#include "cli/json_text.h"
#include "policy/checks.h"
#include "policy/lower.h"

namespace dozo::cli {

std::int64_t seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::optional<policy::Policy> policy_from(const Arguments& arguments, Io& io) {
  auto read = policy::load_policy(arguments.value("--policy").value_or(std::string(kDefaultPolicyFile)), seconds_now());
  const policy::Problems& problems = read ? read->warnings : read.error();
  for (const policy::Problem& problem : problems) io.err << to_string(problem) << '\n';
  if (!read) return std::nullopt;
  return std::move(read->policy);
}

std::optional<policy::Policy> checked_policy_from(const Arguments& arguments, Io& io) {
  auto policy = policy_from(arguments, io);
  if (!policy) return std::nullopt;
  const policy::Problems problems = policy::check_policy(*policy);
  for (const policy::Problem& problem : problems) io.err << to_string(problem) << '\n';
  if (has_errors(problems)) return std::nullopt;
  return policy;
}

std::optional<std::string> machine_from(const Arguments& arguments, const policy::Policy& policy,
                                        std::optional<policy::Mode> mode, Io& io) {
  if (const auto typed = arguments.value("--host")) {
    if (policy.has_machine(*typed)) return typed;
    io.err << fmt::format("dozo: --host {}: no host and no role of the policy, which has {}\n", on_one_line(*typed),
                          fmt::join(policy.machines(), ", "));
    return std::nullopt;
  }
  std::vector<std::string> with_rules;
  for (const std::string& machine : policy::distinct_machines(policy)) {
    const policy::RuleSet rules = policy::rule_set_for(policy, machine);
    const bool has_any = !rules.rules.empty() || !rules.bans.entries.empty();
    if (has_any && (!mode || rules.mode == *mode)) with_rules.push_back(machine);
  }
  if (with_rules.size() == 1) return with_rules[0];
  io.err << fmt::format("dozo: --host: whose rules? {}\n", with_rules.empty()
                                                               ? std::string("no host and no role has any")
                                                               : fmt::format("{}", fmt::join(with_rules, ", ")));
  return std::nullopt;
}

std::optional<std::optional<policy::Profile>> profile_from(const Arguments& arguments, Io& io) {
  const auto typed = arguments.value("--profile");
  if (!typed) return std::optional<policy::Profile>();
  if (const auto profile = policy::profile_from_string(*typed)) return profile;
  io.err << fmt::format("dozo: --profile {}: domain, private or public\n", on_one_line(*typed));
  return std::nullopt;
}

}  // namespace dozo::cli
