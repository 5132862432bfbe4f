// SessionRegistry: all sessions of the server, and on which connections each of them is. [MS-SMB2] 3.3.1.5
// GlobalSessionTable, 3.3.1.8 Session.ChannelList.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "model/ids.h"

namespace dozo::server {

class Connection;
class Session;

// Any thread. A session is here from its first SESSION_SETUP until it has ended or failed: who wants something of all
// opens must not miss those of one that is ending. It gets no further channel then.
class SessionRegistry {
 public:
  using Connections = std::vector<std::shared_ptr<Connection>>;

  bool contains(SessionId id) const;
  void add(const std::shared_ptr<Session>& session);
  std::shared_ptr<Session> find(SessionId id) const;
  // Those that are valid.
  std::vector<std::shared_ptr<Session>> all() const;
  // The session is no longer found. Its channels.
  Connections remove(SessionId id);

  // STATUS_USER_SESSION_DELETED: it has ended meanwhile; STATUS_INSUFFICIENT_RESOURCES: it has `channels_max` already.
  Result<> add_channel(SessionId id, const std::shared_ptr<Connection>& connection, std::size_t channels_max);
  // Whether that was its last channel. Then the session gets no other, and the caller ends it.
  [[nodiscard]] bool remove_channel(SessionId id, const Connection& connection);
  std::size_t channel_count(SessionId id) const;
  // Its live channels, the oldest first.
  Connections channels(SessionId id) const;

 private:
  struct Entry {
    std::weak_ptr<Session> session;
    std::vector<std::weak_ptr<Connection>> channels;
    bool is_ending = false;
  };
  static Connections live(const Entry& entry);

  mutable Mutex mutex_;
  std::map<SessionId, Entry> entries_ DOZO_GUARDED_BY(mutex_);
};

}  // namespace dozo::server
