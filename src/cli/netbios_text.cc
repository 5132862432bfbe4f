// Name tables, cache, statistics and sessions.
#include "cli/netbios_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/json_text.h"
#include "cli/netbios_options.h"

namespace dozo::cli {
namespace {

using netbios::OwnedName;
using netbios::SmbConnection;

constexpr std::string_view kRule = "    ---------------------------------------------\n";

std::string_view type_text(bool group) { return group ? "GROUP" : "UNIQUE"; }

// RFC 1002 4.2.18: a name in conflict is not to be used; one that is not active is not registered yet.
std::string_view status_text_of(const netbios::NameFlags& flags) {
  if (flags.conflict) return "Conflict";
  if (flags.deregistering) return "Releasing";
  return flags.active ? "Registered" : "Registering";
}

std::string centred(std::string_view text, std::size_t width) {
  return std::string((width - std::min(width, text.size())) / 2, ' ') + std::string(text);
}

// As nbtstat shortens them.
std::string amount(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{}B", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{}KB", bytes / 1024);
  return fmt::format("{}MB", bytes / (1024 * 1024));
}

std::string session_json(const SmbConnection& connection) {
  return fmt::format(
      "{{\"local\":{},\"local_port\":{},\"remote\":{},\"remote_port\":{},\"state\":{},\"direction\":{},"
      "\"over_netbios\":{},\"bytes_in\":{},\"bytes_out\":{}}}",
      json_quoted(connection.local), connection.local_port, json_quoted(connection.remote), connection.remote_port,
      json_quoted(connection.state), json_quoted(connection.inbound ? "in" : "out"), connection.over_netbios(),
      connection.bytes_in, connection.bytes_out);
}

std::string session_line(const SmbConnection& connection) {
  const std::string remote = connection.listening ? "" : connection.remote;
  const std::string_view direction = connection.listening ? "" : connection.inbound ? "In" : "Out";
  return fmt::format("    {:<22} {:<13} {:<7} {:<21} {:>7} {:>8}\n",
                     fmt::format("{}:{}", connection.local, connection.local_port), connection.state, direction, remote,
                     amount(connection.bytes_in), amount(connection.bytes_out));
}

}  // namespace

std::string node_heading(std::string_view interface, std::string_view address) {
  const std::string first = interface.empty() ? "" : fmt::format("{}:\n", interface);
  return fmt::format("\n{}Node IpAddress: [{}] Scope Id: []\n\n", first, address);
}

std::string name_table_text(const netbios::FoundStatus& found, TableOf of) {
  const bool local = of == TableOf::local;
  std::string out = centred(local ? "NetBIOS Local Name Table" : "NetBIOS Remote Machine Name Table", 56);
  out += "\n\n       Name               Type         Status\n" + std::string(kRule);
  for (const OwnedName& owned : found.status.names) {
    out += fmt::format("    {:<15}<{:02X}>  {:<11}  {:<12} {}\n", netbios::printable(owned.name), owned.name.suffix,
                       type_text(owned.flags.group), status_text_of(owned.flags),
                       netbios::usage_of(owned.name, owned.flags.group));
  }
  if (!local) out += fmt::format("\n    MAC Address = {}\n", netbios::mac_text(found.status.unit_id));
  return out + "\n";
}

std::string name_table_json(const netbios::FoundStatus& found) {
  std::string names;
  for (const OwnedName& owned : found.status.names) {
    names += fmt::format(
        "{}{{\"name\":{},\"suffix\":\"{:02x}\",\"type\":{},\"status\":{},\"node_type\":\"{}\",\"usage\":{}}}",
        names.empty() ? "" : ",", json_quoted(netbios::printable(owned.name)), owned.name.suffix,
        json_quoted(owned.flags.group ? "group" : "unique"), json_quoted(status_text_of(owned.flags)),
        owned.flags.node_letter(), json_quoted(netbios::usage_of(owned.name, owned.flags.group)));
  }
  return fmt::format("{{\"address\":{},\"names\":[{}],\"mac\":{},\"took_ms\":{:.3f}}}", json_quoted(found.address),
                     names, json_quoted(netbios::mac_text(found.status.unit_id)), milliseconds(found.took));
}

std::string cache_text(const NetbiosCache& cache, std::int64_t now_s) {
  if (cache.names.empty()) return "    No names in cache\n";
  std::string out = centred("NetBIOS Remote Cache Name Table", 68);
  out += "\n\n        Name              Type       Host Address    Life [sec]\n";
  out += "    ------------------------------------------------------------\n";
  for (const CachedName& known : cache.names) {
    out += fmt::format("    {:<15}<{:02X}>  {:<10} {:<15} {:>10}\n", netbios::printable(known.name), known.name.suffix,
                       type_text(known.group), known.address, known.expires_s - now_s);
  }
  return out;
}

std::string cache_json(const NetbiosCache& cache, std::int64_t now_s) {
  std::string names;
  for (const CachedName& known : cache.names) {
    names +=
        fmt::format("{}{{\"name\":{},\"suffix\":\"{:02x}\",\"type\":{},\"address\":{},\"life_s\":{}}}",
                    names.empty() ? "" : ",", json_quoted(netbios::printable(known.name)), known.name.suffix,
                    json_quoted(known.group ? "group" : "unique"), json_quoted(known.address), known.expires_s - now_s);
  }
  return fmt::format("{{\"names\":[{}]}}\n", names);
}

std::string statistics_text(const NetbiosCache& cache) {
  std::string out = fmt::format(
      "\n    NetBIOS Names Resolution and Registration Statistics\n"
      "    ----------------------------------------------------\n\n"
      "    Resolved By Broadcast     = {}\n    Resolved By Name Server   = {}\n\n"
      "    Registered By Broadcast   = 0\n    Registered By Name Server = 0\n",
      cache.by_broadcast, cache.by_name_server);
  if (cache.broadcast_names.empty()) return out;
  out += "\n    NetBIOS Names Resolved By Broadcast\n" + std::string(kRule);
  for (const std::string& name : cache.broadcast_names) out += fmt::format("           {:<15}\n", on_one_line(name));
  return out;
}

std::string statistics_json(const NetbiosCache& cache) {
  return fmt::format(
      "{{\"resolved_by_broadcast\":{},\"resolved_by_name_server\":{},\"registered_by_broadcast\":0,"
      "\"registered_by_name_server\":0,\"names_resolved_by_broadcast\":{}}}\n",
      cache.by_broadcast, cache.by_name_server, json_list(cache.broadcast_names));
}

std::string sessions_text(const std::vector<SmbConnection>& connections) {
  std::string lines;
  int direct = 0;
  for (const SmbConnection& connection : connections) {
    if (connection.over_netbios()) lines += session_line(connection);
    if (!connection.over_netbios() && !connection.listening) ++direct;
  }
  std::string out;
  if (lines.empty()) {
    out = "    No Connections\n";
  } else {
    out = centred("NetBIOS Connection Table", 84) +
          "\n\n    Local Name             State         In/Out  Remote Host             Input   Output\n    " +
          std::string(80, '-') + "\n" + lines;
  }
  if (direct > 0)
    out += fmt::format("\n    {} connections carry SMB without NetBIOS (TCP port 445); --json has them.\n", direct);
  return out;
}

std::string sessions_json(const std::vector<SmbConnection>& connections) {
  std::string list;
  for (const SmbConnection& connection : connections) list += (list.empty() ? "" : ",") + session_json(connection);
  return fmt::format("{{\"connections\":[{}]}}\n", list);
}

}  // namespace dozo::cli
