// The primitives that need no back end: pools, gates, one-shots, events, semaphores.
#include <gtest/gtest.h>

#include <thread>

#include "runtime/buffer.h"
#include "runtime/callback.h"
#include "runtime/event.h"
#include "runtime/frame_pool.h"
#include "runtime/gate.h"
#include "runtime/one_shot.h"
#include "runtime/semaphore.h"
#include "runtime/task.h"

namespace dozo::runtime {
namespace {

// --- Pools -------------------------------------------------------------------------------------------------------

TEST(FramePool, a_freed_frame_is_used_again_for_one_of_its_class) {
  if (!memory_is_pooled) GTEST_SKIP() << "nothing is pooled under this sanitizer";
  void* first = allocate_frame(500);
  free_frame(first, 500);
  void* second = allocate_frame(510);
  EXPECT_EQ(second, first);
  free_frame(second, 510);
}

TEST(FramePool, a_frame_may_be_freed_on_another_thread) {
  void* frame = allocate_frame(300);
  std::thread([frame] { free_frame(frame, 300); }).join();
}

TEST(FramePool, a_frame_beyond_the_largest_class_is_allocated) {
  void* frame = allocate_frame(1 << 20);
  ASSERT_NE(frame, nullptr);
  free_frame(frame, 1 << 20);
}

TEST(Buffer, has_at_least_the_capacity_asked_for_and_no_content) {
  for (const std::size_t n : {1u, 1024u, 1025u, 70'000u, 1u << 20, 8u << 20, (8u << 20) + 9000u}) {
    const Buffer buffer = Buffer::allocate(n);
    EXPECT_GE(buffer.capacity(), n);
    EXPECT_EQ(buffer.size(), 0u);
  }
}

TEST(Buffer, a_freed_buffer_is_used_again) {
  if (!memory_is_pooled) GTEST_SKIP() << "nothing is pooled under this sanitizer";
  Buffer first = Buffer::allocate(2000);
  const auto* where = first.data();
  first = Buffer();
  EXPECT_EQ(Buffer::allocate(3000).data(), where);
}

TEST(Buffer, a_moved_from_buffer_is_empty) {
  Buffer from = Buffer::allocate(10);
  from.resize(4);
  const Buffer to = std::move(from);
  EXPECT_FALSE(from);
  EXPECT_EQ(to.size(), 4u);
}

TEST(Buffer, big_buffers_are_kept_within_a_bound_and_given_back_on_request) {
  if (!memory_is_pooled) GTEST_SKIP() << "nothing is pooled under this sanitizer";
  trim_big_buffers();
  {
    std::vector<Buffer> many;
    for (int i = 0; i < 20; ++i) many.push_back(Buffer::allocate(1 << 20));
  }
  EXPECT_GT(idle_big_buffer_bytes(), 0u);
  EXPECT_LE(idle_big_buffer_bytes(), 9u << 20);
  trim_big_buffers();
  EXPECT_EQ(idle_big_buffer_bytes(), 0u);
}

// --- Tasks and gates ---------------------------------------------------------------------------------------------

Task<int> add(int a, int b) { co_return a + b; }

Task<void> store_sum(int& out) {
  const int three = co_await add(1, 2);
  const int ten = co_await add(three, 7);
  out = ten;
}

TEST(Task, a_child_yields_its_value_to_its_parent) {
  Gate gate;
  int sum = 0;
  spawn(gate, store_sum(sum));
  EXPECT_EQ(sum, 10);
}

TEST(Task, does_not_start_before_it_is_awaited) {
  int sum = 0;
  {
    const Task<void> never_awaited = store_sum(sum);
  }
  EXPECT_EQ(sum, 0);
}

Task<int> deep(int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await deep(depth - 1);
  co_return below + 1;
}

Task<void> count_down(int& out) {
  for (int i = 0; i < 100'000; ++i) out += co_await deep(1);
}

TEST(Task, a_long_loop_of_awaits_does_not_grow_the_stack) {
  Gate gate;
  int sum = 0;
  spawn(gate, count_down(sum));
  EXPECT_EQ(sum, 100'000);
}

Task<void> wait_for(OneShot<int>& shot, std::vector<int>& log) {
  const int value = co_await shot;
  log.push_back(value);
}

Task<void> close_and_note(Gate& gate, std::vector<int>& log) {
  co_await gate.close();
  log.push_back(-1);
}

TEST(Gate, close_resumes_when_the_last_task_has_ended) {
  Gate gate, outer;
  OneShot<int> one, two;
  std::vector<int> log;
  spawn(gate, wait_for(one, log));
  spawn(gate, wait_for(two, log));
  spawn(outer, close_and_note(gate, log));
  EXPECT_TRUE(gate.closed());
  EXPECT_EQ(gate.count(), 2u);
  two.set(2);
  one.set(1);
  EXPECT_EQ(log, (std::vector<int>{2, 1, -1}));
}

TEST(Gate, close_of_an_empty_gate_does_not_wait) {
  Gate gate, outer;
  std::vector<int> log;
  spawn(outer, close_and_note(gate, log));
  EXPECT_EQ(log, (std::vector<int>{-1}));
}

// --- OneShot, Event, Callback ------------------------------------------------------------------------------------

TEST(OneShot, the_first_set_wins) {
  Gate gate;
  OneShot<int> shot;
  std::vector<int> log;
  spawn(gate, wait_for(shot, log));
  EXPECT_TRUE(shot.set(1));
  EXPECT_FALSE(shot.set(2));
  EXPECT_EQ(log, (std::vector<int>{1}));
}

TEST(OneShot, a_value_set_before_the_wait_is_there) {
  Gate gate;
  OneShot<int> shot;
  std::vector<int> log;
  shot.set(5);
  spawn(gate, wait_for(shot, log));
  EXPECT_EQ(log, (std::vector<int>{5}));
}

Task<void> count_wakes(Event& event, int& wakes, int times) {
  for (int i = 0; i < times; ++i) {
    co_await event.wait();
    ++wakes;
  }
}

TEST(Event, a_notification_without_a_waiter_is_remembered_once) {
  Gate gate;
  Event event;
  int wakes = 0;
  event.notify();
  event.notify();
  spawn(gate, count_wakes(event, wakes, 2));
  EXPECT_EQ(wakes, 1);
  event.notify();
  EXPECT_EQ(wakes, 2);
}

TEST(Callback, calls_what_it_was_made_of_and_moves) {
  int calls = 0;
  Callback one([&calls, owned = std::make_unique<int>(1)] { calls += *owned; });
  Callback two = std::move(one);
  EXPECT_FALSE(one);
  two();
  EXPECT_EQ(calls, 1);
}

// --- Semaphore ---------------------------------------------------------------------------------------------------

Task<void> take(Semaphore& semaphore, std::uint64_t n, int id, std::vector<int>& log) {
  const bool granted = co_await semaphore.acquire(n);
  log.push_back(granted ? id : -id);
}

TEST(Semaphore, waiters_are_served_in_the_order_of_asking) {
  Gate gate;
  Semaphore semaphore(10);
  std::vector<int> log;
  spawn(gate, take(semaphore, 8, 1, log));
  spawn(gate, take(semaphore, 5, 2, log));
  spawn(gate, take(semaphore, 1, 3, log));  // would fit, but does not overtake
  EXPECT_EQ(log, (std::vector<int>{1}));
  semaphore.release(8);
  EXPECT_EQ(log, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(semaphore.in_use(), 6u);
}

TEST(Semaphore, try_acquire_does_not_overtake_a_waiter) {
  Gate gate;
  Semaphore semaphore(10);
  std::vector<int> log;
  EXPECT_TRUE(semaphore.try_acquire(6));
  spawn(gate, take(semaphore, 6, 1, log));
  EXPECT_FALSE(semaphore.try_acquire(1));
  semaphore.release(6);
  EXPECT_EQ(semaphore.available(), 4u);
}

TEST(Semaphore, more_than_there_are_counts_as_all_of_them) {
  Gate gate;
  Semaphore semaphore(10);
  std::vector<int> log;
  spawn(gate, take(semaphore, 1000, 1, log));
  EXPECT_EQ(semaphore.available(), 0u);
  semaphore.release(1000);
  EXPECT_EQ(semaphore.available(), 10u);
}

TEST(Semaphore, close_sends_the_waiters_away_empty_handed) {
  Gate gate;
  Semaphore semaphore(1);
  std::vector<int> log;
  spawn(gate, take(semaphore, 1, 1, log));
  spawn(gate, take(semaphore, 1, 2, log));
  semaphore.close();
  spawn(gate, take(semaphore, 1, 3, log));
  EXPECT_EQ(log, (std::vector<int>{1, -2, -3}));
}

}  // namespace
}  // namespace dozo::runtime
