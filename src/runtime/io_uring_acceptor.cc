#include "runtime/io_uring_acceptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "runtime/io_uring_tags.h"

namespace dozo::runtime {
namespace {

// Connections that nobody fetches stay in the kernel's backlog beyond this.
constexpr std::size_t accepted_max = 64;

void make_blocking(Handle listener) {
  const int flags = ::fcntl(listener, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) != 0) ::fcntl(listener, F_SETFL, flags & ~O_NONBLOCK);
}

}  // namespace

Acceptors::~Acceptors() {
  for (auto& [handle, acceptor] : open_) {
    for (const Handle accepted : acceptor->accepted) ::close(accepted);
  }
}

bool Acceptors::start(Operation& op, Handle listener) {
  auto& slot = open_[listener];
  if (slot == nullptr) {
    slot = std::make_unique<Acceptor>();
    slot->listener = listener;
    make_blocking(listener);
  }
  Acceptor& acceptor = *slot;
  if (!acceptor.accepted.empty()) {
    op.result = acceptor.accepted.front();
    acceptor.accepted.pop_front();
    return true;
  }
  acceptor.waiters.push_back(&op);
  if (!acceptor.armed) arm(acceptor);
  return false;
}

bool Acceptors::cancel(Operation& op, Handle listener) {
  const auto found = open_.find(listener);
  if (found == open_.end()) return false;
  return std::erase(found->second->waiters, &op) != 0;
}

void Acceptors::arm(Acceptor& acceptor) {
  io_uring_sqe& sqe = ring_.next_sqe();
  if (multishot_) {
    io_uring_prep_multishot_accept(&sqe, acceptor.listener, nullptr, nullptr, SOCK_CLOEXEC);
  } else {
    io_uring_prep_accept(&sqe, acceptor.listener, nullptr, nullptr, SOCK_CLOEXEC);
  }
  sqe.user_data = tagged(&acceptor, Tag::accept);
  acceptor.armed = true;
}

void Acceptors::disarm(Acceptor& acceptor) {
  if (!acceptor.armed) return;
  io_uring_sqe& sqe = ring_.next_sqe();
  io_uring_prep_cancel64(&sqe, tagged(&acceptor, Tag::accept), 0);
  sqe.user_data = tagged(nullptr, Tag::ignored);
}

void Acceptors::on_completion(Acceptor& acceptor, int result, unsigned flags) {
  if ((flags & IORING_CQE_F_MORE) == 0) acceptor.armed = false;
  if (acceptor.closing) {
    if (result >= 0) ::close(result);
    if (!acceptor.armed) std::erase_if(closing_, [&](const auto& owned) { return owned.get() == &acceptor; });
    return;
  }
  if (result == -EINVAL && multishot_ && acceptor.accepted.empty() && !known_good_) {
    multishot_ = false;  // an old kernel; asked again, one at a time
  } else if (result != -ECANCELED) {
    known_good_ = known_good_ || result >= 0;
    deliver(acceptor, result);
  }
  if (!acceptor.armed && !acceptor.waiters.empty()) arm(acceptor);
}

void Acceptors::deliver(Acceptor& acceptor, int result) {
  if (!acceptor.waiters.empty()) {
    Operation* op = acceptor.waiters.front();
    acceptor.waiters.pop_front();
    op->result = result;
    finished_.push_back(op);
    return;
  }
  if (result < 0) return;  // the next start_accept asks again and is told
  acceptor.accepted.push_back(result);
  if (acceptor.accepted.size() == accepted_max) disarm(acceptor);
}

bool Acceptors::close(Handle listener) {
  auto node = open_.extract(listener);
  if (node.empty()) return false;
  Acceptor& acceptor = *node.mapped();
  for (const Handle accepted : acceptor.accepted) ::close(accepted);
  acceptor.accepted.clear();
  acceptor.closing = true;
  if (!acceptor.armed) return true;
  disarm(acceptor);
  closing_.push_back(std::move(node.mapped()));
  return true;
}

}  // namespace dozo::runtime
