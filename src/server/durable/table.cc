#include "server/durable/table.h"

#include <algorithm>

#include "base/assert.h"

namespace dozo::server {
namespace {

constexpr std::uint64_t kPending = 0;  // no open has this persistent id

void erase_pair(std::multimap<Guid, std::uint64_t>& map, const Guid& key, std::uint64_t value) {
  const auto [begin, end] = map.equal_range(key);
  const auto found = std::find_if(begin, end, [value](const auto& entry) { return entry.second == value; });
  if (found != end) map.erase(found);
}

}  // namespace

DurableTable::Claim DurableTable::claim(const CreateKey& key) {
  const MutexLock lock(mutex_);
  const auto [entry, added] = creates_.try_emplace(key, kPending);
  if (added) return {};
  if (entry->second == kPending) return {Claim::State::pending, std::nullopt};
  return {Claim::State::open, records_.at(entry->second)};
}

void DurableTable::release(const CreateKey& key) {
  const MutexLock lock(mutex_);
  const auto entry = creates_.find(key);
  if (entry != creates_.end() && entry->second == kPending) creates_.erase(entry);
}

std::optional<DurableRecord> DurableTable::find_persistent(const Guid& create_guid) const {
  const MutexLock lock(mutex_);
  const auto found = persistent_.find(create_guid);
  if (found == persistent_.end()) return std::nullopt;
  return records_.at(found->second);
}

std::vector<DurableRecord> DurableTable::persistent_opens(const share::FileIdentity& file) const {
  std::vector<DurableRecord> out;
  const MutexLock lock(mutex_);
  for (auto it = persistent_files_.lower_bound({file, 0}); it != persistent_files_.end() && it->first == file; ++it) {
    out.push_back(records_.at(it->second));
  }
  return out;
}

std::vector<DurableRecord> DurableTable::persistent_opens() const {
  std::vector<DurableRecord> out;
  const MutexLock lock(mutex_);
  for (const auto& [file, id] : persistent_files_) out.push_back(records_.at(id));
  return out;
}

void DurableTable::index(const DurableRecord& record) {
  const DurableHandle& handle = record.handle;
  const std::uint64_t id = record.id.persistent;
  if (handle.create_guid && handle.replay_eligible) creates_[{handle.client_guid, *handle.create_guid}] = id;
  if (handle.create_guid && handle.is_persistent) persistent_.emplace(*handle.create_guid, id);
  if (handle.is_persistent) persistent_files_.emplace(record.file, id);
  if (handle.app_instance) instances_.emplace(*handle.app_instance, id);
}

void DurableTable::unindex(const DurableRecord& record) {
  const DurableHandle& handle = record.handle;
  const std::uint64_t id = record.id.persistent;
  if (handle.create_guid) {
    const auto entry = creates_.find({handle.client_guid, *handle.create_guid});
    if (entry != creates_.end() && entry->second == id) creates_.erase(entry);
    if (handle.is_persistent) erase_pair(persistent_, *handle.create_guid, id);
  }
  persistent_files_.erase({record.file, id});
  if (handle.app_instance) erase_pair(instances_, *handle.app_instance, id);
}

void DurableTable::add(DurableRecord record) {
  const MutexLock lock(mutex_);
  const std::uint64_t id = record.id.persistent;
  DOZO_ASSERT(id != kPending);
  if (const auto before = records_.find(id); before != records_.end()) unindex(before->second);
  const DurableRecord& kept = records_.insert_or_assign(id, std::move(record)).first->second;
  index(kept);
  // What is not eligible leaves its GUID to the next CREATE.
  const DurableHandle& handle = kept.handle;
  if (!handle.create_guid || handle.replay_eligible) return;
  const auto entry = creates_.find({handle.client_guid, *handle.create_guid});
  if (entry != creates_.end() && entry->second == kPending) creates_.erase(entry);
}

void DurableTable::end_replay(const DurableHandle& handle, FileId id) {
  const MutexLock lock(mutex_);
  const auto record = records_.find(id.persistent);
  if (record != records_.end()) record->second.handle.replay_eligible = false;
  if (!handle.create_guid) return;
  const auto entry = creates_.find({handle.client_guid, *handle.create_guid});
  if (entry != creates_.end() && entry->second == id.persistent) creates_.erase(entry);
}

void DurableTable::remove(FileId id) {
  const MutexLock lock(mutex_);
  const auto record = records_.find(id.persistent);
  if (record == records_.end()) return;
  unindex(record->second);
  records_.erase(record);
}

void DurableTable::renamed(FileId id, std::u16string path) {
  const MutexLock lock(mutex_);
  const auto record = records_.find(id.persistent);
  if (record != records_.end()) record->second.path = std::move(path);
}

std::optional<DurableRecord> DurableTable::find_app_instance(const Guid& instance, const Guid& not_of_client,
                                                             std::u16string_view share,
                                                             std::u16string_view path) const {
  const MutexLock lock(mutex_);
  const auto [begin, end] = instances_.equal_range(instance);
  for (auto it = begin; it != end; ++it) {
    const DurableRecord& record = records_.at(it->second);
    if (record.handle.client_guid == not_of_client) continue;
    if (record.share == share && record.path == path) return record;
  }
  return std::nullopt;
}

void DurableTable::set_session(FileId id, SessionId session) {
  const auto record = records_.find(id.persistent);
  if (record != records_.end()) record->second.session = session;
}

bool DurableTable::park(OpenRef open) {
  const MutexLock lock(mutex_);
  std::size_t& count = parked_by_owner_[open->durable->owner];
  if (count >= parked_per_owner_max_) return false;
  ++count;
  set_session(open->id, SessionId());
  parked_by_share_id_.emplace(open->share_id, open->id.persistent);
  const std::uint64_t id = open->id.persistent;
  parked_.emplace(id, std::move(open));
  return true;
}

OpenRef DurableTable::take(std::map<std::uint64_t, OpenRef>::iterator entry) {
  OpenRef open = std::move(entry->second);
  parked_.erase(entry);
  parked_by_share_id_.erase(open->share_id);
  const auto owner = parked_by_owner_.find(open->durable->owner);
  if (--owner->second == 0) parked_by_owner_.erase(owner);
  return open;
}

OpenRef DurableTable::unpark(std::uint64_t persistent) {
  const MutexLock lock(mutex_);
  const auto found = parked_.find(persistent);
  return found == parked_.end() ? nullptr : take(found);
}

OpenRef DurableTable::unpark(share::OpenId id) {
  const MutexLock lock(mutex_);
  const auto found = parked_by_share_id_.find(id);
  return found == parked_by_share_id_.end() ? nullptr : take(parked_.find(found->second));
}

std::vector<OpenRef> DurableTable::all_parked() const {
  const MutexLock lock(mutex_);
  std::vector<OpenRef> out;
  for (const auto& [id, open] : parked_) out.push_back(open);
  return out;
}

std::size_t DurableTable::parked_count() const {
  const MutexLock lock(mutex_);
  return parked_.size();
}

}  // namespace dozo::server
