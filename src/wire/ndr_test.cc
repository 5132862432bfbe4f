#include "wire/ndr.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/unicode.h"
#include "wire/rpc_pdu.h"

namespace dozo::wire {
namespace {

// A conformant varying string: maximum, offset, actual count, units.
ByteVector text_of(std::uint32_t maximum, std::uint32_t offset, std::uint32_t actual, std::u16string_view units) {
  ByteWriter out;
  out.u32(maximum);
  out.u32(offset);
  out.u32(actual);
  out.bytes(utf16_to_le(units));
  return std::move(out).take();
}

bool string_is_read(Bytes bytes) {
  NdrReader in(bytes);
  in.string();
  return in.ok();
}

TEST(Ndr, integers_are_aligned_to_their_size) {
  NdrWriter out;
  out.u8(1);
  out.u16(2);
  out.u8(3);
  out.u32(4);
  out.u64(5);
  const ByteVector expected{1, 0, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_TRUE(std::ranges::equal(out.view(), expected));
  NdrReader in(expected);
  EXPECT_EQ(in.u8(), 1);
  EXPECT_EQ(in.u16(), 2);
  EXPECT_EQ(in.u8(), 3);
  EXPECT_EQ(in.u32(), 4u);
  EXPECT_EQ(in.u64(), 5u);
  EXPECT_TRUE(in.ok());
}

TEST(Ndr, referent_ids_are_distinct_and_null_is_zero) {
  NdrWriter out;
  out.pointer(true);
  out.pointer(false);
  out.pointer(true);
  ByteReader in(out.view());
  const std::uint32_t first = in.u32();
  EXPECT_EQ(in.u32(), 0u);
  const std::uint32_t second = in.u32();
  EXPECT_NE(first, 0u);
  EXPECT_NE(second, 0u);
  EXPECT_NE(first, second);
}

TEST(Ndr, strings_go_there_and_back) {
  NdrWriter out;
  out.unique_string("Grüße 日本");
  out.unique_string(std::nullopt);
  out.unique_ascii_string("abc");
  out.string(std::u16string_view());
  NdrReader in(out.view());
  EXPECT_EQ(in.unique_string(), u"Grüße 日本");
  EXPECT_EQ(in.unique_string(), std::nullopt);
  EXPECT_EQ(in.unique_ascii_string(), "abc");
  EXPECT_EQ(in.string(), u"");
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0u);
}

TEST(Ndr, a_string_must_end_with_a_terminator) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(string_is_read(text_of(3, 0, 3, u"ab\0"sv)));
  EXPECT_TRUE(string_is_read(text_of(9, 0, 3, u"ab\0"sv)));
  EXPECT_FALSE(string_is_read(text_of(2, 0, 2, u"ab"sv)));
  EXPECT_TRUE(string_is_read(text_of(3, 0, 3, u"a\0\0"sv)));  // a buffer of terminators, as impacket sends
  EXPECT_FALSE(string_is_read(text_of(0, 0, 0, u""sv)));
}

TEST(Ndr, counts_and_offsets_that_lie_are_refused_before_anything_is_taken) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(string_is_read(text_of(2, 0, 3, u"ab\0"sv)));
  EXPECT_FALSE(string_is_read(text_of(4, 1, 3, u"ab\0"sv)));
  EXPECT_FALSE(string_is_read(text_of(0xFFFFFFFF, 0, 0xFFFFFFFF, u"ab\0"sv)));
  EXPECT_FALSE(string_is_read(text_of(0x80000000, 0, 0x80000000, u"ab\0"sv)));
}

TEST(Ndr, a_string_cut_short_anywhere_is_refused) {
  NdrWriter out;
  out.unique_string("abc");
  for (std::size_t n = 0; n < out.size(); ++n) {
    NdrReader in(out.view().first(n));
    in.unique_string();
    EXPECT_FALSE(in.ok()) << n;
  }
}

TEST(Ndr, an_array_cannot_have_more_elements_than_bytes_follow) {
  for (const std::uint32_t count : {3u, 0x40000000u, 0xFFFFFFFFu}) {
    NdrWriter out;
    out.u32(count);
    out.u64(0);
    out.u64(0);
    NdrReader in(out.view());
    EXPECT_EQ(in.conformant_count(8), 0u);
    EXPECT_FALSE(in.ok());
  }
  NdrWriter out;
  out.u32(2);
  out.bytes(ByteVector(16));
  NdrReader in(out.view());
  EXPECT_EQ(in.conformant_count(8), 2u);
}

TEST(Ndr, unicode_strings_go_there_and_back) {
  NdrWriter out;
  out.unicode_header("FILES");
  out.unicode_header("");
  out.unicode_body("FILES");
  out.unicode_body("");
  NdrReader in(out.view());
  const auto full = in.unicode_header();
  const auto empty = in.unicode_header();
  EXPECT_EQ(full.length, 10);
  EXPECT_FALSE(empty.present);
  EXPECT_EQ(in.unicode_body(full), u"FILES");
  EXPECT_EQ(in.unicode_body(empty), u"");
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0u);
}

TEST(Ndr, a_unicode_string_whose_lengths_disagree_is_refused) {
  struct Case {
    std::uint16_t length, maximum;
    bool present;
    std::uint32_t max_count, offset, actual;
  };
  for (const Case& c :
       {Case{3, 4, true, 2, 0, 1}, Case{6, 4, true, 2, 0, 3}, Case{4, 4, false, 0, 0, 0}, Case{4, 4, true, 3, 0, 2},
        Case{4, 4, true, 2, 1, 2}, Case{4, 4, true, 2, 0, 3}, Case{4, 4, true, 2, 0, 0xFFFFFFFF}}) {
    NdrWriter out;
    out.u16(c.length);
    out.u16(c.maximum);
    out.pointer(c.present);
    out.u32(c.max_count);
    out.u32(c.offset);
    out.u32(c.actual);
    out.bytes(ByteVector(8));
    NdrReader in(out.view());
    in.unicode_body(in.unicode_header());
    EXPECT_FALSE(in.ok()) << c.length << " " << c.actual;
  }
}

TEST(Ndr, sids_go_there_and_back_and_their_counts_must_agree) {
  NdrWriter out;
  out.sid(sid_administrators());
  NdrReader in(out.view());
  EXPECT_EQ(in.sid(), sid_administrators());

  ByteVector changed(out.view().begin(), out.view().end());
  changed[0] = 3;
  NdrReader other(changed);
  EXPECT_EQ(other.sid(), std::nullopt);
  EXPECT_FALSE(other.ok());
  for (std::size_t n = 0; n < out.size(); ++n) {
    NdrReader cut(out.view().first(n));
    EXPECT_EQ(cut.sid(), std::nullopt) << n;
  }
}

TEST(Ndr, guids_are_aligned_to_four) {
  NdrWriter out;
  out.u8(1);
  out.guid(kNdr20.uuid);
  EXPECT_EQ(out.size(), 20u);
  NdrReader in(out.view());
  in.u8();
  EXPECT_EQ(in.guid(), kNdr20.uuid);
}

}  // namespace
}  // namespace dozo::wire
