// Pace: how fast new connections are begun, over the whole scan.
#pragma once

#include "runtime/loop.h"
#include "runtime/task.h"

namespace dozo::scan {

// One loop; outlives who waits. Connections are spread evenly; after a pause at most ten milliseconds' worth of them
// begin at once.
class Pace {
 public:
  // `per_second`: 0 is as fast as it goes.
  Pace(runtime::Loop& loop, double per_second);
  // Resumes when the next connection may begin. In the order of asking.
  runtime::Task<void> turn();

 private:
  runtime::Loop& loop_;
  Duration interval_{};
  Instant next_{};
};

}  // namespace dozo::scan
