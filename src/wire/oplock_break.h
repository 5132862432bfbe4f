// SMB2 OPLOCK_BREAK, of oplocks and of leases. [MS-SMB2] 2.2.23 to 2.2.25.
#pragma once

#include "model/create.h"
#include "wire/create_contexts.h"
#include "wire/fields.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.23.1, 2.2.24.1 and 2.2.25.1: notification, acknowledgment and response have one layout.
struct OplockBreak {
  static constexpr std::string_view kName = "OplockBreak";
  OplockLevel oplock_level = OplockLevel::none;
  FileId file_id;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(24);
    v("oplock_level", self.oplock_level);
    v.reserved(1);
    v.reserved(4);
    v("file_id", self.file_id);
  }
};
using OplockBreakNotification = OplockBreak;
using OplockBreakAcknowledgment = OplockBreak;
using OplockBreakResponse = OplockBreak;

enum class LeaseBreakFlag : std::uint32_t { ack_required = 0x00000001 };
using LeaseBreakFlags = Flags<LeaseBreakFlag>;

// [MS-SMB2] 2.2.23.2.
struct LeaseBreakNotification {
  static constexpr std::string_view kName = "LeaseBreakNotification";
  std::uint16_t new_epoch = 0;
  LeaseBreakFlags flags;
  Guid lease_key;
  LeaseState current_lease_state;
  LeaseState new_lease_state;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(44);
    v("new_epoch", self.new_epoch);
    v("flags", self.flags);
    v("lease_key", self.lease_key);
    v("current_lease_state", self.current_lease_state);
    v("new_lease_state", self.new_lease_state);
    v.reserved(4);  // BreakReason
    v.reserved(4);  // AccessMaskHint
    v.reserved(4);  // ShareMaskHint
  }
};

// [MS-SMB2] 2.2.24.2 and 2.2.25.2: acknowledgment and response have one layout.
struct LeaseBreak {
  static constexpr std::string_view kName = "LeaseBreak";
  std::uint32_t flags = 0;
  Guid lease_key;
  LeaseState lease_state;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(36);
    v.reserved(2);
    v("flags", self.flags);
    v("lease_key", self.lease_key);
    v("lease_state", self.lease_state);
    v.reserved(8);
  }
};
using LeaseBreakAcknowledgment = LeaseBreak;
using LeaseBreakResponse = LeaseBreak;

// The StructureSize of a message's body, by which the forms of OPLOCK_BREAK differ; 0 when it has none.
inline std::uint16_t structure_size_of(Bytes message) {
  return message.size() < kHeaderSize + 2 ? std::uint16_t{0} : load_le<std::uint16_t>(message.data() + kHeaderSize);
}
// [MS-SMB2] 3.3.5.22: 24 is an oplock break acknowledgment, 36 a lease break acknowledgment.
inline bool is_lease_break(Bytes message) { return structure_size_of(message) != 24; }

}  // namespace dozo::wire
