// The information classes of QUERY_INFO, SET_INFO and QUERY_DIRECTORY. [MS-FSCC] 2.4, 2.5; [MS-SMB2] 2.2.37.
#pragma once

#include <cstdint>

namespace dozo::wire {

// [MS-SMB2] 2.2.37 InfoType.
enum class InfoType : std::uint8_t { file = 0x01, file_system = 0x02, security = 0x03, quota = 0x04 };

// [MS-FSCC] 2.4.
enum class FileInfoClass : std::uint8_t {
  directory = 1,
  full_directory = 2,
  both_directory = 3,
  basic = 4,
  standard = 5,
  internal = 6,
  ea = 7,
  access = 8,
  name = 9,
  rename = 10,
  link = 11,
  names = 12,
  disposition = 13,
  position = 14,
  full_ea = 15,
  mode = 16,
  alignment = 17,
  all = 18,
  allocation = 19,
  end_of_file = 20,
  alternate_name = 21,
  stream = 22,
  pipe = 23,
  pipe_local = 24,
  pipe_remote = 25,
  compression = 28,
  object_id = 29,
  quota = 32,
  reparse_point = 33,
  network_open = 34,
  attribute_tag = 35,
  id_both_directory = 37,
  id_full_directory = 38,
  valid_data_length = 39,
  short_name = 40,
  normalized_name = 48,
  id_global_tx_directory = 50,
  standard_link = 54,
  id = 59,
  id_extd_directory = 60,
  disposition_ex = 64,
  rename_ex = 65,
  link_ex = 66,
  id_64_extd_directory = 78,
  id_64_extd_both_directory = 79,
  id_all_extd_directory = 80,
  id_all_extd_both_directory = 81,
  posix = 100,
};

// [MS-FSCC] 2.5.
enum class FsInfoClass : std::uint8_t {
  volume = 1,
  label = 2,
  size = 3,
  device = 4,
  attribute = 5,
  control = 6,
  full_size = 7,
  object_id = 8,
  driver_path = 9,
  volume_flags = 10,
  sector_size = 11,
  posix = 100,
};

}  // namespace dozo::wire
