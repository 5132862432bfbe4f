#include "model/sid.h"

#include <gtest/gtest.h>

#include "model/nt_status.h"

namespace dozo {
namespace {

ByteVector encoded(const Sid& sid) {
  ByteWriter out;
  encode_sid(sid, out);
  return std::move(out).take();
}

Result<Sid> decoded(Bytes bytes) {
  ByteReader in(bytes);
  return decode_sid(in);
}

TEST(Sid, text_and_bytes_are_those_of_the_specification) {
  // [MS-DTYP] 2.4.2.2, BUILTIN\Administrators.
  const ByteVector bytes{1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0};
  EXPECT_EQ(encoded(sid_administrators()), bytes);
  EXPECT_EQ(decoded(bytes), sid_administrators());
  EXPECT_EQ(to_string(sid_administrators()), "S-1-5-32-544");
  EXPECT_EQ(sid_administrators().encoded_size(), bytes.size());
}

TEST(Sid, well_known_ones_have_their_names) {
  EXPECT_EQ(to_string(sid_everyone()), "S-1-1-0");
  EXPECT_EQ(to_string(sid_creator_owner()), "S-1-3-0");
  EXPECT_EQ(to_string(sid_creator_group()), "S-1-3-1");
  EXPECT_EQ(to_string(sid_network()), "S-1-5-2");
  EXPECT_EQ(to_string(sid_anonymous()), "S-1-5-7");
  EXPECT_EQ(to_string(sid_authenticated_users()), "S-1-5-11");
  EXPECT_EQ(to_string(sid_system()), "S-1-5-18");
  EXPECT_EQ(to_string(sid_unix_user(1000)), "S-1-22-1-1000");
  EXPECT_EQ(to_string(sid_unix_group(100)), "S-1-22-2-100");
}

TEST(Sid, text_goes_there_and_back) {
  for (const char* text : {"S-1-0-0", "S-1-5-21-1-2-4294967295-500", "S-1-0x010000000000-7", "S-1-16-12288"}) {
    EXPECT_EQ(to_string(sid_from_string(text).value()), text);
  }
  EXPECT_EQ(sid_from_string("s-1-5-18"), sid_system());
}

TEST(Sid, text_that_is_no_sid_is_refused) {
  for (const char* text : {"", "S", "S-1-", "S-2-5-18", "S-1-5-", "S-1-5--18", "S-1-5-18-", "S-1-5-x", "S-1-5-+1",
                           "S-1-5-4294967296", "S-1-281474976710656-1", "S-1-0x1000000000000-1", "S-1-5- 18",
                           "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"}) {
    EXPECT_FALSE(sid_from_string(text).has_value()) << text;
  }
}

TEST(Sid, cut_short_anywhere_it_is_refused) {
  const ByteVector whole = encoded(sid_administrators().child(1));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_EQ(decoded(Bytes(whole).first(n)), fail(NtStatus::INVALID_SID)) << n;
  }
}

TEST(Sid, sixteen_sub_authorities_and_other_revisions_are_refused) {
  ByteVector bytes(8 + 16 * 4);
  bytes[0] = 1;
  bytes[1] = 15;
  EXPECT_TRUE(decoded(bytes).has_value());
  bytes[1] = 16;
  EXPECT_FALSE(decoded(bytes).has_value());
  bytes[1] = 1;
  bytes[0] = 2;
  EXPECT_FALSE(decoded(bytes).has_value());
}

TEST(Sid, the_reader_is_left_behind_the_sid) {
  ByteVector bytes = encoded(sid_system());
  bytes.push_back(42);
  ByteReader in(bytes);
  ASSERT_TRUE(decode_sid(in).has_value());
  EXPECT_EQ(in.u8(), 42);
}

TEST(Sid, a_child_has_one_more_sub_authority) {
  const Sid domain = sid_from_string("S-1-5-21-1-2-3").value();
  const Sid user = domain.child(500);
  EXPECT_EQ(user.rid(), 500u);
  EXPECT_TRUE(user.is_child_of(domain));
  EXPECT_FALSE(domain.is_child_of(domain));
  EXPECT_FALSE(user.child(1).is_child_of(domain));
  EXPECT_FALSE(user.is_child_of(sid_builtin()));
}

}  // namespace
}  // namespace dozo
