// The choice of a back end.
#include <cstdlib>
#include <string>

#include "base/log.h"
#include "runtime/epoll_loop.h"
#include "runtime/io_uring_loop.h"
#include "runtime/loop.h"

namespace dozo::runtime {

Backend detect_backend(std::string& why) {
  const char* wanted = std::getenv("DOZO_LOOP");
  const std::string_view choice = wanted != nullptr ? wanted : "";
  if (choice == "epoll") {
    why = "DOZO_LOOP=epoll asks for it";
    return Backend::epoll;
  }
  if (!choice.empty() && choice != "io_uring") {
    log::warning("loop_choice_unknown", "DOZO_LOOP={} is neither epoll nor io_uring; it is ignored.", choice);
  }
  if (!io_uring_works(why)) return Backend::epoll;
  why = choice.empty() ? "the kernel permits io_uring" : "DOZO_LOOP=io_uring asks for it";
  return Backend::io_uring;
}

std::unique_ptr<Loop> make_loop(Backend backend) {
  return backend == Backend::io_uring ? make_io_uring_loop() : make_epoll_loop();
}

}  // namespace dozo::runtime
