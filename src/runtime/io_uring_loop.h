// The io_uring back end.
#pragma once

#include <memory>
#include <string>

#include "runtime/loop.h"

namespace dozo::runtime {

// Sets up a ring, runs a request through it and probes for every opcode the back end needs; else says why not.
bool io_uring_works(std::string& why);
std::unique_ptr<Loop> make_io_uring_loop();

}  // namespace dozo::runtime
