#include "client/url.h"

#include <gtest/gtest.h>

namespace dozo::client {
namespace {

std::string parsed(std::string_view text) {
  std::string error;
  const auto url = parse_url(text, error);
  if (!url) return error.empty() ? "no reason" : "error";
  return url->domain + "|" + url->user + "|" + url->host + "|" + std::to_string(url->port) + "|" + url->share + "|" +
         url->path;
}

TEST(Url, smb_form_with_every_part) {
  EXPECT_EQ(parsed("smb://alice@files.example:4450/data/a/b c.txt"), "|alice|files.example|4450|data|a\\b c.txt");
}

TEST(Url, parts_may_be_left_out) {
  EXPECT_EQ(parsed("smb://files"), "||files|445||");
  EXPECT_EQ(parsed("smb://files/"), "||files|445||");
  EXPECT_EQ(parsed("smb://files/data"), "||files|445|data|");
  EXPECT_EQ(parsed("smb://files/data/sub/"), "||files|445|data|sub");
}

TEST(Url, unc_form) {
  EXPECT_EQ(parsed("\\\\files\\data\\a\\b"), "||files|445|data|a\\b");
  EXPECT_EQ(parsed("//files/data/a/b"), "||files|445|data|a\\b");
  EXPECT_EQ(parsed("\\\\files\\data"), "||files|445|data|");
}

TEST(Url, domain_before_the_user) {
  EXPECT_EQ(parsed("smb://WORK;alice@files/data"), "WORK|alice|files|445|data|");
  EXPECT_EQ(parsed("smb://WORK%5Calice@files/data"), "WORK|alice|files|445|data|");
}

TEST(Url, ipv6_address_in_brackets) { EXPECT_EQ(parsed("smb://[2001:db8::1]:4450/data"), "||2001:db8::1|4450|data|"); }

TEST(Url, percent_codes_are_decoded_in_the_smb_form_only) {
  EXPECT_EQ(parsed("smb://files/data/100%25"), "||files|445|data|100%");
  EXPECT_EQ(parsed("\\\\files\\data\\100%25"), "||files|445|data|100%25");
}

TEST(Url, a_password_is_refused) { EXPECT_EQ(parsed("smb://alice:secret@files/data"), "error"); }

TEST(Url, what_is_neither_form_is_refused_with_a_reason) {
  for (const char* bad : {"",
                          "files",
                          "http://files/data",
                          "smb://",
                          "smb:///data",
                          "smb://files:0/data",
                          "smb://files:70000/data",
                          "smb://files:x/data",
                          "smb://files/data/../x",
                          "smb://files/data/./x",
                          "smb://files/data//x",
                          "smb://@files/x",
                          "smb://files/data/%2e%2e/x",
                          "smb://files/data/a%2Fb",
                          "smb://files/data/a%5Cb",
                          "smb://files/data/%zz",
                          "smb://files/data/a%00b",
                          "smb://files/data/%ff",
                          "smb://[::1/data",
                          "smb://[::1]x/data",
                          "\\\\",
                          "\\\\\\x"}) {
    EXPECT_EQ(parsed(bad), "error") << bad;
  }
}

TEST(Url, unc_names_host_and_share) {
  std::string error;
  EXPECT_EQ(parse_url("smb://files/data/x", error)->unc(), "\\\\files\\data");
}

}  // namespace
}  // namespace dozo::client
