// dozo netview and dozo resolve.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/json_text.h"
#include "cli/netbios_options.h"
#include "cli/netbios_text.h"
#include "cli/on_loop.h"
#include "cli/shares.h"
#include "netbios/name_files.h"

namespace dozo::cli {
namespace {

using runtime::Loop;

constexpr std::uint16_t kDnsPort = 53;
constexpr std::string_view kLmhostsFile = "/etc/samba/lmhosts";
constexpr int kListenSecondsMax = 3600;

std::optional<Duration> listen_time(const Arguments& arguments, Io& io) {
  const auto typed = arguments.value("--listen");
  if (!typed) return std::chrono::seconds(0);
  const bool digits = !typed->empty() && typed->size() <= 4 && typed->find_first_not_of("0123456789") == typed->npos;
  if (digits && std::stoi(*typed) <= kListenSecondsMax) return std::chrono::seconds(std::stoi(*typed));
  io.err << fmt::format("dozo: --listen {}: seconds, at most {}\n", on_one_line(*typed), kListenSecondsMax);
  return std::nullopt;
}

// The DNS servers that are asked: those that were given, else the system's.
std::optional<std::vector<runtime::Endpoint>> dns_servers(const Arguments& arguments,
                                                          const netbios::ResolverSettings& system, Io& io) {
  if (arguments.flag("--dns")) return endpoints_from(arguments, "--dns", kDnsPort, io);
  std::vector<runtime::Endpoint> servers;
  for (const std::string& address : system.servers) {
    if (const auto endpoint = netbios::endpoint_of(address, kDnsPort)) servers.push_back(*endpoint);
  }
  return servers;
}

std::optional<netbios::ResolveSettings> resolve_settings(const Arguments& arguments, Io& io) {
  const auto system = netbios::settings_in_resolv_conf(file_text("/etc/resolv.conf"));
  const auto patience = patience_from(arguments, io);
  const auto servers = dns_servers(arguments, system, io);
  const auto wins = endpoints_from(arguments, "--wins", netbios::kNameServicePort, io);
  auto links = links_from(arguments, io);
  if (!patience || !servers || !wins || !links) return std::nullopt;
  netbios::ResolveSettings settings;
  settings.hosts_file = file_text("/etc/hosts");
  settings.lmhosts_file = file_text(arguments.value("--lmhosts").value_or(std::string(kLmhostsFile)));
  settings.dns_servers = *servers;
  settings.search = system.search;
  settings.wins_servers = *wins;
  settings.links = std::move(*links);
  settings.patience = *patience;
  settings.all_mechanisms = arguments.flag("--trace");
  settings.ask_for_nobody = arguments.flag("--trace");
  return settings;
}

struct Neighbours {
  netbios::Neighbourhood found;
  std::optional<SharesByAddress> shares;  // when they were asked
};

// What NetBIOS has resolved is shown by nbtstat -c later.
void remember(const std::string& typed, const netbios::Trace& trace) {
  const auto name = netbios::name_from_text(typed, netbios::kFileServer);
  if (!name) return;
  for (const netbios::Step& step : trace.steps) {
    const bool server = step.mechanism == netbios::Mechanism::nbns_server;
    if (!step.found() || !(server || step.mechanism == netbios::Mechanism::nbns_broadcast)) continue;
    NetbiosCache cache = load_netbios_cache();
    for (const netbios::NameAnswer& answer : step.answers) {
      if (answer.addresses.empty()) continue;
      cache.add({*name, answer.group, answer.addresses.front(), unix_time_s() + kCacheSeconds}, server);
      break;
    }
    store_netbios_cache(cache);
    return;
  }
}

std::string short_answer(const netbios::Step& step) {
  std::string out;
  for (const netbios::NameAnswer& answer : step.answers) {
    for (const std::string& address : answer.addresses) {
      out += fmt::format("{}\t{}\n", address, mechanism_text(step.mechanism));
    }
  }
  return out;
}

}  // namespace

namespace {

// "HOST", "\\\\HOST", "smb://HOST": the server, without a share.
std::optional<client::Url> server_of(std::string typed, Io& io) {
  if (typed.starts_with("\\\\") && typed.find('\\', 2) == std::string::npos) typed = typed.substr(2);
  if (typed.find_first_of("/\\") == std::string::npos) typed = "smb://" + typed;
  auto url = server_address(typed, io);
  if (!url || url->share.empty()) return url;
  io.err << fmt::format("dozo: {}: more than a host; dozo ls lists what is in a share\n", on_one_line(typed));
  return std::nullopt;
}

runtime::Task<Neighbours> look_around(Loop& loop, netbios::BrowseSettings settings, bool ask_shares) {
  Neighbours out;
  out.found = co_await netbios::browse(loop, settings);
  if (!ask_shares) co_return out;
  auto shares = co_await ask_for_shares(loop, out.found.hosts, settings.patience.timeout);
  out.shares = std::move(shares);
  co_return out;
}

Exit show_neighbourhood(const Arguments& arguments, Io& io) {
  const auto patience = patience_from(arguments, io);
  const auto listen = listen_time(arguments, io);
  auto links = links_from(arguments, io);
  if (!patience || !listen || !links) return Exit::usage;
  netbios::BrowseSettings settings{.links = std::move(*links), .patience = *patience, .listen = *listen};
  const bool ask = arguments.flag("--shares");
  const auto seen = run_on_loop<Neighbours>([&](Loop& loop) { return look_around(loop, settings, ask); });
  const SharesByAddress* shares = seen.shares ? &*seen.shares : nullptr;
  io.out << (arguments.flag("--json") ? neighbourhood_json(seen.found, shares)
                                      : neighbourhood_text(seen.found, shares));
  return seen.found.hosts.empty() ? Exit::failed : Exit::done;
}

}  // namespace

Exit run_netview(const Arguments& arguments, Io& io) {
  const auto typed = arguments.value("HOST");
  if (!typed) return show_neighbourhood(arguments, io);
  const auto server = server_of(*typed, io);
  return server ? list_shares_of(arguments, io, *server) : Exit::usage;
}

Exit run_resolve(const Arguments& arguments, Io& io) {
  const std::string& name = arguments.required("NAME");
  const auto settings = resolve_settings(arguments, io);
  if (!settings) return Exit::usage;
  if (netbios::labels_of(name).empty()) {
    io.err << fmt::format("dozo: {}: not a name: empty, longer than 253 bytes, or with a label of more than 63\n",
                          on_one_line(name));
    return Exit::usage;
  }
  const auto trace = run_on_loop<netbios::Trace>([&](Loop& loop) { return netbios::resolve(loop, name, *settings); });
  remember(name, trace);
  const auto order = netbios::host_sources_in_nsswitch(file_text("/etc/nsswitch.conf"));
  const netbios::Step* first = trace.first();
  if (arguments.flag("--json")) {
    io.out << trace_json(name, trace, order);
  } else if (arguments.flag("--trace")) {
    io.out << trace_text(name, trace, order);
  } else if (first != nullptr) {
    io.out << short_answer(*first);
  }
  if (first != nullptr) return Exit::done;
  return failed(io, fmt::format("{}: nobody knows the name", on_one_line(name)));
}

}  // namespace dozo::cli
