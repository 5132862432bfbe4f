#include "runtime/buffer.h"

#include <new>

#include "base/assert.h"
#include "runtime/frame_pool.h"
#include "runtime/free_list.h"

namespace dozo::runtime {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

struct SizeClass {
  std::size_t bytes;
  std::size_t kept_max;  // blocks a thread keeps
};

// Small requests; ordinary ones; a listing or a credential blob with room; one credit of payload with headers; the
// largest transfer of most clients; the largest of all.
constexpr SizeClass size_classes[] = {
    {1 * kib, 256}, {4 * kib, 128}, {20 * kib, 64}, {72 * kib, 64}, {1 * mib + 4 * kib, 8}, {8 * mib + 8 * kib, 2},
};
constexpr std::size_t class_count = std::size(size_classes);
constexpr std::size_t first_big_class = 4;
constexpr std::align_val_t alignment{64};

struct Pool {
  FreeList lists[class_count];
  ~Pool();
};

thread_local bool pool_gone = false;

Pool* this_thread_pool() {
  thread_local Pool pool;
  return pool_gone ? nullptr : &pool;
}

void free_blocks(FreeList& list) {
  while (void* block = list.pop()) ::operator delete(block, alignment);
}

Pool::~Pool() {
  for (FreeList& list : lists) free_blocks(list);
  pool_gone = true;
}

// The smallest class that holds `capacity`; class_count when none does.
std::size_t class_for(std::size_t capacity) {
  std::size_t index = 0;
  while (index < class_count && size_classes[index].bytes < capacity) ++index;
  return index;
}

}  // namespace

Buffer Buffer::allocate(std::size_t capacity) {
  const std::size_t index = class_for(capacity);
  Buffer buffer;
  buffer.capacity_ = index < class_count ? size_classes[index].bytes : capacity;
  Pool* pool = memory_is_pooled && index < class_count ? this_thread_pool() : nullptr;
  void* block = pool != nullptr ? pool->lists[index].pop() : nullptr;
  if (block == nullptr) block = ::operator new(buffer.capacity_, alignment);
  buffer.data_ = static_cast<std::uint8_t*>(block);
  return buffer;
}

void Buffer::resize(std::size_t n) {
  DOZO_ASSERT(n <= capacity_);
  size_ = n;
}

void Buffer::release() noexcept {
  if (data_ == nullptr) return;
  const std::size_t index = class_for(capacity_);
  Pool* pool = memory_is_pooled && index < class_count ? this_thread_pool() : nullptr;
  if (pool != nullptr && pool->lists[index].count() < size_classes[index].kept_max) {
    pool->lists[index].push(data_);
  } else {
    ::operator delete(data_, alignment);
  }
  data_ = nullptr;
}

std::size_t idle_big_buffer_bytes() {
  const Pool* pool = this_thread_pool();
  if (pool == nullptr) return 0;
  std::size_t total = 0;
  for (std::size_t i = first_big_class; i < class_count; ++i) total += pool->lists[i].count() * size_classes[i].bytes;
  return total;
}

void trim_big_buffers() {
  Pool* pool = this_thread_pool();
  if (pool == nullptr) return;
  for (std::size_t i = first_big_class; i < class_count; ++i) free_blocks(pool->lists[i]);
}

}  // namespace dozo::runtime
