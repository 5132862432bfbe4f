// The control socket: one JSON object a line, for `dozo status`, `dozo reload` and `dozo kick`.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "runtime/loop_group.h"
#include "server/sandbox.h"
#include "server/server.h"

namespace dozo::server {

// What the commands work on. The service's thread; commands block it until the loops have answered.
struct ControlTarget {
  Server& server;
  runtime::LoopGroup& loops;
  std::string backend;          // "io_uring", or "epoll: why"
  std::string config_file;
  SandboxState sandbox;
  std::vector<std::string> listening;
  std::expected<void, std::string> (*reload)(void* context) = nullptr;
  void* reload_context = nullptr;
};

// Listens on a Unix socket of mode 0600 in place of what was there. A descriptor, or what is wrong.
std::expected<int, std::string> listen_control(const std::string& path);

// Accepts one client of `listener` and serves it until it closes, sends nothing for a second, or sends too much.
void serve_control(int listener, ControlTarget& target);

// The answer to one line; always one JSON object, `{"error": …}` for what cannot be done.
std::string answer_control(std::string_view line, ControlTarget& target);

}  // namespace dozo::server
