// Ring: an io_uring set up as a loop needs it. A thin owner over liburing.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace dozo::runtime {

// Resource; neither copied nor moved (the kernel knows its address). Made on any thread; belongs to the one that first
// submits.
class Ring {
 public:
  Ring() = default;
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // 0, or -errno. Falls back to fewer set-up flags on kernels that do not know them all.
  int create();
  // Whether every opcode the back end uses is there; else names the first that is not.
  bool has_needed_opcodes(std::string& missing);

  // A free entry; submits what has gathered when the queue is full.
  io_uring_sqe& next_sqe();
  // Submits what has gathered, without waiting for anything.
  void submit();
  // Submits, and waits for a completion or for `timeout` (null: for ever). False on another thread than the issuer's.
  bool submit_and_wait(const Duration* timeout);
  // Submits and lets the kernel run what is due, without waiting.
  void submit_and_collect();

  struct Completion {
    std::uint64_t user_data;
    int result;
    unsigned flags;
  };
  // Moves completions to `out` (cleared first), at most `out_max`.
  void reap(std::vector<Completion>& out, std::size_t out_max);
  bool has_completions() const;

 private:
  void enable();
  void harvest();

  io_uring ring_{};
  bool created_ = false;
  bool enabled_ = false;
  std::vector<Completion> harvested_;  // taken early, to make room for a submission
};

}  // namespace dozo::runtime
