// What every thread of ours gets: no signals, and a name that ps and a debugger show.
#pragma once

#include <csignal>

namespace dozo::runtime {

// While it lives, the calling thread (and every thread it starts, for good) receives no signals.
class BlockedSignals {
 public:
  BlockedSignals();
  ~BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

void name_this_thread(const char* name);  // at most 15 characters

}  // namespace dozo::runtime
