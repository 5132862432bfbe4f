#include "server/info/encode.h"

#include <algorithm>

#include "wire/fscc/reparse.h"

namespace dozo::server {
namespace {

constexpr std::uint32_t kSectorSize = 512;  // what every client knows how to multiply

// The file system whose behaviour, as far as the flags tell, clients rely on by its name.
constexpr std::u16string_view kFileSystemName = u"NTFS";

std::uint32_t sectors_per_unit(const vfs::VolumeInfo& volume) {
  return std::max<std::uint32_t>(1, volume.block_size / kSectorSize);
}
std::uint64_t unit_size(const vfs::VolumeInfo& volume) { return std::uint64_t{sectors_per_unit(volume)} * kSectorSize; }

struct AttributeOfFeature {
  vfs::VolumeFeature feature;
  wire::FileSystemAttributes attribute;
};
constexpr AttributeOfFeature kAttributesOfFeatures[] = {
    {vfs::VolumeFeature::case_sensitive_search, wire::FileSystemAttribute::case_sensitive_search},
    {vfs::VolumeFeature::streams, wire::FileSystemAttribute::named_streams},
    {vfs::VolumeFeature::extended_attributes, wire::FileSystemAttribute::supports_extended_attributes},
    {vfs::VolumeFeature::sparse_files, wire::FileSystemAttribute::supports_sparse_files},
    {vfs::VolumeFeature::clone_range, wire::FileSystemAttribute::supports_block_refcounting},
    {vfs::VolumeFeature::symlinks, wire::FileSystemAttribute::supports_reparse_points},
    {vfs::VolumeFeature::hard_links, wire::FileSystemAttribute::supports_hard_links},
};

}  // namespace

FileAttributes wire_attributes(const vfs::NodeInfo& info) {
  if (info.type != vfs::NodeType::symlink) return or_normal(info.attributes);
  return or_normal(info.attributes | FileAttribute::reparse_point);
}

std::uint32_t reparse_tag(const vfs::NodeInfo& info) {
  return info.type == vfs::NodeType::symlink ? wire::kReparseTagSymlink : 0;
}

std::uint64_t file_id_64(const vfs::NodeId& id) { return id.inode; }

std::array<std::uint8_t, 16> file_id_128(const vfs::NodeId& id) {
  std::array<std::uint8_t, 16> out{};
  store_le(out.data(), id.inode);
  store_le(out.data() + 8, id.device);
  return out;
}

wire::FileBasicInformation basic_information(const vfs::NodeInfo& info) {
  return {info.creation_time, info.last_access_time, info.last_write_time, info.change_time, wire_attributes(info)};
}

wire::FileStandardInformation standard_information(const vfs::NodeInfo& info, bool delete_pending) {
  const std::uint32_t links = delete_pending && info.links > 0 ? info.links - 1 : info.links;
  return {info.allocation_size, info.size, links, delete_pending, info.type == vfs::NodeType::directory};
}

wire::FileNetworkOpenInformation network_open_information(const vfs::NodeInfo& info) {
  return {info.creation_time, info.last_access_time, info.last_write_time, info.change_time, info.allocation_size,
          info.size,          wire_attributes(info)};
}

wire::FileAttributeTagInformation attribute_tag_information(const vfs::NodeInfo& info) {
  return {wire_attributes(info), reparse_tag(info)};
}

wire::FileFsSizeInformation fs_size_information(const vfs::VolumeInfo& volume) {
  const std::uint64_t unit = unit_size(volume);
  return {volume.total / unit, volume.available / unit, sectors_per_unit(volume), kSectorSize};
}

wire::FileFsFullSizeInformation fs_full_size_information(const vfs::VolumeInfo& volume) {
  const std::uint64_t unit = unit_size(volume);
  return {volume.total / unit, volume.available / unit, volume.free / unit, sectors_per_unit(volume), kSectorSize};
}

wire::FileFsAttributeInformation fs_attribute_information(const vfs::VolumeInfo& volume, bool read_only_share) {
  wire::FileSystemAttributes attributes = wire::FileSystemAttribute::case_preserved_names |
                                          wire::FileSystemAttribute::unicode_on_disk |
                                          wire::FileSystemAttribute::persistent_acls;
  for (const AttributeOfFeature& row : kAttributesOfFeatures) {
    if (volume.features.has(row.feature)) attributes |= row.attribute;
  }
  if (volume.read_only || read_only_share) attributes |= wire::FileSystemAttribute::read_only_volume;
  return {attributes, volume.name_max, std::u16string(kFileSystemName)};
}

wire::FileFsObjectIdInformation fs_object_id_information(const vfs::VolumeInfo& volume) {
  // [MS-FSCC] 2.5.6: need not be unique; here the serial number and the time of creation, which tell a volume again.
  wire::FileFsObjectIdInformation out;
  store_le(out.object_id.bytes.data(), volume.serial);
  store_le(out.object_id.bytes.data() + 8, volume.created.ticks);
  return out;
}

wire::FileFsSectorSizeInformation fs_sector_size_information(const vfs::VolumeInfo& volume) {
  constexpr std::uint32_t kAlignedDevice = 0x00000001;             // SSINFO_FLAGS_ALIGNED_DEVICE
  constexpr std::uint32_t kTrimEnabled = 0x00000008;               // SSINFO_FLAGS_TRIM_ENABLED
  constexpr std::uint32_t kPartitionAlignedOnDevice = 0x00000002;  // SSINFO_FLAGS_PARTITION_ALIGNED_ON_DEVICE
  const std::uint32_t physical = std::max(kSectorSize, volume.block_size);
  // Trimmed ranges become holes: FSCTL_FILE_LEVEL_TRIM does something wherever there are sparse files.
  std::uint32_t flags = kAlignedDevice | kPartitionAlignedOnDevice;
  if (volume.features.has(vfs::VolumeFeature::sparse_files)) flags |= kTrimEnabled;
  return {kSectorSize, physical, physical, physical, flags, 0, 0};
}

}  // namespace dozo::server
