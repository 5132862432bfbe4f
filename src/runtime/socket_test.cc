#include "runtime/socket.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "runtime/delivery.h"

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

// Two connected TCP sockets of this machine.
std::pair<int, int> connected_pair() {
  std::string error;
  const int listener = listen_on(parse_endpoints("127.0.0.1:0", 0, error).at(0), 1);
  const Endpoint there = local_endpoint(listener);
  const int ours = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(ours, there.address(), there.length), 0);
  const int theirs = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  return {ours, theirs};
}

std::optional<Delivery> settled(const Socket& socket) {
  for (int i = 0; i < 1000 && delivery_of(socket)->outstanding != 0; ++i) ::usleep(1000);
  return delivery_of(socket);
}

TEST(Delivery, what_the_peer_takes_is_told) {
  const std::unique_ptr<Loop> loop = make_loop(Backend::epoll);
  const auto [ours, theirs] = connected_pair();
  Socket socket(*loop, ours);
  const std::uint64_t before = settled(socket)->acknowledged;
  ASSERT_EQ(::send(ours, "hello", 5, 0), 5);
  EXPECT_EQ(settled(socket)->outstanding, 0u);
  EXPECT_EQ(settled(socket)->acknowledged, before + 5);
  ::close(theirs);
}

TEST(Delivery, what_is_lost_on_the_way_is_not_complete) {
  const std::unique_ptr<Loop> loop = make_loop(Backend::epoll);
  const auto [ours, theirs] = connected_pair();
  // A filter that takes nothing: as if the network lost it.
  sock_filter nothing{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
  const sock_fprog filter{.len = 1, .filter = &nothing};
  ASSERT_EQ(::setsockopt(theirs, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), 0);
  Socket socket(*loop, ours);
  const std::uint64_t before = delivery_of(socket)->acknowledged;
  ASSERT_EQ(::send(ours, "hello", 5, 0), 5);
  ::usleep(50'000);
  EXPECT_EQ(delivery_of(socket)->outstanding, 5u);
  EXPECT_EQ(delivery_of(socket)->acknowledged, before);
  ::close(theirs);
}

}  // namespace
}  // namespace dozo::runtime
