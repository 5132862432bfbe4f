// The file system information classes. [MS-FSCC] 2.5.
#pragma once

#include <string>
#include <string_view>

#include "model/flags.h"
#include "wire/fields.h"

namespace dozo::wire {

// [MS-FSCC] 2.5.1 FileSystemAttributes.
enum class FileSystemAttribute : std::uint32_t {
  case_sensitive_search = 0x00000001,
  case_preserved_names = 0x00000002,
  unicode_on_disk = 0x00000004,
  persistent_acls = 0x00000008,
  file_compression = 0x00000010,
  volume_quotas = 0x00000020,
  supports_sparse_files = 0x00000040,
  supports_reparse_points = 0x00000080,
  supports_remote_storage = 0x00000100,
  volume_is_compressed = 0x00008000,
  supports_object_ids = 0x00010000,
  supports_encryption = 0x00020000,
  named_streams = 0x00040000,
  read_only_volume = 0x00080000,
  sequential_write_once = 0x00100000,
  supports_transactions = 0x00200000,
  supports_hard_links = 0x00400000,
  supports_extended_attributes = 0x00800000,
  supports_open_by_file_id = 0x01000000,
  supports_usn_journal = 0x02000000,
  supports_integrity_streams = 0x04000000,
  supports_block_refcounting = 0x08000000,
  supports_sparse_vdl = 0x10000000,
};
using FileSystemAttributes = Flags<FileSystemAttribute>;
DOZO_FLAGS(FileSystemAttribute)

inline constexpr std::uint32_t kDeviceDisk = 0x00000007;  // FILE_DEVICE_DISK
inline constexpr std::uint32_t kDeviceCharacteristicRemote = 0x00000010;
inline constexpr std::uint32_t kDeviceCharacteristicMounted = 0x00000020;

// [MS-FSCC] 2.5.9.
struct FileFsVolumeInformation {
  static constexpr std::string_view kName = "FileFsVolumeInformation";
  FileTime volume_creation_time;
  std::uint32_t volume_serial_number = 0;
  bool supports_objects = false;
  std::u16string volume_label;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("volume_creation_time", self.volume_creation_time);
    v("volume_serial_number", self.volume_serial_number);
    v.length_of(u32, self.volume_label);
    v("supports_objects", self.supports_objects);
    v.reserved(1);
    v.sized("volume_label", self.volume_label);
  }
};

// [MS-FSCC] 2.5.5.
struct FileFsLabelInformation {
  static constexpr std::string_view kName = "FileFsLabelInformation";
  std::u16string volume_label;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.length_of(u32, self.volume_label);
    v.sized("volume_label", self.volume_label);
  }
};

// [MS-FSCC] 2.5.8.
struct FileFsSizeInformation {
  static constexpr std::string_view kName = "FileFsSizeInformation";
  std::uint64_t total_allocation_units = 0;
  std::uint64_t available_allocation_units = 0;
  std::uint32_t sectors_per_allocation_unit = 0;
  std::uint32_t bytes_per_sector = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("total_allocation_units", self.total_allocation_units);
    v("available_allocation_units", self.available_allocation_units);
    v("sectors_per_allocation_unit", self.sectors_per_allocation_unit);
    v("bytes_per_sector", self.bytes_per_sector);
  }
};

// [MS-FSCC] 2.5.10.
struct FileFsDeviceInformation {
  static constexpr std::string_view kName = "FileFsDeviceInformation";
  std::uint32_t device_type = 0;
  std::uint32_t characteristics = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("device_type", self.device_type);
    v("characteristics", self.characteristics);
  }
};

// [MS-FSCC] 2.5.1.
struct FileFsAttributeInformation {
  static constexpr std::string_view kName = "FileFsAttributeInformation";
  FileSystemAttributes file_system_attributes;
  std::uint32_t maximum_component_name_length = 0;
  std::u16string file_system_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("file_system_attributes", self.file_system_attributes);
    v("maximum_component_name_length", self.maximum_component_name_length);
    v.length_of(u32, self.file_system_name);
    v.sized("file_system_name", self.file_system_name);
  }
};

// [MS-FSCC] 2.5.2.
struct FileFsControlInformation {
  static constexpr std::string_view kName = "FileFsControlInformation";
  std::uint64_t free_space_start_filtering = 0;
  std::uint64_t free_space_threshold = 0;
  std::uint64_t free_space_stop_filtering = 0;
  std::uint64_t default_quota_threshold = 0;
  std::uint64_t default_quota_limit = 0;
  std::uint32_t file_system_control_flags = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("free_space_start_filtering", self.free_space_start_filtering);
    v("free_space_threshold", self.free_space_threshold);
    v("free_space_stop_filtering", self.free_space_stop_filtering);
    v("default_quota_threshold", self.default_quota_threshold);
    v("default_quota_limit", self.default_quota_limit);
    v("file_system_control_flags", self.file_system_control_flags);
    v.reserved(4);
  }
};

// [MS-FSCC] 2.5.4.
struct FileFsFullSizeInformation {
  static constexpr std::string_view kName = "FileFsFullSizeInformation";
  std::uint64_t total_allocation_units = 0;
  std::uint64_t caller_available_allocation_units = 0;
  std::uint64_t actual_available_allocation_units = 0;
  std::uint32_t sectors_per_allocation_unit = 0;
  std::uint32_t bytes_per_sector = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("total_allocation_units", self.total_allocation_units);
    v("caller_available_allocation_units", self.caller_available_allocation_units);
    v("actual_available_allocation_units", self.actual_available_allocation_units);
    v("sectors_per_allocation_unit", self.sectors_per_allocation_unit);
    v("bytes_per_sector", self.bytes_per_sector);
  }
};

// [MS-FSCC] 2.5.6.
struct FileFsObjectIdInformation {
  static constexpr std::string_view kName = "FileFsObjectIdInformation";
  Guid object_id;
  std::array<std::uint8_t, 48> extended_info{};
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("object_id", self.object_id);
    v("extended_info", self.extended_info);
  }
};

// [MS-FSCC] 2.5.7.
struct FileFsSectorSizeInformation {
  static constexpr std::string_view kName = "FileFsSectorSizeInformation";
  std::uint32_t logical_bytes_per_sector = 0;
  std::uint32_t physical_bytes_per_sector_for_atomicity = 0;
  std::uint32_t physical_bytes_per_sector_for_performance = 0;
  std::uint32_t effective_physical_bytes_per_sector_for_atomicity = 0;
  std::uint32_t flags = 0;
  std::uint32_t byte_offset_for_sector_alignment = 0;
  std::uint32_t byte_offset_for_partition_alignment = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("logical_bytes_per_sector", self.logical_bytes_per_sector);
    v("physical_bytes_per_sector_for_atomicity", self.physical_bytes_per_sector_for_atomicity);
    v("physical_bytes_per_sector_for_performance", self.physical_bytes_per_sector_for_performance);
    v("effective_physical_bytes_per_sector_for_atomicity", self.effective_physical_bytes_per_sector_for_atomicity);
    v("flags", self.flags);
    v("byte_offset_for_sector_alignment", self.byte_offset_for_sector_alignment);
    v("byte_offset_for_partition_alignment", self.byte_offset_for_partition_alignment);
  }
};

}  // namespace dozo::wire
