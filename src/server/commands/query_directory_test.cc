// QUERY_DIRECTORY. [MS-SMB2] 3.3.5.18; [MS-FSA] 2.1.5.6.3.
#include "wire/query_directory.h"

#include "server/testing/test_fixture.h"
#include "wire/fscc/directory.h"

namespace dozo::server::testing {
namespace {

using wire::FileInfoClass;

constexpr std::uint8_t kRestart = 1, kSingle = 2, kReopen = 0x10;

class QueryDirectory : public ServerTest {
 protected:
  void SetUp() override {
    for (const char* name : {"apple.txt", "Banana.txt", "cherry.doc", "d"}) alice().close(alice().open(name));
    root = alice().open("", directory_args(CreateDisposition::open));
  }
  // The names of FileNamesInformation, each followed by a space.
  static std::string names(const Answer& answer) {
    if (answer.status() != NtStatus::SUCCESS) return to_string(answer.status());
    std::string out;
    const auto body = answer.as<wire::QueryDirectoryResponse>();
    wire::ChainReader reader(body.output_buffer, {.alignment = 8, .minimum = 12});
    for (Bytes entry; reader.next(entry);) {
      const std::size_t length = load_le<std::uint32_t>(entry.data() + 8);
      out += in_range(12, length, entry.size()) ? utf8_from_le(entry.subspan(12, length)) + " " : "broken ";
    }
    return reader.ok() ? out : "broken";
  }
  FileId root;
};

TEST_F(QueryDirectory, a_star_lists_everything_and_then_there_is_no_more) {
  EXPECT_EQ(names(alice().list(root, "*")), ". .. apple.txt Banana.txt cherry.doc d ");
  EXPECT_EQ(alice().list(root, "*").status(), NtStatus::NO_MORE_FILES);
  EXPECT_EQ(alice().list(root, "*").status(), NtStatus::NO_MORE_FILES);
}

TEST_F(QueryDirectory, a_pattern_without_a_match_is_no_such_file) {
  EXPECT_EQ(alice().list(root, "*.exe").status(), NtStatus::NO_SUCH_FILE);
  EXPECT_EQ(alice().list(root, "*.exe").status(), NtStatus::NO_MORE_FILES);
}

TEST_F(QueryDirectory, patterns_are_matched_whatever_the_case) {
  EXPECT_EQ(names(alice().list(root, "*.TXT")), "apple.txt Banana.txt ");
}

TEST_F(QueryDirectory, a_name_without_wildcards_is_looked_up) {
  EXPECT_EQ(names(alice().list(root, "banana.TXT")), "Banana.txt ");
}

TEST_F(QueryDirectory, the_wildcards_of_DOS_have_their_meaning) {
  EXPECT_EQ(names(alice().list(root, "<.doc")), "cherry.doc ");
  EXPECT_EQ(names(alice().list(root, "?????.txt", 65536, kReopen)), "apple.txt ");
  EXPECT_EQ(names(alice().list(root, "d>>", 65536, kReopen)), "d ");
  EXPECT_EQ(names(alice().list(root, "cherry\"doc", 65536, kReopen)), "cherry.doc ");
}

TEST_F(QueryDirectory, the_pattern_of_the_first_query_stays) {
  EXPECT_EQ(names(alice().list(root, "*.txt", 65536, kSingle)), "apple.txt ");
  EXPECT_EQ(names(alice().list(root, "*.doc", 65536, kSingle)), "Banana.txt ");
}

TEST_F(QueryDirectory, a_restart_begins_anew) {
  alice().list(root, "*.txt");
  EXPECT_EQ(names(alice().list(root, "*.txt", 65536, kRestart)), "apple.txt Banana.txt ");
}

TEST_F(QueryDirectory, a_reopen_takes_another_pattern) {
  alice().list(root, "*.txt");
  EXPECT_EQ(names(alice().list(root, "*.doc", 65536, kReopen)), "cherry.doc ");
}

TEST_F(QueryDirectory, a_single_entry_is_one) {
  std::string all;
  for (int i = 0; i < 6; ++i) all += names(alice().list(root, "*", 65536, kSingle));
  EXPECT_EQ(all, ". .. apple.txt Banana.txt cherry.doc d ");
}

TEST_F(QueryDirectory, a_small_buffer_takes_several_queries_and_loses_nothing) {
  std::string all;
  for (Answer answer = alice().list(root, "*", 64); answer.status() == NtStatus::SUCCESS;
       answer = alice().list(root, "*", 64)) {
    EXPECT_LE(answer.as<wire::QueryDirectoryResponse>().output_buffer.size(), 64u);
    all += names(answer);
  }
  EXPECT_EQ(all, ". .. apple.txt Banana.txt cherry.doc d ");
}

TEST_F(QueryDirectory, a_buffer_too_small_for_an_entry_is_an_info_length_mismatch) {
  EXPECT_EQ(alice().list(root, "*", 11).status(), NtStatus::INFO_LENGTH_MISMATCH);
}

TEST_F(QueryDirectory, a_name_that_does_not_fit_alone_is_a_buffer_overflow) {
  EXPECT_EQ(alice().list(root, "apple.txt", 16).status(), NtStatus::BUFFER_OVERFLOW);
}

TEST_F(QueryDirectory, every_class_lists_every_name) {
  for (const FileInfoClass info_class :
       {FileInfoClass::directory, FileInfoClass::full_directory, FileInfoClass::both_directory,
        FileInfoClass::id_both_directory, FileInfoClass::id_full_directory, FileInfoClass::id_extd_directory}) {
    const Answer answer = alice().list(root, "*", 65536, kReopen, info_class);
    ASSERT_EQ(answer.status(), NtStatus::SUCCESS) << static_cast<int>(info_class);
    const auto body = answer.as<wire::QueryDirectoryResponse>();
    wire::ChainReader reader(body.output_buffer, {.alignment = 8, .minimum = 64});
    int count = 0;
    for (Bytes entry; reader.next(entry);) ++count;
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(count, 6);
  }
}

TEST_F(QueryDirectory, an_unknown_class_is_an_invalid_info_class) {
  EXPECT_EQ(alice().list(root, "*", 65536, 0, static_cast<FileInfoClass>(99)).status(), NtStatus::INVALID_INFO_CLASS);
}

TEST_F(QueryDirectory, of_a_file_is_an_invalid_parameter) {
  EXPECT_EQ(alice().list(alice().open("apple.txt"), "*").status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(QueryDirectory, needs_the_right_to_list) {
  const FileId directory =
      alice().open("", {.access = Access::read_attributes, .disposition = CreateDisposition::open});
  EXPECT_EQ(alice().list(directory, "*").status(), NtStatus::ACCESS_DENIED);
}

TEST_F(QueryDirectory, larger_than_was_negotiated_is_an_invalid_parameter) {
  for (int i = 0; i < 4; ++i) alice().echo();
  EXPECT_EQ(alice().list(root, "*", alice().io_size_max() + 1).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(QueryDirectory, of_an_empty_directory_are_the_two_dots) {
  EXPECT_EQ(names(alice().list(alice().open("empty", directory_args()), "*")), ". .. ");
}

TEST_F(QueryDirectory, what_is_deleted_meanwhile_is_left_out) {
  EXPECT_EQ(names(alice().list(root, "*", 65536, kSingle)), ". ");
  bob().close(bob().open("cherry.doc", {.options = CreateOption::delete_on_close}));
  EXPECT_EQ(names(alice().list(root, "*", 65536, kRestart)), ". .. apple.txt Banana.txt d ");
}

}  // namespace
}  // namespace dozo::server::testing
