// AccessMask. [MS-SMB2] 2.2.13.1; [MS-DTYP] 2.4.3.
#pragma once

#include "model/flags.h"

#include <cstdint>

namespace dozo {

enum class Access : std::uint32_t {
  read_data = 0x00000001,         // also list_directory
  write_data = 0x00000002,        // also add_file
  append_data = 0x00000004,       // also add_subdirectory
  read_ea = 0x00000008,
  write_ea = 0x00000010,
  execute = 0x00000020,           // also traverse
  delete_child = 0x00000040,
  read_attributes = 0x00000080,
  write_attributes = 0x00000100,
  delete_object = 0x00010000,     // DELETE
  read_control = 0x00020000,
  write_dac = 0x00040000,
  write_owner = 0x00080000,
  synchronize = 0x00100000,
  access_system_security = 0x01000000,
  maximum_allowed = 0x02000000,
  generic_all = 0x10000000,
  generic_execute = 0x20000000,
  generic_write = 0x40000000,
  generic_read = 0x80000000,
};
using AccessMask = Flags<Access>;
DOZO_FLAGS(Access)

// What the generic rights mean for a file. [MS-SMB2] 2.2.13.1.1.
inline constexpr AccessMask kFileGenericRead = AccessMask::from_wire(0x00120089);
inline constexpr AccessMask kFileGenericWrite = AccessMask::from_wire(0x00120116);
inline constexpr AccessMask kFileGenericExecute = AccessMask::from_wire(0x001200A0);
inline constexpr AccessMask kFileAllAccess = AccessMask::from_wire(0x001F01FF);
// Every bit that an access mask of a request may have. [MS-SMB2] 2.2.13.1.
inline constexpr AccessMask kValidAccessBits = AccessMask::from_wire(0xF31F01FF);

// Replaces the generic bits by the file rights they stand for; MAXIMUM_ALLOWED stays.
constexpr AccessMask map_generic(AccessMask mask) {
  AccessMask out = mask.without(Access::generic_all | Access::generic_execute | Access::generic_write |
                                Access::generic_read);
  if (mask.has(Access::generic_read)) out |= kFileGenericRead;
  if (mask.has(Access::generic_write)) out |= kFileGenericWrite;
  if (mask.has(Access::generic_execute)) out |= kFileGenericExecute;
  if (mask.has(Access::generic_all)) out |= kFileAllAccess;
  return out;
}

}  // namespace dozo
