#include "vfs/posix/own_changes.h"

#include <cerrno>
#include <climits>

#include "vfs/posix/acting_as.h"
#include "vfs/posix/name_map.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::size_t kOwnAddedMax = 256;

// Where the object is now, whoever moved it; empty when it has no name any more.
std::string path_of(int fd) {
  std::array<char, PATH_MAX> text;
  const ssize_t n = readlink(proc_path(fd).c_str(), text.data(), text.size());
  if (n <= 0) return {};
  std::string path(text.data(), static_cast<std::size_t>(n));
  if (!path.ends_with(" (deleted)")) return path;
  const auto status = status_of_fd(fd);
  return status && status->stx_nlink > 0 ? path : std::string();
}

// Beneath "/"; nullopt: it has no name.
std::optional<std::vector<std::string>> components_of(int fd) {
  const std::string path = path_of(fd);
  std::string_view rest = path;
  if (!rest.starts_with('/')) return std::nullopt;
  std::vector<std::string> out;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    if (end != 0) out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return out;
}

std::string client_prefix(std::span<const std::string> disk) {
  std::string out;
  for (const std::string& component : disk) (out += to_client_name(component)) += '\\';
  return out;
}

// What lies in a directory that the watcher may not list is not told. `beneath`: from what it watches.
bool may_list(const Subscriber& subscriber, std::span<const std::string> beneath) {
  if (beneath.empty() || !subscriber.caller || !subscriber.caller->switch_identity) return true;
  const ActingAs acting(subscriber.caller.get());
  return acting.ok() && faccessat(subscriber.directory.get(), join(beneath).c_str(), R_OK, AT_EACCESS) == 0;
}

void deliver(const SubscriberRef& to, const std::string& prefix, const std::vector<OwnChanges::Entry>& entries) {
  std::vector<Change> changes;
  for (const OwnChanges::Entry& entry : entries) changes.push_back({entry.action, entry.kinds, prefix + entry.name});
  to->loop.post([to, told = std::move(changes)]() mutable {
    for (const Change& change : told) {
      if (change.action == ChangeAction::added) to->own_added.push_back(change.path);
    }
    while (to->own_added.size() > kOwnAddedMax) to->own_added.pop_front();
    if (to->listener != nullptr) to->listener->on_changes(std::move(told));
  });
}

}  // namespace

void OwnChanges::add(SubscriberRef subscriber) {
  const std::lock_guard lock(mutex_);
  subscribers_.push_back(std::move(subscriber));
  count_ = subscribers_.size();
}

void OwnChanges::remove(const SubscriberRef& subscriber) {
  const std::lock_guard lock(mutex_);
  std::erase(subscribers_, subscriber);
  count_ = subscribers_.size();
}

void OwnChanges::tell(int directory, std::vector<Entry> entries) {
  if (!wanted()) return;
  const auto components = components_of(directory);
  if (components) tell_in(*components, entries);
}

void OwnChanges::tell_of(int object, ChangeAction action, ChangeKinds kinds, std::string_view stream) {
  if (!wanted()) return;
  auto components = components_of(object);
  if (!components || components->empty()) return;
  std::string name = to_client_name(components->back());
  if (!stream.empty()) (name += ':') += stream;
  components->pop_back();
  tell_in(*components, {{action, kinds, std::move(name)}});
}

// Each directory on the way up may be watched; the nearest also by those who want no subtree.
void OwnChanges::tell_in(const Components& directory, const std::vector<Entry>& entries) {
  std::vector<SubscriberRef> all;
  {
    const std::lock_guard lock(mutex_);
    all = subscribers_;
  }
  for (std::size_t depth = 0; depth <= directory.size(); ++depth) {
    const std::span<const std::string> above = std::span(directory).first(directory.size() - depth);
    const auto status = status_of_entry(AT_FDCWD, above.empty() ? "/" : ('/' + join(above)).c_str());
    if (!status) continue;
    const NodeId id = id_of(*status);
    const std::span<const std::string> beneath = std::span(directory).subspan(above.size());
    for (const SubscriberRef& subscriber : all) {
      const bool concerned = subscriber->id == id && (depth == 0 || subscriber->subtree);
      if (concerned && may_list(*subscriber, beneath)) deliver(subscriber, client_prefix(beneath), entries);
    }
  }
}

OwnChanges& own_changes() {
  static OwnChanges all;
  return all;
}

}  // namespace dozo::vfs::posix
