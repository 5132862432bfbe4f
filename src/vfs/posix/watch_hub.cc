#include "vfs/posix/watch_hub.h"

#include <poll.h>
#include <sys/inotify.h>

#include "base/log.h"
#include "vfs/posix/name_map.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::size_t kEarlyMax = 16384;

ChangeKinds name_kind(std::uint32_t mask) {
  return (mask & IN_ISDIR) != 0 ? ChangeKind::directory_name : ChangeKind::file_name;
}

// IN_ATTRIB stands for mode, owner, times, links and extended attributes alike.
ChangeKinds attribute_kinds() {
  ChangeKinds kinds = ChangeKind::attributes | ChangeKind::security;
  kinds |= ChangeKind::last_write | ChangeKind::last_access;
  kinds |= ChangeKind::creation | ChangeKind::ea;
  return kinds;
}

// As runtime::poll, with an operation that unsubscribe() can cancel.
struct PollAwaiter {
  runtime::Loop& loop;
  runtime::Operation& op;
  int fd;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) const {
    op = {};
    op.waiter = h;
    return !loop.start_poll(op, fd, POLLIN);
  }
  int await_resume() const noexcept { return op.result; }
};

// Of a client's path with a '\\' at its end; empty: the top.
std::string disk_path(std::string_view prefix) {
  std::string disk;
  while (!prefix.empty()) {
    const std::size_t end = prefix.find('\\');
    if (!disk.empty()) disk += '/';
    disk += to_disk_name(prefix.substr(0, end)).value_or(std::string());
    prefix.remove_prefix(end + 1);
  }
  return disk;
}

}  // namespace

WatchHub::WatchHub(runtime::Loop& loop, ShareRef share)
    : loop_(loop), share_(std::move(share)), feed_(make_change_feed(share_->root->fd())) {}

Task<Result<SubscriberRef>> WatchHub::subscribe(CallerRef caller, int directory, bool subtree,
                                                WatchListener& listener) {
  const std::shared_ptr<WatchHub> keep = shared_from_this();
  UniqueFd top(fcntl(directory, F_DUPFD_CLOEXEC, 0));
  const auto status = status_of_fd(top.get());
  if (!status) co_return fail_errno(status.error());
  const auto subscriber =
      std::make_shared<Subscriber>(listener, std::move(caller), std::move(top), id_of(*status), subtree, loop_);
  const TreeToWatch what{.feed = feed_.get(),
                         .directory = subscriber->directory.get(),
                         .beneath = {},
                         .prefix = {},
                         .subtree = subtree,
                         .list_entries = false,
                         .limit = kWatchedDirectoriesMax};
  ++adding_;
  const auto tree = co_await runtime::offload(loop_, [&] { return watch_tree(subscriber->caller.get(), what); });
  --adding_;
  if (!tree) co_return fail(tree.error());
  subscribers_.push_back(subscriber);
  if (feed_->tells_own()) own_changes().add(subscriber);
  register_tree(subscriber, *tree);
  watch_parent(subscriber);
  handle(std::exchange(early_, {}));
  if (!running_) {
    running_ = true;
    runtime::spawn(gate_, pump(keep));
  }
  co_return subscriber;
}

void WatchHub::unsubscribe(const SubscriberRef& subscriber) {
  subscriber->listener = nullptr;
  std::erase(subscribers_, subscriber);
  own_changes().remove(subscriber);
  if (subscribers_.empty()) feed_->remove_all();
  for (auto it = interests_.begin(); it != interests_.end();) {
    const Interest one = it->second.front();
    std::erase_if(it->second, [&](const Interest& interest) { return interest.subscriber == subscriber; });
    if (it->second.empty()) drop(it->first, one);
    it = it->second.empty() ? interests_.erase(it) : std::next(it);
  }
  if (subscribers_.empty() && polling_) loop_.cancel(poll_);
}

// `last`: who was interested last, and knows where the directory is.
void WatchHub::drop(int watch, const Interest& last) {
  const std::string path = last.parent_of_top ? std::string("..") : disk_path(last.prefix);
  feed_->remove(watch, last.subscriber->directory.get(), path);
}

void WatchHub::add_interest(int watch, Interest interest) {
  auto& all = interests_[watch];
  for (Interest& known : all) {
    if (known.subscriber != interest.subscriber || known.parent_of_top != interest.parent_of_top) continue;
    known.prefix = std::move(interest.prefix);
    return;
  }
  ++interest.subscriber->directories;
  all.push_back(std::move(interest));
}

void WatchHub::register_tree(const SubscriberRef& subscriber, const WatchedTree& tree) {
  for (const WatchedDirectory& directory : tree.directories)
    add_interest(directory.watch, {subscriber, directory.path});
  if (!tree.complete) {
    log::warning("watch_incomplete", "A watch covers {} folders only: the limit of watches has been reached.",
                 subscriber->directories);
  }
}

// A directory that is held open is told of its own removal late; its parent is told at once.
void WatchHub::watch_parent(const SubscriberRef& subscriber) {
  const UniqueFd parent(openat(subscriber->directory.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return;
  const int watch = feed_->add(parent.get());
  if (watch >= 0) add_interest(watch, {subscriber, {}, true});
}

Task<void> WatchHub::pump(std::shared_ptr<WatchHub> self) {
  WatchHub& hub = *self;
  while (!hub.subscribers_.empty()) {
    hub.polling_ = true;
    const int ready = co_await PollAwaiter{hub.loop_, hub.poll_, hub.feed_->fd()};
    hub.polling_ = false;
    if (ready < 0 || hub.subscribers_.empty()) continue;
    hub.handle(hub.feed_->read());
    co_await hub.watch_new_directories();
  }
  hub.running_ = false;
  // The gate in the hub is left after this coroutine has ended: the hub goes no sooner.
  hub.loop_.post([self = std::move(self)] {});
}

void WatchHub::handle(const Events& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    const bool pair = (event.mask & IN_MOVED_FROM) != 0 && i + 1 < events.size() &&
                      (events[i + 1].mask & IN_MOVED_TO) != 0 && events[i + 1].cookie == event.cookie &&
                      events[i + 1].watch == event.watch;
    handle_one(event, pair ? &events[i + 1] : nullptr);
    if (pair) ++i;
  }
  deliver();
}

void WatchHub::handle_one(const Event& event, const Event* moved_to) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return overflow();
  const auto it = interests_.find(event.watch);
  if (it == interests_.end()) {
    if (adding_ > 0 && early_.size() < kEarlyMax) early_.push_back(event);
    if (adding_ > 0 && moved_to != nullptr && early_.size() < kEarlyMax) early_.push_back(*moved_to);
    return;
  }
  if (is_making_of(event)) return;
  const std::vector<Interest> concerned = it->second;  // handling may change the original
  for (const Interest& interest : concerned) handle_for(interest, event, moved_to);
  if ((event.mask & IN_IGNORED) != 0) interests_.erase(event.watch);
}

// The first change of attributes right after an object was made belongs to its making: whoever is told "added" looks at
// all of it anyway, and who watches attributes alone is not told of a new file.
bool WatchHub::is_making_of(const Event& event) {
  constexpr Duration kMaking = std::chrono::milliseconds(500);
  constexpr std::size_t kFreshMax = 256;
  const Instant now = loop_.now();
  while (!fresh_.empty() && (fresh_.size() > kFreshMax || now - fresh_.front().made > kMaking)) fresh_.pop_front();
  if ((event.mask & IN_CREATE) != 0) fresh_.push_back({event.watch, event.name, now});
  if ((event.mask & IN_ATTRIB) == 0) return false;
  const auto made = std::ranges::find_if(
      fresh_, [&](const Fresh& fresh) { return fresh.watch == event.watch && fresh.name == event.name; });
  if (made == fresh_.end()) return false;
  fresh_.erase(made);
  return true;
}

void WatchHub::handle_for(const Interest& interest, const Event& event, const Event* moved_to) {
  Subscriber& subscriber = *interest.subscriber;
  if (interest.parent_of_top) {
    if ((event.mask & IN_DELETE) != 0) check_gone(interest.subscriber);
    return;
  }
  if (event.name.empty()) return handle_self(interest, event);
  if (moved_to != nullptr) return handle_rename(interest, event, *moved_to);
  // Made and removed, and the kernel made one event of it: the last comes last.
  constexpr std::uint32_t kBoth = IN_CREATE | IN_DELETE;
  if ((event.mask & kBoth) != kBoth) return handle_entry(interest, event, event.mask);
  const std::string disk = disk_path(interest.prefix) + '/' + event.name;
  const char* path = interest.prefix.empty() ? event.name.c_str() : disk.c_str();
  const bool there = status_of_entry(subscriber.directory.get(), path).has_value();
  handle_entry(interest, event, event.mask & ~static_cast<std::uint32_t>(there ? IN_CREATE : IN_DELETE));
  handle_entry(interest, event, there ? IN_CREATE : IN_DELETE);
}

// `what`: the bits of the event to look at.
void WatchHub::handle_entry(const Interest& interest, const Event& event, std::uint32_t what) {
  Subscriber& subscriber = *interest.subscriber;
  const std::string path = interest.prefix + to_client_name(event.name);
  const bool directory = (event.mask & IN_ISDIR) != 0;
  const auto tell = [&](ChangeAction action, ChangeKinds kinds) {
    if (!event.own) subscriber.changes.push_back({action, kinds, path});
  };
  if ((what & (IN_CREATE | IN_MOVED_TO)) != 0) {
    tell(ChangeAction::added, name_kind(event.mask));
    if (directory && subscriber.subtree) new_directories_.push_back({interest.subscriber, path + '\\', event.own});
  }
  ChangeKinds modified;
  if ((what & IN_MODIFY) != 0) modified |= ChangeKind::size | ChangeKind::last_write;
  if ((what & IN_ATTRIB) != 0 && (what & IN_CREATE) == 0) modified |= attribute_kinds();
  if (!modified.empty()) tell(ChangeAction::modified, modified);
  if ((what & (IN_DELETE | IN_MOVED_FROM)) != 0) {
    tell(ChangeAction::removed, name_kind(event.mask));
    if (directory) forget_beneath(interest.subscriber, path + '\\');
  }
}

// About the watched directory itself. Those beneath are told of through their parents.
void WatchHub::handle_self(const Interest& interest, const Event& event) {
  if (!interest.prefix.empty()) return;
  if ((event.mask & (IN_DELETE_SELF | IN_UNMOUNT)) != 0 && interest.subscriber->listener != nullptr) {
    interest.subscriber->listener->on_directory_gone();
  }
}

void WatchHub::check_gone(const SubscriberRef& subscriber) {
  const auto status = status_of_fd(subscriber->directory.get());
  if (status && status->stx_nlink > 0) return;
  deliver();
  if (subscriber->listener != nullptr) subscriber->listener->on_directory_gone();
}

// Within one directory: [MS-FSCC] 2.7.1 keeps the pair of rename actions for that.
void WatchHub::handle_rename(const Interest& interest, const Event& from, const Event& to) {
  const std::string old_path = interest.prefix + to_client_name(from.name);
  const std::string new_path = interest.prefix + to_client_name(to.name);
  auto& changes = interest.subscriber->changes;
  if (!from.own) changes.push_back({ChangeAction::renamed_old_name, name_kind(from.mask), old_path});
  if (!from.own) changes.push_back({ChangeAction::renamed_new_name, name_kind(from.mask), new_path});
  if ((from.mask & IN_ISDIR) == 0) return;
  const std::string old_prefix = old_path + '\\';
  for (auto& [watch, all] : interests_) {
    for (Interest& other : all) {
      if (other.subscriber != interest.subscriber || !other.prefix.starts_with(old_prefix)) continue;
      other.prefix = new_path + '\\' + other.prefix.substr(old_prefix.size());
    }
  }
}

void WatchHub::forget_beneath(const SubscriberRef& subscriber, const std::string& prefix) {
  for (auto it = interests_.begin(); it != interests_.end();) {
    const Interest one = it->second.front();
    const std::size_t gone = std::erase_if(it->second, [&](const Interest& interest) {
      return interest.subscriber == subscriber && !interest.parent_of_top && interest.prefix.starts_with(prefix);
    });
    subscriber->directories -= gone;
    if (it->second.empty()) drop(it->first, one);
    it = it->second.empty() ? interests_.erase(it) : std::next(it);
  }
}

void WatchHub::overflow() {
  for (const SubscriberRef& subscriber : std::vector(subscribers_)) {
    if (subscriber->listener != nullptr) subscriber->listener->on_overflow();
  }
}

void WatchHub::deliver() {
  for (const SubscriberRef& subscriber : std::vector(subscribers_)) {
    if (subscriber->changes.empty()) continue;
    auto changes = std::exchange(subscriber->changes, {});
    if (subscriber->listener != nullptr) subscriber->listener->on_changes(std::move(changes));
  }
}

// A new directory may hold something before it is watched: what is found in it is told as added.
Task<void> WatchHub::watch_new_directories() {
  while (!new_directories_.empty()) {
    const NewDirectory next = std::move(new_directories_.back());
    new_directories_.pop_back();
    const SubscriberRef& subscriber = next.subscriber;
    if (subscriber->listener == nullptr || subscriber->directories >= kWatchedDirectoriesMax) continue;
    const TreeToWatch what{.feed = feed_.get(),
                           .directory = subscriber->directory.get(),
                           .beneath = disk_path(next.prefix),
                           .prefix = next.prefix,
                           .subtree = true,
                           .list_entries = true,
                           .limit = kWatchedDirectoriesMax - subscriber->directories};
    ++adding_;
    const auto tree = co_await runtime::offload(loop_, [&] { return watch_tree(subscriber->caller.get(), what); });
    --adding_;
    if (!tree || subscriber->listener == nullptr) continue;
    register_tree(subscriber, *tree);
    for (const std::string& entry : tree->entries) {
      const auto& told = subscriber->own_added;
      if (next.own && std::ranges::find(told, entry) != told.end()) continue;
      const bool directory =
          std::ranges::find(tree->directories, entry + '\\', &WatchedDirectory::path) != tree->directories.end();
      subscriber->changes.push_back(
          {ChangeAction::added, directory ? ChangeKind::directory_name : ChangeKind::file_name, entry});
    }
    handle(std::exchange(early_, {}));
  }
}

}  // namespace dozo::vfs::posix
