#include "runtime/socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace dozo::runtime {
namespace {

std::string parsed(std::string_view text) {
  std::string error, out;
  for (const Endpoint& endpoint : parse_endpoints(text, 445, error)) out += endpoint.text() + " ";
  return out.empty() ? "error" : out.substr(0, out.size() - 1);
}

TEST(Endpoint, is_parsed_with_and_without_a_port) {
  EXPECT_EQ(parsed("192.0.2.7"), "192.0.2.7:445");
  EXPECT_EQ(parsed("192.0.2.7:4450"), "192.0.2.7:4450");
  EXPECT_EQ(parsed("::1"), "[::1]:445");
  EXPECT_EQ(parsed("[2001:db8::1]"), "[2001:db8::1]:445");
  EXPECT_EQ(parsed("[2001:db8::1]:4450"), "[2001:db8::1]:4450");
}

TEST(Endpoint, a_star_is_every_address_of_both_families) { EXPECT_EQ(parsed("*:4450"), "0.0.0.0:4450 [::]:4450"); }

TEST(Endpoint, what_is_no_address_is_refused_with_a_reason) {
  for (const char* bad : {"", "files.example", "192.0.2.7:", "192.0.2.7:x", "192.0.2.7:70000", "[::1", "[::1]4450",
                          "[::1]:", "192.0.2", "1:2:3", "192.0.2.7:445 "}) {
    std::string error;
    EXPECT_TRUE(parse_endpoints(bad, 445, error).empty()) << bad;
    EXPECT_FALSE(error.empty()) << bad;
  }
}

TEST(Listen, both_families_can_have_one_port) {
  std::string error;
  const int v4 = listen_on(parse_endpoints("0.0.0.0:0", 0, error).at(0), 1);
  ASSERT_GE(v4, 0);
  const int v6 = listen_on(parse_endpoints("::", local_endpoint(v4).port(), error).at(0), 1);
  if (v6 == -EAFNOSUPPORT) GTEST_SKIP() << "no IPv6 here";
  EXPECT_GE(v6, 0);
  ::close(v4);
  ::close(v6);
}

TEST(Listen, a_port_in_use_is_eaddrinuse) {
  std::string error;
  const int first = listen_on(parse_endpoints("127.0.0.1:0", 0, error).at(0), 1);
  EXPECT_EQ(listen_on(local_endpoint(first), 1), -EADDRINUSE);
  ::close(first);
}

}  // namespace
}  // namespace dozo::runtime
