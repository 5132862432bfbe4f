#include "runtime/epoll_registry.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "runtime/operation_scratch.h"

namespace dozo::runtime {
namespace {

constexpr std::uint32_t edges = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET;

bool waits_for_input(const EpollRequest& request) {
  return request.kind == EpollRequest::Kind::accept || request.kind == EpollRequest::Kind::recv;
}

// Whether an edge of `events` may have unblocked the request.
bool concerns(std::uint32_t events, const EpollRequest& request) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0 || request.kind == EpollRequest::Kind::poll) return true;
  if (waits_for_input(request)) return (events & (EPOLLIN | EPOLLRDHUP)) != 0;
  return (events & EPOLLOUT) != 0;
}

}  // namespace

EpollRegistry::EpollRegistry() : epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)) { DOZO_ASSERT(epoll_fd_ >= 0); }

EpollRegistry::~EpollRegistry() { ::close(epoll_fd_); }

EpollRegistry::Entry& EpollRegistry::entry(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= entries_.size()) entries_.resize(std::max(index + 1, 2 * entries_.size()));
  if (entries_[index] == nullptr) entries_[index] = std::make_unique<Entry>();
  return *entries_[index];
}

int EpollRegistry::park(Operation& op) {
  const int fd = scratch_as<EpollRequest>(op).fd;
  if (fd < 0) return -EBADF;
  Entry& target = entry(fd);
  if (!target.registered) {
    target.generation = next_generation_++;
    epoll_event event{};
    event.events = edges;
    event.data.u64 = std::uint64_t{target.generation} << 32 | static_cast<std::uint32_t>(fd);
    if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) return -errno;
    target.registered = true;
  }
  target.parked.push_back(&op);
  return 0;
}

bool EpollRegistry::unpark(Operation& op) {
  const auto fd = static_cast<std::size_t>(scratch_as<EpollRequest>(op).fd);
  if (fd >= entries_.size() || entries_[fd] == nullptr) return false;
  return std::erase(entries_[fd]->parked, &op) != 0;
}

void EpollRegistry::collect(const epoll_event& event, std::vector<Operation*>& out) {
  const auto fd = static_cast<std::size_t>(event.data.u64 & 0xffffffff);
  if (fd >= entries_.size() || entries_[fd] == nullptr) return;
  const Entry& target = *entries_[fd];
  if (!target.registered || target.generation != event.data.u64 >> 32) return;  // of a descriptor since closed
  for (Operation* op : target.parked) {
    if (concerns(event.events, scratch_as<EpollRequest>(*op))) out.push_back(op);
  }
}

void EpollRegistry::forget(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= entries_.size() || entries_[index] == nullptr) return;
  Entry& target = *entries_[index];
  if (target.registered) ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  target.registered = false;
  target.parked.clear();
}

bool EpollRegistry::is_unused(int fd) const {
  const auto index = static_cast<std::size_t>(fd);
  return index >= entries_.size() || entries_[index] == nullptr || entries_[index]->parked.empty();
}

}  // namespace dozo::runtime
