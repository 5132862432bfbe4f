// DurableTable: the server's memory of opens beyond one session: those whose connection is gone and which wait for
// their client, and those whose CREATE may be repeated or superseded from another connection. The part of
// [MS-SMB2] 3.3.1.1 GlobalOpenTable that other sessions ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "model/guid.h"
#include "model/ids.h"
#include "model/sid.h"
#include "server/durable/handle.h"
#include "server/open.h"

namespace dozo::server {

// What another session may have to know about an open with a create GUID or an AppInstanceId. Values only: the open
// itself belongs to its loop.
struct DurableRecord {
  FileId id;
  SessionId session;  // 0: it is disconnected
  share::OpenId share_id;
  share::FileIdentity file;
  DurableHandle handle;
  std::u16string share;  // folded
  std::u16string path;   // folded, with the stream
};

// A client's name for one of its CREATEs.
struct CreateKey {
  Guid client;
  Guid create;
  auto operator<=>(const CreateKey&) const = default;
};

// Thread-safe; owned by the server. A disconnected open is nobody's but the table's: what park() is given is a copy
// that no request knows, and whoever takes it out has it alone.
class DurableTable {
 public:
  explicit DurableTable(std::size_t parked_per_owner_max) : parked_per_owner_max_(parked_per_owner_max) {}

  // --- CREATEs with a create GUID.
  struct Claim {
    enum class State : std::uint8_t {
      reserved,  // the caller's: it ends in add() or release()
      pending,   // another CREATE with this GUID has not been answered yet
      open,      // `found` came of it
    } state = State::reserved;
    std::optional<DurableRecord> found;
  };
  // [MS-SMB2] 3.3.5.9, 3.3.5.9.10: looks for an open of this GUID that is eligible for replay, and reserves the GUID
  // when there is none.
  Claim claim(const CreateKey& key);
  void release(const CreateKey& key);
  // A persistent open of this GUID, eligible for replay or not, of any client.
  std::optional<DurableRecord> find_persistent(const Guid& create_guid) const;

  // The persistent ones: of a file, or all.
  std::vector<DurableRecord> persistent_opens(const share::FileIdentity& file) const;
  std::vector<DurableRecord> persistent_opens() const;

  // The open of the record is published; its reservation, if it has one, ends.
  void add(DurableRecord record);
  // The open was used: its CREATE cannot be repeated any more.
  void end_replay(const DurableHandle& handle, FileId id);
  // The open is closed.
  void remove(FileId id);

  // It has another name now: `path` folded, with the stream.
  void renamed(FileId id, std::u16string path);

  // [MS-SMB2] 3.3.5.9.13: an open of this AppInstanceId and path by another client.
  std::optional<DurableRecord> find_app_instance(const Guid& instance, const Guid& not_of_client,
                                                 std::u16string_view share, std::u16string_view path) const;

  // --- Disconnected opens, by the persistent half of their FileId.
  // False: its owner has left too many already.
  bool park(OpenRef open);
  // The one of this id or create GUID, after check(const Open&) -> Result<>, which runs with the table locked.
  // STATUS_OBJECT_NAME_NOT_FOUND: none.
  template <class Check>
  Result<OpenRef> find_parked(std::uint64_t persistent, Check check) const {
    const MutexLock lock(mutex_);
    const auto found = parked_.find(persistent);
    if (found == parked_.end()) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
    DOZO_CHECK(check(std::as_const(*found->second)));
    return found->second;
  }
  template <class Check>
  Result<OpenRef> find_parked(const Guid& create_guid, Check check) const {
    const auto record = find_persistent(create_guid);
    if (!record) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
    return find_parked(record->id.persistent, check);
  }
  // Takes it out; null when somebody else was quicker.
  OpenRef unpark(std::uint64_t persistent);
  OpenRef unpark(share::OpenId id);
  std::vector<OpenRef> all_parked() const;
  // change(Open&) on each, with the table locked.
  template <class F>
  void change_parked(F change) {
    const MutexLock lock(mutex_);
    for (const auto& [id, open] : parked_) change(*open);
  }
  std::size_t parked_count() const;

 private:
  void index(const DurableRecord& record) DOZO_REQUIRES(mutex_);
  void unindex(const DurableRecord& record) DOZO_REQUIRES(mutex_);
  OpenRef take(std::map<std::uint64_t, OpenRef>::iterator entry) DOZO_REQUIRES(mutex_);
  void set_session(FileId id, SessionId session) DOZO_REQUIRES(mutex_);

  const std::size_t parked_per_owner_max_;
  mutable Mutex mutex_;
  std::map<std::uint64_t, DurableRecord> records_ DOZO_GUARDED_BY(mutex_);  // by FileId.Persistent
  // Whose CREATE may be repeated; 0: the CREATE is pending.
  std::map<CreateKey, std::uint64_t> creates_ DOZO_GUARDED_BY(mutex_);
  std::multimap<Guid, std::uint64_t> persistent_ DOZO_GUARDED_BY(mutex_);  // by create GUID
  std::set<std::pair<share::FileIdentity, std::uint64_t>> persistent_files_ DOZO_GUARDED_BY(mutex_);
  std::multimap<Guid, std::uint64_t> instances_ DOZO_GUARDED_BY(mutex_);  // by AppInstanceId
  std::map<std::uint64_t, OpenRef> parked_ DOZO_GUARDED_BY(mutex_);
  std::map<share::OpenId, std::uint64_t> parked_by_share_id_ DOZO_GUARDED_BY(mutex_);
  std::map<Sid, std::size_t> parked_by_owner_ DOZO_GUARDED_BY(mutex_);
};

}  // namespace dozo::server
