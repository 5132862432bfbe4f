// OpenRegistry: the opens of all sessions by their id in the share engine, for what the engine has to say about
// somebody else's open. [MS-SMB2] 3.3.1.1 GlobalOpenTable, GlobalLeaseTableList.
#pragma once

#include <atomic>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "model/ids.h"
#include "runtime/loop.h"
#include "share/effects.h"
#include "share/events.h"
#include "share/ids.h"

namespace dozo::server {

struct Open;

// What may be known of an open on any loop. The open itself is touched on its own loop only, and let go of there.
struct OpenHome {
  share::OpenId id;  // publish() fills it in
  runtime::Loop* loop = nullptr;
  std::weak_ptr<Open> open;
  share::OwnerId owner;
  FileId file_id;
  share::FileIdentity file;
  bool encrypted = false;  // what is said of it is encrypted: its CREATE was
};

// Thread-safe. Owned by the server.
//
// A client learns of an open, and of what it may cache of it, from the answer to its CREATE. Breaks that come before
// that answer is on its way would mean nothing to it; they are held until then.
class OpenRegistry {
 public:
  using Notices = std::vector<share::Effect>;  // BreakOplock and BreakLease that were held

  // Before the engine is asked for `open`.
  void expect(share::OpenId open, const std::optional<share::LeaseId>& lease, bool delete_on_close);
  // It has become an open of a client, which does not know it yet.
  void publish(share::OpenId open, OpenHome home);
  // The answer is on its way to the client. What is to be sent to it now.
  Notices announce(share::OpenId open);
  // Something else about the open is to be answered: breaks are held until then, as before its CREATE's answer.
  void withhold(share::OpenId open);
  // It has been closed, or never became an open. What of its lease is to be sent now, for other opens have it too.
  Notices forget(share::OpenId open);

  // The open has got another id in the engine, and caches nothing under that.
  Notices move(share::OpenId from, share::OpenId to);

  // Keeps a break for later; false: it can be sent now.
  bool hold(const share::BreakOplock& notice);
  bool hold(const share::BreakLease& notice);

  std::optional<OpenHome> find(share::OpenId open) const;
  // Of the opens that share the lease, as far as they are known to their client; oldest first.
  std::vector<OpenHome> find_lease(const share::LeaseId& lease) const;
  // Whether the lease key is in use, so that it cannot be another file's. [MS-SMB2] 3.3.5.9.8: unless
  // Lease.FileDeleteOnClose.
  bool has_lease(const share::LeaseId& lease) const;
  std::size_t size() const;
  std::size_t lease_count() const { return lease_count_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    OpenHome home;
    std::optional<share::LeaseId> lease;
    bool announced = false;
    std::optional<share::BreakOplock> held;
  };
  struct LeaseEntry {
    bool file_delete_on_close = false;
    boost::container::small_vector<share::OpenId, 2> opens;
    std::size_t unannounced = 0;
    std::vector<share::BreakLease> held;
  };
  void release_lease_breaks(LeaseEntry& lease, Notices& out) DOZO_REQUIRES(mutex_);

  std::atomic<std::size_t> lease_count_{0};
  mutable Mutex mutex_;
  boost::unordered_flat_map<share::OpenId, Entry, std::hash<share::OpenId>> opens_ DOZO_GUARDED_BY(mutex_);
  std::map<share::LeaseId, LeaseEntry> leases_ DOZO_GUARDED_BY(mutex_);
};

}  // namespace dozo::server
