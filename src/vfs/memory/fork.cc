#include "vfs/memory/fork.h"

#include <algorithm>

#include "model/nt_status.h"

namespace dozo::vfs::memory {
namespace {

constexpr std::uint64_t kLargest = static_cast<std::uint64_t>(INT64_MAX);

constexpr std::uint64_t blocks_for(std::uint64_t size) { return size / kBlockSize + (size % kBlockSize != 0); }

}  // namespace

std::size_t Fork::read(std::uint64_t offset, MutableBytes into) const {
  if (offset >= size_) return 0;
  const auto total = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  std::size_t done = 0;
  while (done < total) {
    const std::uint64_t at = offset + done;
    const auto within = static_cast<std::size_t>(at % kBlockSize);
    const std::size_t n = std::min<std::size_t>(total - done, kBlockSize - within);
    const auto block = blocks_.find(at / kBlockSize);
    if (block == blocks_.end()) {
      std::memset(into.data() + done, 0, n);
    } else {
      std::memcpy(into.data() + done, block->second->data() + within, n);
    }
    done += n;
  }
  return total;
}

std::uint64_t Fork::blocks_to_add(std::uint64_t offset, std::uint64_t length) const {
  const std::uint64_t first = offset / kBlockSize;
  const std::uint64_t end = blocks_for(offset + length);
  const auto held = std::distance(blocks_.lower_bound(first), blocks_.lower_bound(end));
  return end - first - static_cast<std::uint64_t>(held);
}

Result<> Fork::charge(std::uint64_t size, std::uint64_t extra_blocks, std::uint64_t reserved) {
  const std::uint64_t blocks = sparse_ ? blocks_.size() + extra_blocks : blocks_for(size);
  const std::uint64_t wanted = std::max(blocks, blocks_for(reserved)) * kBlockSize;
  if (wanted > charged_ && space_->used - charged_ + wanted > space_->capacity) return fail(NtStatus::DISK_FULL);
  space_->used += wanted - charged_;
  charged_ = wanted;
  return {};
}

Result<> Fork::write(std::uint64_t offset, Bytes from) {
  if (from.empty()) return {};
  if (!in_range(offset, from.size(), kLargest)) return fail(NtStatus::INVALID_PARAMETER);
  const std::uint64_t end = std::max(size_, offset + from.size());
  DOZO_CHECK(charge(end, blocks_to_add(offset, from.size()), reserved_));
  std::size_t done = 0;
  while (done < from.size()) {
    const std::uint64_t at = offset + done;
    const auto within = static_cast<std::size_t>(at % kBlockSize);
    const std::size_t n = std::min<std::size_t>(from.size() - done, kBlockSize - within);
    auto& block = blocks_[at / kBlockSize];
    if (!block) block = std::make_unique<Blocks::mapped_type::element_type>();
    std::memcpy(block->data() + within, from.data() + done, n);
    done += n;
  }
  size_ = end;
  return {};
}

void Fork::zero_within_block(std::uint64_t index, std::uint64_t from, std::uint64_t to) {
  const auto block = blocks_.find(index);
  if (block != blocks_.end()) std::memset(block->second->data() + from, 0, static_cast<std::size_t>(to - from));
}

Result<> Fork::set_size(std::uint64_t size) {
  if (size > kLargest) return fail(NtStatus::INVALID_PARAMETER);
  if (size < size_) {
    blocks_.erase(blocks_.lower_bound(blocks_for(size)), blocks_.end());
    if (size % kBlockSize != 0) zero_within_block(size / kBlockSize, size % kBlockSize, kBlockSize);
    reserved_ = std::min(reserved_, size);
  }
  DOZO_CHECK(charge(size, 0, reserved_));
  size_ = size;
  return {};
}

Result<> Fork::reserve(std::uint64_t size) {
  if (size > kLargest) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_CHECK(charge(size_, 0, size));
  reserved_ = size;
  return {};
}

Result<> Fork::zero(ByteRange range) {
  const std::uint64_t start = std::min(range.offset, size_);
  const std::uint64_t end = start + std::min(range.length, size_ - start);
  const std::uint64_t first_whole = blocks_for(start);
  const std::uint64_t end_whole = end == size_ ? blocks_for(end) : end / kBlockSize;
  if (first_whole < end_whole) {
    blocks_.erase(blocks_.lower_bound(first_whole), blocks_.lower_bound(end_whole));
  }
  if (start % kBlockSize != 0) {
    zero_within_block(start / kBlockSize, start % kBlockSize, std::min(kBlockSize, start % kBlockSize + (end - start)));
  }
  if (end / kBlockSize >= first_whole && end % kBlockSize != 0)
    zero_within_block(end / kBlockSize, 0, end % kBlockSize);
  return charge(size_, 0, reserved_);
}

Result<> Fork::set_sparse(bool sparse) {
  const bool before = std::exchange(sparse_, sparse);
  const Result<> charged = charge(size_, 0, reserved_);
  if (!charged) sparse_ = before;
  return charged;
}

std::vector<ByteRange> Fork::allocated(ByteRange within) const {
  const std::uint64_t start = std::min(within.offset, size_);
  const std::uint64_t end = start + std::min(within.length, size_ - start);
  if (start == end) return {};
  // [MS-FSA] 2.1.5.10.22: a file that is not sparse is one range.
  if (!sparse_) return {{start, end - start}};
  std::vector<ByteRange> ranges;
  for (auto it = blocks_.lower_bound(start / kBlockSize); it != blocks_.end(); ++it) {
    const std::uint64_t from = std::max(start, it->first * kBlockSize);
    const std::uint64_t to = std::min(end, (it->first + 1) * kBlockSize);
    if (from >= to) break;
    if (!ranges.empty() && ranges.back().offset + ranges.back().length == from) {
      ranges.back().length += to - from;
    } else {
      ranges.push_back({from, to - from});
    }
  }
  return ranges;
}

void Fork::clear() {
  blocks_.clear();
  size_ = reserved_ = 0;
  sparse_ = false;
  space_->used -= std::exchange(charged_, 0);
}

}  // namespace dozo::vfs::memory
