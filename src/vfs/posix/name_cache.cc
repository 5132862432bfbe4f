#include "vfs/posix/name_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include <cerrno>
#include <chrono>

#include "base/unicode.h"
#include "vfs/posix/name_map.h"
#include "vfs/short_name.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::uint32_t kEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR;
constexpr std::size_t kMeanwhileMax = 65536;
// Two changes within this time may leave the same times behind.
constexpr std::int64_t kStampSettles_ns = 2'000'000'000;

std::u16string key_of_disk_name(std::string_view disk) { return fold_name(to_client_name(disk)); }

std::uint64_t hash_of(const std::u16string& key) { return std::hash<std::u16string>{}(key); }

bool same_stamp(const NameCache::Directory& a, const NameCache::Directory& b) {
  return a.mtime_ns == b.mtime_ns && a.ctime_ns == b.ctime_ns;
}

std::string short_of_disk_name(std::string_view disk) { return short_name_of(to_client_name(disk)); }

// As short_name_of() has it of a short name itself.
std::string short_key(std::string_view client_name) { return short_name_of(client_name); }

std::string find_short_in(const std::vector<std::string>& names, std::string_view client_name) {
  if (!is_made_short_name(client_name)) return {};
  const std::string key = short_key(client_name);
  std::string found;
  for (const std::string& name : names) {
    if (short_of_disk_name(name) != key) continue;
    if (!found.empty()) return {};  // it means neither
    found = name;
  }
  return found;
}

std::string find_name(const std::vector<std::string>& names, std::string_view client_name) {
  const std::u16string key = fold_name(client_name);
  for (const std::string& name : names) {
    if (key_of_disk_name(name) == key) return name;
  }
  return find_short_in(names, client_name);
}

std::int64_t wall_ns() { return SystemClock().wall_now().time_since_epoch().count(); }

}  // namespace

Errno<std::vector<std::string>> read_names(int fd) {
  const UniqueFd readable(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable) return std::unexpected(errno);
  std::vector<std::string> names;
  ByteVector buffer(64 * 1024);
  for (;;) {
    const long n = syscall(SYS_getdents64, readable.get(), buffer.data(), buffer.size());
    if (n < 0) return std::unexpected(errno);
    if (n == 0) return names;
    ByteReader in(Bytes(buffer).first(static_cast<std::size_t>(n)));
    while (in.remaining() > 0) {
      const std::size_t start = in.position();
      in.skip(16);  // inode, position
      const std::uint16_t length = in.u16();
      const Bytes text = in.slice(start + 19, length - 19u);
      if (!in.ok()) return std::unexpected(EIO);
      const std::string_view all = as_text(text);
      const std::string_view name = all.substr(0, all.find('\0'));
      if (name != "." && name != "..") names.emplace_back(name);
      in.seek(start + length);
    }
  }
}

NameCache::NameCache(Limits limits) : limits_(limits), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}
NameCache::~NameCache() = default;

NameCache::Answer NameCache::find(const Directory& directory, std::string_view client_name) {
  const std::u16string key = fold_name(client_name);
  const std::lock_guard lock(mutex_);
  drain();
  const auto it = directories_.find(directory.id);
  if (it == directories_.end() || !it->second.complete) return {};
  Cached& cached = it->second;
  if (cached.watch < 0 && !same_stamp(cached.stamp, directory)) {
    drop(directory.id);
    return {};
  }
  ages_.splice(ages_.begin(), ages_, cached.age);
  const auto [first, last] = cached.names.equal_range(hash_of(key));
  for (auto name = first; name != last; ++name) {
    if (key_of_disk_name(name->second) == key) return {true, name->second};
  }
  return {true, find_short(cached, client_name)};
}

Errno<std::string> NameCache::scan(int fd, const Directory& directory, std::string_view client_name) {
  const bool keep = begin(fd, directory);
  ++scans_;
  auto names = read_names(fd);
  if (!names) {
    const std::lock_guard lock(mutex_);
    if (keep) drop(directory.id);
    return std::unexpected(names.error());
  }
  std::string found = find_name(*names, client_name);
  if (keep) finish(directory, *names);
  return found;
}

// Watches the directory and makes its (incomplete) entry; false: it will not be kept.
bool NameCache::begin(int fd, const Directory& directory) {
  const std::lock_guard lock(mutex_);
  drain();
  if (directories_.contains(directory.id)) {
    if (!directories_.at(directory.id).complete) return false;  // another thread is at it
    drop(directory.id);
  }
  int watch = -1;
  if (directory.reliable_events) {
    watch = inotify_ ? inotify_add_watch(inotify_.get(), proc_path(fd).c_str(), kEvents) : -1;
    if (watch < 0) return false;
    if (watches_.contains(watch)) return false;
    watches_[watch] = directory.id;
  } else if (wall_ns() - std::max(directory.mtime_ns, directory.ctime_ns) < kStampSettles_ns) {
    return false;
  }
  Cached& cached = directories_[directory.id];
  cached.stamp = directory;
  cached.watch = watch;
  ages_.push_front(directory.id);
  cached.age = ages_.begin();
  return true;
}

void NameCache::finish(const Directory& directory, const Names& names) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(names.size());
  for (const std::string& name : names) hashes.push_back(hash_of(key_of_disk_name(name)));
  const std::lock_guard lock(mutex_);
  drain();
  const auto it = directories_.find(directory.id);
  if (it == directories_.end() || it->second.complete) return;
  Cached& cached = it->second;
  if (names.size() > limits_.names || cached.meanwhile.size() >= kMeanwhileMax) return drop(directory.id);
  cached.names.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) cached.names.emplace(hashes[i], names[i]);
  names_ += names.size();
  for (const Event& event : std::exchange(cached.meanwhile, {})) apply(cached, event, names_);
  cached.complete = true;
  evict();
}

std::string NameCache::find_short(Cached& cached, std::string_view client_name) {
  if (!is_made_short_name(client_name)) return {};
  if (!cached.shorts) {
    cached.shorts.emplace();
    for (const auto& [hash, name] : cached.names) cached.shorts->emplace(short_of_disk_name(name), name);
  }
  const auto [first, last] = cached.shorts->equal_range(short_key(client_name));
  return first != last && std::next(first) == last ? first->second : std::string();
}

void NameCache::apply(Cached& cached, const Event& event, std::size_t& total) {
  const std::uint64_t hash = hash_of(key_of_disk_name(event.name));
  const auto [first, last] = cached.names.equal_range(hash);
  const auto it = std::find_if(first, last, [&](const auto& name) { return name.second == event.name; });
  if ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
    if (it != last) return;
    cached.names.emplace(hash, event.name);
    if (cached.shorts) cached.shorts->emplace(short_of_disk_name(event.name), event.name);
    ++total;
  } else if (it != last) {
    cached.names.erase(it);
    if (cached.shorts) std::erase_if(*cached.shorts, [&](const auto& entry) { return entry.second == event.name; });
    --total;
  }
}

void NameCache::handle(int watch, std::uint32_t mask, std::string_view name) {
  if ((mask & IN_Q_OVERFLOW) != 0) return drop_all();
  const auto at = watches_.find(watch);
  if (at == watches_.end()) return;
  const NodeId id = at->second;
  if ((mask & (IN_DELETE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0) return drop(id);
  Cached& cached = directories_.at(id);
  Event event{mask, std::string(name)};
  if (cached.complete) {
    apply(cached, event, names_);
  } else if (cached.meanwhile.size() < kMeanwhileMax) {
    cached.meanwhile.push_back(std::move(event));
  }
}

void NameCache::drain() {
  if (!inotify_ || watches_.empty()) return;
  std::array<std::uint8_t, 16384> buffer;
  for (;;) {
    const ssize_t n = read(inotify_.get(), buffer.data(), buffer.size());
    if (n <= 0) return;
    ByteReader in(Bytes(buffer).first(static_cast<std::size_t>(n)));
    while (in.remaining() >= sizeof(inotify_event)) {
      const auto watch = static_cast<int>(in.u32());
      const std::uint32_t mask = in.u32();
      in.skip(4);  // cookie
      const std::uint32_t length = in.u32();
      const std::string_view padded = as_text(in.bytes(length));
      handle(watch, mask, padded.substr(0, padded.find('\0')));
    }
    // There is more only when the next event did not fit.
    if (static_cast<std::size_t>(n) + sizeof(inotify_event) + NAME_MAX + 1 < buffer.size()) return;
  }
}

void NameCache::drop(NodeId id) {
  const auto it = directories_.find(id);
  if (it == directories_.end()) return;
  if (it->second.watch >= 0) {
    watches_.erase(it->second.watch);
    inotify_rm_watch(inotify_.get(), it->second.watch);
  }
  if (it->second.complete) names_ -= it->second.names.size();
  ages_.erase(it->second.age);
  directories_.erase(it);
}

void NameCache::drop_all() {
  while (!directories_.empty()) drop(directories_.begin()->first);
  names_ = 0;
}

void NameCache::evict() {
  while (ages_.size() > 1 && (directories_.size() > limits_.directories || names_ > limits_.names)) drop(ages_.back());
}

}  // namespace dozo::vfs::posix
