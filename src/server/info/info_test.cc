// QUERY_INFO and SET_INFO. [MS-SMB2] 3.3.5.20, 3.3.5.21; [MS-FSA] 2.1.5.12, 2.1.5.15.
#include "server/testing/test_fixture.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/file_set.h"
#include "wire/fscc/file_system.h"
#include "wire/query_info.h"
#include "wire/set_info.h"

namespace dozo::server::testing {
namespace {

using wire::FileInfoClass;
using wire::InfoType;

class Info : public ServerTest {
 protected:
  FileId file_with(std::string_view text, std::string_view name = "f") {
    const FileId file = alice().open(name);
    EXPECT_EQ(alice().write(file, 0, text), NtStatus::SUCCESS);
    return file;
  }
  template <class M>
  M queried(FileId file, FileInfoClass info_class) {
    const Answer answer = alice().query(file, info_class);
    EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
    return wire::decode_plain<M>(answer.as<wire::QueryInfoResponse>().output_buffer).value_or(M{});
  }
  NtStatus rename(FileId file, std::u16string name, bool replace = false) {
    return alice().set(file, FileInfoClass::rename,
                       wire::FileRenameInformation{.replace_if_exists = replace, .file_name = std::move(name)});
  }
  NtStatus remove(Client& client, FileId file, bool pending = true) {
    return client.set(file, FileInfoClass::disposition, wire::FileDispositionInformation{.delete_pending = pending});
  }
  bool exists(std::string_view name) {
    const Answer answer =
        alice().create(name, {.access = Access::read_attributes, .disposition = CreateDisposition::open});
    if (answer.status() == NtStatus::SUCCESS) alice().close(answer.file_id());
    return answer.status() == NtStatus::SUCCESS;
  }
};

// --- QUERY_INFO.

TEST_F(Info, standard_information_tells_size_and_kind) {
  const auto said = queried<wire::FileStandardInformation>(file_with("12345"), FileInfoClass::standard);
  EXPECT_EQ(said.end_of_file, 5u);
  EXPECT_EQ(said.number_of_links, 1u);
  EXPECT_FALSE(said.directory);
  EXPECT_FALSE(said.delete_pending);
}

TEST_F(Info, basic_information_needs_the_right_to_read_attributes) {
  alice().close(file_with("x"));
  const FileId file = alice().open("f", {.access = Access::read_data});
  EXPECT_EQ(alice().query(file, FileInfoClass::basic).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(Info, a_buffer_too_small_for_the_fixed_part_is_an_info_length_mismatch) {
  const FileId file = file_with("x");
  EXPECT_EQ(alice().query(file, FileInfoClass::basic, 39).status(), NtStatus::INFO_LENGTH_MISMATCH);
  EXPECT_EQ(alice().query(file, FileInfoClass::basic, 40).status(), NtStatus::SUCCESS);
}

TEST_F(Info, a_buffer_too_small_for_the_name_is_a_buffer_overflow_with_what_fits) {
  const Answer answer = alice().query(file_with("x", "a_long_name"), FileInfoClass::all, 104);
  EXPECT_EQ(answer.status(), NtStatus::BUFFER_OVERFLOW);
  EXPECT_EQ(answer.as<wire::QueryInfoResponse>().output_buffer.size(), 104u);
}

TEST_F(Info, a_security_descriptor_that_does_not_fit_tells_what_it_needs) {
  const FileId file = file_with("x");
  const Answer answer = alice().query(file, InfoType::security, 0, 4, 7);
  ASSERT_EQ(answer.status(), NtStatus::BUFFER_TOO_SMALL);
  const auto contexts = wire::decode_error_contexts(answer.as<wire::ErrorResponse>().error_data, 1);
  ASSERT_TRUE(contexts);
  const auto needed = load_le<std::uint32_t>(contexts->at(0).error_context_data.data());
  EXPECT_EQ(alice().query(file, InfoType::security, 0, needed, 7).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().query(file, InfoType::security, 0, needed - 1, 7).status(), NtStatus::BUFFER_TOO_SMALL);
}

// [MS-FSA] 2.1.5.17.
TEST_F(Info, new_security_marks_a_file_for_archiving_and_a_directory_not) {
  const auto attributes_after = [&](FileId id) {
    constexpr std::uint32_t kDacl = 4;
    const wire::FileBasicInformation cleared{.file_attributes = FileAttribute::hidden};
    EXPECT_EQ(alice().set(id, FileInfoClass::basic, cleared), NtStatus::SUCCESS);
    const Answer now = alice().query(id, InfoType::security, 0, 4096, kDacl);
    const wire::SetInfoRequest request{.info_type = InfoType::security,
                                       .buffer = now.as<wire::QueryInfoResponse>().output_buffer,
                                       .additional_information = kDacl,
                                       .file_id = id};
    EXPECT_EQ(alice().call(wire::Command::set_info, request).status(), NtStatus::SUCCESS);
    return queried<wire::FileBasicInformation>(id, FileInfoClass::basic).file_attributes;
  };
  constexpr AccessMask kAll = kFileAllAccess;
  EXPECT_EQ(attributes_after(alice().open("f", {.access = kAll})), FileAttribute::hidden | FileAttribute::archive);
  OpenArgs directory = directory_args();
  directory.access = kAll;
  EXPECT_EQ(attributes_after(alice().open("d", directory)), FileAttribute::hidden | FileAttribute::directory);
}

TEST_F(Info, an_unknown_class_is_an_invalid_info_class) {
  EXPECT_EQ(alice().query(file_with("x"), static_cast<FileInfoClass>(99)).status(), NtStatus::INVALID_INFO_CLASS);
}

TEST_F(Info, an_unknown_type_is_an_error) {
  EXPECT_TRUE(is_error(alice().query(file_with("x"), static_cast<InfoType>(9), 4, 100).status()));
}

TEST_F(Info, what_can_only_be_set_cannot_be_asked) {
  EXPECT_EQ(alice().query(file_with("x"), FileInfoClass::end_of_file).status(), NtStatus::INVALID_INFO_CLASS);
}

TEST_F(Info, more_than_was_negotiated_is_an_invalid_parameter) {
  for (int i = 0; i < 4; ++i) alice().echo();
  EXPECT_EQ(alice().query(file_with("x"), FileInfoClass::basic, alice().io_size_max() + 1).status(),
            NtStatus::INVALID_PARAMETER);
}

TEST_F(Info, the_position_follows_reads_and_writes) {
  const FileId file = file_with("12345");
  alice().read(file, 0, 3);
  EXPECT_EQ(queried<wire::FilePositionInformation>(file, FileInfoClass::position).current_byte_offset, 3u);
}

TEST_F(Info, the_access_granted_is_told) {
  const FileId file = alice().open("f", {.access = Access::read_data | Access::write_data});
  EXPECT_EQ(queried<wire::FileAccessInformation>(file, FileInfoClass::access).access_flags,
            Access::read_data | Access::write_data);
}

TEST_F(Info, streams_are_listed) {
  const FileId file = file_with("x");
  alice().close(alice().open("f:notes"));
  const Answer answer = alice().query(file, FileInfoClass::stream);
  const auto body = answer.as<wire::QueryInfoResponse>().output_buffer;
  EXPECT_NE(utf8_from_le(Bytes(body).first(body.size() / 2 * 2)).find(":notes:$DATA"), std::string::npos);
}

TEST_F(Info, every_file_system_class_answers) {
  const FileId file = file_with("x");
  for (const wire::FsInfoClass info_class :
       {wire::FsInfoClass::volume, wire::FsInfoClass::size, wire::FsInfoClass::device, wire::FsInfoClass::attribute,
        wire::FsInfoClass::full_size, wire::FsInfoClass::sector_size}) {
    const Answer answer = alice().query(file, InfoType::file_system, static_cast<std::uint8_t>(info_class), 4096);
    EXPECT_EQ(answer.status(), NtStatus::SUCCESS) << static_cast<int>(info_class);
  }
}

TEST_F(Info, an_owner_and_a_dacl_are_told_to_who_may_read_them) {
  const FileId file = file_with("x");
  const Answer answer = alice().query(file, InfoType::security, 0, 4096, 7);
  const auto descriptor = decode_security_descriptor(answer.as<wire::QueryInfoResponse>().output_buffer);
  ASSERT_TRUE(descriptor);
  EXPECT_TRUE(descriptor->owner && descriptor->group && descriptor->dacl);
  const FileId blind = alice().open("f", {.access = Access::read_data});
  EXPECT_EQ(alice().query(blind, InfoType::security, 0, 4096, 7).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(Info, the_system_access_list_is_denied) {
  EXPECT_EQ(alice().query(file_with("x"), InfoType::security, 0, 4096, 8).status(), NtStatus::ACCESS_DENIED);
}

// --- SET_INFO.

TEST_F(Info, the_end_of_file_can_be_set) {
  const FileId file = file_with("12345");
  EXPECT_EQ(alice().set(file, FileInfoClass::end_of_file, wire::FileEndOfFileInformation{2}), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(file, 0, 10), "12");
}

TEST_F(Info, the_end_of_file_needs_the_right_to_write) {
  alice().close(file_with("12345"));
  const FileId reader = alice().open("f", {.access = kFileGenericRead});
  EXPECT_EQ(alice().set(reader, FileInfoClass::end_of_file, wire::FileEndOfFileInformation{2}),
            NtStatus::ACCESS_DENIED);
}

TEST_F(Info, an_end_of_file_beyond_the_greatest_offset_is_an_invalid_parameter) {
  EXPECT_EQ(alice().set(file_with("x"), FileInfoClass::end_of_file, wire::FileEndOfFileInformation{1ull << 63}),
            NtStatus::INVALID_PARAMETER);
}

TEST_F(Info, an_end_of_file_of_a_directory_is_an_invalid_parameter) {
  EXPECT_EQ(
      alice().set(alice().open("d", directory_args()), FileInfoClass::end_of_file, wire::FileEndOfFileInformation{1}),
      NtStatus::INVALID_PARAMETER);
}

TEST_F(Info, an_allocation_below_the_size_truncates) {
  const FileId file = file_with("12345");
  EXPECT_EQ(alice().set(file, FileInfoClass::allocation, wire::FileAllocationInformation{0}), NtStatus::SUCCESS);
  EXPECT_EQ(queried<wire::FileStandardInformation>(file, FileInfoClass::standard).end_of_file, 0u);
}

TEST_F(Info, a_buffer_too_short_to_set_is_an_info_length_mismatch) {
  EXPECT_EQ(alice().set(file_with("x"), FileInfoClass::basic, Bytes(ByteVector(39))), NtStatus::INFO_LENGTH_MISMATCH);
}

TEST_F(Info, nothing_to_set_is_an_invalid_parameter) {
  EXPECT_EQ(alice().set(file_with("x"), FileInfoClass::basic, Bytes()), NtStatus::INVALID_PARAMETER);
}

TEST_F(Info, what_can_only_be_asked_cannot_be_set) {
  EXPECT_EQ(alice().set(file_with("x"), FileInfoClass::standard, Bytes(ByteVector(24))), NtStatus::INVALID_INFO_CLASS);
}

TEST_F(Info, attributes_and_times_can_be_set) {
  const FileId file = file_with("x");
  wire::FileBasicInformation wanted;
  wanted.creation_time = FileTime{131'000'000'000'000'000};
  wanted.file_attributes = FileAttribute::hidden;
  EXPECT_EQ(alice().set(file, FileInfoClass::basic, wanted), NtStatus::SUCCESS);
  const auto said = queried<wire::FileBasicInformation>(file, FileInfoClass::basic);
  EXPECT_EQ(said.creation_time.ticks, 131'000'000'000'000'000u);
  EXPECT_TRUE(said.file_attributes.has(FileAttribute::hidden));
}

TEST_F(Info, a_write_time_that_was_set_outlasts_later_writes_through_the_handle) {
  const FileId file = file_with("x");
  wire::FileBasicInformation wanted;
  wanted.last_write_time = FileTime{131'000'000'000'000'000};
  alice().set(file, FileInfoClass::basic, wanted);
  alice().write(file, 0, "y");
  EXPECT_EQ(queried<wire::FileBasicInformation>(file, FileInfoClass::basic).last_write_time.ticks,
            131'000'000'000'000'000u);
  EXPECT_EQ(alice().close(file), NtStatus::SUCCESS);
  const auto said = queried<wire::FileBasicInformation>(alice().open("f"), FileInfoClass::basic);
  EXPECT_EQ(said.last_write_time.ticks, 131'000'000'000'000'000u);
}

TEST_F(Info, a_time_that_is_none_is_an_invalid_parameter) {
  wire::FileBasicInformation wanted;
  wanted.last_write_time = FileTime{~0ull - 5};
  EXPECT_EQ(alice().set(file_with("x"), FileInfoClass::basic, wanted), NtStatus::INVALID_PARAMETER);
}

TEST_F(Info, a_file_does_not_become_a_directory) {
  wire::FileBasicInformation wanted;
  wanted.file_attributes = FileAttribute::directory;
  EXPECT_EQ(alice().set(file_with("x"), FileInfoClass::basic, wanted), NtStatus::INVALID_PARAMETER);
}

TEST_F(Info, attributes_need_the_right_to_write_them) {
  alice().close(file_with("x"));
  EXPECT_EQ(
      alice().set(alice().open("f", {.access = kFileGenericRead}), FileInfoClass::basic, wire::FileBasicInformation{}),
      NtStatus::ACCESS_DENIED);
}

// --- Rename. [MS-FSA] 2.1.5.15.12.

TEST_F(Info, a_rename_moves_the_file) {
  EXPECT_EQ(rename(file_with("x"), u"g"), NtStatus::SUCCESS);
  EXPECT_FALSE(exists("f"));
  EXPECT_TRUE(exists("g"));
}

TEST_F(Info, a_rename_needs_the_right_to_delete) {
  alice().close(file_with("x"));
  EXPECT_EQ(rename(alice().open("f", {.access = kFileGenericRead | kFileGenericWrite}), u"g"), NtStatus::ACCESS_DENIED);
}

TEST_F(Info, a_rename_onto_another_file_is_a_collision_unless_it_replaces) {
  alice().close(file_with("other", "g"));
  const FileId file = file_with("x");
  EXPECT_EQ(rename(file, u"g"), NtStatus::OBJECT_NAME_COLLISION);
  EXPECT_EQ(rename(file, u"g", true), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(alice().open("g"), 0, 10), "x");
}

TEST_F(Info, a_rename_does_not_replace_what_is_open) {
  file_with("other", "g");
  EXPECT_EQ(rename(file_with("x"), u"g", true), NtStatus::ACCESS_DENIED);
}

TEST_F(Info, a_rename_does_not_replace_a_directory) {
  alice().close(alice().open("d", directory_args()));
  EXPECT_EQ(rename(file_with("x"), u"d", true), NtStatus::ACCESS_DENIED);
}

TEST_F(Info, a_rename_does_not_replace_a_read_only_file) {
  alice().close(alice().open("g", {.attributes = FileAttribute::read_only}));
  EXPECT_EQ(rename(file_with("x"), u"g", true), NtStatus::ACCESS_DENIED);
}

TEST_F(Info, a_rename_changes_the_case_of_a_name) {
  EXPECT_EQ(rename(file_with("x"), u"F"), NtStatus::SUCCESS);
  EXPECT_TRUE(exists("f"));
}

TEST_F(Info, a_directory_in_use_beneath_is_not_renamed) {
  const FileId directory = alice().open("d", directory_args());
  bob().open("d\\f");
  EXPECT_EQ(rename(directory, u"e"), NtStatus::ACCESS_DENIED);
}

TEST_F(Info, a_rename_into_a_missing_directory_is_path_not_found) {
  EXPECT_EQ(rename(file_with("x"), u"none\\g"), NtStatus::OBJECT_PATH_NOT_FOUND);
}

TEST_F(Info, a_rename_upwards_is_refused) {
  EXPECT_TRUE(is_error(rename(file_with("x"), u"..\\g")));
  EXPECT_TRUE(exists("f"));
}

TEST_F(Info, a_rename_relative_to_a_handle_is_an_invalid_parameter) {
  EXPECT_EQ(alice().set(file_with("x"), FileInfoClass::rename,
                        wire::FileRenameInformation{.root_directory = 7, .file_name = u"g"}),
            NtStatus::INVALID_PARAMETER);
}

TEST_F(Info, a_rename_whose_name_is_longer_than_its_buffer_is_refused) {
  ByteVector value = wire::encode_plain(wire::FileRenameInformation{.file_name = u"gggg"});
  store_le(value.data() + 16, std::uint32_t{4096});
  EXPECT_TRUE(is_error(alice().set(file_with("x"), FileInfoClass::rename, Bytes(value))));
  EXPECT_TRUE(exists("f"));
}

TEST_F(Info, an_open_that_another_holds_follows_the_rename) {
  const FileId file = file_with("x");
  const FileId other = bob().open("f");
  rename(file, u"g");
  world().settle();
  alice().close(file);
  EXPECT_EQ(remove(bob(), other), NtStatus::SUCCESS);
  EXPECT_EQ(bob().close(other), NtStatus::SUCCESS);
  EXPECT_FALSE(exists("g"));
}

TEST_F(Info, a_link_is_a_second_name) {
  const FileId file = file_with("x");
  EXPECT_EQ(alice().set(file, FileInfoClass::link, wire::FileLinkInformation{.file_name = u"g"}), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(alice().open("g"), 0, 10), "x");
  EXPECT_EQ(queried<wire::FileStandardInformation>(file, FileInfoClass::standard).number_of_links, 2u);
}

TEST_F(Info, a_directory_has_no_second_name) {
  EXPECT_EQ(alice().set(alice().open("d", directory_args()), FileInfoClass::link,
                        wire::FileLinkInformation{.file_name = u"e"}),
            NtStatus::FILE_IS_A_DIRECTORY);
}

// --- Disposition. [MS-FSA] 2.1.5.15.3.

TEST_F(Info, a_deletion_takes_effect_at_the_close) {
  const FileId file = file_with("x");
  EXPECT_EQ(remove(alice(), file), NtStatus::SUCCESS);
  EXPECT_EQ(bob().create("f").status(), NtStatus::DELETE_PENDING);
  alice().close(file);
  EXPECT_FALSE(exists("f"));
}

TEST_F(Info, a_deletion_can_be_taken_back) {
  const FileId file = file_with("x");
  remove(alice(), file);
  EXPECT_EQ(remove(alice(), file, false), NtStatus::SUCCESS);
  alice().close(file);
  EXPECT_TRUE(exists("f"));
}

TEST_F(Info, a_deletion_needs_the_right_to_delete) {
  alice().close(file_with("x"));
  EXPECT_EQ(remove(alice(), alice().open("f", {.access = kFileGenericWrite})), NtStatus::ACCESS_DENIED);
}

TEST_F(Info, a_directory_with_entries_is_not_deleted) {
  const FileId directory = alice().open("d", directory_args());
  alice().close(alice().open("d\\f"));
  EXPECT_EQ(remove(alice(), directory), NtStatus::DIRECTORY_NOT_EMPTY);
}

TEST_F(Info, a_read_only_file_is_not_deleted) {
  EXPECT_EQ(remove(alice(), alice().open("f", {.attributes = FileAttribute::read_only})), NtStatus::CANNOT_DELETE);
}

TEST_F(Info, the_root_is_not_deleted) {
  const FileId root = alice().open("", {.access = Access::delete_object, .disposition = CreateDisposition::open});
  EXPECT_EQ(remove(alice(), root), NtStatus::CANNOT_DELETE);
}

TEST_F(Info, a_deletion_with_posix_semantics_is_not_supported) {
  const wire::FileDispositionInformationEx wanted{wire::DispositionFlags(wire::DispositionFlag::delete_file) |
                                                  wire::DispositionFlag::posix_semantics};
  EXPECT_EQ(alice().set(file_with("x"), FileInfoClass::disposition_ex, wanted), NtStatus::NOT_SUPPORTED);
}

}  // namespace
}  // namespace dozo::server::testing
