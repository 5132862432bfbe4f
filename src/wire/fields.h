// The codec framework. A message is a struct of plain members with one list of them in wire order:
//
//   struct FlushRequest {
//     static constexpr std::string_view kName = "FlushRequest";
//     FileId file_id;
//     template <class V, class S>
//     static constexpr void fields(V& v, S& self) {
//       v.structure_size(24);
//       v.reserved(6);
//       v("file_id", self.file_id);
//     }
//   };
//
// Five visitors walk the list: Decoder, Encoder, Sizer, Printer (wire/printer.h) and whatever a test brings.
// What a list may say:
//   structure_size(n)            16 bits that must be n
//   reserved(n)                  n bytes, ignored on decode, zero on encode
//   must_be(value)               an integer that is refused when different
//   v("name", member)            one value (wire/scalar.h), or a struct with fields of its own
//   offset(W) … length(W, "name", member, options)
//                                an offset from the start of the SMB2 header and a length, in this order; the
//                                bytes follow the fixed part. Length 0: the offset is ignored. Refused: offsets
//                                into the header or the fixed part, and ranges that wrap or leave the message.
//   length_then_offset(L, O, "name", member, options)
//                                the same where the length comes first
//   length_of(W, member) … sized("name", member)
//                                a length in bytes, and later in line that many bytes
//   count_of(W, vector) … array("name", vector)
//                                a number of elements, and later in line the elements
//   skip_offset(W)               an offset nobody needs: ignored, zero on encode
//   padded("name", member, n)    n bytes, of which a length_of before says how many count
//   rest("name", member)         everything that is left
//   pad_empty_buffer()           encode one zero byte when no variable part follows, for messages whose
//                                StructureSize counts a first byte of Buffer; its absence is accepted
// W is one of the width tags u8, u16, u32, u64.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/result.h"
#include "model/nt_status.h"
#include "wire/scalar.h"
#include "wire/variable.h"

namespace dozo::wire {

inline constexpr std::size_t kHeaderSize = 64;  // [MS-SMB2] 2.2.1

template <class T>
struct Width {};
inline constexpr Width<std::uint8_t> u8{};
inline constexpr Width<std::uint16_t> u16{};
inline constexpr Width<std::uint32_t> u32{};
inline constexpr Width<std::uint64_t> u64{};

// What the offset field of an empty variable part holds. Decoding ignores it; peers of old look at it.
// aligned_end pads to the part's alignment and points there, as create contexts have it.
enum class EmptyOffset { zero, end_of_fixed_part, aligned_end };

struct VariableOptions {
  std::size_t alignment = 1;  // of the part's offset, on encode
  EmptyOffset when_empty = EmptyOffset::zero;
};

class Decoder {
 public:
  static constexpr bool kDecodes = true;
  // `message` is what offsets count from and what nothing may leave; the list starts at `position`.
  Decoder(Bytes message, std::size_t position) : in_(message, position) {}

  // Whether everything read was there. After the whole list.
  bool finish() const { return in_.ok() && lowest_offset_ >= in_.position(); }

  template <class T>
  constexpr void operator()(std::string_view, T& member) {
    if constexpr (HasFields<T>) {
      T::fields(*this, member);
    } else {
      get_value(in_, member);
    }
  }
  void structure_size(std::uint16_t n) { must_be(n); }
  template <WireInteger T>
  void must_be(T expected) {
    if (in_.read<T>() != expected) in_.set_bad();
  }
  void reserved(std::size_t n) { in_.skip(n); }
  template <class W>
  void skip_offset(Width<W>) {
    in_.skip(sizeof(W));
  }

  template <class W>
  void offset(Width<W>) {
    offset_ = in_.read<W>();
  }
  template <class W, class T>
  void length(Width<W>, std::string_view, T& member, VariableOptions = {}) {
    const std::uint64_t n = in_.read<W>();
    if (n == 0) return;
    lowest_offset_ = std::min(lowest_offset_, offset_);
    if (!VariableCodec<T>::decode(in_.slice(offset_, n), member)) in_.set_bad();
  }
  template <class L, class O, class T>
  void length_then_offset(Width<L>, Width<O>, std::string_view, T& member, VariableOptions = {}) {
    const std::uint64_t n = in_.read<L>();
    offset_ = in_.read<O>();
    if (n == 0) return;
    lowest_offset_ = std::min(lowest_offset_, offset_);
    if (!VariableCodec<T>::decode(in_.slice(offset_, n), member)) in_.set_bad();
  }

  template <class W, class T>
  void length_of(Width<W>, const T&) {
    push(in_.read<W>());
  }
  template <class T>
  void sized(std::string_view, T& member) {
    if (!VariableCodec<T>::decode(in_.bytes(pop()), member)) in_.set_bad();
  }
  template <class W, class T>
  void count_of(Width<W>, const std::vector<T>&) {
    push(in_.read<W>());
  }
  // A count is never believed: elements are read one by one until the bytes end.
  template <class T>
  void array(std::string_view, std::vector<T>& out) {
    const std::size_t count = pop();
    if (!in_.ok() || count > in_.remaining()) return in_.set_bad();
    out.clear();
    for (std::size_t i = 0; i < count && in_.ok(); ++i) (*this)("", out.emplace_back());
  }
  template <class T>
  void padded(std::string_view, T& member, std::size_t n) {
    const Bytes all = in_.bytes(n);
    const std::size_t used = pop_newest();
    if (used > all.size() || !VariableCodec<T>::decode(all.first(used), member)) in_.set_bad();
  }
  template <class T>
  void rest(std::string_view, T& member) {
    if (!VariableCodec<T>::decode(in_.bytes(in_.remaining()), member)) in_.set_bad();
  }
  // A list of `count` elements (as count_of read it) at the offset that offset() read; see wire/negotiate.h.
  template <class T>
  void list_at_offset(std::string_view, T& list, bool present) {
    const std::size_t count = pop();
    if (!present || count == 0) return;
    lowest_offset_ = std::min(lowest_offset_, offset_);
    const Bytes all = in_.all();
    if (!in_.ok() || offset_ > all.size() ||
        !VariableCodec<T>::decode_count(all.subspan(static_cast<std::size_t>(offset_)), count, list)) {
      in_.set_bad();
    }
  }
  void pad_empty_buffer() {}

 private:
  void push(std::size_t n) {
    DOZO_ASSERT(pushed_ < pending_.size());
    pending_[pushed_++] = n;
  }
  std::size_t pop() {
    DOZO_ASSERT(popped_ < pushed_);
    return pending_[popped_++];
  }
  // The newest, out of turn.
  std::size_t pop_newest() {
    DOZO_ASSERT(popped_ < pushed_);
    return pending_[--pushed_];
  }

  ByteReader in_;
  std::uint64_t offset_ = 0;
  std::uint64_t lowest_offset_ = std::numeric_limits<std::uint64_t>::max();
  std::array<std::size_t, 4> pending_;  // lengths and counts, first in first out
  std::size_t pushed_ = 0;
  std::size_t popped_ = 0;
};

class Encoder {
 public:
  static constexpr bool kDecodes = false;
  // Offsets count from position `origin` of `out`; the list is appended.
  Encoder(ByteWriter& out, std::size_t origin) : out_(out), origin_(origin) {}

  // Appends the variable parts, in the order they were listed.
  void finish() {
    const std::size_t fixed_end = out_.size() - origin_;
    for (std::size_t i = 0; i < part_count_; ++i) append(parts_[i], fixed_end);
    if (pad_empty_ && !any_variable_) out_.u8(0);
  }

  template <class T>
  constexpr void operator()(std::string_view, const T& member) {
    if constexpr (HasFields<T>) {
      T::fields(*this, member);
    } else {
      put_value(out_, member);
    }
  }
  void structure_size(std::uint16_t n) { out_.u16(n); }
  template <WireInteger T>
  void must_be(T expected) {
    out_.write(expected);
  }
  void reserved(std::size_t n) { out_.zeros(n); }
  template <class W>
  void skip_offset(Width<W>) {
    out_.zeros(sizeof(W));
  }

  template <class W>
  void offset(Width<W>) {
    offset_at_ = out_.size();
    offset_width_ = sizeof(W);
    out_.zeros(sizeof(W));
  }
  template <class W, class T>
  void length(Width<W> w, std::string_view, const T& member, VariableOptions options = {}) {
    const std::size_t n = VariableCodec<T>::size(member);
    write_length(w, n);
    DOZO_ASSERT(part_count_ < parts_.size());
    parts_[part_count_++] = {offset_at_, offset_width_, n, options, &member, &encode_part<T>};
  }
  template <class L, class O, class T>
  void length_then_offset(Width<L> l, Width<O> o, std::string_view, const T& member, VariableOptions options = {}) {
    const std::size_t n = VariableCodec<T>::size(member);
    write_length(l, n);
    offset(o);
    DOZO_ASSERT(part_count_ < parts_.size());
    parts_[part_count_++] = {offset_at_, offset_width_, n, options, &member, &encode_part<T>};
  }

  template <class W, class T>
  void length_of(Width<W> w, const T& member) {
    write_length(w, VariableCodec<T>::size(member));
  }
  template <class T>
  void sized(std::string_view, const T& member) {
    any_variable_ = any_variable_ || VariableCodec<T>::size(member) != 0;
    VariableCodec<T>::encode(out_, member);
  }
  template <class T>
  void padded(std::string_view, const T& member, std::size_t n) {
    const std::size_t used = VariableCodec<T>::size(member);
    DOZO_ASSERT(used <= n);
    VariableCodec<T>::encode(out_, member);
    out_.zeros(n - used);
  }
  template <class W, class T>
  void count_of(Width<W> w, const std::vector<T>& list) {
    write_length(w, list.size());
  }
  template <class T>
  void array(std::string_view, const std::vector<T>& list) {
    any_variable_ = any_variable_ || !list.empty();
    for (const T& element : list) (*this)("", element);
  }
  template <class T>
  void rest(std::string_view, const T& member) {
    sized("", member);
  }
  template <class T>
  void list_at_offset(std::string_view, const T& list, bool present) {
    if (!present || list.empty()) return;
    DOZO_ASSERT(part_count_ < parts_.size());
    parts_[part_count_++] = {offset_at_, offset_width_, 1, {.alignment = 8}, &list, &encode_part<T>};
  }
  void pad_empty_buffer() { pad_empty_ = true; }

 private:
  struct Part {
    std::size_t offset_at;
    std::size_t offset_width;
    std::size_t size;
    VariableOptions options;
    const void* member;
    void (*encode)(ByteWriter&, const void*);
  };

  template <class T>
  static void encode_part(ByteWriter& out, const void* member) {
    VariableCodec<T>::encode(out, *static_cast<const T*>(member));
  }
  template <class W>
  void write_length(Width<W>, std::size_t n) {
    DOZO_ASSERT(n <= std::numeric_limits<W>::max());
    out_.write(static_cast<W>(n));
  }
  void append(const Part& part, std::size_t fixed_end) {
    if (part.size == 0 && part.options.when_empty == EmptyOffset::zero) return;
    if (part.size == 0 && part.options.when_empty == EmptyOffset::end_of_fixed_part) return patch(part, fixed_end);
    any_variable_ = true;
    out_.align(part.options.alignment, origin_);
    patch(part, out_.size() - origin_);
    part.encode(out_, part.member);
  }
  void patch(const Part& part, std::size_t offset) {
    if (part.offset_width == 1) out_.patch(part.offset_at, static_cast<std::uint8_t>(offset));
    if (part.offset_width == 2) out_.patch(part.offset_at, static_cast<std::uint16_t>(offset));
    if (part.offset_width == 4) out_.patch(part.offset_at, static_cast<std::uint32_t>(offset));
  }

  ByteWriter& out_;
  std::size_t origin_;
  std::size_t offset_at_ = 0;
  std::size_t offset_width_ = 0;
  std::array<Part, 4> parts_;
  std::size_t part_count_ = 0;
  bool any_variable_ = false;
  bool pad_empty_ = false;
};

// Counts what Encoder would append.
class Sizer {
 public:
  static constexpr bool kDecodes = false;
  explicit Sizer(std::size_t position) : size_(position) {}

  std::size_t finish() {
    for (std::size_t i = 0; i < part_count_; ++i) {
      if (parts_[i].skipped) continue;
      size_ = (size_ + parts_[i].alignment - 1) / parts_[i].alignment * parts_[i].alignment + parts_[i].size;
      any_variable_ = true;
    }
    return size_ + (pad_empty_ && !any_variable_ ? 1 : 0);
  }

  template <class T>
  constexpr void operator()(std::string_view, const T& member) {
    if constexpr (HasFields<T>) {
      T::fields(*this, member);
    } else {
      size_ += value_size<T>();
    }
  }
  void structure_size(std::uint16_t) { size_ += 2; }
  template <WireInteger T>
  void must_be(T) {
    size_ += sizeof(T);
  }
  void reserved(std::size_t n) { size_ += n; }
  template <class W>
  void skip_offset(Width<W>) {
    size_ += sizeof(W);
  }
  template <class W>
  void offset(Width<W>) {
    size_ += sizeof(W);
  }
  template <class W, class T>
  void length(Width<W>, std::string_view, const T& member, VariableOptions options = {}) {
    size_ += sizeof(W);
    add_part(VariableCodec<T>::size(member), options);
  }
  template <class L, class O, class T>
  void length_then_offset(Width<L>, Width<O>, std::string_view, const T& member, VariableOptions options = {}) {
    size_ += sizeof(L) + sizeof(O);
    add_part(VariableCodec<T>::size(member), options);
  }
  template <class W, class T>
  void length_of(Width<W>, const T&) {
    size_ += sizeof(W);
  }
  template <class T>
  void sized(std::string_view, const T& member) {
    const std::size_t n = VariableCodec<T>::size(member);
    any_variable_ = any_variable_ || n != 0;
    size_ += n;
  }
  template <class T>
  void padded(std::string_view, const T&, std::size_t n) {
    size_ += n;
  }
  template <class W, class T>
  void count_of(Width<W>, const std::vector<T>&) {
    size_ += sizeof(W);
  }
  template <class T>
  void array(std::string_view, const std::vector<T>& list) {
    any_variable_ = any_variable_ || !list.empty();
    for (const T& element : list) (*this)("", element);
  }
  template <class T>
  void rest(std::string_view, const T& member) {
    sized("", member);
  }
  template <class T>
  void list_at_offset(std::string_view, const T& list, bool present) {
    if (present) add_part(VariableCodec<T>::size(list), {.alignment = 8});
  }
  void pad_empty_buffer() { pad_empty_ = true; }

 private:
  struct Part {
    std::size_t size;
    std::size_t alignment;
    bool skipped;
  };
  void add_part(std::size_t size, VariableOptions options) {
    DOZO_ASSERT(part_count_ < parts_.size());
    parts_[part_count_++] = {size, options.alignment, size == 0 && options.when_empty != EmptyOffset::aligned_end};
  }

  std::size_t size_;
  std::array<Part, 4> parts_;
  std::size_t part_count_ = 0;
  bool any_variable_ = false;
  bool pad_empty_ = false;
};

// A structure that stands by itself: an information class, a context's data, an FSCTL payload. Offsets in it
// count from its own start; bytes behind it are ignored. Views point into `bytes`.
template <class M>
Result<M> decode_plain(Bytes bytes) {
  Result<M> out(std::in_place);
  Decoder decoder(bytes, 0);
  M::fields(decoder, *out);
  if (!decoder.finish()) [[unlikely]]
    return fail(NtStatus::INVALID_PARAMETER);
  return out;
}

template <class M>
void encode_plain(const M& value, ByteWriter& out) {
  Encoder encoder(out, out.size());
  M::fields(encoder, value);
  encoder.finish();
}

template <class M>
ByteVector encode_plain(const M& value) {
  ByteWriter out;
  encode_plain(value, out);
  return std::move(out).take();
}

// How many bytes encode_plain appends.
template <class M>
std::size_t plain_size(const M& value) {
  Sizer sizer(0);
  M::fields(sizer, value);
  return sizer.finish();
}

// The body of the SMB2 message `message`: one element of a compound, from its 64-byte header (not looked at) to
// its end. STATUS_INVALID_PARAMETER when malformed. Views in the result point into `message`.
template <class M>
Result<M> decode(Bytes message) {
  Result<M> out(std::in_place);
  Decoder decoder(message, kHeaderSize);
  M::fields(decoder, *out);
  if (!decoder.finish()) [[unlikely]]
    return fail(NtStatus::INVALID_PARAMETER);
  return out;
}

// Appends the body of a message whose 64-byte header lies at `message_start` of `out`, directly before the body.
template <class M>
void encode(const M& body, ByteWriter& out, std::size_t message_start = 0) {
  DOZO_ASSERT(out.size() == message_start + kHeaderSize);
  Encoder encoder(out, message_start);
  M::fields(encoder, body);
  encoder.finish();
}

// How many bytes encode appends.
template <class M>
std::size_t encoded_size(const M& body) {
  Sizer sizer(kHeaderSize);
  M::fields(sizer, body);
  return sizer.finish() - kHeaderSize;
}

}  // namespace dozo::wire

#include "wire/printer.h"
