#include "policy/impact.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using testing::address;

constexpr std::string_view kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:01BD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 100 0 0 10 "
    "0\n"
    "   1: 0A01000A:01BD 0500000A:C350 01 00000000:00000000 02:00000000 00000000     0        0 12346 2 0 20 4 30 10 "
    "-1\n"
    "   2: 0A01000A:D431 6401A8C0:01BD 01 00000000:00000000 02:00000000 00000000  1000        0 12347 2 0 20 4 30 10 "
    "-1\n"
    "   3: broken\n";
constexpr std::string_view kTcp6 =
    "   0: 00000000000000000000000001000000:01BD 00000000000000000000000001000000:C351 01 00000000:00000000 "
    "00:00000000 "
    "00000000     0        0 12348 1 0 100 0 0 10 0\n"
    "   1: 0000000000000000FFFF00000A01000A:01BD 0000000000000000FFFF00000500000A:C352 08 00000000:00000000 "
    "00:00000000 "
    "00000000     0        0 12349 1 0 100 0 0 10 0\n";

TEST(Sockets, are_read_with_ends_state_and_inode) {
  const auto sockets = sockets_in(kTcp, Protocol::tcp, Family::v4);
  ASSERT_EQ(sockets.size(), 3U);
  EXPECT_EQ(sockets[0].state, "listen");
  EXPECT_EQ(sockets[0].local_port, 445);
  EXPECT_EQ(sockets[1].local, address("10.0.1.10"));
  EXPECT_EQ(sockets[1].remote, address("10.0.0.5"));
  EXPECT_EQ(sockets[1].remote_port, 50000);
  EXPECT_EQ(sockets[1].inode, 12346U);
}

TEST(Sockets, of_ipv6_are_read_and_ipv4_in_them_is_ipv4) {
  const auto sockets = sockets_in(kTcp6, Protocol::tcp, Family::v6);
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(sockets[0].local, address("::1"));
  EXPECT_EQ(sockets[1].remote, address("10.0.0.5"));
  EXPECT_EQ(sockets[1].state, "close-wait");
}

TEST(Sockets, are_connections_in_or_out_by_whose_port_is_the_services) {
  const auto sockets = sockets_in(kTcp, Protocol::tcp, Family::v4);
  EXPECT_FALSE(flow_of(sockets[0], known_services(), Profile::domain));
  const Flow in = *flow_of(sockets[1], known_services(), Profile::domain);
  EXPECT_EQ(in.direction, Direction::in);
  EXPECT_EQ(in.source, address("10.0.0.5"));
  const Flow out = *flow_of(sockets[2], known_services(), Profile::domain);
  EXPECT_EQ(out.direction, Direction::out);
  EXPECT_EQ(out.destination, address("192.168.1.100"));
  EXPECT_EQ(out.port, 445);
}

TEST(Sockets, of_this_process_are_found_with_its_number_and_name) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof at;
  void* raw = &at;
  ASSERT_EQ(bind(listener, static_cast<sockaddr*>(raw), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, static_cast<sockaddr*>(raw), &size), 0);
  const std::uint16_t port = ntohs(at.sin_port);
  const auto found = sockets_of_services({{"test", Protocol::tcp, {port, port}}}, "/proc");
  close(listener);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].pid, static_cast<std::uint32_t>(getpid()));
  EXPECT_EQ(found[0].program, "policy_test");
  EXPECT_EQ(found[0].state, "listen");
}

TEST(Units, run_when_they_have_a_control_group) {
  std::string root = ::testing::TempDir() + "cgroup-XXXXXX";
  ASSERT_NE(mkdtemp(root.data()), nullptr);
  mkdir((root + "/system.slice").c_str(), 0700);
  mkdir((root + "/system.slice/smbd.service").c_str(), 0700);
  for (const UnitState& unit : smb_units(root)) EXPECT_EQ(unit.running, unit.unit == "smbd.service") << unit.unit;
  rmdir((root + "/system.slice/smbd.service").c_str());
  rmdir((root + "/system.slice").c_str());
  rmdir(root.c_str());
}

TEST(Units, that_serve_are_never_stopped_on_servers) {
  EXPECT_FALSE(may_stop(SystemService::server, Role::domain_controller, true).may);
  EXPECT_FALSE(may_stop(SystemService::server, Role::fileserver, true).may);
  EXPECT_FALSE(may_stop(SystemService::server, Role::nas, false).may);
  EXPECT_TRUE(may_stop(SystemService::server, Role::client, true).may);
  EXPECT_FALSE(may_stop(SystemService::workstation, Role::client, true).may);
  EXPECT_TRUE(may_stop(SystemService::workstation, Role::client, false).may);
}

}  // namespace
}  // namespace dozo::policy
