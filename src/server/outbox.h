// Outbox: what a connection has still to send, and the one task that sends it.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <deque>
#include <vector>

#include "runtime/event.h"
#include "runtime/socket.h"
#include "runtime/task.h"
#include "server/reply.h"

namespace dozo::server {

// One frame: the direct TCP prefix, perhaps a transform header, and one or more messages.
struct OutFrame {
  std::array<std::uint8_t, 56> prefix{};  // 4 bytes of length, 52 of transform header
  std::size_t prefix_size = 4;
  boost::container::small_vector<OutMessage, 1> messages;
};

// Owned by its connection; one loop. Frames leave in the order they were pushed, several in one system call.
class Outbox {
 public:
  // `sent`: notified whenever queued_bytes() has become less.
  explicit Outbox(runtime::Event& sent) : sent_(sent) {}
  void push(OutFrame frame);
  // While a batch of requests is being served nothing is sent; release() sends what they made in one go.
  void hold() { held_ = true; }
  void release();
  // Sends until close(), or until the socket fails: then everything is dropped.
  runtime::Task<void> run(runtime::Socket& socket);
  void close();
  // All that was pushed has been given to the socket (or dropped).
  bool idle() const { return queue_.empty() && !sending_; }
  std::size_t queued_bytes() const { return queued_bytes_; }

 private:
  runtime::Event& sent_;
  runtime::Event wakeup_;
  std::deque<OutFrame> queue_;
  std::size_t queued_bytes_ = 0;
  bool held_ = false;
  bool sending_ = false;
  bool closed_ = false;
  bool broken_ = false;
};

}  // namespace dozo::server
