#include "scan/visible_text.h"

#include <gtest/gtest.h>

namespace dozo::scan {
namespace {

TEST(VisibleText, OrdinaryTextOfAnyLanguageStays) {
  for (const char* text : {"Łódź", "土蔵", "EXAMPLE\\user", "a b", "שרת", "😀"}) EXPECT_EQ(visible(text), text);
}

TEST(VisibleText, WhatMovesACursorOrTurnsTextAroundIsSpelledOut) {
  EXPECT_EQ(visible("a\x1b[2J\n"), "a\\u{1b}[2J\\u{a}");
  EXPECT_EQ(visible("\xe2\x80\xae"
                    "abc"),
            "\\u{202e}abc");
  EXPECT_EQ(visible("\xc2\x9b"), "\\u{9b}");
  EXPECT_EQ(visible("\xe2\x80\x8b"), "\\u{200b}");
  EXPECT_EQ(visible("\xf3\xa0\x81\x81"), "\\u{e0041}");
}

TEST(VisibleText, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(visible("a\xff"
                    "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(visible("\xed\xa0\x80"), "\\u{d800}");  // an unpaired surrogate
}

TEST(VisibleText, InJsonItIsEscapedAsJsonDoes) {
  EXPECT_EQ(json_with_visible_text("{\n\"\xe2\x80\xae\"}"), "{\n\"\\u202e\"}");
  EXPECT_EQ(json_with_visible_text("\"\xf3\xa0\x81\x81\""), "\"\\udb40\\udc41\"");
  EXPECT_EQ(json_with_visible_text("\"土😀\""), "\"土😀\"");
}

TEST(VisibleText, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("土蔵"), 4U);
  EXPECT_EQ(columns_of("e\xcc\x81"), 1U);
}

TEST(VisibleText, IsShortenedByColumns) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abcde…");
  EXPECT_EQ(shortened("土蔵土蔵", 6), "土蔵…");
}

}  // namespace
}  // namespace dozo::scan
