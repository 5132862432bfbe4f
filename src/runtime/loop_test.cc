// What every back end must do, run over all of them.
#include "runtime/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "runtime/one_shot.h"
#include "runtime/test_world.h"

namespace dozo::runtime {
namespace {

using namespace std::chrono_literals;

INSTANTIATE_TEST_SUITE_P(All, LoopTest, testing::Values(World::io_uring, World::epoll, World::simulated), world_name);

ByteVector pattern(std::size_t size) {
  ByteVector bytes(size);
  std::uint32_t x = 12345;
  for (auto& byte : bytes) {
    x = x * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(x >> 24);
  }
  return bytes;
}

// --- Streams -----------------------------------------------------------------------------------------------------

Task<void> send_and_close(Socket socket, ByteVector bytes, int& result) {
  const int sent = co_await socket.send_all(bytes);
  result = sent;
}

Task<void> receive_all(Socket& socket, ByteVector& out) {
  ByteVector piece(7000);
  for (;;) {
    const int got = co_await socket.recv(piece);
    if (got <= 0) break;
    out.insert(out.end(), piece.begin(), piece.begin() + got);
  }
}

TEST_P(LoopTest, a_large_send_arrives_whole_and_in_order) {
  auto [a, b] = make_pair();
  const ByteVector bytes = pattern(3'000'000);
  ByteVector received;
  int sent = 0;
  spawn(gate(), send_and_close(std::move(a), bytes, sent));
  run(receive_all(b, received));
  EXPECT_EQ(sent, 3'000'000);
  EXPECT_TRUE(received == bytes);
}

Task<void> send_parts(Socket& socket, int& result) {
  std::string one = "one", empty, two = " two", three = " three";
  iovec parts[] = {{one.data(), one.size()}, {empty.data(), 0}, {two.data(), two.size()}, {three.data(), three.size()}};
  const int sent = co_await socket.send(parts);
  result = sent;
}

Task<void> receive_exactly(Socket& socket, MutableBytes into, int& result) {
  const int got = co_await socket.recv_all(into);
  result = got;
}

TEST_P(LoopTest, parts_are_sent_as_one_stream) {
  auto [a, b] = make_pair();
  ByteVector text(13);
  int sent = 0, got = 0;
  spawn(gate(), send_parts(a, sent));
  run(receive_exactly(b, text, got));
  EXPECT_EQ(got, 13);
  EXPECT_EQ(as_text(text), "one two three");
}

TEST_P(LoopTest, recv_all_ends_early_when_the_peer_closes) {
  auto [a, b] = make_pair();
  ByteVector into(100);
  int sent = 0, got = 0;
  spawn(gate(), send_and_close(std::move(a), pattern(10), sent));
  run(receive_exactly(b, into, got));
  EXPECT_EQ(got, 10);
}

Task<void> send_until_error(Socket& socket, int& result) {
  const ByteVector bytes(100'000);
  do {
    result = co_await socket.send_all(bytes);
  } while (result > 0);
}

TEST_P(LoopTest, a_send_to_a_peer_that_has_gone_fails_without_a_signal) {
  auto [a, b] = make_pair();
  int result = 0;
  b.close();
  run(send_until_error(a, result));
  EXPECT_TRUE(result == -EPIPE || result == -ECONNRESET) << result;
}

TEST_P(LoopTest, shutdown_ends_a_pending_recv) {
  auto [a, b] = make_pair();
  ByteVector into(10);
  int got = -1;
  Timer timer;
  timer.arm(loop(), loop().now() + 1ms, [](void* s) { static_cast<Socket*>(s)->shutdown(); }, &b);
  run(receive_exactly(b, into, got));
  EXPECT_EQ(got, 0);
}

TEST_P(LoopTest, shutdown_ends_a_pending_send) {
  auto [a, b] = make_pair();
  int result = 0;
  Timer timer;
  timer.arm(loop(), loop().now() + 20ms, [](void* s) { static_cast<Socket*>(s)->shutdown(); }, &a);
  run(send_until_error(a, result));
  EXPECT_EQ(result, -EPIPE);
}

// Many parts of all sizes, through a buffer that holds a few of them.
Task<void> send_in_small_parts(Socket& socket, ByteVector bytes, int& result) {
  std::vector<iovec> parts;
  for (std::size_t at = 0, size = 0; at < bytes.size(); at += size) {
    size = std::min((parts.size() * 37) % 999, bytes.size() - at);
    parts.push_back({bytes.data() + at, size});
  }
  result = co_await socket.send(parts);
  socket.close();
}

TEST_P(LoopTest, a_send_in_parts_through_a_small_buffer_arrives_whole) {
  auto [a, b] = make_pair();
  const int small = 4096;
  if (!is_simulated()) ::setsockopt(a.handle(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  const ByteVector bytes = pattern(300'000);
  ByteVector received;
  int sent = 0;
  spawn(gate(), send_in_small_parts(a, bytes, sent));
  run(receive_all(b, received));
  EXPECT_EQ(sent, 300'000);
  EXPECT_TRUE(received == bytes);
}

TEST_P(LoopTest, a_send_that_finds_room_is_complete_at_once) {
  if (is_simulated()) GTEST_SKIP() << "there the seed decides";
  auto [a, b] = make_pair();
  std::string text = "text";
  iovec part{text.data(), text.size()};
  Operation op;
  EXPECT_TRUE(loop().start_send(op, a.handle(), {&part, 1}));
  EXPECT_EQ(op.result, 4);
  b.close();
  part = {text.data(), text.size()};
  EXPECT_TRUE(loop().start_send(op, a.handle(), {&part, 1}));
  EXPECT_EQ(op.result, -EPIPE);
}

Task<void> send_until(Socket& socket, bool& stop) {
  const ByteVector bytes(100);
  while (!stop) {
    const int sent = co_await socket.send_all(bytes);
    if (sent < 0) co_return;
  }
  socket.shutdown();
}

TEST_P(LoopTest, a_peer_that_takes_all_it_is_given_starves_nobody) {
  if (is_simulated()) GTEST_SKIP() << "it has no other threads";
  auto [a, b] = make_pair();
  std::thread drain([fd = b.handle()] {
    ByteVector into(1 << 20);
    while (::recv(fd, into.data(), into.size(), 0) > 0) continue;
  });
  bool stop = false;
  Timer timer;
  timer.arm(loop(), loop().now() + 5ms, [](void* s) { *static_cast<bool*>(s) = true; }, &stop);
  run(send_until(a, stop));
  drain.join();
  EXPECT_TRUE(stop);
}

// --- Cancelling --------------------------------------------------------------------------------------------------

// Starts an operation whose Operation the test can reach.
struct Reachable {
  Operation op;
  bool (*start)(Operation&, Loop&, int);
  Loop& loop;
  int handle;
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    op.waiter = h;
    return !start(op, loop, handle);
  }
  int await_resume() const { return op.result; }
};

Task<void> await_reachable(Reachable& reachable, int& result) {
  const int outcome = co_await reachable;
  result = outcome;
}

void cancel_reachable(void* context) {
  auto& reachable = *static_cast<Reachable*>(context);
  reachable.loop.cancel(reachable.op);
}

std::uint8_t cancel_buffer[16];

TEST_P(LoopTest, a_cancelled_recv_completes_with_ecanceled) {
  auto [a, b] = make_pair();
  Reachable recv{
      {}, [](Operation& op, Loop& l, int h) { return l.start_recv(op, h, cancel_buffer); }, loop(), a.handle()};
  int result = 0;
  Timer timer;
  timer.arm(loop(), loop().now() + 1ms, cancel_reachable, &recv);
  run(await_reachable(recv, result));
  EXPECT_EQ(result, -ECANCELED);
}

TEST_P(LoopTest, a_cancelled_accept_completes_with_ecanceled) {
  Endpoint endpoint;
  Socket listener = make_listener(endpoint);
  Reachable accept{{}, [](Operation& op, Loop& l, int h) { return l.start_accept(op, h); }, loop(), listener.handle()};
  int result = 0;
  Timer timer;
  timer.arm(loop(), loop().now() + 1ms, cancel_reachable, &accept);
  run(await_reachable(accept, result));
  EXPECT_EQ(result, -ECANCELED);
}

TEST_P(LoopTest, a_cancelled_poll_completes_with_ecanceled) {
  const int fd = ::eventfd(0, EFD_CLOEXEC);
  Reachable poll{{}, [](Operation& op, Loop& l, int h) { return l.start_poll(op, h, POLLIN); }, loop(), fd};
  int result = 0;
  Timer timer;
  timer.arm(loop(), loop().now() + 1ms, cancel_reachable, &poll);
  run(await_reachable(poll, result));
  EXPECT_EQ(result, -ECANCELED);
  ::close(fd);
}

std::vector<std::uint8_t> big_send(8 << 20);
iovec big_part;

TEST_P(LoopTest, a_cancelled_send_completes_with_ecanceled) {
  auto [a, b] = make_pair();
  big_part = {big_send.data(), big_send.size()};
  Reachable send{
      {}, [](Operation& op, Loop& l, int h) { return l.start_send(op, h, {&big_part, 1}); }, loop(), a.handle()};
  int result = 0;
  Timer timer;
  timer.arm(loop(), loop().now() + 20ms, cancel_reachable, &send);
  run(await_reachable(send, result));
  // io_uring may tell how much was sent when the kernel was in the middle of it.
  EXPECT_TRUE(result == -ECANCELED || (result > 0 && result < (8 << 20))) << result;
}

// --- Connections -------------------------------------------------------------------------------------------------

Task<void> echo(Socket socket) {
  ByteVector buffer(4096);
  for (;;) {
    const int got = co_await socket.recv(buffer);
    if (got <= 0) co_return;
    co_await socket.send_all(Bytes(buffer).first(static_cast<std::size_t>(got)));
  }
}

Task<void> echo_connections(Loop& loop, Handle listener, int count, Gate& gate) {
  for (int i = 0; i < count; ++i) {
    Connected accepted = co_await accept_connection(loop, listener);
    if (!accepted.socket) co_return;
    spawn(gate, echo(std::move(accepted.socket)));
  }
}

Task<void> talk(Loop& loop, Endpoint endpoint, int& right) {
  Connected connection = co_await connect_to(loop, endpoint);
  if (!connection.socket) co_return;
  const ByteVector out = pattern(5000);
  ByteVector in(out.size());
  co_await connection.socket.send_all(out);
  const int got = co_await connection.socket.recv_all(in);
  if (got == 5000 && in == out) ++right;
}

Task<void> talk_all(Loop& loop, Endpoint endpoint, int clients, int& right) {
  Gate talking;
  for (int i = 0; i < clients; ++i) spawn(talking, talk(loop, endpoint, right));
  co_await talking.close();
}

TEST_P(LoopTest, many_connections_are_accepted_and_served) {
  Endpoint endpoint;
  Socket listener = make_listener(endpoint);
  int right = 0;
  spawn(gate(), echo_connections(loop(), listener.handle(), 100, gate()));
  run(talk_all(loop(), endpoint, 100, right));
  EXPECT_EQ(right, 100);
}

Task<void> connect_only(Loop& loop, Endpoint endpoint, int& error) {
  Connected connection = co_await connect_to(loop, endpoint);
  error = connection.error;
}

TEST_P(LoopTest, a_connect_to_a_port_nobody_listens_on_is_refused) {
  Endpoint endpoint;
  make_listener(endpoint).close();
  int error = 0;
  run(connect_only(loop(), endpoint, error));
  EXPECT_EQ(error, -ECONNREFUSED);
}

TEST_P(LoopTest, shutdown_of_a_listener_ends_a_pending_accept) {
  Endpoint endpoint;
  Socket listener = make_listener(endpoint);
  Timer timer;
  timer.arm(loop(), loop().now() + 1ms, [](void* s) { static_cast<Socket*>(s)->shutdown(); }, &listener);
  run(echo_connections(loop(), listener.handle(), 1, gate()));
}

// --- Files and descriptors ---------------------------------------------------------------------------------------

struct FileOutcome {
  int written = 0, synced = -1, read = 0, past_end = -1;
  ByteVector back = ByteVector(5);
};

Task<void> write_and_read(Loop& loop, int fd, FileOutcome& out) {
  out.written = co_await write_at(loop, fd, as_bytes("hello world"), 100);
  out.synced = co_await fsync(loop, fd, true);
  out.read = co_await read_at(loop, fd, out.back, 106);
  ByteVector past(4);
  out.past_end = co_await read_at(loop, fd, past, 5000);
}

TEST_P(LoopTest, a_file_is_written_and_read_at_offsets) {
  const int fd = ::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0);
  FileOutcome out;
  run(write_and_read(loop(), fd, out));
  ::close(fd);
  EXPECT_EQ(out.written, 11);
  EXPECT_EQ(out.synced, 0);
  EXPECT_EQ(out.read, 5);
  EXPECT_EQ(as_text(out.back), "world");
  EXPECT_EQ(out.past_end, 0);
}

Task<void> read_badly(Loop& loop, int& result) {
  ByteVector into(4);
  result = co_await read_at(loop, -1, into, 0);
}

TEST_P(LoopTest, a_read_of_a_bad_descriptor_is_ebadf) {
  int result = 0;
  run(read_badly(loop(), result));
  EXPECT_EQ(result, -EBADF);
}

Task<void> poll_for(Loop& loop, int fd, int& result) { result = co_await poll(loop, fd, POLLIN); }

TEST_P(LoopTest, poll_completes_when_the_descriptor_becomes_readable) {
  int fd = ::eventfd(0, EFD_CLOEXEC);
  int result = 0;
  Timer timer;
  timer.arm(loop(), loop().now() + 2ms, [](void* f) { ::eventfd_write(*static_cast<int*>(f), 1); }, &fd);
  run(poll_for(loop(), fd, result));
  EXPECT_EQ(result, POLLIN);
  ::close(fd);
}

// --- Timers ------------------------------------------------------------------------------------------------------

Task<void> note_after(Loop& loop, Instant when, int id, std::vector<int>& order) {
  co_await sleep_until(loop, when);
  EXPECT_GE(loop.now(), when);
  order.push_back(id);
}

Task<void> sleepers(Loop& loop, std::vector<int>& order) {
  const Instant base = loop.now() + 5ms;
  Gate gate;
  for (const int id : {3, 1, 4, 1, 5, 9, 2, 6}) spawn(gate, note_after(loop, base + id * 100us, id, order));
  co_await gate.close();
}

TEST_P(LoopTest, timers_fire_in_the_order_of_their_instants) {
  std::vector<int> order;
  run(sleepers(loop(), order));
  EXPECT_EQ(order, (std::vector<int>{1, 1, 2, 3, 4, 5, 6, 9}));
}

TEST_P(LoopTest, a_disarmed_timer_does_not_fire) {
  bool fired = false;
  std::vector<int> order;
  Timer timer, kept;
  timer.arm(loop(), loop().now() + 1ms, [](void* f) { *static_cast<bool*>(f) = true; }, &fired);
  timer.disarm();
  EXPECT_FALSE(timer.armed());
  run(note_after(loop(), loop().now() + 5ms, 7, order));
  EXPECT_FALSE(fired);
}

TEST_P(LoopTest, a_timer_that_rearms_itself_starves_nobody) {
  if (is_simulated()) GTEST_SKIP() << "virtual time does not pass while something is due";
  struct Ticker {
    Timer timer;
    Loop& loop;
    int count = 0;
    static void tick(void* self) {
      auto& t = *static_cast<Ticker*>(self);
      ++t.count;
      t.timer.arm(t.loop, t.loop.now(), tick, self);
    }
  } ticker{{}, loop()};
  ticker.timer.arm(loop(), loop().now(), Ticker::tick, &ticker);
  std::vector<int> order;
  run(note_after(loop(), loop().now() + 2ms, 1, order));
  EXPECT_EQ(order.size(), 1u);
  EXPECT_GT(ticker.count, 1);
}

// --- Threads -----------------------------------------------------------------------------------------------------

Task<void> wait_for(OneShot<int>& shot, int& result) {
  const int value = co_await shot;
  result = value;
}

TEST_P(LoopTest, posts_of_another_thread_run_here_in_their_order) {
  if (is_simulated()) GTEST_SKIP() << "the simulation has one thread";
  constexpr int count = 10'000;
  OneShot<int> done;
  int next = 0, result = 0;
  bool ordered = true;
  const auto here = std::this_thread::get_id();
  std::thread poster([&] {
    for (int i = 0; i < count; ++i) {
      loop().post([&, i] {
        ordered = ordered && i == next++ && std::this_thread::get_id() == here;
        if (next == count) done.set(next);
      });
    }
  });
  run(wait_for(done, result));
  poster.join();
  EXPECT_EQ(result, count);
  EXPECT_TRUE(ordered);
}

TEST_P(LoopTest, stop_from_another_thread_ends_run) {
  if (is_simulated()) GTEST_SKIP() << "the simulation has one thread";
  std::thread stopper([&] { loop().stop(); });
  loop().run();
  stopper.join();
}

TEST_P(LoopTest, the_running_loop_is_current) {
  Loop* seen = nullptr;
  loop().post([&] {
    seen = &Loop::current();
    loop().stop();
  });
  loop().run();
  EXPECT_EQ(seen, &loop());
}

Task<void> offload_once(Loop& loop, int value, std::vector<int>& out) {
  const int doubled = co_await offload(loop, [value] { return value * 2; });
  out.push_back(doubled);
}

Task<void> offload_many(Loop& loop, int count, std::vector<int>& out) {
  Gate gate;
  for (int i = 0; i < count; ++i) spawn(gate, offload_once(loop, i, out));
  co_await gate.close();
}

TEST_P(LoopTest, offloaded_functions_yield_their_results_here) {
  std::vector<int> out;
  run(offload_many(loop(), 1000, out));
  ASSERT_EQ(out.size(), 1000u);
  std::sort(out.begin(), out.end());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(out[static_cast<std::size_t>(i)], 2 * i);
  EXPECT_EQ(loop().counters().offloads, 1000u);
}

TEST_P(LoopTest, a_loop_may_end_while_an_operation_is_parked) {
  auto [a, b] = make_pair();
  Operation parked;
  EXPECT_FALSE(loop().start_recv(parked, a.handle(), cancel_buffer));
  loop().post([this] { loop().stop(); });
  loop().run();
  if (is_simulated()) loop().cancel(parked);
  a.release();
}

// --- Many --------------------------------------------------------------------------------------------------------

Task<void> receive_one(Handle handle, Loop& loop, int& count) {
  std::uint8_t byte = 0;
  const int got = co_await recv(loop, handle, {&byte, 1});
  if (got == 1) ++count;
}

Task<void> park_thousands(Loop& loop, Socket& from, Socket& to, int& count) {
  Gate parked;
  for (int i = 0; i < 10'000; ++i) spawn(parked, receive_one(to.handle(), loop, count));
  const ByteVector bytes(10'000);
  int sent = 0;
  for (int i = 0; i < 10; ++i) sent += co_await from.send_all(Bytes(bytes).first(1000));
  EXPECT_EQ(sent, 10'000);
  co_await parked.close();
}

TEST_P(LoopTest, ten_thousand_parked_operations_all_complete) {
  auto [a, b] = make_pair();
  int count = 0;
  run(park_thousands(loop(), a, b, count));
  EXPECT_EQ(count, 10'000);
}

// A peer who always has data must not keep another's bytes waiting.
Task<void> drink(Socket& socket, bool& stop, std::uint64_t& turns) {
  ByteVector byte(1);
  while (!stop) {
    const int got = co_await socket.recv(byte);
    if (got <= 0) co_return;
    ++turns;
  }
}

Task<void> feed(Socket& socket, bool& stop) {
  const ByteVector bytes(4096);
  while (!stop) {
    const int sent = co_await socket.send_all(bytes);
    if (sent <= 0) co_return;
  }
  socket.shutdown();
}

Task<void> wait_one(Socket& socket, Socket& fed, Socket& drunk, bool& stop, int& got) {
  ByteVector byte(1);
  got = co_await socket.recv_all(byte);
  stop = true;
  fed.shutdown();
  drunk.shutdown();
}

TEST_P(LoopTest, a_peer_that_always_has_data_starves_nobody) {
  auto [a, b] = make_pair();
  auto [c, d] = make_pair();
  bool stop = false;
  std::uint64_t turns = 0;
  int got = 0, sent = 0;
  spawn(gate(), feed(a, stop));
  spawn(gate(), drink(b, stop, turns));
  spawn(gate(), send_and_close(std::move(c), ByteVector(1), sent));
  run(wait_one(d, a, b, stop, got));
  EXPECT_EQ(got, 1);
}

}  // namespace
}  // namespace dozo::runtime
