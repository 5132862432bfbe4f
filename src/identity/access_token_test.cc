#include "identity/access_token.h"

#include <gtest/gtest.h>
#include <pwd.h>

#include <algorithm>

#include "identity/logon_for_tests.h"
#include "identity/sid_directory.h"
#include "identity/system_accounts.h"
#include "model/nt_status.h"

namespace dozo::identity {
namespace {

// An account every system has and that is not root.
const char* const kAccount = "nobody";

const User& user(const UserSnapshot& snapshot, const char* name) { return *snapshot.find_user(name); }

TEST(AccessToken, a_user_without_a_system_account_gets_the_run_as_account) {
  testing::FixedUsers users;
  const auto snapshot = users.snapshot();
  const auto token = build_access_token(*snapshot, user(*snapshot, "Ödön"), {.domain = "FILES", .run_as = kAccount});
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ((*token)->uid, find_system_user(kAccount)->uid);
  EXPECT_TRUE((*token)->mapped_to_run_as);
  EXPECT_EQ((*token)->user_name, "Ödön");
  EXPECT_EQ(to_string((*token)->user), "S-1-5-21-1-2-3-1001");
}

TEST(AccessToken, without_any_system_account_there_is_no_token) {
  testing::FixedUsers users;
  const auto snapshot = users.snapshot();
  for (const char* run_as : {"", "no-such-account-here"}) {
    EXPECT_EQ(build_access_token(*snapshot, user(*snapshot, "Ödön"), {.domain = "F", .run_as = run_as}).error(),
              NtStatus::NO_SUCH_USER);
  }
}

TEST(AccessToken, a_user_set_to_an_account_gets_its_ids) {
  testing::FixedUsers users;
  const auto snapshot = users.snapshot();
  User mapped = user(*snapshot, "Alice");
  mapped.unix_account = kAccount;
  const auto token = build_access_token(*snapshot, mapped, {.domain = "FILES", .run_as = ""}).value();
  EXPECT_EQ(token->uid, find_system_user(kAccount)->uid);
  EXPECT_FALSE(token->mapped_to_run_as);
  EXPECT_NE(std::ranges::find(token->supplementary_gids, token->gid), token->supplementary_gids.end());
}

TEST(AccessToken, a_user_named_root_does_not_become_root) {
  testing::FixedUsers users;
  const auto snapshot = users.snapshot();
  User root = user(*snapshot, "Alice");
  root.name = "root";
  EXPECT_FALSE(build_access_token(*snapshot, root, {.domain = "F", .run_as = ""}).has_value());
  EXPECT_NE(build_access_token(*snapshot, root, {.domain = "F", .run_as = kAccount}).value()->uid, 0u);
  root.name = "alice";
  root.unix_account = "root";
  EXPECT_FALSE(build_access_token(*snapshot, root, {.domain = "F", .run_as = ""}).has_value());
}

TEST(AccessToken, holds_the_users_groups_and_those_of_every_network_logon) {
  testing::FixedUsers users;
  const auto snapshot = users.snapshot();
  const TokenOptions options{.domain = "FILES", .run_as = kAccount};
  const auto alice = build_access_token(*snapshot, user(*snapshot, "Alice"), options).value();
  EXPECT_TRUE(alice->is_admin);
  for (const Sid& sid : {sid_administrators(), snapshot->machine().domain_sid.child(1003), sid_everyone(),
                         sid_authenticated_users(), sid_network(), sid_unix_group(alice->gid), alice->user}) {
    EXPECT_TRUE(alice->has(sid)) << to_string(sid);
  }
  EXPECT_FALSE(alice->has(sid_system()));
  EXPECT_FALSE(build_access_token(*snapshot, user(*snapshot, "Dora"), options).value()->is_admin);
}

struct DirectoryCase {
  const char* typed;
  const char* sid;
  const char* domain;
  const char* name;
  SidNameUse use;
};

TEST(SidDirectory, finds_names_and_sids_in_both_directions) {
  testing::FixedUsers users;
  const SidDirectory directory(users, "FILES");
  constexpr DirectoryCase kCases[] = {
      {"alice", "S-1-5-21-1-2-3-1000", "FILES", "Alice", SidNameUse::user},
      {"files\\ödön", "S-1-5-21-1-2-3-1001", "FILES", "Ödön", SidNameUse::user},
      {"dora@FILES", "S-1-5-21-1-2-3-1002", "FILES", "Dora", SidNameUse::user},
      {"WRITERS", "S-1-5-21-1-2-3-1003", "FILES", "writers", SidNameUse::alias},
      {"files", "S-1-5-21-1-2-3", "FILES", "FILES", SidNameUse::domain},
      {"everyone", "S-1-1-0", "", "Everyone", SidNameUse::well_known_group},
      {"NT Authority\\system", "S-1-5-18", "NT AUTHORITY", "SYSTEM", SidNameUse::well_known_group},
      {"builtin\\administrators", "S-1-5-32-544", "BUILTIN", "Administrators", SidNameUse::alias},
      {"Unix User\\root", "S-1-22-1-0", "Unix User", "root", SidNameUse::user},
      {"Unix Group\\root", "S-1-22-2-0", "Unix Group", "root", SidNameUse::alias},
  };
  for (const DirectoryCase& c : kCases) {
    const auto by_name = directory.find_name(c.typed);
    ASSERT_TRUE(by_name.has_value()) << c.typed;
    EXPECT_EQ(to_string(by_name->sid), c.sid);
    const auto by_sid = directory.find_sid(by_name->sid);
    ASSERT_TRUE(by_sid.has_value()) << c.sid;
    EXPECT_EQ(by_sid->domain, c.domain);
    EXPECT_EQ(by_sid->name, c.name);
    EXPECT_EQ(by_sid->use, c.use);
  }
}

TEST(SidDirectory, knows_nobody_who_is_not_there) {
  testing::FixedUsers users;
  const SidDirectory directory(users, "FILES");
  for (const char* name : {"mallory", "OTHER\\alice", "", "\\", "Unix User\\no-such-account", "files\\everyone"}) {
    EXPECT_FALSE(directory.find_name(name).has_value()) << name;
  }
  for (const char* sid : {"S-1-5-21-1-2-3-4711", "S-1-5-21-9-9-9-1000", "S-1-22-1-4000000000", "S-1-22-3-0"}) {
    EXPECT_FALSE(directory.find_sid(sid_from_string(sid).value()).has_value()) << sid;
  }
}

}  // namespace
}  // namespace dozo::identity
