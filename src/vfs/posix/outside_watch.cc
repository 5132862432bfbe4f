#include "vfs/posix/outside_watch.h"

#include <linux/fanotify.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <thread>

#include "runtime/thread_setup.h"

namespace dozo::vfs::posix {
namespace {

// What a mapping of the file writes is not told as it happens; at the latest it is when the mapping and the descriptor
// are closed.
constexpr std::uint64_t kContentEvents = FAN_MODIFY | FAN_ATTRIB | FAN_CLOSE_WRITE;
constexpr std::uint64_t kFileEvents = kContentEvents | FAN_MOVE_SELF | FAN_DELETE_SELF;
// What a listing says of an entry changes with the entry.
constexpr std::uint64_t kDirectoryEvents = kContentEvents | FAN_MOVE_SELF | FAN_DELETE_SELF | FAN_CREATE | FAN_DELETE |
                                           FAN_MOVED_FROM | FAN_MOVED_TO | FAN_EVENT_ON_CHILD | FAN_ONDIR;

// Each keeps its inode in memory. The kernel's own limit (max_user_marks) is of this order.
constexpr std::size_t kNodesMax = 65536;

constexpr int kOwnEventsPauseMs = 2;

}  // namespace

class OutsideHub::HubWatch final : public Watch {
 public:
  HubWatch(std::shared_ptr<OutsideHub> hub, HandleKey key, OutsideListenerRef listener)
      : hub_(std::move(hub)), key_(std::move(key)), listener_(std::move(listener)) {}
  ~HubWatch() override { hub_->end(key_, listener_); }

 private:
  std::shared_ptr<OutsideHub> hub_;
  HandleKey key_;
  OutsideListenerRef listener_;
};

struct OutsideHub::Reader {
  explicit Reader(OutsideHub& hub)
      : stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread([&hub, fd = stop.get()] { hub.read_events(fd); }) {}
  ~Reader() {
    static_cast<void>(eventfd_write(stop.get(), 1));
    thread.join();
  }
  UniqueFd stop;
  std::thread thread;
};

OutsideHub::OutsideHub(std::size_t nodes_max) : nodes_max_(nodes_max) {}
OutsideHub::~OutsideHub() = default;

std::shared_ptr<OutsideHub> OutsideHub::of_process() {
  static std::mutex mutex;
  static std::weak_ptr<OutsideHub> known;
  const std::lock_guard lock(mutex);
  std::shared_ptr<OutsideHub> hub = known.lock();
  if (!hub) known = hub = std::make_shared<OutsideHub>(kNodesMax);
  return hub;
}

Result<std::unique_ptr<Watch>> OutsideHub::watch(const NodeRef& node, OutsideListenerRef listener) {
  const int fd = fd_of(node);
  auto key = handle_key(fd, "");
  const auto status = status_of_fd(fd);
  if (!key || !status) return fail(NtStatus::NOT_SUPPORTED);
  const std::lock_guard lock(mutex_);
  if (!group_) group_ = std::make_unique<Fanotify>();
  if (!group_->ok()) return fail(NtStatus::NOT_SUPPORTED);
  auto at = watched_.find(*key);
  if (at == watched_.end()) {
    if (watched_.size() >= nodes_max_) return fail(NtStatus::INSUFFICIENT_RESOURCES);
    const std::uint64_t events = S_ISDIR(status->stx_mode) ? kDirectoryEvents : kFileEvents;
    const int error = group_->add(fd, "", events);
    if (error == ENOSPC || error == ENOMEM) return fail(NtStatus::INSUFFICIENT_RESOURCES);
    if (error != 0) return fail(NtStatus::NOT_SUPPORTED);
    at = watched_.emplace(*key, Watched{node, events, {}}).first;
  }
  at->second.listeners.push_back(listener);
  if (!reader_) {
    const runtime::BlockedSignals blocked;
    reader_ = std::make_unique<Reader>(*this);
  }
  return std::make_unique<HubWatch>(shared_from_this(), std::move(*key), std::move(listener));
}

void OutsideHub::end(const HandleKey& key, const OutsideListenerRef& listener) {
  const std::lock_guard lock(mutex_);
  const auto at = watched_.find(key);
  auto& listeners = at->second.listeners;
  listeners.erase(std::ranges::find(listeners, listener));
  if (!listeners.empty()) return;
  group_->remove(fd_of(at->second.node), "", at->second.events);
  watched_.erase(at);
}

void OutsideHub::read_events(int stop) {
  runtime::name_this_thread("outside changes");
  for (;;) {
    pollfd both[] = {{group_->fd(), POLLIN, 0}, {stop, POLLIN, 0}};
    if (poll(both, std::size(both), -1) < 0 && errno != EINTR) return;
    if (both[1].revents != 0) return;
    const bool told = deliver(group_->read());
    // What this process writes makes events too: while nobody reads them, those of one file become one.
    if (!told && poll(&both[1], 1, kOwnEventsPauseMs) > 0) return;
  }
}

void OutsideHub::collect(const HandleKey& key, Told& told) const {
  const auto at = watched_.find(key);
  if (at == watched_.end()) return;
  for (const OutsideListenerRef& listener : at->second.listeners) told.emplace_back(listener, at->second.node->id());
}

bool OutsideHub::deliver(const std::vector<FanotifyEvent>& events) {
  Told told;
  {
    const std::lock_guard lock(mutex_);
    for (const FanotifyEvent& event : events) {
      if (event.overflow()) {
        for (const auto& [key, watched] : watched_) collect(key, told);
        continue;
      }
      if (event.own) continue;
      collect(event.object, told);
      collect(event.directory, told);
    }
  }
  std::ranges::sort(told);
  const auto again = std::ranges::unique(told);
  told.erase(again.begin(), again.end());
  // Without the mutex: who is told may end a watch.
  for (const auto& [listener, node] : told) listener->on_outside_change(node);
  return !told.empty();
}

}  // namespace dozo::vfs::posix
