#include "runtime/frame_pool.h"

#include <new>

#include "runtime/free_list.h"

namespace dozo::runtime {
namespace {

constexpr std::size_t granule = 64;
constexpr std::size_t classes = 64;                           // frames of up to 4 KiB are pooled
constexpr std::size_t kept_bytes_max = std::size_t{4} << 20;  // per thread

struct FramePool {
  FreeList lists[classes];
  std::size_t kept = 0;
  ~FramePool();
};

// Trivially destroyed, so it may be asked after the thread's FramePool has gone.
thread_local bool frame_pool_gone = false;

FramePool* this_thread_frames() {
  thread_local FramePool pool;
  return frame_pool_gone ? nullptr : &pool;
}

FramePool::~FramePool() {
  for (FreeList& list : lists) {
    while (void* block = list.pop()) ::operator delete(block);
  }
  frame_pool_gone = true;
}

std::size_t class_of(std::size_t size) { return (size - 1) / granule; }

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t index = class_of(size);
  if (!memory_is_pooled || index >= classes) return ::operator new(size);
  if (FramePool* pool = this_thread_frames()) {
    if (void* block = pool->lists[index].pop()) {
      pool->kept -= (index + 1) * granule;
      return block;
    }
  }
  return ::operator new((index + 1) * granule);
}

void free_frame(void* frame, std::size_t size) noexcept {
  const std::size_t index = class_of(size);
  const std::size_t bytes = (index + 1) * granule;
  FramePool* pool = memory_is_pooled && index < classes ? this_thread_frames() : nullptr;
  if (pool == nullptr || pool->kept + bytes > kept_bytes_max) {
    ::operator delete(frame);
    return;
  }
  pool->lists[index].push(frame);
  pool->kept += bytes;
}

}  // namespace dozo::runtime
