#include "runtime/loop.h"

#include <sys/socket.h>
#include <cerrno>

#include <atomic>
#include <vector>

#include "base/assert.h"
#include "runtime/buffer.h"

namespace dozo::runtime {
namespace {

thread_local Loop* current_loop = nullptr;
// How long a loop sleeps before it gives its big buffers back.
constexpr Duration trim_after = std::chrono::seconds(1);

}  // namespace

// The timers are a binary heap of pointers; each timer knows its slot, so that disarming is O(log n).
struct Loop::State {
  std::vector<Timer*> heap;
  std::uint64_t next_sequence = 0;
  std::atomic<bool> stop = false;
  Loop* previous = nullptr;  // the thread's loop before this one
};

Loop::Loop() : state_(std::make_unique<State>()) {}

Loop::~Loop() {
  for (Timer* timer : state_->heap) timer->loop_ = nullptr;
}

Loop& Loop::current() {
  DOZO_ASSERT(current_loop != nullptr);
  return *current_loop;
}

Loop* Loop::current_or_null() { return current_loop; }

void Loop::stop() {
  state_->stop.store(true, std::memory_order_release);
  on_stop_requested();
}

bool Loop::stop_requested() const { return state_->stop.load(std::memory_order_acquire); }

void Loop::enter_thread() {
  DOZO_ASSERT(current_loop != this);
  state_->previous = std::exchange(current_loop, this);
}

void Loop::leave_thread() {
  DOZO_ASSERT(current_loop == this);
  current_loop = std::exchange(state_->previous, nullptr);
  reset_stop();
}

void Loop::reset_stop() { state_->stop.store(false, std::memory_order_release); }

Handle Loop::open_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return fd >= 0 ? fd : -errno;
}

void Loop::shutdown_receiving(Handle socket) { ::shutdown(socket, SHUT_RD); }

// --- Timers ------------------------------------------------------------------------------------------------------

void Timer::arm(Loop& loop, Instant when, Function function, void* context) {
  disarm();
  loop_ = &loop;
  when_ = when;
  function_ = function;
  context_ = context;
  loop.insert_timer(*this);
}

void Timer::disarm() {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->remove_timer(*this);
}

namespace {

// Moves the element at `slot` to where it belongs. `before(a, b)`: a fires first; `place(timer, slot)` notes where.
template <class Before, class Place>
void restore_heap(std::vector<Timer*>& heap, std::size_t slot, Before before, Place place) {
  Timer* moving = heap[slot];
  while (slot > 0 && before(*moving, *heap[(slot - 1) / 2])) {
    heap[slot] = heap[(slot - 1) / 2];
    place(*heap[slot], slot);
    slot = (slot - 1) / 2;
  }
  for (;;) {
    std::size_t child = 2 * slot + 1;
    if (child >= heap.size()) break;
    if (child + 1 < heap.size() && before(*heap[child + 1], *heap[child])) ++child;
    if (!before(*heap[child], *moving)) break;
    heap[slot] = heap[child];
    place(*heap[slot], slot);
    slot = child;
  }
  heap[slot] = moving;
  place(*moving, slot);
}

}  // namespace

void Loop::insert_timer(Timer& timer) {
  timer.sequence_ = state_->next_sequence++;
  state_->heap.push_back(&timer);
  timer.slot_ = state_->heap.size() - 1;
  settle_timer(timer.slot_);
}

void Loop::remove_timer(Timer& timer) {
  auto& heap = state_->heap;
  const std::size_t slot = timer.slot_;
  DOZO_ASSERT(slot < heap.size() && heap[slot] == &timer);
  heap[slot] = heap.back();
  heap.pop_back();
  if (slot < heap.size()) settle_timer(slot);
}

void Loop::settle_timer(std::size_t slot) {
  restore_heap(
      state_->heap, slot,
      [](const Timer& a, const Timer& b) { return a.when_ != b.when_ ? a.when_ < b.when_ : a.sequence_ < b.sequence_; },
      [](Timer& timer, std::size_t at) { timer.slot_ = at; });
}

std::optional<Instant> Loop::next_deadline() const {
  if (state_->heap.empty()) return std::nullopt;
  return state_->heap.front()->when_;
}

void Loop::run_due_timers(Instant now) {
  // What is armed from here on waits for the next turn, so that a timer which re-arms itself starves nobody.
  const std::uint64_t limit = state_->next_sequence;
  while (!state_->heap.empty()) {
    Timer& timer = *state_->heap.front();
    if (timer.when_ > now || timer.sequence_ >= limit) return;
    const auto function = timer.function_;
    void* context = timer.context_;
    timer.disarm();
    function(context);
  }
}

std::optional<Instant> Loop::sleep_deadline() const {
  auto deadline = next_deadline();
  if (idle_big_buffer_bytes() == 0) return deadline;
  const Instant trim = now() + trim_after;
  return deadline ? std::min(*deadline, trim) : trim;
}

void Loop::slept_in_vain() {
  if (idle_big_buffer_bytes() != 0) trim_big_buffers();
}

}  // namespace dozo::runtime
