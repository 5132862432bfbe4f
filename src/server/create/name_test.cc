#include "server/create/name.h"

#include <gtest/gtest.h>

#include "model/nt_status.h"

namespace dozo::server {
namespace {

NtStatus refused_with(std::u16string_view name) {
  const auto parsed = parse_name(name);
  return parsed ? NtStatus::SUCCESS : parsed.error();
}

TEST(CreateName, empty_is_the_root) {
  const auto name = parse_name(u"");
  ASSERT_TRUE(name);
  EXPECT_TRUE(name->path.empty());
}

TEST(CreateName, components_are_cut_at_backslashes) {
  EXPECT_EQ(parse_name(u"a\\b c\\ü")->path, (vfs::Path{"a", "b c", "ü"}));
}

TEST(CreateName, a_leading_separator_is_a_parameter_error) {
  EXPECT_EQ(refused_with(u"\\a"), NtStatus::INVALID_PARAMETER);
}

TEST(CreateName, dot_and_dot_dot_are_refused_wherever_they_stand) {
  for (std::u16string_view name : {u"..", u".", u"a\\..", u"..\\a", u"a\\..\\..\\b", u"a\\."}) {
    EXPECT_EQ(refused_with(name), NtStatus::OBJECT_PATH_SYNTAX_BAD);
  }
}

TEST(CreateName, characters_that_no_name_may_hold_are_refused) {
  for (std::u16string_view name : {u"a*", u"a?b", u"a<", u"a>", u"a|b", u"a\"b", u"a/b", u"a\x1f", u"a\\\\b"}) {
    EXPECT_EQ(refused_with(name), NtStatus::OBJECT_NAME_INVALID);
  }
  EXPECT_EQ(refused_with(std::u16string_view(u"a\0b", 3)), NtStatus::OBJECT_NAME_INVALID);
}

TEST(CreateName, a_component_is_at_most_255_units) {
  EXPECT_EQ(refused_with(std::u16string(255, u'x')), NtStatus::SUCCESS);
  EXPECT_EQ(refused_with(std::u16string(256, u'x')), NtStatus::OBJECT_NAME_INVALID);
}

TEST(CreateName, streams_are_cut_off_with_their_type) {
  EXPECT_EQ(parse_name(u"d\\f:s")->stream, "s");
  EXPECT_EQ(parse_name(u"f:s:$data")->stream, "s");
  EXPECT_EQ(parse_name(u"f::$DATA")->stream, "");
  EXPECT_TRUE(parse_name(u"d::$INDEX_ALLOCATION")->names_index);
  EXPECT_EQ(parse_name(u"f:s")->path, (vfs::Path{"f"}));
}

TEST(CreateName, malformed_stream_names_are_refused) {
  for (std::u16string_view name : {u"f:", u"f:s:", u"f:s:$X", u"f:a:b:c", u"f:s\\x"}) {
    EXPECT_NE(refused_with(name), NtStatus::SUCCESS);
  }
}

TEST(CreateName, a_trailing_separator_means_a_directory) {
  const auto name = parse_name(u"a\\b\\");
  ASSERT_TRUE(name);
  EXPECT_TRUE(name->ends_with_separator);
  EXPECT_EQ(name->path, (vfs::Path{"a", "b"}));
}

}  // namespace
}  // namespace dozo::server
