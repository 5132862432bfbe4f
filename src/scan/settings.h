// What a scan may do, and how patiently.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/time.h"
#include "client/logon.h"

namespace dozo::scan {

// How far a scan goes into a host. Each level does what those before it do.
enum class Level : std::uint8_t {
  negotiate_only,  // nobody logs on
  standard,        // nobody logs on as nobody, and as a guest
  deep,            // and interfaces of pipes are bound, policies are read, SMB1 is asked for its patch
};

// Value; the same for every host of a scan.
struct ScanSettings {
  Level level = Level::standard;
  std::uint16_t smb_port = 445;                // direct TCP
  Duration timeout = std::chrono::seconds(2);  // for a connection to be made, and for each answer on it
  // Connections to one host, over the whole scan. Everything there is to ask of a modern host takes 18, and 13 more
  // of one that speaks SMB1's older dialects.
  unsigned connections_max = 32;
  // Who logs on for what needs a user; none: nobody does.
  std::shared_ptr<const client::Logon> logon;
  std::string user;  // what `logon` is called in the facts
};

}  // namespace dozo::scan
