// Share and Tree: what is shared, and one session's connection to it.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/time.h"
#include "identity/access_token.h"
#include "model/access_mask.h"
#include "model/ids.h"
#include "server/config.h"
#include "vfs/volume.h"

namespace dozo::server {

// One share as served. Immutable but for its counters; shared by every tree on it, so that a reload which removes it
// lets the trees that exist live on.
struct Share {
  ShareConfig config;
  std::uint64_t volume_id = 0;          // FileKey::volume: shares of one folder have the same
  std::shared_ptr<vfs::Volume> volume;  // null for IPC$
  bool encryption_required = false;
  mutable std::atomic<std::uint32_t> trees{0};
  mutable std::atomic<bool> outside_unseen{false};  // it was logged that clients get no caches; see outside_changes.h
  bool is_ipc() const { return volume == nullptr; }
};
using ShareRef = std::shared_ptr<const Share>;

// As whom a user's requests on a share are carried out, and who that makes the user in the eyes of descriptors: a token
// with the ids of `caller`.
struct ActingUser {
  vfs::CallerRef caller;
  std::shared_ptr<const identity::AccessToken> token;
};

// Owned by its session; held by requests in flight and by the opens on it. Its session's home loop; what is const or
// atomic: any.
class Tree {
 public:
  Tree(TreeId id, ShareRef share, ActingUser user, AccessMask maximal_access, Instant now);
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  const TreeId id;
  const ShareRef share;
  const vfs::CallerRef caller;                               // as whom file operations run
  const std::shared_ptr<const identity::AccessToken> token;  // of the user, on this share
  const AccessMask maximal_access;                           // what the share lets this user do at most
  const Instant connected_at;
  std::atomic<bool> disconnected{false};  // TREE_DISCONNECT or LOGOFF came while requests were in flight
};

}  // namespace dozo::server
