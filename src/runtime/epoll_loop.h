// The epoll back end, for where io_uring is not permitted.
#pragma once

#include <memory>

#include "runtime/loop.h"

namespace dozo::runtime {

std::unique_ptr<Loop> make_epoll_loop();

}  // namespace dozo::runtime
