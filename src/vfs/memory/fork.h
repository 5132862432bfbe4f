// Fork: the bytes of a file or of a named stream, stored in blocks, so that holes cost nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "vfs/types.h"

namespace dozo::vfs::memory {

inline constexpr std::uint64_t kBlockSize = 4096;

// What the volume may hold and holds. Shared by its forks.
struct Space {
  std::atomic<std::uint64_t> capacity;
  std::atomic<std::uint64_t> used = 0;
};

// Value with identity; the tree's mutex guards it. A fork that is not sparse is charged for its whole length, as a
// disk without holes would be.
class Fork {
 public:
  explicit Fork(std::shared_ptr<Space> space) : space_(std::move(space)) {}
  ~Fork() { space_->used -= charged_; }
  Fork(const Fork&) = delete;
  Fork& operator=(const Fork&) = delete;

  std::uint64_t size() const { return size_; }
  std::uint64_t allocation() const { return charged_; }
  bool sparse() const { return sparse_; }

  std::size_t read(std::uint64_t offset, MutableBytes into) const;
  Result<> write(std::uint64_t offset, Bytes from);  // STATUS_DISK_FULL
  Result<> set_size(std::uint64_t size);
  Result<> reserve(std::uint64_t size);  // at least; never moves the end
  Result<> zero(ByteRange range);
  Result<> set_sparse(bool sparse);
  std::vector<ByteRange> allocated(ByteRange within) const;
  // Gives up the reservation, as the last close does.
  void clear();

 private:
  using Blocks = std::map<std::uint64_t, std::unique_ptr<std::array<std::uint8_t, kBlockSize>>>;
  std::uint64_t blocks_to_add(std::uint64_t offset, std::uint64_t length) const;
  Result<> charge(std::uint64_t size, std::uint64_t extra_blocks, std::uint64_t reserved);
  void zero_within_block(std::uint64_t index, std::uint64_t from, std::uint64_t to);

  std::shared_ptr<Space> space_;
  Blocks blocks_;
  std::uint64_t size_ = 0;
  std::uint64_t reserved_ = 0;
  std::uint64_t charged_ = 0;
  bool sparse_ = false;
};

}  // namespace dozo::vfs::memory
