#include "netbios/resolve.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "netbios/name_files.h"

namespace dozo::netbios {
namespace {

using runtime::Endpoint;
using runtime::Loop;
using runtime::Task;

constexpr std::uint16_t kAddressTypes[] = {kTypeA, kTypeAaaa};

std::set<std::string> addresses_of(const Step& step) {
  std::set<std::string> addresses;
  for (const NameAnswer& answer : step.answers) addresses.insert(answer.addresses.begin(), answer.addresses.end());
  return addresses;
}

bool is_ipv6(const std::string& address) { return address.find(':') != address.npos; }

std::set<std::string> of_family(const std::set<std::string>& addresses, bool ipv6) {
  std::set<std::string> out;
  for (const std::string& address : addresses) {
    if (is_ipv6(address) == ipv6) out.insert(address);
  }
  return out;
}

// Two sets contradict each other when both know addresses of a family and none is common.
bool contradict(const std::set<std::string>& a, const std::set<std::string>& b) {
  for (const bool ipv6 : {false, true}) {
    const auto left = of_family(a, ipv6);
    const auto right = of_family(b, ipv6);
    const bool common = std::ranges::any_of(left, [&](const std::string& address) { return right.contains(address); });
    if (!left.empty() && !right.empty() && !common) return true;
  }
  return false;
}

std::string place(const Step& step) {
  return step.where.empty() ? std::string(mechanism_text(step.mechanism))
                            : fmt::format("{} at {}", mechanism_text(step.mechanism), step.where);
}

void find_conflicts(const std::vector<Step>& steps, std::vector<Finding>& findings) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (std::size_t j = i + 1; j < steps.size(); ++j) {
      const auto a = addresses_of(steps[i]);
      const auto b = addresses_of(steps[j]);
      if (!contradict(a, b)) continue;
      findings.push_back({Finding::Kind::conflict, fmt::format("{} says {}, {} says {}", place(steps[i]),
                                                               fmt::join(a, " "), place(steps[j]), fmt::join(b, " "))});
    }
  }
}

// Hosts that answer one multicast question with different addresses: one of them does not own the name.
void find_rivals(const Step& step, std::vector<Finding>& findings) {
  if (!is_unauthenticated_multicast(step.mechanism)) return;
  for (std::size_t i = 1; i < step.answers.size(); ++i) {
    const NameAnswer& first = step.answers.front();
    const NameAnswer& other = step.answers[i];
    const std::set<std::string> a(first.addresses.begin(), first.addresses.end());
    const std::set<std::string> b(other.addresses.begin(), other.addresses.end());
    if (first.group || other.group || !contradict(a, b)) continue;
    findings.push_back(
        {Finding::Kind::several_answer,
         fmt::format("{}: {} answers {}, {} answers {}. One name has one owner: one of them may be a spoofer",
                     place(step), first.from, fmt::join(a, " "), other.from, fmt::join(b, " "))});
  }
}

void find_unproven(const std::vector<Step>& steps, std::vector<Finding>& findings) {
  std::set<std::string> mechanisms;
  for (const Step& step : steps) {
    if (!step.found()) continue;
    if (!is_unauthenticated_multicast(step.mechanism)) return;
    mechanisms.insert(std::string(mechanism_text(step.mechanism)));
  }
  if (mechanisms.empty()) return;
  findings.push_back(
      {Finding::Kind::only_multicast,
       fmt::format("only {} knows the name: whoever is on the link can answer, and nothing proves who it "
                   "is. Give the name a record in the DNS",
                   fmt::join(mechanisms, ", "))});
}

// --- The steps

// What stays the same from step to step.
struct Search {
  Loop& loop;
  std::string name;
  ResolveSettings settings;
  Trace trace;
};

void add_file_step(Search& work, Mechanism mechanism, std::vector<std::string> addresses) {
  Step step{.mechanism = mechanism, .asked = work.name};
  if (addresses.empty()) step.silence = "the name is not in it";
  if (!addresses.empty()) step.answers.push_back({.from = "this computer", .addresses = std::move(addresses)});
  work.trace.steps.push_back(std::move(step));
}

void add_skipped(Search& work, Mechanism mechanism, std::string why) {
  Step step{.mechanism = mechanism, .asked = work.name, .silence = std::move(why)};
  step.skipped = true;
  work.trace.steps.push_back(std::move(step));
}

void take(Step& step, NameAnswers answers) {
  for (NameAnswer& answer : answers.answers) {
    const auto known = std::ranges::find(step.answers, answer.from, &NameAnswer::from);
    if (known == step.answers.end()) {
      step.answers.push_back(std::move(answer));
    } else if (!answer.addresses.empty()) {
      known->addresses.insert(known->addresses.end(), answer.addresses.begin(), answer.addresses.end());
      known->refusal.clear();
    }
  }
  if (step.answers.empty()) step.silence = answers.silence;
}

// A and AAAA, each a message of its own: the DNS and LLMNR allow one question in each.
Task<void> ask_addresses(Search& work, Step& step, Endpoint to, std::optional<Endpoint> from) {
  const Labels name = labels_of(step.asked);
  const Instant start = work.loop.now();
  for (const std::uint16_t type : kAddressTypes) {
    const DnsMessage query =
        step.mechanism == Mechanism::dns ? dns_query(random_id(), name, type) : llmnr_query(random_id(), name, type);
    NameAnswers answers = co_await ask_dns_like(work.loop, to, from, query, name, work.settings.patience);
    const bool silent = answers.answers.empty();
    take(step, std::move(answers));
    if (silent) break;  // who does not answer the first question is not asked the second
  }
  step.took = work.loop.now() - start;
}

// The names to ask the DNS for: with the search domains first, where there is no dot.
std::vector<std::string> dns_names(const Search& work) {
  std::vector<std::string> names;
  if (work.name.find('.') == work.name.npos) {
    for (const std::string& domain : work.settings.search) names.push_back(work.name + "." + domain);
  }
  names.push_back(work.name);
  return names;
}

Task<void> ask_dns(Search& work) {
  if (work.settings.dns_servers.empty()) add_skipped(work, Mechanism::dns, "no DNS server is configured");
  for (const Endpoint& server : work.settings.dns_servers) {
    for (const std::string& name : dns_names(work)) {
      Step step{.mechanism = Mechanism::dns, .where = server.host_text(), .asked = name};
      co_await ask_addresses(work, step, server, std::nullopt);
      const bool done = step.found();
      const bool silent = step.answers.empty();
      work.trace.steps.push_back(std::move(step));
      if (done) co_return;
      if (silent) break;  // the next server; this one is not there
    }
  }
}

Step link_step(Mechanism mechanism, const Link& link, std::string_view group, std::string asked) {
  return {.mechanism = mechanism, .where = fmt::format("{} ({})", link.interface, group), .asked = std::move(asked)};
}

Task<Step> ask_mdns_on(Search& work, Link link, std::string host) {
  Step step = link_step(Mechanism::mdns, link, kMdnsGroup, host);
  const auto group = endpoint_of(kMdnsGroup, work.settings.mdns_port);
  const Labels name = labels_of(host);
  const DnsMessage query = mdns_query(random_id(), name, {kTypeA, kTypeAaaa});
  const Instant start = work.loop.now();
  NameAnswers answers = co_await ask_dns_like(work.loop, *group, link.address, query, name, work.settings.patience);
  take(step, std::move(answers));
  step.took = work.loop.now() - start;
  co_return step;
}

Task<Step> ask_llmnr_on(Search& work, Link link, std::string host) {
  Step step = link_step(Mechanism::llmnr, link, kLlmnrGroup, host);
  const auto group = endpoint_of(kLlmnrGroup, work.settings.llmnr_port);
  co_await ask_addresses(work, step, *group, link.address);
  co_return step;
}

Task<Step> ask_broadcast_on(Search& work, Link link, std::string host) {
  auto broadcast = endpoint_of(link.broadcast.host_text(), work.settings.name_service_port);
  Step step = link_step(Mechanism::nbns_broadcast, link, broadcast->host_text(), host);
  const auto name = name_from_text(host, kFileServer);
  const Instant start = work.loop.now();
  NameAnswers answers = co_await ask_name_broadcast(work.loop, *broadcast, *name, work.settings.patience);
  take(step, std::move(answers));
  step.took = work.loop.now() - start;
  co_return step;
}

using AskOnLink = Task<Step> (*)(Search& work, Link link, std::string host);

// RFC 6762 3: the names of multicast DNS end with "local"; RFC 4795 2: LLMNR's have no dot.
std::string mdns_name(const std::string& name) {
  const Labels labels = labels_of(name);
  if (labels.size() == 1) return name + ".local";
  return labels.size() == 2 && same_labels({labels.back()}, {"local"}) ? name : "";
}
std::string single_label(const std::string& name) { return name.find('.') == name.npos ? name : ""; }
std::string netbios_name(const std::string& name) { return name_from_text(name, kFileServer) ? name : ""; }

struct MulticastWay {
  Mechanism mechanism;
  AskOnLink ask;
  std::string (*name_to_ask)(const std::string& name);
  std::string_view why_not;
};
constexpr MulticastWay kMulticastWays[] = {
    {Mechanism::mdns, ask_mdns_on, mdns_name, "a name with dots is only asked for when it ends with .local"},
    {Mechanism::llmnr, ask_llmnr_on, single_label, "a name with dots is not asked for"},
    {Mechanism::nbns_broadcast, ask_broadcast_on, netbios_name, "no NetBIOS name: longer than 15 bytes, or with a dot"},
};

Task<void> ask_links(Search& work, const MulticastWay& way) {
  const std::string host = way.name_to_ask(work.name);
  if (host.empty()) {
    add_skipped(work, way.mechanism, std::string(way.why_not));
    co_return;
  }
  if (work.settings.links.empty()) add_skipped(work, way.mechanism, "this computer is on no link");
  for (const Link& link : work.settings.links) {
    Step step = co_await way.ask(work, link, host);
    work.trace.steps.push_back(std::move(step));
  }
}

Task<void> ask_name_servers(Search& work) {
  const auto name = name_from_text(work.name, kFileServer);
  if (!name) {
    add_skipped(work, Mechanism::nbns_server, std::string(kMulticastWays[2].why_not));
    co_return;
  }
  if (work.settings.wins_servers.empty()) add_skipped(work, Mechanism::nbns_server, "no WINS server is configured");
  for (const Endpoint& server : work.settings.wins_servers) {
    Step step{.mechanism = Mechanism::nbns_server, .where = server.host_text(), .asked = work.name};
    const Instant start = work.loop.now();
    NameAnswers answers = co_await ask_name_server(work.loop, server, *name, work.settings.patience);
    take(step, std::move(answers));
    step.took = work.loop.now() - start;
    const bool done = step.found();
    work.trace.steps.push_back(std::move(step));
    if (done) break;
  }
}

// Twelve letters at random: nobody has this name, so that whoever answers lies. Programs that collect passwords do.
std::string nobodys_name() {
  std::string name = "n";
  while (name.size() < 13) name += static_cast<char>('a' + random_id() % 26);
  return name;
}

Task<void> ask_for_nobody(Search& work) {
  work.settings.patience.attempts = 1;
  for (const MulticastWay& way : kMulticastWays) {
    for (const Link& link : work.settings.links) {
      const Step step = co_await way.ask(work, link, way.name_to_ask(nobodys_name()));
      for (const NameAnswer& answer : step.answers) {
        if (answer.addresses.empty()) continue;
        work.trace.findings.push_back(
            {Finding::Kind::answers_for_nobody,
             fmt::format("{}: {} says it is {}, a name made up a moment ago. It answers to every name: a spoofer that "
                         "collects logons, until proven otherwise",
                         place(step), answer.from, step.asked)});
      }
    }
  }
}

}  // namespace

std::string_view mechanism_text(Mechanism mechanism) {
  constexpr std::string_view texts[] = {"hosts file", "DNS", "mDNS", "LLMNR", "WINS", "NBNS broadcast", "lmhosts"};
  return texts[static_cast<std::size_t>(mechanism)];
}

bool is_unauthenticated_multicast(Mechanism mechanism) {
  return mechanism == Mechanism::mdns || mechanism == Mechanism::llmnr || mechanism == Mechanism::nbns_broadcast;
}

bool Step::found() const {
  return std::ranges::any_of(answers, [](const NameAnswer& answer) { return !answer.addresses.empty(); });
}

const Step* Trace::first() const {
  const auto it = std::ranges::find_if(steps, &Step::found);
  return it == steps.end() ? nullptr : &*it;
}

std::vector<Finding> findings_of(const std::vector<Step>& steps) {
  std::vector<Finding> findings;
  find_conflicts(steps, findings);
  for (const Step& step : steps) find_rivals(step, findings);
  find_unproven(steps, findings);
  return findings;
}

Task<Trace> resolve(Loop& loop, std::string name, ResolveSettings settings) {
  using Ask = Task<void> (*)(Search& work);
  constexpr Ask asks[] = {
      ask_dns,
      [](Search& work) { return ask_links(work, kMulticastWays[0]); },
      [](Search& work) { return ask_links(work, kMulticastWays[1]); },
      ask_name_servers,
      [](Search& work) { return ask_links(work, kMulticastWays[2]); },
  };
  Search work{loop, std::move(name), std::move(settings), {}};
  const auto enough = [&work] { return !work.settings.all_mechanisms && work.trace.first() != nullptr; };
  add_file_step(work, Mechanism::hosts_file, addresses_in_hosts(work.settings.hosts_file, work.name));
  for (const Ask ask : asks) {
    if (!enough()) co_await ask(work);
  }
  if (!enough()) {
    add_file_step(work, Mechanism::lmhosts, addresses_in_lmhosts(work.settings.lmhosts_file, work.name));
  }
  if (work.settings.ask_for_nobody) co_await ask_for_nobody(work);
  std::vector<Finding> together = findings_of(work.trace.steps);
  work.trace.findings.insert(work.trace.findings.end(), together.begin(), together.end());
  co_return std::move(work.trace);
}

}  // namespace dozo::netbios
