// The file information classes of QUERY_INFO and SET_INFO that are fixed or hold one name. [MS-FSCC] 2.4.
// decode_plain<T>(buffer) reads, encode_plain(value, out) appends. Chained classes: ea.h, stream.h, directory.h.
#pragma once

#include <string>
#include <string_view>

#include "model/access_mask.h"
#include "model/file_attributes.h"
#include "wire/fields.h"

namespace dozo::wire {

// [MS-FSCC] 2.4.7. What 0, -1 and -2 mean in a set: model/file_time.h.
struct FileBasicInformation {
  static constexpr std::string_view kName = "FileBasicInformation";
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  FileAttributes file_attributes;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("file_attributes", self.file_attributes);
    v.reserved(4);
  }
};

// [MS-FSCC] 2.4.47.
struct FileStandardInformation {
  static constexpr std::string_view kName = "FileStandardInformation";
  std::uint64_t allocation_size = 0;
  std::uint64_t end_of_file = 0;
  std::uint32_t number_of_links = 0;
  bool delete_pending = false;
  bool directory = false;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("allocation_size", self.allocation_size);
    v("end_of_file", self.end_of_file);
    v("number_of_links", self.number_of_links);
    v("delete_pending", self.delete_pending);
    v("directory", self.directory);
    v.reserved(2);
  }
};

// [MS-FSCC] 2.4.27.
struct FileInternalInformation {
  static constexpr std::string_view kName = "FileInternalInformation";
  std::uint64_t index_number = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("index_number", self.index_number);
  }
};

// [MS-FSCC] 2.4.13.
struct FileEaInformation {
  static constexpr std::string_view kName = "FileEaInformation";
  std::uint32_t ea_size = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("ea_size", self.ea_size);
  }
};

// [MS-FSCC] 2.4.1.
struct FileAccessInformation {
  static constexpr std::string_view kName = "FileAccessInformation";
  AccessMask access_flags;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("access_flags", self.access_flags);
  }
};

// [MS-FSCC] 2.4.40.
struct FilePositionInformation {
  static constexpr std::string_view kName = "FilePositionInformation";
  std::uint64_t current_byte_offset = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("current_byte_offset", self.current_byte_offset);
  }
};

// [MS-FSCC] 2.4.31.
struct FileModeInformation {
  static constexpr std::string_view kName = "FileModeInformation";
  std::uint32_t mode = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("mode", self.mode);
  }
};

// [MS-FSCC] 2.4.3.
struct FileAlignmentInformation {
  static constexpr std::string_view kName = "FileAlignmentInformation";
  std::uint32_t alignment_requirement = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("alignment_requirement", self.alignment_requirement);
  }
};

// [MS-FSCC] 2.4.32; also FileAlternateNameInformation 2.4.5 and FileNormalizedNameInformation 2.4.35.
struct FileNameInformation {
  static constexpr std::string_view kName = "FileNameInformation";
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.length_of(u32, self.file_name);
    v.sized("file_name", self.file_name);
  }
};

using FileAlternateNameInformation = FileNameInformation;
using FileNormalizedNameInformation = FileNameInformation;

// [MS-FSCC] 2.4.2.
struct FileAllInformation {
  static constexpr std::string_view kName = "FileAllInformation";
  FileBasicInformation basic_information;
  FileStandardInformation standard_information;
  FileInternalInformation internal_information;
  FileEaInformation ea_information;
  FileAccessInformation access_information;
  FilePositionInformation position_information;
  FileModeInformation mode_information;
  FileAlignmentInformation alignment_information;
  FileNameInformation name_information;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("basic_information", self.basic_information);
    v("standard_information", self.standard_information);
    v("internal_information", self.internal_information);
    v("ea_information", self.ea_information);
    v("access_information", self.access_information);
    v("position_information", self.position_information);
    v("mode_information", self.mode_information);
    v("alignment_information", self.alignment_information);
    v("name_information", self.name_information);
  }
};

// [MS-FSCC] 2.4.9.
struct FileCompressionInformation {
  static constexpr std::string_view kName = "FileCompressionInformation";
  std::uint64_t compressed_file_size = 0;
  std::uint16_t compression_format = 0;
  std::uint8_t compression_unit_shift = 0;
  std::uint8_t chunk_shift = 0;
  std::uint8_t cluster_shift = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("compressed_file_size", self.compressed_file_size);
    v("compression_format", self.compression_format);
    v("compression_unit_shift", self.compression_unit_shift);
    v("chunk_shift", self.chunk_shift);
    v("cluster_shift", self.cluster_shift);
    v.reserved(3);
  }
};

// [MS-FSCC] 2.4.34.
struct FileNetworkOpenInformation {
  static constexpr std::string_view kName = "FileNetworkOpenInformation";
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t allocation_size = 0;
  std::uint64_t end_of_file = 0;
  FileAttributes file_attributes;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("allocation_size", self.allocation_size);
    v("end_of_file", self.end_of_file);
    v("file_attributes", self.file_attributes);
    v.reserved(4);
  }
};

// [MS-FSCC] 2.4.6.
struct FileAttributeTagInformation {
  static constexpr std::string_view kName = "FileAttributeTagInformation";
  FileAttributes file_attributes;
  std::uint32_t reparse_tag = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("file_attributes", self.file_attributes);
    v("reparse_tag", self.reparse_tag);
  }
};

// [MS-FSCC] 2.4.26.
struct FileIdInformation {
  static constexpr std::string_view kName = "FileIdInformation";
  std::uint64_t volume_serial_number = 0;
  std::array<std::uint8_t, 16> file_id{};
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("volume_serial_number", self.volume_serial_number);
    v("file_id", self.file_id);
  }
};

// [MS-FSCC] 2.4.48.
struct FileStandardLinkInformation {
  static constexpr std::string_view kName = "FileStandardLinkInformation";
  std::uint32_t number_of_accessible_links = 0;
  std::uint32_t total_number_of_links = 0;
  bool delete_pending = false;
  bool directory = false;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("number_of_accessible_links", self.number_of_accessible_links);
    v("total_number_of_links", self.total_number_of_links);
    v("delete_pending", self.delete_pending);
    v("directory", self.directory);
    v.reserved(2);
  }
};

// [MS-FSCC] 2.4.36.1.
struct FileObjectIdInformation {
  static constexpr std::string_view kName = "FileObjectIdInformation";
  Guid object_id;
  std::array<std::uint8_t, 48> extended_info{};
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("object_id", self.object_id);
    v("extended_info", self.extended_info);
  }
};

// [MS-FSCC] 2.4.37.
struct FilePipeInformation {
  static constexpr std::string_view kName = "FilePipeInformation";
  std::uint32_t read_mode = 0;
  std::uint32_t completion_mode = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("read_mode", self.read_mode);
    v("completion_mode", self.completion_mode);
  }
};

// [MS-FSCC] 2.4.38.
struct FilePipeLocalInformation {
  static constexpr std::string_view kName = "FilePipeLocalInformation";
  std::uint32_t named_pipe_type = 0;
  std::uint32_t named_pipe_configuration = 0;
  std::uint32_t maximum_instances = 0;
  std::uint32_t current_instances = 0;
  std::uint32_t inbound_quota = 0;
  std::uint32_t read_data_available = 0;
  std::uint32_t outbound_quota = 0;
  std::uint32_t write_quota_available = 0;
  std::uint32_t named_pipe_state = 0;
  std::uint32_t named_pipe_end = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("named_pipe_type", self.named_pipe_type);
    v("named_pipe_configuration", self.named_pipe_configuration);
    v("maximum_instances", self.maximum_instances);
    v("current_instances", self.current_instances);
    v("inbound_quota", self.inbound_quota);
    v("read_data_available", self.read_data_available);
    v("outbound_quota", self.outbound_quota);
    v("write_quota_available", self.write_quota_available);
    v("named_pipe_state", self.named_pipe_state);
    v("named_pipe_end", self.named_pipe_end);
  }
};

// [MS-FSCC] 2.4.39.
struct FilePipeRemoteInformation {
  static constexpr std::string_view kName = "FilePipeRemoteInformation";
  std::uint64_t collect_data_time = 0;
  std::uint32_t maximum_collection_count = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("collect_data_time", self.collect_data_time);
    v("maximum_collection_count", self.maximum_collection_count);
  }
};

}  // namespace dozo::wire
