// The vocabulary of CREATE. [MS-SMB2] 2.2.13, 2.2.14.
#pragma once

#include <cstdint>
#include <optional>

#include "model/flags.h"

namespace dozo {

enum class ShareFlag : std::uint32_t { read = 1, write = 2, delete_access = 4 };
using ShareAccess = Flags<ShareFlag>;
DOZO_FLAGS(ShareFlag)

enum class CreateDisposition : std::uint32_t {
  supersede = 0,
  open = 1,
  create = 2,
  open_if = 3,
  overwrite = 4,
  overwrite_if = 5,
};

constexpr std::optional<CreateDisposition> create_disposition_from_wire(std::uint32_t v) {
  if (v > 5) return std::nullopt;
  return static_cast<CreateDisposition>(v);
}

// [MS-SMB2] 2.2.14 CreateAction.
enum class CreateAction : std::uint32_t { superseded = 0, opened = 1, created = 2, overwritten = 3 };

enum class CreateOption : std::uint32_t {
  directory_file = 0x00000001,
  write_through = 0x00000002,
  sequential_only = 0x00000004,
  no_intermediate_buffering = 0x00000008,
  synchronous_io_alert = 0x00000010,
  synchronous_io_nonalert = 0x00000020,
  non_directory_file = 0x00000040,
  complete_if_oplocked = 0x00000100,
  no_ea_knowledge = 0x00000200,
  random_access = 0x00000800,
  delete_on_close = 0x00001000,
  open_by_file_id = 0x00002000,
  open_for_backup_intent = 0x00004000,
  no_compression = 0x00008000,
  open_remote_instance = 0x00000400,
  open_requiring_oplock = 0x00010000,
  disallow_exclusive = 0x00020000,
  reserve_opfilter = 0x00100000,
  open_reparse_point = 0x00200000,
  open_no_recall = 0x00400000,
  open_for_free_space_query = 0x00800000,
};
using CreateOptions = Flags<CreateOption>;
DOZO_FLAGS(CreateOption)

// [MS-SMB2] 2.2.13 RequestedOplockLevel.
enum class OplockLevel : std::uint8_t { none = 0x00, level_ii = 0x01, exclusive = 0x08, batch = 0x09, lease = 0xFF };

// [MS-SMB2] 2.2.13.2.8 LeaseState.
enum class LeaseBit : std::uint32_t { read = 1, handle = 2, write = 4 };
using LeaseState = Flags<LeaseBit>;
DOZO_FLAGS(LeaseBit)

enum class ImpersonationLevel : std::uint32_t { anonymous = 0, identification = 1, impersonation = 2, delegate = 3 };

}  // namespace dozo
