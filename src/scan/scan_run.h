// A scan: every target once, in random order, many at a time.
#pragma once

#include <cstdint>

#include "runtime/loop.h"
#include "scan/facts.h"
#include "scan/settings.h"
#include "scan/targets.h"

namespace dozo::scan {

struct RunSettings {
  ScanSettings host;
  double per_second = 0;       // connections begun in a second, over all hosts; 0: as many as go
  std::size_t sockets = 1000;  // at once, over all hosts; one host takes five at most
  std::uint64_t seed = 0;      // of the order
};

// Is told of each host when everything about it is known.
class HostSink {
 public:
  virtual ~HostSink() = default;
  // Whether the host at this place of the order is known already, from a run before.
  virtual bool knows(std::uint64_t) { return false; }
  virtual void on_host(std::uint64_t place, HostFacts facts) = 0;
};

// All outlive the scan. Runs on the current loop; one at a time.
runtime::Task<void> scan_all(runtime::Loop& loop, const TargetList& targets, const RunSettings& settings,
                             HostSink& sink);

// Whether anything answered there.
bool is_there(const HostFacts& facts);

}  // namespace dozo::scan
