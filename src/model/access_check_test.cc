#include "model/access_check.h"

#include <gtest/gtest.h>

namespace dozo {
namespace {

const Sid kAlice{5, {21, 1, 2, 3, 1000}};
const Sid kBob{5, {21, 1, 2, 3, 1001}};
const Sid kStaff{22, {2, 50}};

Ace allow(Sid sid, AccessMask mask, AceFlags flags = {}) { return {0, flags, mask, std::move(sid), {}}; }
Ace deny(Sid sid, AccessMask mask, AceFlags flags = {}) { return {1, flags, mask, std::move(sid), {}}; }

SecurityDescriptor owned_by(const Sid& owner, std::vector<Ace> aces) {
  SecurityDescriptor out;
  out.control |= SdControl::dacl_present;
  out.owner = owner;
  out.dacl = Acl{.aces = std::move(aces)};
  return out;
}

// What alice may, who is in the group staff.
AccessMask alice_may(const SecurityDescriptor& sd, bool may_take_ownership = false) {
  const std::vector<Sid> groups = {kStaff, sid_everyone()};
  return allowed_access(sd, {kAlice, groups, may_take_ownership});
}
constexpr AccessMask kOwners = Access::read_control | Access::write_dac;

TEST(AccessCheck, no_dacl_and_a_null_one_grant_everything) {
  SecurityDescriptor sd;
  EXPECT_EQ(alice_may(sd), kFileAllAccess);
  sd.control |= SdControl::dacl_present;
  EXPECT_EQ(alice_may(sd), kFileAllAccess);
}

TEST(AccessCheck, an_empty_dacl_grants_nothing_but_the_owners_own_rights) {
  EXPECT_EQ(alice_may(owned_by(kBob, {})), AccessMask());
  EXPECT_EQ(alice_may(owned_by(kAlice, {})), kOwners);
  EXPECT_EQ(alice_may(owned_by(kStaff, {})), kOwners);
}

TEST(AccessCheck, user_and_groups_are_allowed_together_and_others_not) {
  const auto sd = owned_by(
      kBob, {allow(kAlice, Access::read_data), allow(kStaff, Access::write_data), allow(kBob, kFileAllAccess)});
  EXPECT_EQ(alice_may(sd), Access::read_data | Access::write_data);
}

TEST(AccessCheck, the_first_entry_that_decides_a_right_decides_it) {
  const Ace yes = allow(kAlice, Access::read_data | Access::write_data);
  const Ace no = deny(kStaff, Access::write_data);
  EXPECT_EQ(alice_may(owned_by(kBob, {yes, no})), Access::read_data | Access::write_data);
  EXPECT_EQ(alice_may(owned_by(kBob, {no, yes})), AccessMask(Access::read_data));
}

TEST(AccessCheck, the_owner_cannot_be_denied_the_own_rights) {
  EXPECT_EQ(alice_may(owned_by(kAlice, {deny(kAlice, kFileAllAccess)})), kOwners);
}

TEST(AccessCheck, entries_for_owner_rights_take_their_place) {
  EXPECT_EQ(alice_may(owned_by(kAlice, {allow(sid_owner_rights(), Access::read_data)})), AccessMask(Access::read_data));
  EXPECT_EQ(alice_may(owned_by(kBob, {allow(sid_owner_rights(), Access::read_data)})), AccessMask());
}

TEST(AccessCheck, an_entry_for_owner_rights_that_is_only_inherited_leaves_them) {
  const auto sd = owned_by(kAlice, {allow(sid_owner_rights(), Access::read_data, AceFlag::inherit_only)});
  EXPECT_EQ(alice_may(sd), kOwners);
}

TEST(AccessCheck, entries_that_are_only_inherited_mean_nothing_here) {
  EXPECT_EQ(alice_may(owned_by(
                kBob, {deny(kAlice, Access::read_data, AceFlag::inherit_only), allow(kAlice, Access::read_data),
                       allow(kAlice, Access::write_data, AceFlag::inherit_only)})),
            AccessMask(Access::read_data));
}

TEST(AccessCheck, creator_owner_is_nobody) {
  EXPECT_EQ(alice_may(owned_by(kAlice, {allow(sid_creator_owner(), kFileAllAccess)})), kOwners);
}

TEST(AccessCheck, generic_rights_are_those_of_a_file) {
  EXPECT_EQ(alice_may(owned_by(kBob, {allow(kAlice, Access::generic_read)})), kFileGenericRead);
  EXPECT_EQ(alice_may(owned_by(kBob, {allow(kAlice, Access::generic_all)})), kFileAllAccess);
}

TEST(AccessCheck, who_may_take_ownership_may_whatever_is_denied) {
  EXPECT_EQ(alice_may(owned_by(kBob, {deny(kAlice, kFileAllAccess)}), true), AccessMask(Access::write_owner));
}

TEST(AccessCheck, conditions_that_are_not_evaluated_allow_nothing_and_deny) {
  Ace conditional = allow(kAlice, Access::read_data);
  conditional.type = 0x09;
  EXPECT_EQ(alice_may(owned_by(kBob, {conditional})), AccessMask());
  conditional.type = 0x0A;
  EXPECT_EQ(alice_may(owned_by(kBob, {conditional, allow(kAlice, Access::read_data)})), AccessMask());
}

TEST(AccessCheck, no_descriptor_grants_access_to_the_system_acl) {
  const auto sd = owned_by(kBob, {allow(kAlice, Access::access_system_security)});
  EXPECT_EQ(alice_may(sd), AccessMask());
}

}  // namespace
}  // namespace dozo
