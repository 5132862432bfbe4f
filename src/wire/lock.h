// SMB2 LOCK. [MS-SMB2] 2.2.26, 2.2.27.
#pragma once

#include "model/flags.h"
#include "wire/fields.h"

namespace dozo::wire {

enum class LockFlag : std::uint32_t {
  shared_lock = 0x00000001,
  exclusive_lock = 0x00000002,
  unlock = 0x00000004,
  fail_immediately = 0x00000010,
};
using LockFlags = Flags<LockFlag>;
DOZO_FLAGS(LockFlag)

// [MS-SMB2] 2.2.26.1.
struct LockElement {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  LockFlags flags;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("offset", self.offset);
    v("length", self.length);
    v("flags", self.flags);
    v.reserved(4);
  }
};

// [MS-SMB2] 2.2.26.
struct LockRequest {
  static constexpr std::string_view kName = "LockRequest";
  std::uint32_t lock_sequence = 0;  // low 4 bits LockSequenceNumber, the rest LockSequenceIndex
  FileId file_id;
  std::vector<LockElement> locks;

  std::uint8_t lock_sequence_number() const { return static_cast<std::uint8_t>(lock_sequence & 0xF); }
  std::uint32_t lock_sequence_index() const { return lock_sequence >> 4; }

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(48);
    v.count_of(u16, self.locks);
    v("lock_sequence", self.lock_sequence);
    v("file_id", self.file_id);
    v.array("locks", self.locks);
  }
};

// [MS-SMB2] 2.2.27.
struct LockResponse {
  static constexpr std::string_view kName = "LockResponse";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(4);
    v.reserved(2);
  }
};

}  // namespace dozo::wire
