// The table of remote checks. A new one is a file check_x.cc and a row.
#pragma once

#include <span>
#include <string_view>

#include "scan/host_probe.h"

namespace dozo::scan {

// What a check's packets are to the host that gets them.
enum class Safety : std::uint8_t {
  passive,         // a connection that says nothing, or one datagram
  negotiate_only,  // what every client says before it logs on
  anonymous,       // a logon as nobody or as a user that is not there: a line in the host's log, no account is touched
  authenticated,   // a logon with credentials that were given
};
std::string_view safety_name(Safety safety);

struct Check {
  std::string_view name;
  Safety safety = Safety::passive;
  Level level = Level::negotiate_only;  // from which on it runs
  bool needs_smb = true;                // only where a port of SMB is open
  unsigned connections = 0;             // at most
  std::string_view sends;               // the packets, for --explain
  std::string_view trips;               // what a sensor may say to them; empty: nothing that is known
  runtime::Task<void> (*run)(HostProbe& probe) = nullptr;
};

// In the order they run. Each fills in its facts, and leaves none of them "not asked".
std::span<const Check> checks();
bool runs(const Check& check, const ScanSettings& settings);

// The functions of the rows, one file for each.
runtime::Task<void> check_ports(HostProbe& probe);
runtime::Task<void> check_dialects(HostProbe& probe);
runtime::Task<void> check_smb1(HostProbe& probe);
runtime::Task<void> check_algorithms(HostProbe& probe);
runtime::Task<void> check_smbghost(HostProbe& probe);
runtime::Task<void> check_anonymous(HostProbe& probe);
runtime::Task<void> check_guest(HostProbe& probe);
runtime::Task<void> check_user(HostProbe& probe);
runtime::Task<void> check_ms17_010(HostProbe& probe);

}  // namespace dozo::scan
