#include "server/search_pattern.h"

#include <gtest/gtest.h>

#include "base/unicode.h"
#include "model/nt_status.h"
#include "vfs/short_name.h"

namespace dozo::server {
namespace {

bool matches(std::string_view name, std::u16string_view pattern) {
  return SearchPattern::parse(pattern).value().matches(name);
}

TEST(SearchPattern, star_matches_any_number_of_characters) {
  EXPECT_TRUE(matches("a", u"*"));
  EXPECT_TRUE(matches("report.txt", u"r*t"));
  EXPECT_TRUE(matches("rt", u"r*t"));
  EXPECT_FALSE(matches("report.tx", u"r*t"));
  EXPECT_TRUE(matches("aXbXc", u"a*b*c"));
  EXPECT_FALSE(matches("aXcXb", u"a*b*c"));
}

TEST(SearchPattern, star_dot_star_matches_names_without_a_dot) { EXPECT_TRUE(matches("README", u"*.*")); }

TEST(SearchPattern, leading_star_compares_the_tail) {
  EXPECT_TRUE(matches("report.txt", u"*.txt"));
  EXPECT_TRUE(matches(".txt", u"*.txt"));
  EXPECT_FALSE(matches("txt", u"*.txt"));
  EXPECT_FALSE(matches("report.txt2", u"*.txt"));
}

TEST(SearchPattern, question_mark_matches_exactly_one_character) {
  EXPECT_TRUE(matches("ab", u"a?"));
  EXPECT_TRUE(matches("a.", u"a?"));
  EXPECT_FALSE(matches("a", u"a?"));
  EXPECT_FALSE(matches("abc", u"a?"));
}

TEST(SearchPattern, dos_question_mark_also_matches_nothing_before_a_period_or_the_end) {
  EXPECT_TRUE(matches("ab", u"a>"));
  EXPECT_TRUE(matches("a", u"a>>>"));
  EXPECT_TRUE(matches("a.txt", u"a>>>.txt"));
  EXPECT_TRUE(matches("abc.txt", u"a>>>.txt"));
  EXPECT_FALSE(matches("abcde.txt", u"a>>>.txt"));
  EXPECT_FALSE(matches("a.", u"a>"));  // it never takes a period
}

TEST(SearchPattern, dos_dot_matches_a_period_or_the_end) {
  EXPECT_TRUE(matches("a", u"a\""));
  EXPECT_TRUE(matches("a.", u"a\""));
  EXPECT_TRUE(matches("a.b", u"a\"b"));
  EXPECT_FALSE(matches("ab", u"a\"b"));
}

TEST(SearchPattern, dos_star_stops_at_the_final_period) {
  EXPECT_TRUE(matches("a.b.txt", u"<.txt"));
  EXPECT_TRUE(matches("txt", u"<"));
  EXPECT_TRUE(matches("a.b", u"<.b"));
  EXPECT_FALSE(matches("a.b.c", u"<.b"));
  EXPECT_FALSE(matches("a.b", u"<b"));  // it may not take the final period
  EXPECT_TRUE(matches("a.b", u"<\"*"));
  EXPECT_TRUE(matches("ab", u"<\"*"));
}

TEST(SearchPattern, case_is_ignored) {
  EXPECT_TRUE(matches("ReadMe.TXT", u"readme.txt"));
  EXPECT_TRUE(matches("Ärger.txt", u"ärger.*"));
  EXPECT_FALSE(matches("Ärger.txt", u"arger.*"));
}

TEST(SearchPattern, empty_pattern_means_everything) { EXPECT_TRUE(matches("x", u"")); }

TEST(SearchPattern, long_runs_of_stars_take_no_time) {
  std::u16string pattern;
  for (int i = 0; i < 100; ++i) pattern += u"*a";
  EXPECT_FALSE(matches(std::string(200, 'a') + "b", pattern));
}

TEST(SearchPattern, what_no_name_may_hold_is_refused) {
  for (const std::u16string pattern : {u"a\\b", u"a/b", u"a:b", u"a|b", u"a\tb"}) {
    const auto parsed = SearchPattern::parse(pattern);
    ASSERT_FALSE(parsed) << utf16_to_utf8(pattern);
    EXPECT_EQ(parsed.error(), NtStatus::OBJECT_NAME_INVALID);
  }
  EXPECT_FALSE(SearchPattern::parse(std::u16string(256, u'a')));
}

TEST(SearchPattern, plain_name_is_told_from_a_wildcard) {
  EXPECT_FALSE(SearchPattern::parse(u"Plain.txt")->has_wildcards());
  EXPECT_EQ(SearchPattern::parse(u"Plain.txt")->name(), "Plain.txt");
  for (const std::u16string pattern : {u"*", u"a?", u"a>", u"a<", u"a\""}) {
    EXPECT_TRUE(SearchPattern::parse(pattern)->has_wildcards());
  }
}

TEST(NameIsInExpression, empty_matches_only_empty) {
  EXPECT_TRUE(name_is_in_expression(u"", u""));
  EXPECT_FALSE(name_is_in_expression(u"", u"*"));
  EXPECT_FALSE(name_is_in_expression(u"A", u""));
}

TEST(SearchPattern, a_short_name_is_found_by_who_writes_its_tilde) {
  const std::string name = "a rather long name.html";
  const auto pattern = SearchPattern::parse(*utf8_to_utf16(vfs::short_name_of(name).substr(0, 7) + "*"));
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->matches(name));
  EXPECT_FALSE(SearchPattern::parse(u"*.htm")->matches(name));
}

}  // namespace
}  // namespace dozo::server
