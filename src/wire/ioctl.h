// SMB2 IOCTL. [MS-SMB2] 2.2.31, 2.2.32. The payloads are in wire/fscc/fsctl.h and wire/fscc/reparse.h.
#pragma once

#include "wire/fields.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.31 CtlCode and [MS-FSCC] 2.3.
enum class Fsctl : std::uint32_t {
  dfs_get_referrals = 0x00060194,
  dfs_get_referrals_ex = 0x000601B0,
  set_compression = 0x0009C040,
  get_compression = 0x0009003C,
  is_pathname_valid = 0x0009002C,
  get_ntfs_volume_data = 0x00090064,
  find_files_by_sid = 0x0009008F,
  set_object_id = 0x00090098,
  get_object_id = 0x0009009C,
  delete_object_id = 0x000900A0,
  set_reparse_point = 0x000900A4,
  get_reparse_point = 0x000900A8,
  delete_reparse_point = 0x000900AC,
  create_or_get_object_id = 0x000900C0,
  set_sparse = 0x000900C4,
  set_zero_data = 0x000980C8,
  query_allocated_ranges = 0x000940CF,
  file_level_trim = 0x00098208,
  offload_read = 0x00094264,
  offload_write = 0x00098268,
  set_integrity_information = 0x0009C280,
  get_integrity_information = 0x0009027C,
  query_file_regions = 0x00090284,
  duplicate_extents_to_file = 0x00098344,
  duplicate_extents_to_file_ex = 0x000983E8,
  query_on_disk_volume_info = 0x0009013C,
  pipe_peek = 0x0011400C,
  pipe_wait = 0x00110018,
  pipe_transceive = 0x0011C017,
  srv_copychunk = 0x001440F2,
  srv_copychunk_write = 0x001480F2,
  srv_enumerate_snapshots = 0x00144064,
  srv_request_resume_key = 0x00140078,
  srv_read_hash = 0x001441BB,
  lmr_request_resiliency = 0x001401D4,
  query_network_interface_info = 0x001401FC,
  validate_negotiate_info = 0x00140204,
  // Of smbtorture's making, for servers that are to misbehave in its tests. No file system has them.
  smbtorture_force_unacked_timeout = 0x83848003,
  smbtorture_ioctl_response_padding = 0x83848013,
  smbtorture_read_response_padding = 0x83848023,
};

inline constexpr std::uint32_t kIoctlIsFsctl = 0x00000001;  // SMB2_0_IOCTL_IS_FSCTL, in the request's flags

// [MS-SMB2] 2.2.31. MaxInputResponse is max_input_response.
struct IoctlRequest {
  static constexpr std::string_view kName = "IoctlRequest";
  Fsctl ctl_code = Fsctl::pipe_transceive;
  FileId file_id;
  Bytes input;
  std::uint32_t max_input_response = 0;
  Bytes output;
  std::uint32_t max_output_response = 0;
  std::uint32_t flags = kIoctlIsFsctl;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(57);
    v.reserved(2);
    v("ctl_code", self.ctl_code);
    v("file_id", self.file_id);
    v.offset(u32);
    v.length(u32, "input", self.input, {.when_empty = EmptyOffset::end_of_fixed_part});
    v("max_input_response", self.max_input_response);
    v.offset(u32);
    v.length(u32, "output", self.output, {.alignment = 8, .when_empty = EmptyOffset::end_of_fixed_part});
    v("max_output_response", self.max_output_response);
    v("flags", self.flags);
    v.reserved(4);
    v.pad_empty_buffer();
  }
};

// [MS-SMB2] 2.2.32.
struct IoctlResponse {
  static constexpr std::string_view kName = "IoctlResponse";
  Fsctl ctl_code = Fsctl::pipe_transceive;
  FileId file_id;
  Bytes input;
  Bytes output;
  std::uint32_t flags = 0;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(49);
    v.reserved(2);
    v("ctl_code", self.ctl_code);
    v("file_id", self.file_id);
    v.offset(u32);
    v.length(u32, "input", self.input, {.when_empty = EmptyOffset::end_of_fixed_part});
    v.offset(u32);
    v.length(u32, "output", self.output, {.alignment = 8, .when_empty = EmptyOffset::end_of_fixed_part});
    v("flags", self.flags);
    v.reserved(4);
  }
};

}  // namespace dozo::wire
