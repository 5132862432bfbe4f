// Buffer: pooled memory for frames. Size classes with a bounded per-thread free list; what is too large is malloc'd.
#pragma once

#include <cstddef>
#include <utility>

#include "base/bytes.h"

namespace dozo::runtime {

// Resource; move-only. The content is whatever was there before: callers send only what they wrote.
// A Buffer may be freed on another thread than it was made on.
class Buffer {
 public:
  Buffer() = default;
  // At least `capacity` bytes; size() starts at 0.
  static Buffer allocate(std::size_t capacity);
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      release();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  ~Buffer() { release(); }

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  void resize(std::size_t n);  // n <= capacity()
  Bytes view() const { return {data_, size_}; }
  MutableBytes mutable_view() { return {data_, size_}; }
  MutableBytes free_space() { return {data_ + size_, capacity_ - size_}; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  void release() noexcept;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Bytes that this thread's free lists keep of classes from 1 MiB up, and their return to the system: a loop that has
// been idle for a while calls it.
std::size_t idle_big_buffer_bytes();
void trim_big_buffers();

}  // namespace dozo::runtime
