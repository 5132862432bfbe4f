// Visit: a session on a host, for the checks that need one. It ends by a deadline, whatever the host does.
#pragma once

#include <memory>
#include <string>

#include "client/session.h"
#include "client/tree.h"
#include "scan/host_probe.h"

namespace dozo::scan {

// While somebody is logged on.
struct Visit {
  HostProbe& probe;
  client::Session& session;
  std::string who;  // "nobody", "a guest", "alice": as whom the facts were found
};
using VisitWork = runtime::Task<void> (*)(Visit& visit);

struct Visitor {
  const client::Logon& logon;
  std::string who;
  // Takes a session without keys, which is nobody's or a guest's.
  bool keyless = false;
};

// How a logon ended.
struct LogonOutcome {
  enum class End : std::uint8_t { let_in, turned_away, unknown } end = End::unknown;
  NtStatus status{};  // turned away with it
  std::string why;    // unknown
  bool guest = false;
  bool encrypts = false;  // the session must be encrypted
};

// Connects, logs on, runs `work` while logged on, and leaves.
runtime::Task<LogonOutcome> visit(HostProbe& probe, Visitor visitor, VisitWork work);

// The status of an operation that did not work, as a fact: access denied and its like are "no", the transport's are
// "untested".
Fact refusal(NtStatus status, const Visit& visit);

}  // namespace dozo::scan
