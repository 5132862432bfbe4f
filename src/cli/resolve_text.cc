// A trace of a name's resolution, and a neighbourhood.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/json_text.h"
#include "cli/netbios_options.h"
#include "cli/netbios_text.h"

namespace dozo::cli {
namespace {

using netbios::Finding;
using netbios::NameAnswer;
using netbios::Neighbour;
using netbios::Step;

std::string_view state_of(const Step& step) {
  if (step.skipped) return "skipped";
  return step.found() ? "found" : "nothing";
}

std::string_view kind_text(Finding::Kind kind) {
  constexpr std::string_view texts[] = {"conflict", "several-answer", "only-multicast", "answers-for-nobody"};
  return texts[static_cast<std::size_t>(kind)];
}

std::string what_it_says(const NameAnswer& answer) {
  if (answer.addresses.empty()) return answer.refusal;
  return fmt::format("{}{}", fmt::join(answer.addresses, " "), answer.group ? " (a group name)" : "");
}

std::string step_text(const Step& step, std::size_t number) {
  std::string out = fmt::format("{:>2}. {:<14} {:<26}", number, mechanism_text(step.mechanism), step.where);
  if (step.skipped) return out + fmt::format("  not asked: {}\n", on_one_line(step.silence));
  out += fmt::format("{:>9.1f} ms  ", milliseconds(step.took));
  if (step.answers.empty()) return out + on_one_line(step.silence) + "\n";
  std::string lines;
  for (const NameAnswer& answer : step.answers) {
    const std::string indent = lines.empty() ? "" : std::string(60, ' ');
    lines += fmt::format("{}{}, says {}\n", indent, what_it_says(answer), answer.from);
  }
  return out + lines;
}

std::string answer_json(const NameAnswer& answer) {
  return fmt::format("{{\"from\":{},\"addresses\":{},\"refusal\":{},\"group\":{},\"after_ms\":{:.3f}}}",
                     json_quoted(answer.from), json_list(answer.addresses), json_quoted(answer.refusal), answer.group,
                     milliseconds(answer.after));
}

std::string step_json(const Step& step) {
  std::string answers;
  for (const NameAnswer& answer : step.answers) answers += (answers.empty() ? "" : ",") + answer_json(answer);
  return fmt::format(
      "{{\"mechanism\":{},\"where\":{},\"asked\":{},\"state\":{},\"took_ms\":{:.3f},\"answers\":[{}],\"why\":{}}}",
      json_quoted(mechanism_text(step.mechanism)), json_quoted(step.where), json_quoted(step.asked),
      json_quoted(state_of(step)), milliseconds(step.took), answers, json_quoted(step.silence));
}

constexpr std::string_view kSharesNotAsked = "not asked";

const HostShares* shares_at(const Neighbour& host, const SharesByAddress* shares) {
  if (shares == nullptr) return nullptr;
  const auto found = shares->find(host.address);
  return found == shares->end() ? nullptr : &found->second;
}

std::string host_shares_json(const HostShares* said) {
  if (said == nullptr) return fmt::format("{{\"state\":\"untested\",\"why\":{}}}", json_quoted(kSharesNotAsked));
  if (!said->why.empty()) return fmt::format("{{\"state\":\"no\",\"why\":{}}}", json_quoted(said->why));
  return fmt::format("{{\"state\":\"yes\",\"list\":{}}}", shares_json(said->shares));
}

std::string host_shares_text(const HostShares* said) {
  if (said == nullptr) return {};
  if (!said->why.empty()) return fmt::format("    shares: {}\n", said->why);
  std::vector<std::string> names;
  for (const client::ListedShare& share : said->shares) names.push_back(on_one_line(share.name));
  return fmt::format("    shares: {}\n", names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
}

std::string host_json(const Neighbour& host, const HostShares* shares) {
  const std::vector<std::string> roles(host.roles.begin(), host.roles.end());
  const std::vector<std::string> heard_by(host.heard_by.begin(), host.heard_by.end());
  return fmt::format(
      "{{\"address\":{},\"name\":{},\"group\":{},\"comment\":{},\"file_server\":{},\"roles\":{},\"heard_by\":{},"
      "\"shares\":{}}}",
      json_quoted(host.address), json_quoted(host.name), json_quoted(host.group), json_quoted(host.comment),
      host.file_server, json_list(roles), json_list(heard_by), host_shares_json(shares));
}

}  // namespace

std::string trace_text(const std::string& name, const netbios::Trace& trace,
                       const std::vector<std::string>& system_order) {
  std::string out = fmt::format("Resolving {}, in the order Windows asks:\n\n", on_one_line(name));
  std::size_t number = 0;
  for (const Step& step : trace.steps) out += step_text(step, ++number);
  const Step* first = trace.first();
  out += first == nullptr ? "\nNobody knows the name.\n"
                          : fmt::format("\nThe first that knows it: {}\n", mechanism_text(first->mechanism));
  if (!system_order.empty()) {
    out += fmt::format("This computer's own order (nsswitch.conf): {}\n",
                       on_one_line(fmt::format("{}", fmt::join(system_order, " "))));
  }
  for (const Finding& finding : trace.findings) {
    out += fmt::format("{}! {}\n", &finding == &trace.findings.front() ? "\n" : "", on_one_line(finding.text));
  }
  return out;
}

std::string trace_json(const std::string& name, const netbios::Trace& trace,
                       const std::vector<std::string>& system_order) {
  std::string steps, findings;
  for (const Step& step : trace.steps) steps += (steps.empty() ? "" : ",") + step_json(step);
  for (const Finding& finding : trace.findings) {
    findings += fmt::format("{}{{\"kind\":{},\"text\":{}}}", findings.empty() ? "" : ",",
                            json_quoted(kind_text(finding.kind)), json_quoted(finding.text));
  }
  const Step* first = trace.first();
  const std::string by = first == nullptr ? "null" : json_quoted(mechanism_text(first->mechanism));
  return fmt::format("{{\"name\":{},\"first\":{},\"steps\":[{}],\"findings\":[{}],\"system_order\":{}}}\n",
                     json_quoted(name), by, steps, findings, json_list(system_order));
}

std::string neighbourhood_text(const netbios::Neighbourhood& found, const SharesByAddress* shares) {
  std::string out = fmt::format("{:<16} {:<16} {:<16} {:<7} {:<24} {}\n", "Server Name", "Address", "Workgroup",
                                "Files", "Heard by", "Remark");
  out += std::string(100, '-') + "\n";
  for (const Neighbour& host : found.hosts) {
    std::string remark = on_one_line(host.comment);
    if (!host.roles.empty()) remark += fmt::format("{}[{}]", remark.empty() ? "" : " ", fmt::join(host.roles, ", "));
    out += fmt::format("{:<16} {:<16} {:<16} {:<7} {:<24} {}\n", "\\\\" + on_one_line(host.name), host.address,
                       on_one_line(host.group), host.file_server ? "yes" : "?",
                       fmt::format("{}", fmt::join(host.heard_by, " ")), remark);
    out += host_shares_text(shares_at(host, shares));
  }
  if (found.hosts.empty()) out += "There are no servers that answer.\n";
  if (shares == nullptr) out += fmt::format("shares: {}\n", kSharesNotAsked);
  for (const std::string& note : found.notes) out += fmt::format("note: {}\n", on_one_line(note));
  return out;
}

std::string neighbourhood_json(const netbios::Neighbourhood& found, const SharesByAddress* shares) {
  std::string hosts;
  for (const Neighbour& host : found.hosts) {
    hosts += (hosts.empty() ? "" : ",") + host_json(host, shares_at(host, shares));
  }
  return fmt::format("{{\"hosts\":[{}],\"notes\":{}}}\n", hosts, json_list(found.notes));
}

}  // namespace dozo::cli
