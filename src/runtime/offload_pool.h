// OffloadPool: the process's threads for what may block. Shared by all loops; first in, first out; bounded.
#pragma once

#include "runtime/inbox.h"

namespace dozo::runtime {

// Runs function(context) on one of its threads, then inbox.complete(op).
struct OffloadJob {
  void (*function)(void*) = nullptr;
  void* context = nullptr;
  Operation* op = nullptr;
  Inbox* inbox = nullptr;
};

// Any thread. Threads are started as they are needed, at most 2 * cores + 2, and stay.
void submit_offload(const OffloadJob& job);

}  // namespace dozo::runtime
