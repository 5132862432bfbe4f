#include "base/unicode.h"

#include <gtest/gtest.h>

namespace dozo {
namespace {

TEST(Unicode, text_survives_the_way_to_utf16_and_back) {
  for (std::string_view text : {"plain", "äöü ß", "日本語", "emoji \xF0\x9F\x98\x80", ""}) {
    EXPECT_EQ(utf16_to_utf8(utf8_to_utf16(text).value()), text);
  }
}

TEST(Unicode, an_unpaired_surrogate_survives_the_way_through_wtf8) {
  const std::u16string name{u'a', char16_t(0xD801), u'b'};
  EXPECT_TRUE(has_unpaired_surrogate(name));
  EXPECT_EQ(utf8_to_utf16(utf16_to_utf8(name)), name);
}

TEST(Unicode, bytes_that_are_not_utf8_are_refused) {
  for (std::string_view bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xF5\x80\x80\x80", "\xC3", "a\xFF"}) {
    EXPECT_FALSE(utf8_to_utf16(bad).has_value());
  }
  EXPECT_EQ(utf8_to_utf16_lossy("a\xFF"), u"a\uFFFD");
}

TEST(Unicode, case_is_ignored_by_simple_mapping) {
  EXPECT_TRUE(equal_ignoring_case(u"Grün.TXT", u"gRÜN.txt"));
  EXPECT_FALSE(equal_ignoring_case(u"straße", u"STRASSE"));
  EXPECT_EQ(fold_name("é"), u"É");
}

}  // namespace
}  // namespace dozo
