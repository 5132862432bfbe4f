#include "scan/self_network.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/bytes.h"
#include "scan/evidence.h"
#include "scan/self_audit.h"
#include "scan/self_rules.h"

namespace dozo::scan {
namespace {

// proc_net_tcp(5): the state of a TCP socket that listens, and of a UDP socket that is bound and not connected.
constexpr std::string_view kListen = "0A";
constexpr std::string_view kBound = "07";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) return words;
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

template <class T>
std::optional<T> from_hex(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Groups of four bytes, each as a number of this machine, which is little endian as all that dozo runs on.
std::optional<std::string> address_from(std::string_view hex) {
  if (hex.size() != 8 && hex.size() != 32) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i * 8 < hex.size(); ++i) {
    const auto group = from_hex<std::uint32_t>(hex.substr(i * 8, 8));
    if (!group) return std::nullopt;
    store_le(bytes.data() + i * 4, *group);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = hex.size() == 8 ? AF_INET : AF_INET6;
  return inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr ? std::nullopt
                                                                              : std::optional(std::string(text.data()));
}

std::optional<ListeningSocket> socket_in(std::string_view line, Transport transport) {
  const auto words = words_of(line);
  if (words.size() < 4 || words[3] != (transport == Transport::tcp ? kListen : kBound)) return std::nullopt;
  const std::size_t colon = words[1].find(':');
  if (colon == words[1].npos) return std::nullopt;
  const auto address = address_from(words[1].substr(0, colon));
  const auto port = from_hex<std::uint16_t>(words[1].substr(colon + 1));
  if (!address || !port) return std::nullopt;
  return ListeningSocket{transport, *address, *port};
}

struct Watched {
  std::string_view name;
  Transport transport;
  std::uint16_t port;
};
constexpr Watched kWatched[] = {
    {"445/tcp", Transport::tcp, 445}, {"139/tcp", Transport::tcp, 139}, {"137/udp", Transport::udp, 137}};

std::string text_of(const ListeningSocket& socket) {
  const std::string_view transport = socket.transport == Transport::tcp ? "TCP" : "UDP";
  return socket.address.contains(':') ? fmt::format("{} [{}]:{}", transport, socket.address, socket.port)
                                      : fmt::format("{} {}:{}", transport, socket.address, socket.port);
}

bool is_any(const ListeningSocket& socket) { return socket.address == "0.0.0.0" || socket.address == "::"; }

// The sockets of a port that others can reach.
std::vector<const ListeningSocket*> reachable(const OwnNetwork& network, const Watched& watched) {
  std::vector<const ListeningSocket*> found;
  for (const ListeningSocket& socket : network.sockets) {
    const bool same = socket.transport == watched.transport && socket.port == watched.port;
    if (same && !socket.is_loopback()) found.push_back(&socket);
  }
  return found;
}

struct FirewallWords {
  std::string_view text;
  State open;
};
constexpr FirewallWords kPassages[] = {{"the firewall lets everybody in", State::yes},
                                       {"the firewall lets some in", State::yes},
                                       {"the firewall lets nobody in", State::no},
                                       {"the firewall has rules that are not understood here", State::untested}};

Fact port_fact(const OwnNetwork& network, const Watched& watched, std::optional<Passage>& passage) {
  const auto sockets = reachable(network, watched);
  if (sockets.empty()) return {State::no, "nothing listens, but for this computer itself"};
  std::vector<std::string> texts;
  for (const ListeningSocket* socket : sockets) texts.push_back(text_of(*socket));
  const std::string listens = fmt::format("listens on {}", joined(texts));
  if (network.ruleset.empty()) return {State::yes, fmt::format("{}; {}", listens, network.ruleset_problem)};
  const auto answer = passage_in_nft(network.ruleset, watched.transport, watched.port);
  if (!answer) return {State::yes, fmt::format("{}; {}", listens, answer.error())};
  passage = *answer;
  const FirewallWords& words = kPassages[static_cast<std::size_t>(*answer)];
  return {words.open, fmt::format("{}; {}", listens, words.text)};
}

}  // namespace

bool ListeningSocket::is_loopback() const {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

std::vector<ListeningSocket> sockets_in_proc_net(std::string_view text, Transport transport) {
  std::vector<ListeningSocket> sockets;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto socket = socket_in(text.substr(0, end), transport)) sockets.push_back(std::move(*socket));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return sockets;
}

HostRecord audit_network(const OwnNetwork& network) {
  HostRecord record;
  record.facts.host = record.facts.name = network.name;
  for (const Watched& watched : kWatched) {
    std::optional<Passage> passage;
    Fact fact = port_fact(network, watched, passage);
    const bool everywhere =
        std::ranges::any_of(reachable(network, watched), [](const auto* socket) { return is_any(*socket); });
    if (watched.transport == Transport::tcp && everywhere && passage == Passage::open) {
      record.findings.push_back(self_finding("smb-open-to-all", fact.why));
    }
    if (watched.transport == Transport::udp) record.facts.netbios = fact;
    record.facts.ports[std::string(watched.name)] = std::move(fact);
  }
  judge_into(record);
  return record;
}

}  // namespace dozo::scan
