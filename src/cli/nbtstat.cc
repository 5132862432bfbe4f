// dozo nbtstat: name tables, cache, statistics and sessions, as its Windows namesake shows them; and what they give
// away.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/json_text.h"
#include "cli/netbios_options.h"
#include "cli/netbios_text.h"
#include "cli/on_loop.h"

namespace dozo::cli {
namespace {

using netbios::FoundStatus;
using netbios::Patience;
using runtime::Endpoint;
using runtime::Loop;
using runtime::Task;

using Table = std::expected<FoundStatus, std::string>;

Table node_status(const Endpoint& target, const Patience& patience) {
  return run_on_loop<Table>([&](Loop& loop) { return netbios::ask_node_status(loop, target, patience); });
}

Exit print_table(const Table& table, const Arguments& arguments, Io& io, const std::string& who) {
  if (!table) {
    if (!arguments.flag("--json")) io.out << "    Host not found.\n";
    return failed(io, fmt::format("{}: {}", on_one_line(who), table.error()));
  }
  io.out << (arguments.flag("--json") ? name_table_json(*table) + "\n"
                                      : node_heading("", table->address) + name_table_text(*table, TableOf::remote));
  return Exit::done;
}

// --- -a and -A

struct Resolved {
  std::string address;
  bool group = false;
  bool from_server = false;
  std::string silence;
};

Task<Resolved> resolve_netbios(Loop& loop, netbios::Name name, std::vector<Endpoint> servers,
                               std::vector<netbios::Link> links, Patience patience) {
  Resolved result{.silence = "this computer is on no link, and no WINS server is given"};
  for (const Endpoint& server : servers) {
    const auto found = co_await netbios::ask_name_server(loop, server, name, patience);
    result.silence = found.silence;
    if (found.answers.empty()) continue;
    const netbios::NameAnswer& answer = found.answers.front();
    result.silence = fmt::format("{} says: {}", answer.from, answer.refusal);
    if (!answer.addresses.empty()) co_return Resolved{answer.addresses.front(), answer.group, true, ""};
  }
  for (const netbios::Link& link : links) {
    const auto to = netbios::endpoint_of(link.broadcast.host_text(), netbios::kNameServicePort);
    const auto found = co_await netbios::ask_name_broadcast(loop, *to, name, patience);
    result.silence = found.silence;
    for (const netbios::NameAnswer& answer : found.answers) {
      if (!answer.addresses.empty()) co_return Resolved{answer.addresses.front(), answer.group, false, ""};
    }
  }
  co_return result;
}

void remember(const netbios::Name& name, const Resolved& resolved) {
  NetbiosCache cache = load_netbios_cache();
  cache.add({name, resolved.group, resolved.address, unix_time_s() + kCacheSeconds}, resolved.from_server);
  store_netbios_cache(cache);
}

// The address of a NetBIOS name: its workstation service has every computer.
std::optional<std::string> address_of(const std::string& typed, const Arguments& arguments, Io& io, Exit& exit) {
  exit = Exit::usage;
  const auto name = netbios::name_from_text(typed, netbios::kWorkstation);
  const auto patience = patience_from(arguments, io);
  const auto servers = endpoints_from(arguments, "--wins", netbios::kNameServicePort, io);
  const auto links = links_from(arguments, io);
  if (!patience || !servers || !links) return std::nullopt;
  if (!name) {
    io.err << fmt::format("dozo: {}: a NetBIOS name has 1 to 15 bytes and no dot\n", on_one_line(typed));
    return std::nullopt;
  }
  exit = Exit::failed;
  const auto resolved =
      run_on_loop<Resolved>([&](Loop& loop) { return resolve_netbios(loop, *name, *servers, *links, *patience); });
  if (resolved.address.empty()) {
    if (!arguments.flag("--json")) io.out << "    Host not found.\n";
    failed(io, fmt::format("{}: {}", on_one_line(typed), resolved.silence));
    return std::nullopt;
  }
  remember(*name, resolved);
  return resolved.address;
}

Exit show_address(const std::string& typed, const Arguments& arguments, Io& io) {
  const auto target = netbios::endpoint_of(typed, netbios::kNameServicePort);
  const auto patience = patience_from(arguments, io);
  if (!patience) return Exit::usage;
  if (target) return print_table(node_status(*target, *patience), arguments, io, typed);
  io.err << fmt::format("dozo: {}: not an address; nbtstat -a takes names\n", on_one_line(typed));
  return Exit::usage;
}

Exit show_name(const std::string& typed, const Arguments& arguments, Io& io) {
  Exit exit = Exit::failed;
  const auto address = address_of(typed, arguments, io, exit);
  return address ? show_address(*address, arguments, io) : exit;
}

// --- -n

Exit show_local(const Arguments& arguments, Io& io) {
  const auto patience = patience_from(arguments, io);
  if (!patience) return Exit::usage;
  std::string json;
  bool any = false;
  for (const netbios::Link& link : netbios::local_addresses()) {
    const auto target = netbios::endpoint_of(link.address.host_text(), netbios::kNameServicePort);
    const Table table = node_status(*target, *patience);
    any = any || table.has_value();
    if (arguments.flag("--json")) {
      if (table) json += (json.empty() ? "" : ",") + name_table_json(*table);
      continue;
    }
    io.out << node_heading(link.interface, link.address.host_text());
    io.out << (table ? name_table_text(*table, TableOf::local) : "    No names in cache\n");
  }
  if (arguments.flag("--json")) io.out << fmt::format("{{\"nodes\":[{}]}}\n", json);
  return any ? Exit::done : failed(io, "no NetBIOS name service answers on any address of this computer");
}

// --- -c, -r, -S

Exit show_cache(const Arguments& arguments, Io& io) {
  const NetbiosCache cache = load_netbios_cache();
  io.out << (arguments.flag("--json") ? cache_json(cache, unix_time_s()) : cache_text(cache, unix_time_s()));
  return Exit::done;
}

Exit show_statistics(const Arguments& arguments, Io& io) {
  const NetbiosCache cache = load_netbios_cache();
  io.out << (arguments.flag("--json") ? statistics_json(cache) : statistics_text(cache));
  return Exit::done;
}

Exit show_sessions(const Arguments& arguments, Io& io) {
  const auto connections = netbios::smb_connections();
  if (!connections) return failed(io, fmt::format("the kernel does not tell the connections: {}", connections.error()));
  io.out << (arguments.flag("--json") ? sessions_json(*connections) : sessions_text(*connections));
  return Exit::done;
}

// --- --privacy

Task<PrivacyEvidence> gather(Loop& loop, std::string address, Patience patience) {
  PrivacyEvidence evidence{.address = address};
  const auto name_service = netbios::endpoint_of(address, netbios::kNameServicePort);
  auto status = co_await netbios::ask_node_status(loop, *name_service, patience);
  if (status) {
    evidence.status = std::move(*status);
  } else {
    evidence.netbios_silence = status.error();
  }
  patience.attempts = 1;
  const auto mdns = netbios::endpoint_of(address, netbios::kMdnsPort);
  const netbios::Labels all = netbios::labels_of("_services._dns-sd._udp.local");
  const auto query = netbios::mdns_query(netbios::random_id(), all, {netbios::kTypePtr});
  const auto services = co_await netbios::ask_services(loop, *mdns, std::nullopt, query, patience);
  for (const netbios::DnsAnswer& answer : services) {
    for (std::string& type : netbios::service_types_in(answer.message))
      evidence.service_types.push_back(std::move(type));
  }
  const auto discovery = netbios::endpoint_of(address, netbios::kWsDiscoveryPort);
  auto devices = co_await netbios::ask_devices(loop, *discovery, std::nullopt, patience);
  evidence.devices = std::move(devices);
  co_return evidence;
}

// The addresses to look at: the one that was given, else all of this computer but the loopback's.
std::optional<std::vector<std::string>> privacy_targets(const Arguments& arguments, Io& io, Exit& exit) {
  exit = Exit::usage;
  if (const auto typed = arguments.value("-A")) {
    if (netbios::endpoint_of(*typed, 0)) return std::vector<std::string>{*typed};
    io.err << fmt::format("dozo: {}: not an address; nbtstat -a takes names\n", on_one_line(*typed));
    return std::nullopt;
  }
  if (const auto typed = arguments.value("-a")) {
    const auto address = address_of(*typed, arguments, io, exit);
    return address ? std::optional(std::vector<std::string>{*address}) : std::nullopt;
  }
  std::vector<std::string> targets;
  for (const netbios::Link& link : netbios::local_links()) targets.push_back(link.address.host_text());
  if (!targets.empty()) return targets;
  exit = failed(io, "this computer has no address that others could ask");
  return std::nullopt;
}

Exit show_privacy(const Arguments& arguments, Io& io) {
  const auto patience = patience_from(arguments, io);
  if (!patience) return Exit::usage;
  Exit exit = Exit::done;
  const auto targets = privacy_targets(arguments, io, exit);
  if (!targets) return exit;
  for (const std::string& address : *targets) {
    const auto evidence = run_on_loop<PrivacyEvidence>([&](Loop& loop) { return gather(loop, address, *patience); });
    io.out << (arguments.flag("--json") ? privacy_json(evidence) : privacy_text(evidence));
  }
  return Exit::done;
}

struct Mode {
  std::string_view option;
  Exit (*show)(const Arguments& arguments, Io& io);
};
constexpr Mode kModes[] = {
    {"--privacy", show_privacy},
    {"-A", [](const Arguments& arguments, Io& io) { return show_address(arguments.required("-A"), arguments, io); }},
    {"-a", [](const Arguments& arguments, Io& io) { return show_name(arguments.required("-a"), arguments, io); }},
    {"-n", show_local},
    {"-c", show_cache},
    {"-r", show_statistics},
    {"-S", show_sessions},
};

}  // namespace

Exit run_nbtstat(const Arguments& arguments, Io& io) {
  const auto given = [&](const Mode& mode) { return arguments.flag(mode.option); };
  const auto chosen = std::ranges::count_if(kModes, given);
  const bool with_target = arguments.flag("--privacy") && (arguments.flag("-A") != arguments.flag("-a"));
  if (chosen == 1 || (chosen == 2 && with_target)) return std::ranges::find_if(kModes, given)->show(arguments, io);
  io.err << "dozo: nbtstat wants one of -a, -A, -n, -c, -r, -S and --privacy; see dozo nbtstat --help\n";
  return Exit::usage;
}

}  // namespace dozo::cli
