#include "cli/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace dozo::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::expected<client::Credentials, std::string> parsed(const std::string& text) {
  std::istringstream in(text);
  return parse_credentials(in);
}

TEST(Credentials, lines_may_come_in_any_order_with_comments_between) {
  const auto found = parsed("# of the backup\npassword = a = b \r\n\nusername=alice\ndomain = WORK\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, "alice");
  EXPECT_EQ(found->password, "a = b");
  EXPECT_EQ(found->domain, "WORK");
}

TEST(Credentials, what_is_not_understood_is_not_repeated_as_it_may_be_a_password) {
  const auto found = parsed("username = alice\nhunter2\n");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error(), AllOf(HasSubstr("line 2"), Not(HasSubstr("hunter2"))));
}

TEST(Credentials, nothing_is_said_twice) {
  const auto found = parsed("password = a\npassword = b\n");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error(), HasSubstr("line 2"));
}

}  // namespace
}  // namespace dozo::cli
