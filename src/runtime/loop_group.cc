#include "runtime/loop_group.h"

#include <fmt/format.h>
#include <sched.h>

#include <atomic>
#include <thread>

#include "base/assert.h"
#include "runtime/thread_setup.h"

namespace dozo::runtime {
namespace {

// The cores this process may use, which in a container are fewer than the machine's.
std::size_t usable_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return std::max(1u, std::thread::hardware_concurrency());
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&cores)));
}

void run_named(Loop& loop, std::size_t index) {
  name_this_thread(fmt::format("dozo-loop-{}", index).substr(0, 15).c_str());
  loop.run();
}

}  // namespace

struct LoopGroup::Threads {
  std::vector<std::thread> running;
  std::vector<std::atomic<std::size_t>> loads;
};

LoopGroup::LoopGroup(Backend backend, std::size_t count) : threads_(std::make_unique<Threads>()) {
  if (count == 0) count = usable_cores();
  for (std::size_t i = 0; i < count; ++i) loops_.push_back(make_loop(backend));
  threads_->loads = std::vector<std::atomic<std::size_t>>(count);
}

LoopGroup::~LoopGroup() {
  if (threads_->running.empty()) return;
  stop();
  join();
}

void LoopGroup::start() {
  DOZO_ASSERT(threads_->running.empty());
  const BlockedSignals blocked;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    threads_->running.emplace_back([loop = loops_[i].get(), i] { run_named(*loop, i); });
  }
}

void LoopGroup::stop() {
  for (auto& loop : loops_) loop->stop();
}

void LoopGroup::join() {
  for (std::thread& thread : threads_->running) thread.join();
  threads_->running.clear();
}

std::size_t LoopGroup::index_of(const Loop& loop) const {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (loops_[i].get() == &loop) return i;
  }
  DOZO_ASSERT(false && "a loop of this group");
  return 0;
}

Loop& LoopGroup::least_loaded() {
  std::size_t best = 0;
  for (std::size_t i = 1; i < loops_.size(); ++i) {
    if (threads_->loads[i].load(std::memory_order_relaxed) < threads_->loads[best].load(std::memory_order_relaxed)) {
      best = i;
    }
  }
  return *loops_[best];
}

void LoopGroup::add_load(const Loop& loop, int connections) {
  threads_->loads[index_of(loop)].fetch_add(static_cast<std::size_t>(connections), std::memory_order_relaxed);
}

std::size_t LoopGroup::load(const Loop& loop) const {
  return threads_->loads[index_of(loop)].load(std::memory_order_relaxed);
}

}  // namespace dozo::runtime
