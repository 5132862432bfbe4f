#include "cli/shares.h"

#include <fmt/format.h>

#include <ostream>

#include "cli/json_text.h"
#include "cli/remote_text.h"
#include "client/resolve.h"
#include "runtime/gate.h"
#include "runtime/semaphore.h"

namespace dozo::cli {
namespace {

using client::ListedKind;
using client::ListedShare;

constexpr std::string_view kPipes = "IPC$";  // [MS-SMB2] 3.3.1.6: the share that every server has
constexpr std::uint16_t kSmbPort = 445;
constexpr std::size_t kHostsAtATime = 64;

std::string_view kind_text(const ListedShare& share) {
  switch (share.kind()) {
    case ListedKind::disk:
      return "disk";
    case ListedKind::print_queue:
      return "printer";
    case ListedKind::device:
      return "device";
    case ListedKind::ipc:
      return "pipes";
  }
  return "unknown";
}

runtime::Task<Exit> print_shares(Remote& remote) {
  const auto shares = co_await remote.link.run([](client::Tree& tree) { return client::list_shares(tree); });
  if (!shares) co_return failed_on(remote, "", shares.error());
  remote.io.out << (remote.arguments.flag("--json") ? fmt::format("{{\"shares\":{}}}\n", shares_json(*shares))
                                                    : shares_text(*shares));
  co_return Exit::done;
}

// --- The neighbourhood

struct Round {
  runtime::Loop& loop;
  Duration timeout;
  std::shared_ptr<const client::Logon> logon;
  runtime::Semaphore places{kHostsAtATime};
  SharesByAddress found;
};

runtime::Task<HostShares> shares_of(Round& round, runtime::Endpoint endpoint, const std::string& address) {
  client::LinkTarget target{.endpoints = {endpoint},
                            .connection = {},
                            .logon = round.logon,
                            .session = {.allow_guest = true},
                            .share = std::string(kPipes),
                            .patience = {}};
  target.connection.server_name = address;
  target.connection.require_signing = false;
  target.connection.connect_timeout = round.timeout;
  target.connection.timeout = round.timeout;
  client::Link link(round.loop, std::move(target));
  auto shares = co_await link.run([](client::Tree& tree) { return client::list_shares(tree); });
  co_await link.close();
  if (!shares) co_return HostShares{.shares = {}, .why = explain(shares.error())};
  co_return HostShares{.shares = std::move(*shares), .why = {}};
}

runtime::Task<void> ask_host(Round& round, std::string address) {
  const auto endpoint = netbios::endpoint_of(address, kSmbPort);
  if (!endpoint) co_return;
  const bool taken = co_await round.places.acquire(1);
  if (!taken) co_return;
  HostShares shares = co_await shares_of(round, *endpoint, address);
  round.found[address] = std::move(shares);
  round.places.release(1);
}

}  // namespace

std::string shares_text(const std::vector<ListedShare>& shares) {
  std::string out = fmt::format("{:<24} {:<8} {}\n", "Share", "Type", "Remark");
  for (const ListedShare& share : shares) {
    out += fmt::format("{:<24} {:<8} {}\n", printable_name(share.name), kind_text(share), on_one_line(share.comment));
  }
  return out;
}

std::string shares_json(const std::vector<ListedShare>& shares) {
  std::string list;
  for (const ListedShare& share : shares) {
    list += fmt::format("{}{{\"name\":{},\"type\":\"{}\",\"special\":{},\"comment\":{}}}", list.empty() ? "" : ",",
                        json_quoted(share.name), kind_text(share), share.is_special(), json_quoted(share.comment));
  }
  return "[" + list + "]";
}

Exit list_shares_of(const Arguments& arguments, Io& io, client::Url server) {
  server.share = kPipes;
  return run_on_share(arguments, io, server, print_shares);
}

runtime::Task<SharesByAddress> ask_for_shares(runtime::Loop& loop, std::vector<netbios::Neighbour> hosts,
                                              Duration timeout) {
  Round round{.loop = loop, .timeout = timeout, .logon = client::anonymous_logon()};
  runtime::Gate gate;
  for (const netbios::Neighbour& host : hosts) runtime::spawn(gate, ask_host(round, host.address));
  co_await gate.close();
  co_return std::move(round.found);
}

}  // namespace dozo::cli
