// dozo policy apply, confirm, undo, verify and lockdown: the firewall of this machine, through nft.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/environment.h"
#include "cli/json_text.h"
#include "cli/netbios_options.h"
#include "cli/policy_file.h"
#include "policy/backend.h"
#include "policy/checks.h"
#include "policy/emit_text.h"
#include "policy/lower.h"
#include "policy/nft_apply.h"

namespace dozo::cli {
namespace {

constexpr std::uint64_t kConfirmSecondsMax = 86400;

constexpr std::uint64_t kBanSecondsMax = 365 * 86400;
constexpr std::string_view kNoTable = " (bans need a policy in force: dozo policy apply)";

std::optional<policy::Address> address_from(const Arguments& arguments, Io& io) {
  const std::string& typed = arguments.required("ADDRESS");
  const auto address = policy::address_from_string(typed);
  if (!address) io.err << fmt::format("dozo: {}: not an address\n", on_one_line(typed));
  return address;
}

policy::AppliedStates states_from(const Arguments& arguments) {
  return policy::AppliedStates(arguments.value("--state").value_or(std::string(policy::kStatesFolder)));
}

// 0 when it was not asked for.
std::optional<std::int64_t> confirm_within(const Arguments& arguments, Io& io) {
  const auto typed = arguments.value("--confirm-within");
  if (!typed) return 0;
  const auto seconds = policy::number_from(*typed);
  if (seconds && *seconds >= 1 && *seconds <= kConfirmSecondsMax) return static_cast<std::int64_t>(*seconds);
  io.err << fmt::format("dozo: --confirm-within {}: seconds, 1 to {}\n", on_one_line(*typed), kConfirmSecondsMax);
  return std::nullopt;
}

// Whose rules, and on what network.
struct Wanted {
  policy::Policy policy;
  std::string machine;
  policy::RuleSet rules;
  policy::EmitOptions options;
};

// Exit::done stands for: it was not.
struct Refused {
  Exit exit;
};
std::expected<Wanted, Refused> wanted_from(const Arguments& arguments, Io& io) {
  const auto profile = profile_from(arguments, io);
  if (!profile) return std::unexpected(Refused{Exit::usage});
  auto policy = checked_policy_from(arguments, io);
  if (!policy) return std::unexpected(Refused{Exit::failed});
  const auto machine = machine_from(arguments, *policy, {}, io);
  if (!machine) return std::unexpected(Refused{Exit::usage});
  Wanted wanted{.machine = *machine, .rules = policy::rule_set_for(*policy, *machine)};
  wanted.options.now = seconds_now();
  wanted.options.profile = profile->value_or(policy->roles.at(*policy->role_of(*machine)).profile);
  if (const auto host = policy->hosts.find(*machine); host != policy->hosts.end() && !*profile) {
    wanted.options.profile = host->second.profile.value_or(wanted.options.profile);
  }
  wanted.policy = std::move(*policy);
  return wanted;
}

// The session that this command was typed in has to outlive it.
bool ends_this_session(const Wanted& wanted, Io& io) {
  const auto session = policy::session_of_ssh(environment("SSH_CONNECTION"), wanted.options.profile);
  if (!session) return false;
  const policy::Problems problems = policy::check_sessions(wanted.policy, wanted.machine, {*session});
  for (const policy::Problem& problem : problems) io.err << to_string(problem) << '\n';
  return has_errors(problems);
}

void tell_gaps(const Wanted& wanted, Io& io) {
  const policy::Compiled compiled = policy::compile(*policy::find_backend("nftables"), wanted.rules, wanted.options);
  for (const std::string& note : compiled.notes) io.err << fmt::format("dozo: note: {}\n", note);
  for (const policy::Gap& gap : compiled.gaps) io.err << fmt::format("dozo: note: {}\n", gap.text);
}

Exit apply(const policy::NftTable& table, const Arguments& arguments, std::string_view what, Io& io) {
  const auto seconds = confirm_within(arguments, io);
  if (!seconds) return Exit::usage;
  const auto change = policy::apply_table(table, states_from(arguments), *seconds);
  if (!change) return failed(io, change.error());
  if (*change == policy::Change::none) {
    io.out << fmt::format("{}: it is so already\n", what);
    return Exit::done;
  }
  io.out << fmt::format("{}: in force\n", what);
  if (*seconds != 0) {
    io.out << fmt::format("Confirm within {} seconds, or it is taken back: dozo policy confirm\n", *seconds);
  }
  return Exit::done;
}

std::string_view text_of(policy::Drift::Kind kind) {
  static constexpr std::string_view kNames[] = {"missing", "extra", "changed"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string as_json(const std::vector<policy::Drift>& drifts) {
  std::vector<std::string> parts;
  for (const policy::Drift& drift : drifts) {
    parts.push_back(fmt::format("{{\"kind\":\"{}\",\"what\":{},\"detail\":{}}}", text_of(drift.kind),
                                json_quoted(drift.what), json_quoted(drift.detail)));
  }
  return fmt::format("{{\"drift\":[{}]}}\n", fmt::join(parts, ","));
}

Exit print_drift(const std::vector<policy::Drift>& drifts, const Arguments& arguments, Io& io) {
  if (arguments.flag("--json")) {
    io.out << as_json(drifts);
  } else if (drifts.empty()) {
    io.out << "What is in force is what the policy says\n";
  } else {
    for (const policy::Drift& drift : drifts) {
      io.out << fmt::format("{}: {}{}{}\n", text_of(drift.kind), on_one_line(drift.what),
                            drift.detail.empty() ? "" : ": ", on_one_line(drift.detail));
    }
  }
  return drifts.empty() ? Exit::done : Exit::failed;
}

// Of another firewall, or another machine: what its command printed, from a file or standard input.
Exit verify_printed(const Wanted& wanted, const Arguments& arguments, Io& io) {
  const policy::Backend* backend = policy::find_backend(arguments.value("--for").value_or("nftables"));
  if (backend == nullptr) return failed(io, "--for: no such firewall");
  const std::string file = *arguments.value("--live");
  const auto drifts = policy::drift(*backend, file_text(file), wanted.rules, wanted.options);
  if (drifts) return print_drift(*drifts, arguments, io);
  return failed(
      io, fmt::format("{}: {} (wanted is what this prints: {})", file, drifts.error().message, backend->live_from));
}

}  // namespace

Exit run_policy_apply(const Arguments& arguments, Io& io) {
  const auto wanted = wanted_from(arguments, io);
  if (!wanted) return wanted.error().exit;
  if (ends_this_session(*wanted, io)) return Exit::failed;
  tell_gaps(*wanted, io);
  const policy::NftTable table = policy::nft_table(wanted->rules.narrowed_to(wanted->options.profile), wanted->options);
  return apply(table, arguments, fmt::format("The rules of {}", wanted->machine), io);
}

Exit run_policy_verify(const Arguments& arguments, Io& io) {
  const auto wanted = wanted_from(arguments, io);
  if (!wanted) return wanted.error().exit;
  if (arguments.flag("--live")) return verify_printed(*wanted, arguments, io);
  const auto live = policy::nft_live();
  if (!live) return failed(io, live.error());
  const policy::NftTable table = policy::nft_table(wanted->rules.narrowed_to(wanted->options.profile), wanted->options);
  return print_drift(policy::differences(live->value_or(policy::NftTable{}), table), arguments, io);
}

Exit run_policy_confirm(const Arguments& arguments, Io& io) {
  if (policy::confirm(states_from(arguments)) == policy::Confirmed::nothing_waits) {
    return failed(io, "nothing waits for a confirmation: it came too late, or none was asked for");
  }
  io.out << "Confirmed: it stays\n";
  return Exit::done;
}

Exit run_policy_undo(const Arguments& arguments, Io& io) {
  const auto change = policy::go_back(states_from(arguments));
  if (!change) return failed(io, change.error());
  io.out << (*change == policy::Change::none ? "There is nothing of ours to undo\n"
                                             : "What was before the last change is in force again\n");
  return Exit::done;
}

Exit run_policy_ban(const Arguments& arguments, Io& io) {
  const auto address = address_from(arguments, io);
  const auto seconds = policy::number_from(arguments.value("--for").value_or("3600"));
  if (!address) return Exit::usage;
  if (!seconds || *seconds < 1 || *seconds > kBanSecondsMax) {
    io.err << fmt::format("dozo: --for: seconds, 1 to {}\n", kBanSecondsMax);
    return Exit::usage;
  }
  const auto banned = policy::nft_ban(*address, static_cast<std::int64_t>(*seconds));
  if (!banned) return failed(io, banned.error() + std::string(kNoTable));
  io.out << fmt::format("{} is cut off for {} seconds\n", to_string(*address), *seconds);
  return Exit::done;
}

Exit run_policy_unban(const Arguments& arguments, Io& io) {
  const auto address = address_from(arguments, io);
  if (!address) return Exit::usage;
  const auto unbanned = policy::nft_unban(*address);
  if (!unbanned) return failed(io, unbanned.error() + std::string(kNoTable));
  io.out << fmt::format("{} is not cut off by a ban of this command\n", to_string(*address));
  return Exit::done;
}

Exit run_policy_lockdown(const Arguments& arguments, Io& io) {
  return apply(policy::lockdown_table(arguments.flag("--quic")), arguments, "SMB and NetBIOS are closed to everybody",
               io);
}

}  // namespace dozo::cli
