// Acceptors of the io_uring back end: one multishot accept per listener, its connections queued for start_accept.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "runtime/io_uring_ring.h"
#include "runtime/loop.h"

namespace dozo::runtime {

// One listener. Lives until the kernel has sent the last completion of its request, which may be after close().
struct Acceptor {
  Handle listener = -1;
  bool armed = false;    // a request is in the kernel
  bool closing = false;  // the listener has been closed
  std::deque<Handle> accepted;
  std::deque<Operation*> waiters;
};

class Acceptors {
 public:
  // `finished` collects operations that completed and whose waiters the loop resumes in its next turn.
  Acceptors(Ring& ring, std::vector<Operation*>& finished) : ring_(ring), finished_(finished) {}
  ~Acceptors();

  // As Loop::start_accept.
  bool start(Operation& op, Handle listener);
  bool cancel(Operation& op, Handle listener);  // whether it was waiting
  void on_completion(Acceptor& acceptor, int result, unsigned flags);
  // Ends the listener's request; what was accepted and not fetched is closed. Whether it was a listener at all.
  bool close(Handle listener);

 private:
  void arm(Acceptor& acceptor);
  void disarm(Acceptor& acceptor);
  void deliver(Acceptor& acceptor, int result);

  Ring& ring_;
  std::vector<Operation*>& finished_;
  bool multishot_ = true;    // Linux 5.19
  bool known_good_ = false;  // an accept has succeeded: EINVAL is not about the kernel's age
  std::unordered_map<Handle, std::unique_ptr<Acceptor>> open_;
  std::vector<std::unique_ptr<Acceptor>> closing_;
};

}  // namespace dozo::runtime
