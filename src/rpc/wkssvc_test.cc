#include "rpc/wkssvc.h"

#include "rpc/rpc_test_support.h"

namespace dozo::rpc {
namespace {

using namespace test;

struct Wkssvc : ::testing::Test {
  Wkssvc() { c.bind(); }
  Client c{"wkssvc"};

  ByteVector get_info(std::uint32_t level) {
    wire::NdrWriter in;
    in.unique_string("\\\\files");
    in.u32(level);
    return c.call(0, in);
  }
};

TEST_F(Wkssvc, level_100_is_byte_for_byte_what_the_interface_says) {
  const ByteVector expected =
      hex("64000000 04000200 f4010000 08000200 0c000200 06000000 01000000"
          "06000000 00000000 06000000 4600 4900 4c00 4500 5300 0000"
          "0a000000 00000000 0a000000 5700 4f00 5200 4b00 4700 5200 4f00 5500 5000 0000 00000000");
  EXPECT_EQ(get_info(100), expected);
}

TEST_F(Wkssvc, level_101_adds_an_empty_root) {
  const ByteVector stub = get_info(101);
  wire::NdrReader out(stub);
  EXPECT_EQ(out.u32(), 101u);
  for (int i = 0; i < 7; ++i) out.u32();
  EXPECT_EQ(out.string(), u"FILES");
  EXPECT_EQ(out.string(), u"WORKGROUP");
  EXPECT_EQ(out.string(), u"");
  EXPECT_EQ(out.u32(), 0u);
  EXPECT_TRUE(out.ok());
}

TEST_F(Wkssvc, level_102_counts_users_for_administrators) {
  EXPECT_EQ(get_info(102), hex("66000000 00000000 05000000"));
  c.host.me.is_admin = true;
  c.host.all_sessions.resize(3);
  const ByteVector stub = get_info(102);
  EXPECT_EQ(load_le<std::uint32_t>(stub.data() + 8 + 6 * 4), 3u);
}

TEST_F(Wkssvc, other_levels_are_unknown) { EXPECT_EQ(get_info(502), hex("f6010000 00000000 7c000000")); }

TEST_F(Wkssvc, users_are_listed_for_administrators) {
  const ByteVector ask = hex("00000000 00000000 00000000 01000000 00000000 00000000 ffffffff 00000000");
  EXPECT_EQ(c.call(2, ask), hex("00000000 00000000 00000000 00000000 00000000 05000000"));
  c.host.me.is_admin = true;
  c.host.all_sessions.push_back({.client = "10.0.0.1", .user = "al"});
  EXPECT_EQ(c.call(2, ask), hex("00000000 00000000 04000200 01000000 08000200 01000000 0c000200"
                                "03000000 00000000 03000000 6100 6c00 0000 0000 01000000 00000000 00000000"));
}

TEST_F(Wkssvc, an_unknown_level_of_users_is_said_to_be_one) {
  c.host.me.is_admin = true;
  EXPECT_EQ(c.call(2, hex("00000000 09000000 09000000")), hex("09000000 09000000 00000000 00000000 7c000000"));
}

TEST_F(Wkssvc, the_workgroup_or_the_domain_is_what_was_joined) {
  const ByteVector stub = c.call(20, hex("00000000 00000000"));
  wire::NdrReader out(stub);
  EXPECT_EQ(out.unique_string(), u"WORKGROUP");
  EXPECT_EQ(out.u32(), 2u);
  EXPECT_EQ(out.u32(), 0u);
  c.host.info.domain_joined = true;
  const ByteVector joined = c.call(20, hex("00000000 00000000"));
  EXPECT_EQ(load_le<std::uint32_t>(joined.data() + joined.size() - 8), 3u);
}

TEST_F(Wkssvc, a_call_cut_short_anywhere_is_a_bad_stub) {
  wire::NdrWriter in;
  in.unique_string("\\\\files");
  in.u32(100);
  for (std::size_t n = 0; n < in.size(); ++n) {
    c.call(0, in.view().first(n));
    EXPECT_EQ(c.fault, kBadStub) << n;
  }
}

}  // namespace
}  // namespace dozo::rpc
