#include "runtime/loop_group.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "runtime/io_uring_loop.h"

namespace dozo::runtime {
namespace {

Backend any_backend() {
  std::string why;
  return detect_backend(why);
}

TEST(LoopGroup, each_loop_runs_on_a_thread_of_its_own_with_a_name_and_no_signals) {
  LoopGroup group(any_backend(), 3);
  std::atomic<int> right = 0;
  group.start();
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i].post([&, i] {
      char name[16] = "";
      pthread_getname_np(pthread_self(), name, sizeof name);
      sigset_t blocked;
      pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
      const bool named = name == "dozo-loop-" + std::to_string(i);
      if (named && sigismember(&blocked, SIGTERM) == 1 && &Loop::current() == &group[i]) ++right;
      if (right == 3) group.stop();
      Loop::current().stop();
    });
  }
  group.join();
  EXPECT_EQ(right, 3);
}

TEST(LoopGroup, the_least_loaded_loop_is_the_one_with_the_fewest_connections) {
  LoopGroup group(any_backend(), 2);
  group.add_load(group[0], 2);
  EXPECT_EQ(&group.least_loaded(), &group[1]);
  group.add_load(group[1], 3);
  EXPECT_EQ(&group.least_loaded(), &group[0]);
  group.add_load(group[1], -2);
  EXPECT_EQ(&group.least_loaded(), &group[1]);
}

TEST(LoopGroup, may_end_on_another_thread_while_operations_are_parked) {
  for (const Backend backend : {any_backend(), Backend::epoll}) {
    int fds[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    Operation parked;
    std::uint8_t byte = 0;
    {
      LoopGroup group(backend, 1);
      group.start();
      group[0].post([&] {
        EXPECT_FALSE(group[0].start_recv(parked, fds[0], {&byte, 1}));
        Loop::current().post([] { Loop::current().stop(); });
      });
      group.join();
    }
    ::close(fds[0]);
    ::close(fds[1]);
  }
}

TEST(LoopGroup, zero_loops_means_one_per_core) { EXPECT_GE(LoopGroup(any_backend(), 0).size(), 1u); }

TEST(Backend, the_environment_chooses_epoll) {
  std::string why;
  ::setenv("DOZO_LOOP", "epoll", 1);
  EXPECT_EQ(detect_backend(why), Backend::epoll);
  EXPECT_NE(why.find("DOZO_LOOP"), std::string::npos);
  ::unsetenv("DOZO_LOOP");
}

TEST(Backend, io_uring_is_chosen_exactly_where_it_works) {
  std::string why, reason;
  EXPECT_EQ(detect_backend(why) == Backend::io_uring, io_uring_works(reason));
  EXPECT_FALSE(why.empty());
}

}  // namespace
}  // namespace dozo::runtime
