#include "vfs/posix/record_cache.h"

#include <gtest/gtest.h>

namespace dozo::vfs::posix {
namespace {

struct statx changed_at(std::int64_t seconds, std::uint64_t inode = 7) {
  struct statx status = {};
  status.stx_ino = inode;
  status.stx_ctime.tv_sec = seconds;
  return status;
}

WallTime wall(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

TEST(RecordCache, what_was_read_holds_as_long_as_the_change_time_stays) {
  RecordCache cache;
  cache.put(changed_at(100), wall(200'000), {.attributes = {}, .ea_size = 40, .has_acl = true});
  const auto known = cache.find(changed_at(100));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->ea_size, 40u);
  EXPECT_TRUE(known->has_acl);
  EXPECT_FALSE(cache.find(changed_at(101)));
}

TEST(RecordCache, what_was_changed_a_moment_ago_is_not_kept) {
  RecordCache cache;
  cache.put(changed_at(100), wall(100'050), {});
  EXPECT_FALSE(cache.find(changed_at(100)));
}

TEST(RecordCache, a_change_time_to_come_is_not_trusted) {
  RecordCache cache;
  cache.put(changed_at(100), wall(90'000), {});
  EXPECT_FALSE(cache.find(changed_at(100)));
}

TEST(RecordCache, another_file_in_the_same_place_is_another_file) {
  RecordCache cache;
  for (std::uint64_t inode = 1; inode <= 40'000; ++inode) {
    cache.put(changed_at(100, inode), wall(200'000), {.attributes = {}, .ea_size = static_cast<std::uint32_t>(inode)});
  }
  std::size_t known = 0;
  for (std::uint64_t inode = 1; inode <= 40'000; ++inode) {
    const auto record = cache.find(changed_at(100, inode));
    if (!record) continue;
    ++known;
    EXPECT_EQ(record->ea_size, inode);
  }
  EXPECT_GT(known, 0u);
  EXPECT_LE(known, 16384u);
}

}  // namespace
}  // namespace dozo::vfs::posix
