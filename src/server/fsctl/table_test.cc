#include "server/fsctl/table.h"

#include <gtest/gtest.h>

#include "server/fsctl/interfaces.h"

namespace dozo::server {
namespace {

TEST(FsctlTable, every_row_is_found_by_its_code) {
  for (const FsctlRow& row : fsctl_table()) {
    EXPECT_EQ(find_fsctl(row.code), &row) << row.name;
    EXPECT_NE(row.function, nullptr) << row.name;
  }
}

TEST(FsctlTable, codes_ascend) {
  const auto table = fsctl_table();
  for (std::size_t i = 1; i < table.size(); ++i) EXPECT_LT(table[i - 1].code, table[i].code) << table[i].name;
}

TEST(FsctlTable, unknown_codes_have_no_row) {
  EXPECT_EQ(find_fsctl(static_cast<wire::Fsctl>(0)), nullptr);
  EXPECT_EQ(find_fsctl(static_cast<wire::Fsctl>(0xFFFFFFFF)), nullptr);
  EXPECT_EQ(find_fsctl(wire::Fsctl::set_object_id), nullptr);
}

TEST(FsctlTable, codes_of_3_3_5_15_that_concern_no_open_want_none) {
  using wire::Fsctl;
  for (const Fsctl code : {Fsctl::dfs_get_referrals, Fsctl::dfs_get_referrals_ex, Fsctl::query_network_interface_info,
                           Fsctl::validate_negotiate_info, Fsctl::pipe_wait}) {
    EXPECT_EQ(find_fsctl(code)->target, FsctlTarget::none);
  }
}

TEST(FsctlTable, what_changes_data_needs_the_right_to_write) {
  using wire::Fsctl;
  for (const Fsctl code : {Fsctl::set_zero_data, Fsctl::file_level_trim, Fsctl::duplicate_extents_to_file,
                           Fsctl::srv_copychunk, Fsctl::srv_copychunk_write, Fsctl::set_sparse}) {
    EXPECT_TRUE(find_fsctl(code)->access.has(Access::write_data)) << find_fsctl(code)->name;
  }
}

HostAddress address(std::string text, bool loopback, std::uint32_t index = 2) {
  return {.index = index, .loopback = loopback, .link_speed = 1, .sockaddr = {}, .text = std::move(text)};
}

ServerConfig listening(std::vector<std::string> hosts, std::vector<std::string> interfaces = {}) {
  ServerConfig config;
  config.listen.clear();
  for (std::string& host : hosts) config.listen.push_back({std::move(host), kSmbPort});
  config.interfaces = std::move(interfaces);
  return config;
}

TEST(Interfaces, loopback_is_told_only_where_there_is_nothing_else) {
  const ServerConfig all = listening({"0.0.0.0", "::"});
  EXPECT_EQ(told_interfaces({address("127.0.0.1", true), address("192.0.2.7", false)}, all).size(), 1u);
  EXPECT_EQ(told_interfaces({address("127.0.0.1", true), address("::1", true)}, all).size(), 2u);
}

TEST(Interfaces, only_what_is_listened_on_is_told) {
  const std::vector<HostAddress> host = {address("127.0.0.1", true, 1), address("192.0.2.7", false, 3),
                                         address("2001:db8::7", false, 3)};
  const auto told = [&](std::vector<std::string> hosts) { return told_interfaces(host, listening(std::move(hosts))); };
  EXPECT_EQ(told({"0.0.0.0"}).size(), 1u);
  EXPECT_EQ(told({"0.0.0.0", "::"}).size(), 2u);
  ASSERT_EQ(told({"127.0.0.1"}).size(), 1u);
  EXPECT_EQ(told({"127.0.0.1"})[0].if_index, 1u);
  EXPECT_TRUE(told({"192.0.2.9"}).empty());
}

TEST(Interfaces, configured_addresses_are_told_and_no_others) {
  const auto told = told_interfaces({address("192.0.2.7", false, 3), address("192.0.2.8", false, 4)},
                                    listening({"0.0.0.0"}, {"192.0.2.8", "192.0.2.9"}));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].if_index, 4u);
}

TEST(Interfaces, configured_properties_are_stronger_than_the_hosts) {
  HostAddress with_queues = address("192.0.2.7", false);
  with_queues.rss = true;
  const auto told = [&](std::string text) {
    return told_interfaces({with_queues}, listening({}, {std::move(text)}))[0];
  };
  EXPECT_EQ(told("192.0.2.7").capability, 1u);
  EXPECT_EQ(told("192.0.2.7 no-rss").capability, 0u);
  EXPECT_EQ(told("192.0.2.7 rdma rss").capability, 3u);
  EXPECT_EQ(told("192.0.2.7").link_speed, 1u);
  EXPECT_EQ(told("192.0.2.7 speed=25000").link_speed, 25'000'000'000u);
}

TEST(Interfaces, interface_without_an_index_is_never_told) {
  EXPECT_TRUE(told_interfaces({address("192.0.2.7", false, 0)}, listening({"0.0.0.0"})).empty());
  EXPECT_TRUE(told_interfaces({address("192.0.2.7", false, 0)}, listening({}, {"192.0.2.7"})).empty());
}

}  // namespace
}  // namespace dozo::server
