// Lists whose elements begin with the distance to the next one (NextEntryOffset, Next): directory entries,
// create contexts, notify records, extended attributes. [MS-FSCC] 2.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "wire/fields.h"

namespace dozo::wire {

// Walks such a list, giving each element's bytes from its NextEntryOffset on. Distances are unsigned and must
// cover `minimum` bytes and be a multiple of `alignment`, so a walk always moves forward and ends.
class ChainReader {
 public:
  struct Options {
    std::size_t alignment = 8;
    std::size_t minimum = 4;  // size of an element's fixed part
  };
  ChainReader(Bytes list, Options options) : left_(list), options_(options), ok_(true) {}

  // False at the end, and for a malformed list, when ok() is false too. An empty list has no element.
  bool next(Bytes& element) {
    if (!ok_ || left_.empty()) return false;
    if (left_.size() < options_.minimum || left_.size() < 4) return ok_ = false;
    const std::size_t distance = load_le<std::uint32_t>(left_.data());
    if (distance == 0) {
      element = left_;
      left_ = {};
      return true;
    }
    if (distance < options_.minimum || distance % options_.alignment != 0 || distance >= left_.size()) {
      return ok_ = false;
    }
    element = left_.first(distance);
    left_ = left_.subspan(distance);
    return true;
  }
  bool ok() const { return ok_; }

 private:
  Bytes left_;
  Options options_;
  bool ok_;
};

// Appends such a list to `out`, at most `size_max` bytes of it, and links the elements.
class ChainWriter {
 public:
  struct Options {
    std::size_t alignment = 8;
    std::size_t size_max = static_cast<std::size_t>(-1);
  };
  ChainWriter(ByteWriter& out, Options options) : out_(out), options_(options), start_(out.size()) {}

  // False when `entry` no longer fits; nothing is appended then. Padding stands between elements only.
  // [MS-FSCC] 2.4: "NextEntryOffset MUST be zero if no other entries follow this one."
  template <class M>
  bool append(const M& entry) {
    const std::size_t used = out_.size() - start_;
    const std::size_t at = (used + options_.alignment - 1) / options_.alignment * options_.alignment;
    if (!in_range(at, plain_size(entry), options_.size_max)) return false;
    out_.align(options_.alignment, start_);
    if (count_ != 0) out_.patch(last_, static_cast<std::uint32_t>(out_.size() - last_));
    last_ = out_.size();
    ++count_;
    encode_plain(entry, out_);
    return true;
  }
  std::size_t count() const { return count_; }
  std::size_t size() const { return out_.size() - start_; }

 private:
  ByteWriter& out_;
  Options options_;
  std::size_t start_;
  std::size_t last_ = 0;
  std::size_t count_ = 0;
};

// All elements of a list; STATUS_INVALID_PARAMETER when it or one of them is malformed.
template <class M>
Result<std::vector<M>> decode_chain(Bytes list, std::size_t alignment = 8) {
  std::vector<M> out;
  ChainReader reader(list, {.alignment = alignment, .minimum = plain_size(M{})});
  for (Bytes element; reader.next(element);) {
    DOZO_TRY(out.emplace_back(), decode_plain<M>(element));
  }
  if (!reader.ok()) return fail(NtStatus::INVALID_PARAMETER);
  return out;
}

template <class M>
void encode_chain(const std::vector<M>& list, ByteWriter& out, std::size_t alignment = 8) {
  ChainWriter writer(out, {.alignment = alignment});
  for (const M& entry : list) writer.append(entry);
}

}  // namespace dozo::wire
