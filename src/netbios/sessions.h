// The connections of this computer that carry SMB, as the kernel knows them.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace dozo::netbios {

struct SmbConnection {
  bool listening = false;
  bool inbound = false;       // the port of SMB is ours
  std::string local, remote;  // addresses; no remote one while listening
  std::uint16_t local_port = 0, remote_port = 0;
  std::string state;  // "Connected" "Connecting" "Listening" "Disconnecting"
  std::uint64_t bytes_in = 0, bytes_out = 0;

  // Whether it is of NetBIOS' session service (139); else it is SMB directly over TCP (445).
  bool over_netbios() const { return (listening || inbound ? local_port : remote_port) == 139; }
};

// TCP connections and listeners with port 139 or 445 at either end; an error's text when the kernel does not tell.
std::expected<std::vector<SmbConnection>, std::string> smb_connections();

// One part of the kernel's answer (sock_diag(7)); what is no TCP socket of those ports is left out. Pure.
void append_connections(Bytes answer, std::vector<SmbConnection>& out, bool& done);

}  // namespace dozo::netbios
