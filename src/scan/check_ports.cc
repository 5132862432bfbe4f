// Which ports answer: TCP 445, 139 and 135, UDP 137 and 443. All are asked together.
#include <fmt/format.h>

#include "netbios/exchange.h"
#include "netbios/name.h"
#include "runtime/gate.h"
#include "scan/checks.h"
#include "scan/first_words.h"
#include "scan/quic.h"

namespace dozo::scan {
namespace {

constexpr std::uint16_t kEndpointMapperPort = 135;
constexpr std::uint16_t kQuicPort = 443;

// No is for who says no; a filter says nothing, and nobody knows.
Fact closed(const Trouble& why) { return why.kind == Trouble::Kind::refused ? no(why.text) : untested(why); }

runtime::Task<void> ask_smb_port(HostProbe& probe, Fact& fact) {
  auto line = co_await probe.connect(probe.settings().smb_port);
  fact = line ? yes("accepts connections") : closed(line.error());
  if (!line) co_return;
  probe.set_transport(HostProbe::Transport::direct);
  co_await say_first_words(probe, **line);
}

runtime::Task<void> ask_port(HostProbe& probe, std::uint16_t port, Fact& fact) {
  const auto line = co_await probe.connect(port);
  fact = line ? yes("accepts connections") : closed(line.error());
}

void take_names(const netbios::NodeStatus& status, HostFacts& facts) {
  facts.netbios = yes(fmt::format("answers with {} names", status.names.size()));
  for (const netbios::OwnedName& owned : status.names) {
    const bool group = owned.flags.group;
    facts.netbios_names.push_back({netbios::printable(owned.name), owned.name.suffix, group});
    if (owned.name.suffix != netbios::kWorkstation) continue;
    if (!group && facts.name.empty()) facts.name = netbios::printable(owned.name);
    if (group && facts.domain.empty()) facts.domain = netbios::printable(owned.name);
  }
  // Samba answers with zeros.
  if (status.unit_id != decltype(status.unit_id){}) facts.mac = netbios::mac_text(status.unit_id);
}

Fact silence_of(const std::string& why) {
  return netbios::is_refusal(why) ? no("nothing listens on that port") : untested(why);
}

runtime::Task<void> ask_node_status(HostProbe& probe, Fact& port) {
  HostFacts& facts = probe.facts();
  const auto turn = co_await probe.take_turn();
  if (!turn) {
    port = facts.netbios = untested(turn.error());
    co_return;
  }
  const netbios::Patience patience{.timeout = probe.settings().timeout / 2, .attempts = 2, .datagrams_max = 16};
  const auto found = co_await netbios::ask_node_status(
      probe.loop(), endpoint_at(probe.target().address, netbios::kNameServicePort), patience);
  port = found ? yes("answers a node status request") : silence_of(found.error());
  facts.netbios = port;
  if (found) take_names(found->status, facts);
}

runtime::Task<void> ask_quic_port(HostProbe& probe, Fact& fact) {
  const auto turn = co_await probe.take_turn();
  if (!turn) {
    fact = untested(turn.error());
    co_return;
  }
  Fact found =
      co_await ask_quic(probe.loop(), endpoint_at(probe.target().address, kQuicPort), probe.settings().timeout);
  fact = std::move(found);
}

}  // namespace

runtime::Task<void> check_ports(HostProbe& probe) {
  FactsByName& ports = probe.facts().ports;
  Fact& netbios_session = ports["139/tcp"];
  runtime::Gate gate;
  runtime::spawn(gate, ask_smb_port(probe, ports[fmt::format("{}/tcp", probe.settings().smb_port)]));
  runtime::spawn(gate, ask_port(probe, kNetbiosSessionPort, netbios_session));
  runtime::spawn(gate, ask_port(probe, kEndpointMapperPort, ports["135/tcp"]));
  runtime::spawn(gate, ask_node_status(probe, ports["137/udp"]));
  runtime::spawn(gate, ask_quic_port(probe, ports["443/udp"]));
  co_await gate.close();
  const bool direct = probe.transport() == HostProbe::Transport::direct;
  if (!direct && netbios_session.state == State::yes) probe.set_transport(HostProbe::Transport::netbios);
  probe.note_answer();  // a filtered port says nothing about one that is open
}

}  // namespace dozo::scan
