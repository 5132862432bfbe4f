#include "cli/remote_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/parse.h"
#include "cli/progress.h"
#include "model/nt_status.h"

namespace dozo::cli {
namespace {

using testing::HasSubstr;

client::DirectoryEntry entry() {
  return {.name = "a \"b\"",
          .attributes = FileAttribute::read_only | FileAttribute::hidden,
          .size = 5,
          .allocation_size = 4096,
          .creation_time = {},
          .last_access_time = FileTime::from_unix(0, 0),
          .last_write_time = FileTime::from_unix(1'000'000'000, 0),
          .change_time = {}};
}

TEST(RemoteText, status_is_explained_and_named) {
  EXPECT_EQ(explain(NtStatus::LOGON_FAILURE), "user or password is wrong (STATUS_LOGON_FAILURE)");
  EXPECT_THAT(explain(NtStatus::INVALID_DEVICE_REQUEST), HasSubstr("INVALID_DEVICE_REQUEST"));
}

TEST(RemoteText, names_from_the_wire_cannot_drive_a_terminal) {
  EXPECT_EQ(printable_name("a\x1b[2J\n\x7fü"), "a\\x1b[2J\\x0a\\x7fü");
}

TEST(RemoteText, times_are_utc_and_absent_ones_a_dash) {
  EXPECT_EQ(iso_time(FileTime::from_unix(1'000'000'000, 0)), "2001-09-09T01:46:40Z");
  EXPECT_EQ(iso_time({}), "-");
}

TEST(RemoteText, sizes_have_binary_units) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
  EXPECT_EQ(size_text(~0ull), "16.0 EiB");
}

TEST(RemoteText, line_of_a_file_and_of_a_folder) {
  client::DirectoryEntry one = entry();
  EXPECT_EQ(entry_line(one), "-r-h            5 2001-09-09T01:46:40Z a \"b\"\n");
  one.attributes = FileAttribute::directory;
  EXPECT_THAT(entry_line(one), testing::AllOf(testing::StartsWith("d---"), testing::EndsWith("/\n")));
}

TEST(RemoteText, json_has_every_fact) {
  EXPECT_EQ(entry_json(entry()),
            R"({"name":"a \"b\"","type":"file","size":5,"allocated":4096,"attributes":3,"created":null,)"
            R"("accessed":"1970-01-01T00:00:00Z","written":"2001-09-09T01:46:40Z","changed":null})");
}

TEST(RemoteText, progress_names_share_and_speed) {
  EXPECT_EQ(progress_text("a", 512 * 1024, 1024 * 1024, std::chrono::seconds(2)),
            "a   50 %  512.0 KiB of 1.0 MiB  256.0 KiB/s");
  EXPECT_EQ(progress_text("a", 10, 0, {}), "a  10 B  0 B/s");
}

TEST(RemoteCommands, address_is_looked_at_before_anything_is_asked) {
  std::istringstream in;
  std::ostringstream out, err;
  Io io{in, out, err};
  EXPECT_EQ(run({"stat", "smb://host"}, io), Exit::usage);
  EXPECT_EQ(run({"get", "smb://host/share"}, io), Exit::usage);
  EXPECT_EQ(run({"mv", "smb://a/x/1", "smb://b/x/1"}, io), Exit::usage);
  EXPECT_EQ(run({"ls", "smb://u:secret@host/share"}, io), Exit::usage);
  EXPECT_THAT(err.str(), testing::AllOf(HasSubstr("names no share"), HasSubstr("within one share")));
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace dozo::cli
