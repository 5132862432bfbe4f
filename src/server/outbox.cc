#include "server/outbox.h"

namespace dozo::server {
namespace {

constexpr std::size_t kFramesAtOnce = 16;
constexpr std::size_t kPartsAtOnce = 64;

void append_parts(OutFrame& frame, std::vector<iovec>& parts) {
  parts.push_back({frame.prefix.data(), frame.prefix_size});
  for (OutMessage& message : frame.messages) {
    const MutableBytes view = message.view();
    parts.push_back({view.data(), view.size()});
  }
}

}  // namespace

void Outbox::push(OutFrame frame) {
  if (closed_ || broken_) return;
  for (const OutMessage& message : frame.messages) queued_bytes_ += message.size();
  queue_.push_back(std::move(frame));
  if (!held_ && !sending_) wakeup_.notify();
}

void Outbox::release() {
  held_ = false;
  if (!queue_.empty() && !sending_) wakeup_.notify();
}

void Outbox::close() {
  closed_ = true;
  wakeup_.notify();
}

runtime::Task<void> Outbox::run(runtime::Socket& socket) {
  std::vector<OutFrame> batch;
  std::vector<iovec> parts;
  while (true) {
    while (queue_.empty() && !closed_) co_await wakeup_.wait();
    if (queue_.empty()) co_return;
    batch.clear();
    parts.clear();
    while (!queue_.empty() && batch.size() < kFramesAtOnce && parts.size() < kPartsAtOnce) {
      batch.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    for (OutFrame& frame : batch) append_parts(frame, parts);
    sending_ = true;
    const int sent = co_await socket.send(parts);
    sending_ = false;
    for (const OutFrame& frame : batch) {
      for (const OutMessage& message : frame.messages) queued_bytes_ -= message.size();
    }
    sent_.notify();
    if (sent < 0) {
      broken_ = true;
      queue_.clear();
      queued_bytes_ = 0;
      socket.shutdown();  // the receiving side ends with it
    }
  }
}

}  // namespace dozo::server
