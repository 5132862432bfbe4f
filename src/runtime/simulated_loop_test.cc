#include "runtime/simulated_loop.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "runtime/gate.h"
#include "runtime/socket.h"

namespace dozo::runtime {
namespace {

using namespace std::chrono_literals;

Task<void> chat(Socket socket, int rounds, std::uint64_t& sum) {
  ByteVector out(3000), in(3000);
  for (int i = 0; i < rounds; ++i) {
    const int sent = co_await socket.send_all(out);
    if (sent < 0) co_return;
    const int got = co_await socket.recv_all(in);
    if (got <= 0) co_return;
    sum += static_cast<std::uint64_t>(got);
  }
}

struct Outcome {
  std::uint64_t trace, steps, sum;
  auto operator<=>(const Outcome&) const = default;
};

Outcome run_chat(std::uint64_t seed, SimulationOptions options = {}) {
  SimulatedLoop loop(seed, options);
  Gate gate;
  std::uint64_t sum = 0;
  for (int i = 0; i < 5; ++i) {
    const auto [a, b] = loop.make_pair();
    spawn(gate, chat(Socket(loop, a), 20, sum));
    spawn(gate, chat(Socket(loop, b), 20, sum));
  }
  loop.run_until_idle();
  EXPECT_EQ(gate.count(), 0u);
  return {loop.trace_hash(), loop.steps(), sum};
}

TEST(SimulatedLoop, a_second_run_of_a_seed_is_identical) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) EXPECT_EQ(run_chat(seed), run_chat(seed)) << "SEED=" << seed;
}

TEST(SimulatedLoop, another_seed_is_another_run_with_the_same_outcome) {
  const Outcome one = run_chat(1), two = run_chat(2);
  EXPECT_NE(one.trace, two.trace);
  EXPECT_EQ(one.sum, two.sum);
  EXPECT_EQ(one.sum, 5u * 2 * 20 * 3000);
}

TEST(SimulatedLoop, resets_end_connections_and_leave_nothing_parked) {
  const SimulationOptions options{.reset_per_million = 50'000};
  std::uint64_t shortened = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) shortened += run_chat(seed, options).sum < 600'000 ? 1 : 0;
  EXPECT_GT(shortened, 10u);
}

Task<void> sleep_then(Loop& loop, Duration time, bool& done) {
  co_await sleep_for(loop, time);
  done = true;
}

TEST(SimulatedLoop, time_passes_only_as_far_as_it_is_run) {
  SimulatedLoop loop(1);
  Gate gate;
  bool done = false;
  const Instant start = loop.now();
  spawn(gate, sleep_then(loop, 1h, done));
  loop.run_for(59min);
  EXPECT_FALSE(done);
  EXPECT_EQ(loop.now(), start + 59min);
  loop.run_for(1min);
  EXPECT_TRUE(done);
}

TEST(SimulatedLoop, idle_is_when_only_timers_are_left) {
  SimulatedLoop loop(1);
  Gate gate;
  bool done = false;
  spawn(gate, sleep_then(loop, 1h, done));
  loop.run_until_idle();
  EXPECT_FALSE(done);
  EXPECT_TRUE(loop.step());
  EXPECT_TRUE(done);
  EXPECT_FALSE(loop.step());
}

Task<void> send_note(Loop& loop, Handle socket, std::size_t size, int& result) {
  ByteVector bytes(size);
  iovec part{bytes.data(), bytes.size()};
  const int sent = co_await send(loop, socket, {&part, 1});
  result = sent;
}

Task<void> recv_note(Loop& loop, Handle socket, int& result) {
  ByteVector bytes(100);
  const int got = co_await recv(loop, socket, bytes);
  result = got;
}

TEST(SimulatedLoop, a_sender_waits_while_the_window_is_full) {
  SimulatedLoop loop(1, {.window = 1000});
  Gate gate;
  const auto [a, b] = loop.make_pair();
  int sent = 0, got = 0;
  spawn(gate, send_note(loop, a, 1001, sent));
  loop.run_until_idle();
  EXPECT_EQ(sent, 0);
  spawn(gate, recv_note(loop, b, got));
  loop.run_until_idle();
  EXPECT_EQ(sent, 1001);
  EXPECT_GT(got, 0);
}

TEST(SimulatedLoop, an_injected_reset_fails_both_ends) {
  SimulatedLoop loop(1);
  Gate gate;
  const auto [a, b] = loop.make_pair();
  int at_a = 0, at_b = 0;
  spawn(gate, recv_note(loop, a, at_a));
  spawn(gate, recv_note(loop, b, at_b));
  loop.inject_reset(a);
  loop.run_until_idle();
  EXPECT_EQ(at_a, -ECONNRESET);
  EXPECT_EQ(at_b, -ECONNRESET);
}

TEST(SimulatedLoop, a_port_is_listened_on_once) {
  SimulatedLoop loop(1);
  const Handle first = loop.listen(445);
  EXPECT_EQ(loop.listen(445), -EADDRINUSE);
  loop.close(first);
  EXPECT_GE(loop.listen(445), 0);
}

}  // namespace
}  // namespace dozo::runtime
