#include "guard/share_policy.h"

#include <gtest/gtest.h>

namespace dozo::guard {
namespace {

const std::vector<std::string> kStaff{"staff", "users"};

Subject alice(bool can_encrypt = false) { return {.user = "alice", .groups = kStaff, .peer_can_encrypt = can_encrypt}; }

TEST(SharePolicy, an_empty_list_lets_every_user_in) { EXPECT_TRUE(permit_connect({}, alice()).has_value()); }

TEST(SharePolicy, nobody_is_no_user) {
  EXPECT_EQ(permit_connect({}, Subject{}), std::unexpected(ShareRefusal::user_not_allowed));
}

TEST(SharePolicy, a_list_lets_in_who_is_on_it_by_name_or_group_ignoring_case) {
  EXPECT_TRUE(permit_connect({.allow = {"Alice"}}, alice()).has_value());
  EXPECT_TRUE(permit_connect({.allow = {"bob", "@STAFF"}}, alice()).has_value());
  EXPECT_EQ(permit_connect({.allow = {"bob", "@admins"}}, alice()), std::unexpected(ShareRefusal::user_not_allowed));
}

TEST(SharePolicy, a_group_is_no_user_and_a_user_no_group) {
  EXPECT_FALSE(permit_connect({.allow = {"staff"}}, alice()).has_value());
  EXPECT_FALSE(permit_connect({.allow = {"@alice"}}, alice()).has_value());
}

TEST(SharePolicy, deny_wins_over_allow) {
  EXPECT_FALSE(permit_connect({.allow = {"alice"}, .deny = {"@users"}}, alice()).has_value());
}

TEST(SharePolicy, a_share_that_encrypts_refuses_a_peer_that_cannot) {
  const SharePolicy policy{.encryption_required = true};
  EXPECT_EQ(permit_connect(policy, alice(false)), std::unexpected(ShareRefusal::peer_cannot_encrypt));
  EXPECT_TRUE(permit_connect(policy, alice(true)).value().encryption_required);
}

TEST(SharePolicy, a_clear_request_is_refused_only_where_encryption_is_required) {
  EXPECT_FALSE(permits_request({.encryption_required = true}, false));
  EXPECT_TRUE(permits_request({.encryption_required = true}, true));
  EXPECT_TRUE(permits_request({}, false));
}

TEST(SharePolicy, read_only_takes_every_right_that_changes_something) {
  const SharePermit permit = permit_connect({.read_only = true}, alice()).value();
  EXPECT_FALSE(share_access(permit).has_any(Access::write_data | Access::append_data | Access::delete_object |
                                            Access::write_dac | Access::write_owner | Access::write_attributes |
                                            Access::write_ea | Access::delete_child));
  EXPECT_TRUE(share_access(permit).has_all(kFileGenericRead));
  EXPECT_EQ(share_access({}), kFileAllAccess);
}

TEST(SharePolicy, who_may_write_although_the_share_is_read_only_may) {
  const SharePolicy policy{.read_only = true, .write_allow = {"@staff"}};
  EXPECT_FALSE(permit_connect(policy, alice()).value().read_only);
  EXPECT_TRUE(permit_connect(policy, {.user = "bob", .groups = {}}).value().read_only);
}

}  // namespace
}  // namespace dozo::guard
