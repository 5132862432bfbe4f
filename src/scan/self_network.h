// What of this computer's network lets others reach SMB: its sockets that listen, and its firewall. Pure: the text of
// Linux' files and of nft is given.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scan/report_json.h"

namespace dozo::scan {

enum class Transport : std::uint8_t { tcp, udp };

// A TCP socket that listens, or a UDP socket that is bound.
struct ListeningSocket {
  Transport transport = Transport::tcp;
  std::string address;  // "0.0.0.0", "::", "192.0.2.7"
  std::uint16_t port = 0;

  bool is_loopback() const;  // nobody else reaches it
  bool operator==(const ListeningSocket&) const = default;
};

// Of the text of /proc/net/tcp, tcp6, udp or udp6, proc_net_tcp(5); lines that are no sockets are left out.
std::vector<ListeningSocket> sockets_in_proc_net(std::string_view text, Transport transport);

// What a new connection to a port from anywhere meets.
enum class Passage : std::uint8_t {
  open,
  limited,  // let in from some addresses or interfaces alone
  closed,
  unknown,  // a rule decides that is not understood here
};

// Of what `nft -j list ruleset` prints: chains of the hook "input", in the order of their priorities, each from its
// first rule to its verdict. The error says why the text is not such a ruleset.
std::expected<Passage, std::string> passage_in_nft(std::string_view json, Transport transport, std::uint16_t port);

struct OwnNetwork {
  std::string name;  // of this computer
  std::vector<ListeningSocket> sockets;
  std::string ruleset;          // of nft; empty: not known
  std::string ruleset_problem;  // why not
};

// A record of this computer: ports as facts, judged, with "smb-open-to-all" where nothing is in the way.
HostRecord audit_network(const OwnNetwork& network);

}  // namespace dozo::scan
