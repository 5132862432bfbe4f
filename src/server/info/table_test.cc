#include "server/info/table.h"

#include <gtest/gtest.h>

#include <set>

#include "model/nt_status.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/file_set.h"
#include "wire/fscc/file_system.h"

namespace dozo::server {
namespace {

using wire::FileInfoClass;
using wire::FsInfoClass;
using wire::InfoType;

std::uint32_t query_minimum(FileInfoClass c) {
  return (*find_query(InfoType::file, static_cast<std::uint8_t>(c)))->minimum;
}
std::uint32_t fs_minimum(FsInfoClass c) {
  return (*find_query(InfoType::file_system, static_cast<std::uint8_t>(c)))->minimum;
}
std::uint32_t set_minimum(FileInfoClass c) {
  return (*find_set(InfoType::file, static_cast<std::uint8_t>(c)))->minimum;
}

// What a structure takes without its variable part.
template <class M>
std::size_t fixed_size() {
  return wire::plain_size(M());
}
// With one character of its name, aligned: [MS-FSA] 2.1.5.12, 2.1.5.13.
template <class M>
std::size_t size_with_name(std::size_t alignment) {
  return (wire::plain_size(M()) + 2 + alignment - 1) / alignment * alignment;
}

TEST(InfoTable, every_class_has_one_row) {
  std::set<std::pair<InfoType, std::uint8_t>> seen;
  for (const InfoRow& row : info_table()) {
    EXPECT_TRUE(seen.insert({row.type, row.info_class}).second) << row.name;
    EXPECT_EQ(find_info(row.type, row.info_class), &row);
  }
}

TEST(InfoTable, minimum_of_a_query_is_its_fixed_part) {
  EXPECT_EQ(query_minimum(FileInfoClass::basic), fixed_size<wire::FileBasicInformation>());
  EXPECT_EQ(query_minimum(FileInfoClass::standard), fixed_size<wire::FileStandardInformation>());
  EXPECT_EQ(query_minimum(FileInfoClass::all), size_with_name<wire::FileAllInformation>(8));
  EXPECT_EQ(query_minimum(FileInfoClass::alternate_name), size_with_name<wire::FileNameInformation>(4));
  EXPECT_EQ(query_minimum(FileInfoClass::normalized_name), size_with_name<wire::FileNameInformation>(4));
  EXPECT_EQ(query_minimum(FileInfoClass::network_open), fixed_size<wire::FileNetworkOpenInformation>());
  EXPECT_EQ(query_minimum(FileInfoClass::compression), fixed_size<wire::FileCompressionInformation>());
  EXPECT_EQ(query_minimum(FileInfoClass::pipe_local), fixed_size<wire::FilePipeLocalInformation>());
  EXPECT_EQ(query_minimum(FileInfoClass::pipe_remote), fixed_size<wire::FilePipeRemoteInformation>());
  EXPECT_EQ(query_minimum(FileInfoClass::id), fixed_size<wire::FileIdInformation>());
  EXPECT_EQ(fs_minimum(FsInfoClass::volume), size_with_name<wire::FileFsVolumeInformation>(8));
  EXPECT_EQ(fs_minimum(FsInfoClass::size), fixed_size<wire::FileFsSizeInformation>());
  EXPECT_EQ(fs_minimum(FsInfoClass::attribute), size_with_name<wire::FileFsAttributeInformation>(4));
  EXPECT_EQ(fs_minimum(FsInfoClass::object_id), fixed_size<wire::FileFsObjectIdInformation>());
  EXPECT_EQ(fs_minimum(FsInfoClass::control), fixed_size<wire::FileFsControlInformation>());
  EXPECT_EQ(fs_minimum(FsInfoClass::full_size), fixed_size<wire::FileFsFullSizeInformation>());
  EXPECT_EQ(fs_minimum(FsInfoClass::sector_size), fixed_size<wire::FileFsSectorSizeInformation>());
}

TEST(InfoTable, minimum_of_a_set_is_its_fixed_part) {
  EXPECT_EQ(set_minimum(FileInfoClass::basic), fixed_size<wire::FileBasicInformation>());
  EXPECT_EQ(set_minimum(FileInfoClass::rename), fixed_size<wire::FileRenameInformation>());
  EXPECT_EQ(set_minimum(FileInfoClass::rename_ex), fixed_size<wire::FileRenameInformationEx>());
  EXPECT_EQ(set_minimum(FileInfoClass::disposition), fixed_size<wire::FileDispositionInformation>());
  EXPECT_EQ(set_minimum(FileInfoClass::disposition_ex), fixed_size<wire::FileDispositionInformationEx>());
  EXPECT_EQ(set_minimum(FileInfoClass::end_of_file), fixed_size<wire::FileEndOfFileInformation>());
}

TEST(InfoTable, class_that_no_specification_knows_is_an_invalid_class) {
  EXPECT_EQ(find_query(InfoType::file, 200).error(), NtStatus::INVALID_INFO_CLASS);
  EXPECT_EQ(find_set(InfoType::file, 200).error(), NtStatus::INVALID_INFO_CLASS);
  EXPECT_EQ(find_query(static_cast<InfoType>(9), 4).error(), NtStatus::INVALID_INFO_CLASS);
}

TEST(InfoTable, class_of_the_other_direction_is_an_invalid_class) {
  EXPECT_EQ(find_query(InfoType::file, static_cast<std::uint8_t>(FileInfoClass::rename)).error(),
            NtStatus::INVALID_INFO_CLASS);
  EXPECT_EQ(find_set(InfoType::file, static_cast<std::uint8_t>(FileInfoClass::standard)).error(),
            NtStatus::INVALID_INFO_CLASS);
}

TEST(InfoTable, documented_class_that_dozo_lacks_is_not_supported) {
  EXPECT_EQ(find_query(InfoType::file, static_cast<std::uint8_t>(FileInfoClass::object_id)).error(),
            NtStatus::NOT_SUPPORTED);
  EXPECT_EQ(find_query(InfoType::quota, 32).error(), NtStatus::NOT_SUPPORTED);
  EXPECT_EQ(find_set(InfoType::file, static_cast<std::uint8_t>(FileInfoClass::short_name)).error(),
            NtStatus::NOT_SUPPORTED);
}

TEST(InfoTable, what_changes_data_or_names_needs_the_right_to) {
  const auto access = [](FileInfoClass c) { return (*find_set(InfoType::file, static_cast<std::uint8_t>(c)))->access; };
  EXPECT_EQ(access(FileInfoClass::end_of_file), AccessMask(Access::write_data));
  EXPECT_EQ(access(FileInfoClass::rename), AccessMask(Access::delete_object));
  EXPECT_EQ(access(FileInfoClass::disposition), AccessMask(Access::delete_object));
  EXPECT_EQ(access(FileInfoClass::basic), AccessMask(Access::write_attributes));
  EXPECT_EQ(access(FileInfoClass::full_ea), AccessMask(Access::write_ea));
}

}  // namespace
}  // namespace dozo::server
