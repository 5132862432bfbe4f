#include "server/open_table.h"

#include "base/assert.h"

namespace dozo::server {
namespace {

constexpr std::uint32_t index_of(FileId id) { return static_cast<std::uint32_t>(id.volatile_id); }
constexpr std::uint32_t generation_of(FileId id) { return static_cast<std::uint32_t>(id.volatile_id >> 32); }

}  // namespace

std::optional<FileId> OpenTable::reserve(std::uint64_t persistent) {
  const MutexLock lock(mutex_);
  if (count_ >= kMax) return std::nullopt;
  if (first_free_ == kNone) {
    first_free_ = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back({.open = nullptr, .next_free = kNone});
  }
  const std::uint32_t index = first_free_;
  Slot& slot = slots_[index];
  first_free_ = slot.next_free;
  slot.reserved = true;
  ++count_;
  return FileId{persistent, (std::uint64_t{slot.generation} << 32) | index};
}

void OpenTable::free_slot(std::uint32_t index) {
  Slot& slot = slots_[index];
  slot.open.reset();
  slot.reserved = false;
  // Generation 0xFFFFFFFF is skipped: with index 0xFFFFFFFF it would spell "the related file id".
  slot.generation = slot.generation >= ~0u - 1 ? 1 : slot.generation + 1;
  slot.next_free = first_free_;
  first_free_ = index;
  --count_;
}

void OpenTable::release(FileId id) {
  const MutexLock lock(mutex_);
  DOZO_ASSERT(slot_of(id) != nullptr);
  free_slot(index_of(id));
}

void OpenTable::put(OpenRef open) {
  const MutexLock lock(mutex_);
  const std::uint32_t index = index_of(open->id);
  DOZO_ASSERT(slot_of(open->id) != nullptr && !slots_[index].open);
  slots_[index].open = std::move(open);
}

const OpenTable::Slot* OpenTable::slot_of(FileId id) const {
  if (index_of(id) >= slots_.size()) return nullptr;
  const Slot& slot = slots_[index_of(id)];
  return slot.reserved && slot.generation == generation_of(id) ? &slot : nullptr;
}

OpenRef OpenTable::open_of(FileId id) const {
  const Slot* slot = slot_of(id);
  // [MS-SMB2] 3.3.5.9: both halves must be those that were given out.
  if (slot == nullptr || !slot->open || slot->open->id != id) return nullptr;
  return slot->open;
}

OpenRef OpenTable::find(FileId id) const {
  const MutexLock lock(mutex_);
  return open_of(id);
}

OpenRef OpenTable::remove(FileId id) {
  const MutexLock lock(mutex_);
  OpenRef open = open_of(id);
  if (open) free_slot(index_of(id));
  return open;
}

OpenRef OpenTable::begin_close(FileId id) {
  OpenRef open = remove(id);
  const MutexLock lock(mutex_);
  if (open) closing_.push_back(open);
  return open;
}

void OpenTable::end_close(const OpenRef& open) {
  const MutexLock lock(mutex_);
  std::erase(closing_, open);
}

std::vector<OpenRef> OpenTable::closing() const {
  const MutexLock lock(mutex_);
  return closing_;
}

std::size_t OpenTable::size() const {
  const MutexLock lock(mutex_);
  return count_;
}

std::vector<OpenRef> OpenTable::all() const {
  const MutexLock lock(mutex_);
  std::vector<OpenRef> out;
  for (const Slot& slot : slots_) {
    if (slot.open) out.push_back(slot.open);
  }
  return out;
}

}  // namespace dozo::server
