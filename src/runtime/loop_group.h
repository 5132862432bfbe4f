// LoopGroup: one loop per core, each with its thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/loop.h"

namespace dozo::runtime {

// Owner of its loops and threads. Made, started and joined by one thread. Its threads receive no signals.
class LoopGroup {
 public:
  // `count` 0: as many as the process may use cores.
  LoopGroup(Backend backend, std::size_t count);
  // Stops and joins.
  ~LoopGroup();
  LoopGroup(const LoopGroup&) = delete;
  LoopGroup& operator=(const LoopGroup&) = delete;

  void start();
  void stop();  // any thread
  void join();  // until every loop has stopped

  std::size_t size() const { return loops_.size(); }
  Loop& operator[](std::size_t index) { return *loops_[index]; }
  // Any thread. A connection that is handed to a loop is announced with add_load(), and taken back with -1.
  Loop& least_loaded();
  void add_load(const Loop& loop, int connections);
  std::size_t load(const Loop& loop) const;

 private:
  struct Threads;
  std::size_t index_of(const Loop& loop) const;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<Threads> threads_;
};

}  // namespace dozo::runtime
