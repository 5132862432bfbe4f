#include "server/security.h"

#include <gtest/gtest.h>

#include "model/nt_status.h"
#include "server/stored_security.h"

namespace dozo::server {
namespace {

constexpr SecurityInformation kAll =
    SecurityInfoBit::owner | SecurityInfoBit::group | SecurityInformation(SecurityInfoBit::dacl);
constexpr SecurityInformation kDacl = SecurityInfoBit::dacl;

identity::AccessToken alice() {
  identity::AccessToken token;
  token.user = {5, {21, 1, 2, 3, 1000}};
  token.uid = 1000;
  token.gid = 100;
  return token;
}

vfs::NodeInfo file_with(std::uint32_t mode, vfs::NodeType type = vfs::NodeType::file) {
  vfs::NodeInfo info;
  info.type = type;
  info.uid = 1000;
  info.gid = 100;
  info.mode = mode;
  return info;
}

SecurityDescriptor dacl_of(std::vector<Ace> aces) {
  SecurityDescriptor out;
  out.control |= SdControl::dacl_present;
  out.dacl = Acl{.aces = std::move(aces)};
  return out;
}

Ace allow(Sid sid, AccessMask mask, AceFlags flags = {}) { return {0, flags, mask, std::move(sid), {}}; }
Ace deny(Sid sid, AccessMask mask) { return {1, {}, mask, std::move(sid), {}}; }

std::uint32_t mode_of(const SecurityDescriptor& wanted) {
  return *mode_from_security(wanted, kDacl, file_with(0), alice()).value().mode;
}
NtStatus refusal_of(const SecurityDescriptor& wanted, SecurityInformation what = kDacl) {
  return mode_from_security(wanted, what, file_with(0), alice()).error();
}

TEST(Security, every_mode_comes_back_as_it_was) {
  for (std::uint32_t mode = 0; mode <= 07777; ++mode) {
    for (const vfs::NodeType type : {vfs::NodeType::file, vfs::NodeType::directory}) {
      const vfs::NodeInfo file = file_with(mode, type);
      const SecurityDescriptor shown = security_from_mode(file, kAll, alice());
      const auto update = mode_from_security(shown, kAll, file, alice());
      ASSERT_TRUE(update);
      ASSERT_EQ(*update->mode, mode) << std::oct << mode;
      ASSERT_FALSE(update->uid || update->gid);
    }
  }
}

TEST(Security, shown_descriptor_survives_the_wire) {
  const SecurityDescriptor shown = security_from_mode(file_with(0640), kAll, alice());
  const auto decoded = decode_security_descriptor(encode_security_descriptor(shown));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->owner, shown.owner);
  EXPECT_EQ(decoded->dacl, shown.dacl);
}

TEST(Security, only_the_parts_asked_for_are_shown) {
  const SecurityDescriptor shown = security_from_mode(file_with(0640), SecurityInfoBit::group, alice());
  EXPECT_FALSE(shown.owner);
  EXPECT_EQ(shown.group, sid_unix_group(100));
  EXPECT_FALSE(shown.control.has(SdControl::dacl_present));
}

TEST(Security, own_uid_is_shown_as_the_users_own_sid) {
  EXPECT_EQ(sid_of_uid(1000, alice()), alice().user);
  EXPECT_EQ(sid_of_uid(1001, alice()), sid_unix_user(1001));
}

TEST(Security, uid_that_users_share_is_shown_as_itself) {
  identity::AccessToken token = alice();
  token.mapped_to_run_as = true;
  EXPECT_EQ(sid_of_uid(1000, token), sid_unix_user(1000));
}

TEST(Security, usual_modes_need_no_deny_entry) {
  for (const std::uint32_t mode : {0755u, 0644u, 0700u, 0640u}) {
    const SecurityDescriptor shown = security_from_mode(file_with(mode), kDacl, alice());
    for (const Ace& ace : shown.dacl->aces) EXPECT_EQ(ace.type, 0);
  }
}

TEST(Security, mode_that_gives_the_group_less_than_others_denies_it) {
  const SecurityDescriptor shown = security_from_mode(file_with(0604), kDacl, alice());
  ASSERT_EQ(shown.dacl->aces.size(), 4u);
  EXPECT_EQ(shown.dacl->aces[1].type, 1);
  EXPECT_EQ(shown.dacl->aces[1].sid, sid_unix_group(100));
}

TEST(Security, null_dacl_grants_everything_and_an_empty_one_nothing) {
  EXPECT_EQ(mode_of(SecurityDescriptor()), 0777u);
  EXPECT_EQ(mode_of(dacl_of({})), 0u);
}

TEST(Security, entry_for_everyone_reaches_all_three) {
  EXPECT_EQ(mode_of(dacl_of({allow(sid_everyone(), kFileGenericRead)})), 0444u);
  EXPECT_EQ(mode_of(dacl_of({allow(sid_authenticated_users(), Access::generic_all)})), 0777u);
}

TEST(Security, first_entry_that_decides_a_right_wins) {
  EXPECT_EQ(mode_of(dacl_of({deny(alice().user, kFileGenericRead), allow(sid_everyone(), kFileGenericRead)})), 0044u);
  EXPECT_EQ(mode_of(dacl_of({allow(sid_everyone(), kFileGenericRead), deny(alice().user, kFileGenericRead)})), 0444u);
}

TEST(Security, right_to_append_alone_is_not_the_right_to_write) {
  EXPECT_EQ(mode_of(dacl_of({allow(sid_everyone(), Access::append_data)})), 0u);
}

TEST(Security, inherit_only_entries_do_not_concern_the_file_itself) {
  EXPECT_EQ(mode_of(dacl_of({allow(sid_creator_owner(), kFileAllAccess, AceFlag::inherit_only)})), 0u);
}

TEST(Security, system_and_administrators_are_not_bound_by_modes) {
  EXPECT_EQ(mode_of(dacl_of({allow(sid_system(), kFileAllAccess), allow(sid_administrators(), kFileAllAccess)})), 0u);
}

TEST(Security, entry_for_another_user_is_refused_and_not_dropped) {
  EXPECT_EQ(refusal_of(dacl_of({allow(sid_unix_user(4711), kFileGenericRead)})), NtStatus::NOT_SUPPORTED);
}

TEST(Security, audit_entry_in_a_dacl_is_no_valid_acl) {
  Ace audit = allow(sid_everyone(), kFileGenericRead);
  audit.type = 2;
  EXPECT_EQ(refusal_of(dacl_of({audit})), NtStatus::INVALID_ACL);
}

TEST(Security, owner_that_is_no_account_is_refused) {
  SecurityDescriptor wanted;
  wanted.owner = sid_everyone();
  EXPECT_EQ(refusal_of(wanted, SecurityInfoBit::owner), NtStatus::INVALID_OWNER);
  wanted.owner = sid_unix_group(5);
  EXPECT_EQ(refusal_of(wanted, SecurityInfoBit::owner), NtStatus::INVALID_OWNER);
  EXPECT_EQ(refusal_of(SecurityDescriptor(), SecurityInfoBit::owner), NtStatus::INVALID_OWNER);
}

TEST(Security, group_that_is_no_unix_group_is_refused) {
  SecurityDescriptor wanted;
  wanted.group = sid_unix_user(5);
  EXPECT_EQ(refusal_of(wanted, SecurityInfoBit::group), NtStatus::INVALID_PRIMARY_GROUP);
}

TEST(Security, owner_and_group_are_changed_where_they_differ) {
  SecurityDescriptor wanted;
  wanted.owner = sid_unix_user(7);
  wanted.group = sid_unix_group(100);
  const auto update =
      mode_from_security(wanted, SecurityInfoBit::owner | SecurityInfoBit::group, file_with(0600), alice());
  ASSERT_TRUE(update);
  EXPECT_EQ(update->uid, 7u);
  EXPECT_FALSE(update->gid || update->mode);
}

// --- Descriptors that say more than a mode.

const Sid kBob{5, {21, 1, 2, 3, 1001}};

std::uint32_t local_mode(const SecurityDescriptor& stored, std::uint32_t before = 0640) {
  return mode_for_local_programs(stored, file_with(before), alice());
}

TEST(Security, local_programs_get_no_more_than_the_descriptor_lets_their_class_have) {
  EXPECT_EQ(local_mode(dacl_of({allow(kBob, kFileAllAccess)})), 0600u);
  EXPECT_EQ(local_mode(dacl_of({allow(sid_everyone(), kFileGenericRead)})), 0644u);
  EXPECT_EQ(local_mode(dacl_of({deny(sid_unix_group(100), kFileGenericRead), allow(sid_everyone(), kFileGenericRead)})),
            0604u);
  EXPECT_EQ(local_mode(SecurityDescriptor()), 0666u);
}

TEST(Security, the_owner_keeps_reading_and_writing) {
  EXPECT_EQ(local_mode(dacl_of({}), 0444), 0600u);
  EXPECT_EQ(mode_for_local_programs(dacl_of({}), file_with(0555, vfs::NodeType::directory), alice()), 0700u);
}

TEST(Security, a_file_stays_as_executable_as_it_was) {
  const SecurityDescriptor all = dacl_of({allow(sid_everyone(), kFileAllAccess), allow(kBob, kFileAllAccess)});
  EXPECT_EQ(local_mode(all, 0640), 0666u);
  EXPECT_EQ(local_mode(all, 0755), 0777u);
}

TEST(Security, the_mode_that_a_unix_client_puts_into_an_entry_is_the_mode) {
  EXPECT_EQ(local_mode(dacl_of({deny(Sid{5, {88, 3, 0604}}, {}), allow(sid_everyone(), kFileAllAccess)})), 0604u);
}

TEST(Security, what_a_mode_says_is_not_stored) {
  const vfs::NodeInfo file = file_with(0600);
  const SecurityDescriptor wanted = security_from_mode(file_with(0644), kAll, alice());
  const auto update = security_update(wanted, kAll, file, alice());
  ASSERT_TRUE(update);
  EXPECT_EQ(update->mode, 0644u);
  EXPECT_FALSE(update->security);
}

TEST(Security, what_a_mode_says_takes_the_place_of_what_was_stored) {
  vfs::NodeInfo file = file_with(0600);
  file.security = std::make_shared<const ByteVector>(encode_security_descriptor(dacl_of({})));
  const auto update = security_update(security_from_mode(file_with(0644), kAll, alice()), kAll, file, alice());
  ASSERT_TRUE(update && update->security);
  EXPECT_TRUE(update->security->empty());
}

TEST(Security, a_new_owner_alone_leaves_the_stored_dacl_as_it_is) {
  vfs::NodeInfo file = file_with(0600);
  SecurityDescriptor stored = dacl_of({allow(kBob, kFileAllAccess)});
  stored.owner = sid_unix_user(1000);
  stored.group = sid_unix_group(100);
  file.security = std::make_shared<const ByteVector>(encode_security_descriptor(stored));
  SecurityDescriptor wanted;
  wanted.owner = alice().user;
  const auto update = security_update(wanted, SecurityInfoBit::owner, file, alice());
  ASSERT_TRUE(update && update->security);
  EXPECT_FALSE(update->mode);
  const auto next = stored_descriptor(std::make_shared<const ByteVector>(*update->security));
  EXPECT_EQ(next->owner, alice().user);
  EXPECT_EQ(next->dacl, stored.dacl);
}

TEST(Security, ids_of_a_unix_clients_own_are_kept_and_mean_nobody_here) {
  SecurityDescriptor wanted;
  wanted.owner = Sid{5, {88, 1, 0}};
  const auto update = security_update(wanted, SecurityInfoBit::owner, file_with(0600), alice());
  ASSERT_TRUE(update && update->security);
  EXPECT_FALSE(update->uid);
}

TEST(Security, what_was_stored_and_cannot_be_read_grants_nobody_anything_but_the_owner_to_replace_it) {
  vfs::NodeInfo file = file_with(0666);
  for (const ByteVector& bytes : {ByteVector(), ByteVector(19, 1), ByteVector(64, 0xFF)}) {
    file.security = std::make_shared<const ByteVector>(bytes);
    const SecurityDescriptor read = descriptor_of(file, alice());
    EXPECT_EQ(allowed_access(read, alice()), Access::read_control | Access::write_dac);
    EXPECT_EQ(allowed_access(*stored_descriptor(file.security), alice()), AccessMask());
  }
}

}  // namespace
}  // namespace dozo::server
