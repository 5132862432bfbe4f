// What a file's metadata is on the wire. Pure: values in, values out.
#pragma once

#include <array>

#include "vfs/types.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/file_system.h"

namespace dozo::server {

// With what the node itself says: REPARSE_POINT for a symlink.
FileAttributes wire_attributes(const vfs::NodeInfo& info);
// IO_REPARSE_TAG_SYMLINK for a symlink, else 0.
std::uint32_t reparse_tag(const vfs::NodeInfo& info);
// FileId64 and FileId128, [MS-FSCC] 2.1.9, 2.1.10.
std::uint64_t file_id_64(const vfs::NodeId& id);
std::array<std::uint8_t, 16> file_id_128(const vfs::NodeId& id);

wire::FileBasicInformation basic_information(const vfs::NodeInfo& info);
// [MS-FSA] 2.1.5.12.27: a link that is marked deleted is not counted.
wire::FileStandardInformation standard_information(const vfs::NodeInfo& info, bool delete_pending);
wire::FileNetworkOpenInformation network_open_information(const vfs::NodeInfo& info);
wire::FileAttributeTagInformation attribute_tag_information(const vfs::NodeInfo& info);

wire::FileFsSizeInformation fs_size_information(const vfs::VolumeInfo& volume);
wire::FileFsFullSizeInformation fs_full_size_information(const vfs::VolumeInfo& volume);
wire::FileFsAttributeInformation fs_attribute_information(const vfs::VolumeInfo& volume, bool read_only_share);
wire::FileFsObjectIdInformation fs_object_id_information(const vfs::VolumeInfo& volume);
wire::FileFsSectorSizeInformation fs_sector_size_information(const vfs::VolumeInfo& volume);

}  // namespace dozo::server
