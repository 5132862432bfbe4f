// TREE_CONNECT and TREE_DISCONNECT. [MS-SMB2] 3.3.5.7, 3.3.5.8.
#include "wire/tree_connect.h"

#include "server/testing/test_fixture.h"
#include "wire/tree_disconnect.h"

namespace dozo::server::testing {
namespace {

class TreeConnect : public ServerTest {
 protected:
  NtStatus connect_path(std::u16string path) {
    wire::TreeConnectRequest request;
    request.path = std::move(path);
    return alice().call(wire::Command::tree_connect, request).status();
  }
};

TEST_F(TreeConnect, a_share_is_found_whatever_the_case) {
  EXPECT_EQ(alice().connect_tree("DaTa").status(), NtStatus::SUCCESS);
}

TEST_F(TreeConnect, an_unknown_share_is_a_bad_network_name) {
  EXPECT_EQ(alice().connect_tree("nowhere").status(), NtStatus::BAD_NETWORK_NAME);
}

TEST_F(TreeConnect, a_path_without_a_share_is_a_bad_network_name) {
  for (const char16_t* path : {u"", u"data", u"\\\\files", u"\\\\files\\", u"\\data"}) {
    EXPECT_TRUE(is_error(connect_path(path))) << utf16_to_utf8(path);
  }
}

TEST_F(TreeConnect, any_server_name_will_do) { EXPECT_EQ(connect_path(u"\\\\192.0.2.1\\data"), NtStatus::SUCCESS); }

TEST_F(TreeConnect, a_disk_says_that_it_is_one) {
  const auto said = alice().connect_tree("data").as<wire::TreeConnectResponse>();
  EXPECT_EQ(said.share_type, wire::ShareType::disk);
  EXPECT_EQ(said.maximal_access, kFileAllAccess);
}

TEST_F(TreeConnect, the_pipes_say_so_too) {
  EXPECT_EQ(alice().connect_tree("IPC$").as<wire::TreeConnectResponse>().share_type, wire::ShareType::pipe);
}

TEST_F(TreeConnect, a_share_for_others_is_denied) {
  EXPECT_EQ(alice().connect_tree("bobs").status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(bob().connect_tree("bobs").status(), NtStatus::SUCCESS);
}

TEST_F(TreeConnect, a_read_only_share_grants_no_writing) {
  const auto said = alice().connect_tree("readonly").as<wire::TreeConnectResponse>();
  EXPECT_FALSE(said.maximal_access.has(Access::write_data));
  EXPECT_TRUE(said.maximal_access.has(Access::read_data));
}

TEST_F(TreeConnect, an_encrypted_share_says_so_and_refuses_plain_requests) {
  Client& peer = world().log_on();
  const auto said = peer.connect_tree("secret", {.encrypt = true}).as<wire::TreeConnectResponse>();
  EXPECT_TRUE(said.share_flags.has(wire::ShareProperty::encrypt_data));
  EXPECT_EQ(peer.create("f").status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(peer.create("f", {}, {.encrypt = true}).status(), NtStatus::SUCCESS);
}

TEST_F(TreeConnect, an_encrypted_share_is_not_for_a_client_that_cannot_encrypt) {
  Client& peer = world().log_on({.dialect = Dialect::smb_2_1});
  EXPECT_EQ(peer.connect_tree("secret").status(), NtStatus::ACCESS_DENIED);
}

TEST_F(TreeConnect, twice_makes_two_trees) {
  const TreeId first = alice().tree();
  alice().connect_tree("data");
  EXPECT_NE(alice().tree(), first);
}

TEST_F(TreeConnect, disconnect_closes_what_was_open_on_it) {
  alice().open("f");
  EXPECT_EQ(alice().call(wire::Command::tree_disconnect, wire::TreeDisconnectRequest{}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(world().server().stats.opens_now.load(), 0u);
  EXPECT_EQ(alice().create("f").status(), NtStatus::NETWORK_NAME_DELETED);
}

TEST_F(TreeConnect, disconnect_leaves_other_trees_alone) {
  const TreeId first = alice().tree();
  const FileId file = alice().open("f");
  alice().connect_tree("data");
  alice().call(wire::Command::tree_disconnect, wire::TreeDisconnectRequest{});
  alice().use_tree(first);
  EXPECT_EQ(alice().close(file), NtStatus::SUCCESS);
}

TEST_F(TreeConnect, disconnect_twice_is_network_name_deleted) {
  alice().call(wire::Command::tree_disconnect, wire::TreeDisconnectRequest{});
  EXPECT_EQ(alice().call(wire::Command::tree_disconnect, wire::TreeDisconnectRequest{}).status(),
            NtStatus::NETWORK_NAME_DELETED);
}

TEST_F(TreeConnect, disconnect_carries_out_delete_on_close) {
  alice().open("f", {.options = CreateOption::delete_on_close});
  alice().call(wire::Command::tree_disconnect, wire::TreeDisconnectRequest{});
  EXPECT_EQ(bob().create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

}  // namespace
}  // namespace dozo::server::testing
