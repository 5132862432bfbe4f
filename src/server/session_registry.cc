#include "server/session_registry.h"

#include "model/nt_status.h"
#include "server/connection.h"
#include "server/session.h"

namespace dozo::server {

bool SessionRegistry::contains(SessionId id) const {
  const MutexLock lock(mutex_);
  return entries_.contains(id);
}

void SessionRegistry::add(const std::shared_ptr<Session>& session) {
  const MutexLock lock(mutex_);
  entries_.emplace(session->id, Entry{.session = session, .channels = {}, .is_ending = false});
}

std::shared_ptr<Session> SessionRegistry::find(SessionId id) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.session.lock();
}

std::vector<std::shared_ptr<Session>> SessionRegistry::all() const {
  std::vector<std::shared_ptr<Session>> out;
  const MutexLock lock(mutex_);
  for (const auto& [id, entry] : entries_) {
    std::shared_ptr<Session> session = entry.session.lock();
    if (session && session->is_valid()) out.push_back(std::move(session));
  }
  return out;
}

SessionRegistry::Connections SessionRegistry::live(const Entry& entry) {
  Connections out;
  for (const auto& weak : entry.channels) {
    std::shared_ptr<Connection> connection = weak.lock();
    if (connection && !connection->is_ending()) out.push_back(std::move(connection));
  }
  return out;
}

SessionRegistry::Connections SessionRegistry::remove(SessionId id) {
  Connections out;
  const MutexLock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return out;
  for (const auto& weak : found->second.channels) {
    if (auto connection = weak.lock()) out.push_back(std::move(connection));
  }
  entries_.erase(found);
  return out;
}

Result<> SessionRegistry::add_channel(SessionId id, const std::shared_ptr<Connection>& connection,
                                      std::size_t channels_max) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.is_ending) return fail(NtStatus::USER_SESSION_DELETED);
  if (found->second.channels.size() >= channels_max) return fail(NtStatus::INSUFFICIENT_RESOURCES);
  found->second.channels.push_back(connection);
  return {};
}

bool SessionRegistry::remove_channel(SessionId id, const Connection& connection) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  auto& channels = found->second.channels;
  std::erase_if(channels, [&](const auto& weak) { return weak.lock().get() == &connection; });
  found->second.is_ending = channels.empty();
  return found->second.is_ending;
}

std::size_t SessionRegistry::channel_count(SessionId id) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? 0 : found->second.channels.size();
}

SessionRegistry::Connections SessionRegistry::channels(SessionId id) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? Connections{} : live(found->second);
}

}  // namespace dozo::server
