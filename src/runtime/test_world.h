// The tests' world: a loop of each back end, with sockets that belong to it. Included by tests only.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "runtime/epoll_loop.h"
#include "runtime/gate.h"
#include "runtime/io_uring_loop.h"
#include "runtime/simulated_loop.h"
#include "runtime/socket.h"
#include "runtime/task.h"

namespace dozo::runtime {

enum class World { io_uring, epoll, simulated };

inline std::string world_name(const testing::TestParamInfo<World>& info) {
  return info.param == World::io_uring ? "io_uring" : info.param == World::epoll ? "epoll" : "simulated";
}

class LoopTest : public testing::TestWithParam<World> {
 protected:
  void SetUp() override {
    if (GetParam() == World::simulated) {
      auto simulated = std::make_unique<SimulatedLoop>(42);
      simulated_ = simulated.get();
      loop_ = std::move(simulated);
      return;
    }
    std::string why;
    if (GetParam() == World::io_uring && !io_uring_works(why)) GTEST_SKIP() << why;
    loop_ = GetParam() == World::io_uring ? make_io_uring_loop() : make_epoll_loop();
  }

  bool is_simulated() const { return simulated_ != nullptr; }
  Loop& loop() { return *loop_; }

  std::pair<Socket, Socket> make_pair() {
    int fds[2] = {-1, -1};
    if (is_simulated()) {
      std::tie(fds[0], fds[1]) = simulated_->make_pair();
    } else {
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    }
    return {Socket(loop(), fds[0]), Socket(loop(), fds[1])};
  }

  // A listener on loopback, and where it is.
  Socket make_listener(Endpoint& endpoint) {
    std::string error;
    endpoint = parse_endpoints("127.0.0.1:4450", 0, error).at(0);
    if (is_simulated()) return {loop(), simulated_->listen(4450)};
    const int fd = listen_on(parse_endpoints("127.0.0.1:0", 0, error).at(0), 128);
    EXPECT_GE(fd, 0);
    endpoint = local_endpoint(fd);
    return {loop(), fd};
  }

  // Runs the loop until `task`, and what was spawned on gate(), has ended. Once per test.
  void run(Task<void> task) {
    bool ended = false;
    spawn(runner_, stop_after(std::move(task), *this, ended));
    loop().run();
    ASSERT_TRUE(ended) << "the loop has nothing left to do, but the task has not ended";
  }
  Gate& gate() { return gate_; }

 private:
  static Task<void> stop_after(Task<void> task, LoopTest& test, bool& ended) {
    co_await task;
    co_await test.gate_.close();
    ended = true;
    test.loop().stop();
  }

  std::unique_ptr<Loop> loop_;
  SimulatedLoop* simulated_ = nullptr;
  Gate gate_;
  Gate runner_;
};

}  // namespace dozo::runtime
