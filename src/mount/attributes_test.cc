#include "mount/attributes.h"

#include <gtest/gtest.h>

#include "wire/fscc/reparse.h"

namespace dozo::mount {
namespace {

constexpr Owner kAlice{.uid = 7, .gid = 8, .mask = 027};

TEST(StatOf, a_file_has_its_size_times_owner_and_number) {
  client::DirectoryEntry entry{.size = 5, .allocation_size = 4096, .last_write_time = FileTime::from_unix(1000, 200)};
  const struct stat out = stat_of(entry, 42, kAlice);
  EXPECT_TRUE(S_ISREG(out.st_mode));
  EXPECT_EQ(out.st_mode & 07777, 0750u);
  EXPECT_EQ(out.st_size, 5);
  EXPECT_EQ(out.st_blocks, 8);
  EXPECT_EQ(out.st_ino, 42u);
  EXPECT_EQ(out.st_uid, 7u);
  EXPECT_EQ(out.st_gid, 8u);
  EXPECT_EQ(out.st_mtim.tv_sec, 1000);
  EXPECT_EQ(out.st_mtim.tv_nsec, 200);
  EXPECT_EQ(out.st_ctim.tv_sec, 1000);
}

TEST(StatOf, read_only_is_of_files_alone) {
  client::DirectoryEntry entry{.attributes = FileAttribute::read_only};
  EXPECT_EQ(stat_of(entry, 1, kAlice).st_mode & 07777, 0550u);
  entry.attributes |= FileAttribute::directory;
  EXPECT_EQ(stat_of(entry, 1, kAlice).st_mode, S_IFDIR | 0750u);
}

TEST(StatOf, only_the_tag_of_symbolic_links_makes_one) {
  client::DirectoryEntry entry{.attributes = FileAttribute::reparse_point, .reparse_tag = wire::kReparseTagSymlink};
  EXPECT_TRUE(S_ISLNK(stat_of(entry, 1, kAlice).st_mode));
  entry.reparse_tag = 0x80000013;  // deduplicated
  EXPECT_TRUE(S_ISREG(stat_of(entry, 1, kAlice).st_mode));
}

TEST(StatOf, a_size_no_file_can_have_is_cut) {
  EXPECT_EQ(stat_of({.size = ~0ull, .allocation_size = ~0ull}, 1, kAlice).st_size, INT64_MAX);
}

TEST(StatvfsOf, units_are_of_any_size_a_server_says) {
  const auto out = statvfs_of({.total_allocation_units = 100,
                               .caller_available_allocation_units = 40,
                               .actual_available_allocation_units = 50,
                               .sectors_per_allocation_unit = 8,
                               .bytes_per_sector = 512});
  EXPECT_EQ(out.f_frsize, 4096u);
  EXPECT_EQ(out.f_blocks, 100u);
  EXPECT_EQ(out.f_bfree, 50u);
  EXPECT_EQ(out.f_bavail, 40u);
  EXPECT_EQ(statvfs_of({}).f_frsize, 512u);
}

}  // namespace
}  // namespace dozo::mount
