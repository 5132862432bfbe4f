#include "server/info/table.h"

#include <algorithm>

#include "model/nt_status.h"
#include "server/info/functions.h"

namespace dozo::server {
namespace {

using wire::FileInfoClass;
using wire::FsInfoClass;
using wire::InfoType;

constexpr InfoTarget kFile = InfoTarget::file;
constexpr InfoTarget kOnDisk = InfoTarget::file_or_directory;
constexpr InfoTarget kPipe = InfoTarget::pipe;
constexpr InfoTarget kAny = InfoTarget::any;
constexpr AccessMask kNone;
constexpr Access kReadAttributes = Access::read_attributes;
constexpr Access kWriteAttributes = Access::write_attributes;

// Short forms of the rows' first two members.
constexpr InfoRow file_row(FileInfoClass info_class, std::string_view name, QuerySide query = {}, SetSide set = {}) {
  return {InfoType::file, static_cast<std::uint8_t>(info_class), name, query, set};
}
constexpr InfoRow fs_row(FsInfoClass info_class, std::string_view name, QuerySide query = {}, SetSide set = {}) {
  return {InfoType::file_system, static_cast<std::uint8_t>(info_class), name, query, set};
}

// Sizes: [MS-FSCC] 2.4 and 2.5; with a name behind, of a structure that has one character of it, aligned, as
// [MS-FSA] 2.1.5.12 and 2.1.5.13 ask. Access: [MS-SMB2] 3.3.5.20.1, 3.3.5.21.1.
constexpr InfoRow kTable[] = {
    file_row(FileInfoClass::directory, "FileDirectoryInformation"),
    file_row(FileInfoClass::full_directory, "FileFullDirectoryInformation"),
    file_row(FileInfoClass::both_directory, "FileBothDirectoryInformation"),
    file_row(FileInfoClass::basic, "FileBasicInformation", {&query_basic, 40, kReadAttributes, kOnDisk},
             {&set_basic, 40, kWriteAttributes, kOnDisk}),
    file_row(FileInfoClass::standard, "FileStandardInformation", {&query_standard, 24, kNone, kAny}),
    file_row(FileInfoClass::internal, "FileInternalInformation", {&query_internal, 8, kNone, kOnDisk}),
    file_row(FileInfoClass::ea, "FileEaInformation", {&query_ea_size, 4, kNone, kOnDisk}),
    file_row(FileInfoClass::access, "FileAccessInformation", {&query_access, 4, kNone, kAny}),
    file_row(FileInfoClass::name, "FileNameInformation", {&query_name, 8, kNone, kAny}),
    file_row(FileInfoClass::rename, "FileRenameInformation", {}, {&set_rename, 20, Access::delete_object, kOnDisk}),
    file_row(FileInfoClass::link, "FileLinkInformation", {}, {&set_link, 20, kNone, kOnDisk}),
    file_row(FileInfoClass::names, "FileNamesInformation"),
    file_row(FileInfoClass::disposition, "FileDispositionInformation", {},
             {&set_disposition, 1, Access::delete_object, kOnDisk}),
    file_row(FileInfoClass::position, "FilePositionInformation", {&query_position, 8, kNone, kOnDisk},
             {&set_position, 8, kNone, kOnDisk}),
    file_row(FileInfoClass::full_ea, "FileFullEaInformation", {&query_full_ea, 0, Access::read_ea, kOnDisk},
             {&set_full_ea, 0, Access::write_ea, kOnDisk}),
    file_row(FileInfoClass::mode, "FileModeInformation", {&query_mode, 4, kNone, kAny}, {&set_mode, 4, kNone, kOnDisk}),
    file_row(FileInfoClass::alignment, "FileAlignmentInformation", {&query_alignment, 4, kNone, kOnDisk}),
    file_row(FileInfoClass::all, "FileAllInformation", {&query_all, 104, kReadAttributes, kOnDisk}),
    file_row(FileInfoClass::allocation, "FileAllocationInformation", {},
             {&set_allocation, 8, Access::write_data, kFile}),
    file_row(FileInfoClass::end_of_file, "FileEndOfFileInformation", {},
             {&set_end_of_file, 8, Access::write_data, kFile}),
    file_row(FileInfoClass::alternate_name, "FileAlternateNameInformation", {&query_alternate_name, 8, kNone, kOnDisk}),
    file_row(FileInfoClass::stream, "FileStreamInformation", {&query_stream, 32, kNone, kOnDisk}),
    file_row(FileInfoClass::pipe, "FilePipeInformation", {&query_pipe, 8, kReadAttributes, kPipe},
             {&set_pipe, 8, kWriteAttributes, kPipe}),
    file_row(FileInfoClass::pipe_local, "FilePipeLocalInformation", {&query_pipe_local, 40, kReadAttributes, kPipe}),
    file_row(FileInfoClass::pipe_remote, "FilePipeRemoteInformation", {&query_pipe_remote, 12, kReadAttributes, kPipe}),
    file_row(FileInfoClass::compression, "FileCompressionInformation", {&query_compression, 16, kNone, kOnDisk}),
    file_row(FileInfoClass::object_id, "FileObjectIdInformation"),
    file_row(FileInfoClass::quota, "FileQuotaInformation"),
    file_row(FileInfoClass::reparse_point, "FileReparsePointInformation"),
    file_row(FileInfoClass::network_open, "FileNetworkOpenInformation",
             {&query_network_open, 56, kReadAttributes, kOnDisk}),
    file_row(FileInfoClass::attribute_tag, "FileAttributeTagInformation",
             {&query_attribute_tag, 8, kReadAttributes, kOnDisk}),
    file_row(FileInfoClass::id_both_directory, "FileIdBothDirectoryInformation"),
    file_row(FileInfoClass::id_full_directory, "FileIdFullDirectoryInformation"),
    file_row(FileInfoClass::valid_data_length, "FileValidDataLengthInformation", {},
             {&set_valid_data_length, 8, Access::write_data, kFile}),
    file_row(FileInfoClass::short_name, "FileShortNameInformation"),
    file_row(FileInfoClass::normalized_name, "FileNormalizedNameInformation",
             {&query_normalized_name, 8, kNone, kOnDisk}),
    file_row(FileInfoClass::id_global_tx_directory, "FileIdGlobalTxDirectoryInformation"),
    file_row(FileInfoClass::standard_link, "FileStandardLinkInformation"),
    file_row(FileInfoClass::id, "FileIdInformation", {&query_id, 24, kNone, kOnDisk}),
    file_row(FileInfoClass::id_extd_directory, "FileIdExtdDirectoryInformation"),
    file_row(FileInfoClass::disposition_ex, "FileDispositionInformationEx", {},
             {&set_disposition_ex, 4, Access::delete_object, kOnDisk}),
    file_row(FileInfoClass::rename_ex, "FileRenameInformationEx", {},
             {&set_rename_ex, 20, Access::delete_object, kOnDisk}),
    file_row(FileInfoClass::id_64_extd_directory, "FileId64ExtdDirectoryInformation"),
    file_row(FileInfoClass::id_64_extd_both_directory, "FileId64ExtdBothDirectoryInformation"),
    file_row(FileInfoClass::id_all_extd_directory, "FileIdAllExtdDirectoryInformation"),
    file_row(FileInfoClass::id_all_extd_both_directory, "FileIdAllExtdBothDirectoryInformation"),
    fs_row(FsInfoClass::volume, "FileFsVolumeInformation", {&query_fs_volume, 24, kNone, kAny}),
    fs_row(FsInfoClass::label, "FileFsLabelInformation"),
    fs_row(FsInfoClass::size, "FileFsSizeInformation", {&query_fs_size, 24, kNone, kAny}),
    fs_row(FsInfoClass::device, "FileFsDeviceInformation", {&query_fs_device, 8, kNone, kAny}),
    fs_row(FsInfoClass::attribute, "FileFsAttributeInformation", {&query_fs_attribute, 16, kNone, kAny}),
    fs_row(FsInfoClass::control, "FileFsControlInformation", {&query_fs_control, 48, kNone, kAny}),
    fs_row(FsInfoClass::full_size, "FileFsFullSizeInformation", {&query_fs_full_size, 32, kNone, kAny}),
    fs_row(FsInfoClass::object_id, "FileFsObjectIdInformation", {&query_fs_object_id, 64, kNone, kAny}),
    fs_row(FsInfoClass::driver_path, "FileFsDriverPathInformation"),
    fs_row(FsInfoClass::volume_flags, "FileFsVolumeFlagsInformation"),
    fs_row(FsInfoClass::sector_size, "FileFsSectorSizeInformation", {&query_fs_sector_size, 28, kNone, kAny}),
    // Which rights a security request needs depends on the parts it names: the functions see to that.
    {InfoType::security,
     0,
     "SecurityDescriptor",
     {&query_security, 0, kNone, kOnDisk},
     {&set_security, 0, kNone, kOnDisk}},
    {InfoType::quota, 0, "Quota", {}, {}},  // [MS-SMB2] 3.3.5.20.4: the object store has none
};

constexpr bool before(const InfoRow& a, const InfoRow& b) {
  return a.type != b.type ? a.type < b.type : a.info_class < b.info_class;
}
static_assert(std::ranges::is_sorted(kTable, before) && std::ranges::adjacent_find(kTable, [](auto& a, auto& b) {
                                                          return !before(a, b);
                                                        }) == std::ranges::end(kTable));

// [MS-SMB2] 3.3.5.20.1, 3.3.5.21.1; for file systems 3.3.5.20.2, 3.3.5.21.2.
NtStatus why_not(const InfoRow* row, bool other_side_exists) {
  if (row == nullptr || other_side_exists) return NtStatus::INVALID_INFO_CLASS;
  return NtStatus::NOT_SUPPORTED;
}

}  // namespace

std::span<const InfoRow> info_table() { return kTable; }

const InfoRow* find_info(wire::InfoType type, std::uint8_t info_class) {
  const bool has_classes = type == InfoType::file || type == InfoType::file_system;
  for (const InfoRow& row : kTable) {
    if (row.type == type && (!has_classes || row.info_class == info_class)) return &row;
  }
  return nullptr;
}

Result<const QuerySide*> find_query(wire::InfoType type, std::uint8_t info_class) {
  const InfoRow* row = find_info(type, info_class);
  if (row != nullptr && row->query.function != nullptr) return &row->query;
  return fail(why_not(row, row != nullptr && row->set.function != nullptr));
}

Result<const SetSide*> find_set(wire::InfoType type, std::uint8_t info_class) {
  const InfoRow* row = find_info(type, info_class);
  if (row != nullptr && row->set.function != nullptr) return &row->set;
  return fail(why_not(row, row != nullptr && row->query.function != nullptr));
}

Result<> check_info_target(const Open& open, InfoTarget target) {
  switch (target) {
    case InfoTarget::any:
      return {};
    case InfoTarget::pipe:
      return open.is_pipe() ? Result<>() : fail(NtStatus::INVALID_PARAMETER);
    case InfoTarget::file_or_directory:
      return open.is_pipe() ? fail(NtStatus::INVALID_DEVICE_REQUEST) : Result<>();
    case InfoTarget::file:
      if (open.is_pipe()) return fail(NtStatus::INVALID_DEVICE_REQUEST);
      return open.is_directory ? fail(NtStatus::INVALID_PARAMETER) : Result<>();
  }
  return fail(NtStatus::INVALID_PARAMETER);
}

}  // namespace dozo::server
