// What the commands of `dozo policy` share: the policy file, read and checked, and the machine that is meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/command.h"
#include "policy/policy.h"

namespace dozo::cli {

inline constexpr std::string_view kDefaultPolicyFile = "/etc/dozo/policy.toml";

// --policy, read; its warnings are printed. Nothing after its errors were.
std::optional<policy::Policy> policy_from(const Arguments& arguments, Io& io);
// The same, and refused when a check refuses it.
std::optional<policy::Policy> checked_policy_from(const Arguments& arguments, Io& io);

// --host, which has to be a host or role of the policy; without it the only one that has rules in this mode, or any.
std::optional<std::string> machine_from(const Arguments& arguments, const policy::Policy& policy,
                                        std::optional<policy::Mode> mode, Io& io);
// --profile. Nothing inside when it was not given; nothing at all after an error.
std::optional<std::optional<policy::Profile>> profile_from(const Arguments& arguments, Io& io);

std::int64_t seconds_now();

}  // namespace dozo::cli
