// SMB2 CREATE. [MS-SMB2] 2.2.13, 2.2.14. The contexts' contents are in wire/create_contexts.h.
#pragma once

#include <string>
#include <vector>

#include "model/access_mask.h"
#include "model/create.h"
#include "model/file_attributes.h"
#include "wire/chain.h"
#include "wire/fields.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.13.2: one context, uninterpreted. Both members are views.
struct CreateContext {
  Bytes name;
  Bytes data;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);  // Next: wire/chain.h
    v.offset(u16);
    v.length(u16, "name", self.name);
    v.reserved(2);
    v.offset(u16);
    v.length(u32, "data", self.data, {.alignment = 8, .when_empty = EmptyOffset::aligned_end});
  }
};

template <>
struct VariableCodec<std::vector<CreateContext>> {
  static bool decode(Bytes in, std::vector<CreateContext>& out);
  static void encode(ByteWriter& out, const std::vector<CreateContext>& list);
  static std::size_t size(const std::vector<CreateContext>& list);
};

// The first context with this name, or nullptr.
const CreateContext* find_context(const std::vector<CreateContext>& list, Bytes name);

// [MS-SMB2] 2.2.13. Values that no specification knows are kept: the server refuses them with the status that
// [MS-SMB2] 3.3.5.9 gives for each.
struct CreateRequest {
  static constexpr std::string_view kName = "CreateRequest";
  std::uint8_t security_flags = 0;
  OplockLevel requested_oplock_level = OplockLevel::none;
  ImpersonationLevel impersonation_level = ImpersonationLevel::impersonation;
  std::uint64_t smb_create_flags = 0;
  AccessMask desired_access;
  FileAttributes file_attributes;
  ShareAccess share_access;
  CreateDisposition create_disposition = CreateDisposition::open;
  CreateOptions create_options;
  std::u16string name;
  std::vector<CreateContext> create_contexts;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(57);
    v("security_flags", self.security_flags);
    v("requested_oplock_level", self.requested_oplock_level);
    v("impersonation_level", self.impersonation_level);
    v("smb_create_flags", self.smb_create_flags);
    v.reserved(8);
    v("desired_access", self.desired_access);
    v("file_attributes", self.file_attributes);
    v("share_access", self.share_access);
    v("create_disposition", self.create_disposition);
    v("create_options", self.create_options);
    v.offset(u16);
    v.length(u16, "name", self.name, {.alignment = 8, .when_empty = EmptyOffset::end_of_fixed_part});
    v.offset(u32);
    v.length(u32, "create_contexts", self.create_contexts, {.alignment = 8});
    v.pad_empty_buffer();
  }
};

inline constexpr std::uint8_t kCreateFlagReparsePoint = 0x01;  // SMB2_CREATE_FLAG_REPARSEPOINT

// [MS-SMB2] 2.2.14.
struct CreateResponse {
  static constexpr std::string_view kName = "CreateResponse";
  OplockLevel oplock_level = OplockLevel::none;
  std::uint8_t flags = 0;
  CreateAction create_action = CreateAction::opened;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t allocation_size = 0;
  std::uint64_t end_of_file = 0;
  FileAttributes file_attributes;
  FileId file_id;
  std::vector<CreateContext> create_contexts;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(89);
    v("oplock_level", self.oplock_level);
    v("flags", self.flags);
    v("create_action", self.create_action);
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("allocation_size", self.allocation_size);
    v("end_of_file", self.end_of_file);
    v("file_attributes", self.file_attributes);
    v.reserved(4);
    v("file_id", self.file_id);
    v.offset(u32);
    v.length(u32, "create_contexts", self.create_contexts, {.alignment = 8});
  }
};

}  // namespace dozo::wire
