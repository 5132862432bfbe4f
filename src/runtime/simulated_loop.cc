#include "runtime/simulated_loop.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/assert.h"
#include "runtime/simulated_socket.h"

namespace dozo::runtime {
namespace {

// Not what a descriptor could be: a system call on one by mistake fails.
constexpr Handle first_handle = 1'000'000'000;

int result_of(ssize_t returned) { return returned >= 0 ? static_cast<int>(returned) : -errno; }

}  // namespace

std::uint64_t SeededRandom::next() {
  state_ += 0x9E3779B97F4A7C15ull;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

std::uint64_t SeededRandom::below(std::uint64_t bound) {
  DOZO_ASSERT(bound > 0);
  return next() % bound;
}

SimulatedLoop::SimulatedLoop(std::uint64_t seed, SimulationOptions options)
    : random_(seed), options_(options), next_handle_(first_handle) {
  enter_thread();  // a test's own code runs "on" the simulation
}

SimulatedLoop::~SimulatedLoop() { leave_thread(); }

// --- Events ------------------------------------------------------------------------------------------------------

void SimulatedLoop::schedule(Instant when, Happening what, Handle socket, Callback run) {
  const When key{.instant = when, .order = random_.next(), .sequence = next_sequence_++};
  events_.emplace(key, Event{.what = what, .socket = socket, .run = std::move(run)});
}

Instant SimulatedLoop::soon() {
  const auto most = static_cast<std::uint64_t>(options_.completion_max.count());
  return now_ + Duration(random_.between(0, most));
}

void SimulatedLoop::note(Happening what, Handle socket, std::uint64_t value) {
  const std::uint64_t words[] = {static_cast<std::uint64_t>(now_.time_since_epoch().count()),
                                 static_cast<std::uint64_t>(what), static_cast<std::uint64_t>(socket), value};
  for (const std::uint64_t word : words) {
    trace_ = (trace_ ^ word) * 0x100000001B3ull;
    trace_ ^= trace_ >> 29;
  }
}

bool SimulatedLoop::run_one(std::optional<Instant> until, bool timers) {
  const auto timer = next_deadline();
  const bool has_event = !events_.empty();
  const bool timer_first = timer && (!has_event || *timer <= events_.begin()->first.instant);
  if (!has_event && !(timers && timer)) return false;
  const Instant next = timer_first ? *timer : events_.begin()->first.instant;
  if (until && next > *until) return false;
  now_ = std::max(now_, next);
  ++steps_;
  if (timer_first) {
    note(Happening::timer, -1, 0);
    run_due_timers(now_);
    return true;
  }
  auto node = events_.extract(events_.begin());
  note(node.mapped().what, node.mapped().socket, 0);
  node.mapped().run();
  return true;
}

bool SimulatedLoop::step() { return run_one(std::nullopt, true); }

void SimulatedLoop::run_until_idle() {
  while (run_one(std::nullopt, false)) {
  }
}

void SimulatedLoop::run_for(Duration time) {
  const Instant until = now_ + time;
  while (run_one(until, true)) {
  }
  now_ = until;
}

void SimulatedLoop::run() {
  while (!stop_requested() && step()) {
  }
  reset_stop();
}

void SimulatedLoop::post(Callback callback) {
  // Posts keep their order.
  last_post_ = std::max(last_post_ + Duration(1), soon());
  schedule(last_post_, Happening::post, -1, std::move(callback));
}

// --- Completions -------------------------------------------------------------------------------------------------

void SimulatedLoop::finish_later(Operation& op, int result, Handle socket) {
  op.result = result;
  schedule(soon(), Happening::completion, socket, [this, &op, socket] {
    note(Happening::completion, socket, static_cast<std::uint64_t>(op.result));
    op.waiter.resume();
  });
}

bool SimulatedLoop::finish(Operation& op, int result, Handle socket) {
  if (random_.chance(options_.inline_per_million)) {
    op.result = result;
    return true;
  }
  finish_later(op, result, socket);
  return false;
}

bool SimulatedLoop::start_read(Operation& op, int fd, MutableBytes into, std::uint64_t offset) {
  ++counters_.operations;
  schedule(soon(), Happening::file, -1, [&op, fd, into, offset] {
    op.result = result_of(::pread(fd, into.data(), into.size(), static_cast<off_t>(offset)));
    op.waiter.resume();
  });
  return false;
}

bool SimulatedLoop::start_write(Operation& op, int fd, Bytes from, std::uint64_t offset) {
  ++counters_.operations;
  schedule(soon(), Happening::file, -1, [&op, fd, from, offset] {
    op.result = result_of(::pwrite(fd, from.data(), from.size(), static_cast<off_t>(offset)));
    op.waiter.resume();
  });
  return false;
}

bool SimulatedLoop::start_fsync(Operation& op, int fd, bool data_only) {
  ++counters_.operations;
  schedule(soon(), Happening::file, -1, [&op, fd, data_only] {
    op.result = result_of(data_only ? ::fdatasync(fd) : ::fsync(fd));
    op.waiter.resume();
  });
  return false;
}

bool SimulatedLoop::start_offload(Operation& op, void (*function)(void*), void* context) {
  ++counters_.offloads;
  schedule(soon(), Happening::file, -1, [&op, function, context] {
    function(context);
    op.result = 0;
    op.waiter.resume();
  });
  return false;
}

// A descriptor of the machine: looked at once a virtual millisecond.
bool SimulatedLoop::start_poll(Operation& op, int fd, short events) {
  ++counters_.operations;
  polls_.insert(&op);
  schedule(soon(), Happening::poll, -1, [this, &op, fd, events] { poll_again(op, fd, events); });
  return false;
}

void SimulatedLoop::poll_again(Operation& op, int fd, short events) {
  pollfd target{.fd = fd, .events = events, .revents = 0};
  const bool cancelled = !polls_.contains(&op);
  if (!cancelled && ::poll(&target, 1, 0) == 0) {
    schedule(now_ + std::chrono::milliseconds(1), Happening::poll, -1,
             [this, &op, fd, events] { poll_again(op, fd, events); });
    return;
  }
  polls_.erase(&op);
  op.result = cancelled ? -ECANCELED : (target.revents & POLLNVAL) != 0 ? -EBADF : target.revents;
  op.waiter.resume();
}

void SimulatedLoop::cancel(Operation& op) {
  if (polls_.erase(&op) != 0) return;  // its next look ends it
  for (auto& [handle, socket] : sockets_) {
    if (socket->forget(op)) {
      finish_later(op, -ECANCELED, handle);
      return;
    }
  }
}

}  // namespace dozo::runtime
