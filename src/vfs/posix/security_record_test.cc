#include "vfs/posix/security_record.h"

#include <gtest/gtest.h>

namespace dozo::vfs::posix {
namespace {

struct statx status_of(std::uint32_t uid, std::uint32_t gid, std::uint16_t mode) {
  struct statx out = {};
  out.stx_uid = uid;
  out.stx_gid = gid;
  out.stx_mode = mode;
  return out;
}

SecurityRecord sample() {
  return {.uid = 1000,
          .gid = 100,
          .permissions = 0640,
          .is_readable = true,
          .descriptor = std::make_shared<const ByteVector>(ByteVector{1, 2, 3})};
}

TEST(SecurityRecord, goes_there_and_back) {
  const SecurityRecord record = decode_security_record(encode_security_record(sample()));
  EXPECT_TRUE(record.is_readable);
  ASSERT_TRUE(record.of(status_of(1000, 100, 0100640)));
  EXPECT_EQ(*record.of(status_of(1000, 100, 0100640)), (ByteVector{1, 2, 3}));
}

TEST(SecurityRecord, holds_only_with_the_owner_group_and_permissions_it_was_stored_with) {
  const SecurityRecord record = sample();
  EXPECT_FALSE(record.of(status_of(1001, 100, 0640)));
  EXPECT_FALSE(record.of(status_of(1000, 101, 0640)));
  EXPECT_FALSE(record.of(status_of(1000, 100, 0644)));
}

TEST(SecurityRecord, set_id_bits_mean_nothing_to_it) { EXPECT_TRUE(sample().of(status_of(1000, 100, 06640))); }

TEST(SecurityRecord, what_is_cut_short_is_there_and_empty_whoever_owns_the_file) {
  const ByteVector whole = encode_security_record(sample());
  for (std::size_t length = 0; length <= 16; ++length) {
    const SecurityRecord record = decode_security_record(Bytes(whole).first(length));
    EXPECT_FALSE(record.is_readable) << length;
    ASSERT_TRUE(record.of(status_of(7, 7, 0600)));
    EXPECT_TRUE(record.of(status_of(7, 7, 0600))->empty());
  }
}

TEST(SecurityRecord, another_version_is_there_and_empty) {
  ByteVector bytes = encode_security_record(sample());
  bytes[0] = 2;
  EXPECT_FALSE(decode_security_record(bytes).is_readable);
}

}  // namespace
}  // namespace dozo::vfs::posix
