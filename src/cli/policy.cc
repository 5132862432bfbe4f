// dozo policy init, check and compile.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <istream>
#include <ostream>
#include <sstream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/json_text.h"
#include "cli/policy_file.h"
#include "policy/backend.h"
#include "policy/checks.h"
#include "policy/lower.h"
#include "policy/simulate.h"
#include "policy/templates.h"

namespace dozo::cli {
namespace {

// ---- check ----

std::string as_json(const policy::Problems& problems) {
  std::string out, separator;
  for (const policy::Problem& p : problems) {
    out += fmt::format("{}{{\"file\":{},\"line\":{},\"severity\":\"{}\",\"message\":{}}}",
                       std::exchange(separator, ","), json_quoted(p.file), p.line,
                       p.severity == policy::Problem::Severity::error ? "error" : "warning", json_quoted(p.message));
  }
  return fmt::format("{{\"problems\":[{}]}}\n", out);
}

// --session, or the session that this command was typed in.
std::optional<std::vector<policy::AdminSession>> sessions_from(const Arguments& arguments, const policy::Policy& policy,
                                                               const std::string& machine, Io& io) {
  std::vector<std::string> texts = arguments.all("--session");
  const char* own = std::getenv("SSH_CONNECTION");
  if (texts.empty() && own != nullptr) texts.emplace_back(own);
  std::vector<policy::AdminSession> sessions;
  for (const std::string& text : texts) {
    auto session = policy::session_of_ssh(text, policy::Profile::domain);
    if (!session) {
      io.err << fmt::format("dozo: --session {}: FROM PORT TO PORT, as $SSH_CONNECTION has it\n", on_one_line(text));
      return std::nullopt;
    }
    session->flow.profile = policy::profile_at(policy, machine, session->flow.destination);
    session->name = session->flow.port == 22 ? "SSH" : session->flow.port == 445 ? "SMB" : "remote";
    sessions.push_back(std::move(*session));
  }
  return sessions;
}

// ---- init ----

std::vector<std::string> words_in(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    std::istringstream parts(word);
    for (std::string part; std::getline(parts, part, ',');) {
      if (!part.empty()) words.push_back(part);
    }
  }
  return words;
}

std::optional<std::string> asked(std::string_view question, Io& io) {
  io.err << question;
  io.err.flush();
  std::string answer;
  if (!std::getline(io.in, answer)) return std::nullopt;
  return answer;
}

const policy::Template* chosen_template(const Arguments& arguments, bool may_ask, Io& io) {
  auto name = arguments.value("--template");
  if (!name && may_ask) {
    for (const policy::Template& t : policy::templates()) io.err << fmt::format("  {:18} {}\n", t.name, t.summary);
    name = asked("Which template? ", io);
  }
  const policy::Template* found = name ? policy::find_template(*name) : nullptr;
  if (found != nullptr) return found;
  std::vector<std::string_view> names;
  for (const policy::Template& t : policy::templates()) names.push_back(t.name);
  io.err << fmt::format("dozo: --template: one of {}\n", fmt::join(names, ", "));
  return nullptr;
}

policy::TemplateValues template_values(const Arguments& arguments, const policy::Template& chosen, bool may_ask,
                                       Io& io) {
  policy::TemplateValues values;
  for (const policy::TemplateInput& input : policy::template_inputs()) {
    for (const std::string& typed : arguments.all(fmt::format("--{}", input.key))) {
      for (std::string& word : words_in(typed)) values[std::string(input.key)].push_back(std::move(word));
    }
    const bool needed = std::ranges::find(chosen.needed, input.key) != chosen.needed.end();
    const bool used = needed || std::ranges::find(chosen.optional, input.key) != chosen.optional.end();
    if (!may_ask || !used || values.contains(input.key)) continue;
    const auto answer =
        asked(fmt::format("{} (for example {}){}: ", input.question, input.example, needed ? "" : ", or nothing"), io);
    if (answer) values[std::string(input.key)] = words_in(*answer);
  }
  return values;
}

// Never over a file that is there.
Exit write_new_file(const std::string& path, const std::string& text, Io& io) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) return failed(io, fmt::format("{}: {}", path, std::strerror(errno)));
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t written = write(file, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool whole = left.empty();
  if (close(file) != 0 || !whole) return failed(io, fmt::format("{}: {}", path, std::strerror(errno)));
  io.err << fmt::format("{} written; next: dozo policy check --policy {}\n", path, path);
  return Exit::done;
}

// ---- compile ----

policy::EmitOptions emit_options(const Arguments& arguments) {
  policy::EmitOptions options;
  options.store = arguments.value("--store").value_or("");
  options.resource_group = arguments.value("--resource-group").value_or(options.resource_group);
  options.security_group = arguments.value("--security-group").value_or(options.security_group);
  options.interface = arguments.value("--interface").value_or("");
  options.now = seconds_now();
  return options;
}

void print_remarks(const policy::Compiled& compiled, const policy::Backend& backend, Io& io) {
  for (const std::string& note : compiled.notes) io.err << fmt::format("dozo: note: {}\n", note);
  for (const policy::Gap& gap : compiled.gaps) {
    const std::string rule = gap.rule.empty() ? std::string() : fmt::format(", rule {}", gap.rule);
    io.err << fmt::format("dozo: {} cannot say it{} ({} is let through than the policy has): {}\n", backend.name, rule,
                          gap.looser ? "more" : "less", gap.text);
  }
}

const policy::Backend* backend_from(const Arguments& arguments, Io& io) {
  const std::string name = arguments.value("--for").value_or("");
  if (const policy::Backend* backend = policy::find_backend(name)) return backend;
  std::vector<std::string_view> names;
  for (const policy::Backend& backend : policy::backends()) names.push_back(backend.name);
  io.err << fmt::format("dozo: --for: one of {}\n", fmt::join(names, ", "));
  return nullptr;
}

}  // namespace

Exit run_policy_check(const Arguments& arguments, Io& io) {
  const auto policy = policy_from(arguments, io);
  if (!policy) return Exit::failed;
  policy::Problems problems = policy::check_policy(*policy);
  if (arguments.flag("--host")) {
    const auto machine = machine_from(arguments, *policy, {}, io);
    if (!machine) return Exit::usage;
    const auto sessions = sessions_from(arguments, *policy, *machine, io);
    if (!sessions) return Exit::usage;
    for (auto& problem : policy::check_sessions(*policy, *machine, *sessions)) problems.push_back(std::move(problem));
    policy::put_in_order(problems);
  }
  if (arguments.flag("--json")) {
    io.out << as_json(problems);
  } else {
    for (const policy::Problem& problem : problems) io.err << to_string(problem) << '\n';
  }
  if (has_errors(problems)) return Exit::failed;
  if (!arguments.flag("--json")) {
    io.out << fmt::format("{}: fine, {} rule{} on {}\n", policy->file, policy->rules.size(),
                          policy->rules.size() == 1 ? "" : "s", fmt::join(policy->machines(), ", "));
  }
  return Exit::done;
}

Exit run_policy_init(const Arguments& arguments, Io& io) {
  const bool may_ask = isatty(STDIN_FILENO) == 1 && !arguments.flag("--template");
  const policy::Template* chosen = chosen_template(arguments, may_ask, io);
  if (chosen == nullptr) return Exit::usage;
  const auto text = policy::write_template(*chosen, template_values(arguments, *chosen, may_ask, io));
  if (!text) {
    io.err << fmt::format("dozo: {}\n", text.error());
    return Exit::usage;
  }
  const auto path = arguments.value("--output");
  const auto read = policy::parse_policy(*text, path.value_or("policy.toml"), {seconds_now(), policy::file_text});
  if (!read) {
    for (const policy::Problem& problem : read.error()) io.err << fmt::format("dozo: {}\n", problem.message);
    return Exit::failed;
  }
  if (path) return write_new_file(*path, *text, io);
  io.out << *text;
  return Exit::done;
}

Exit run_policy_compile(const Arguments& arguments, Io& io) {
  const policy::Backend* backend = backend_from(arguments, io);
  const auto profile = profile_from(arguments, io);
  if (backend == nullptr || !profile) return Exit::usage;
  const auto policy = checked_policy_from(arguments, io);
  if (!policy) return Exit::failed;
  const bool both = backend->host && backend->perimeter;
  const auto mode = backend->host ? policy::Mode::host : policy::Mode::perimeter;
  const auto machine = machine_from(arguments, *policy, both ? std::nullopt : std::optional(mode), io);
  if (!machine) return Exit::usage;

  policy::EmitOptions options = emit_options(arguments);
  options.profile = profile->value_or(policy->roles.at(*policy->role_of(*machine)).profile);
  if (const auto host = policy->hosts.find(*machine); host != policy->hosts.end() && !*profile) {
    options.profile = host->second.profile.value_or(options.profile);
  }
  const policy::Compiled compiled = policy::compile(*backend, policy::rule_set_for(*policy, *machine), options);
  io.out << (arguments.flag("--undo") ? compiled.undo : compiled.text);
  print_remarks(compiled, *backend, io);
  return std::ranges::all_of(compiled.gaps, policy::is_harmless) ? Exit::done : Exit::failed;
}

}  // namespace dozo::cli
