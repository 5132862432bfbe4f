#include "identity/user_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/hex_for_tests.h"

namespace dozo::identity {
namespace {

// A state directory that is not there yet, removed at the end.
class UserStoreTest : public ::testing::Test {
 protected:
  UserStoreTest() {
    char name[] = "/tmp/dozo-users-XXXXXX";
    parent_ = mkdtemp(name);
    directory_ = parent_ + "/state";
  }
  ~UserStoreTest() override { std::filesystem::remove_all(parent_); }

  std::unique_ptr<UserStore> open() {
    StoreResult<std::unique_ptr<UserStore>> store = UserStore::open(directory_);
    EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message);
    return store ? std::move(*store) : nullptr;
  }
  StoreError open_error() {
    const StoreResult<std::unique_ptr<UserStore>> store = UserStore::open(directory_);
    EXPECT_FALSE(store.has_value());
    return store ? StoreError{} : store.error();
  }
  std::string file() const { return directory_ + "/users.db"; }
  static mode_t mode_of(const std::string& path) {
    struct stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }
  void run_sql(const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  static UserStore::NewUser alice() { return {"Alice", "secret", "Alice Liddell", std::nullopt}; }

  std::string parent_;
  std::string directory_;
};

TEST_F(UserStoreTest, nobody_else_may_read_the_directory_or_its_files) {
  umask(0);
  const auto store = open();
  ASSERT_TRUE(store->add_user(alice()).has_value());
  umask(022);
  EXPECT_EQ(mode_of(directory_), 0700u);
  for (const std::string suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode_of(file() + suffix), 0600u) << suffix;
}

TEST_F(UserStoreTest, a_file_that_others_may_read_is_refused) {
  open();
  chmod(file().c_str(), 0640);
  const StoreError error = open_error();
  EXPECT_EQ(error.kind, StoreError::Kind::io);
  EXPECT_NE(error.message.find("chmod 600"), std::string::npos) << error.message;
}

TEST_F(UserStoreTest, a_directory_that_others_may_write_is_refused) {
  open();
  chmod(directory_.c_str(), 0770);
  EXPECT_NE(open_error().message.find("chmod 700"), std::string::npos);
  chmod(directory_.c_str(), 0700);
}

TEST_F(UserStoreTest, a_symbolic_link_in_place_of_the_file_is_refused) {
  open();
  std::filesystem::rename(file(), parent_ + "/elsewhere.db");
  std::filesystem::create_symlink(parent_ + "/elsewhere.db", file());
  EXPECT_EQ(open_error().kind, StoreError::Kind::io);
}

TEST_F(UserStoreTest, users_groups_and_the_machine_survive_a_reopen) {
  MachineIdentity machine;
  {
    const auto store = open();
    ASSERT_TRUE(store->add_user(alice()).has_value());
    ASSERT_TRUE(store->add_group("writers").has_value());
    ASSERT_TRUE(store->add_member("Writers", "ALICE").has_value());
    machine = store->snapshot()->machine();
  }
  const auto snapshot = open()->snapshot();
  EXPECT_EQ(snapshot->machine().domain_sid, machine.domain_sid);
  EXPECT_EQ(snapshot->machine().server_guid, machine.server_guid);
  const User* user = snapshot->find_user("aLICE");
  ASSERT_NE(user, nullptr);
  EXPECT_EQ(user->name, "Alice");
  EXPECT_EQ(user->full_name, "Alice Liddell");
  EXPECT_EQ(to_hex(user->nt_hash.bytes()), to_hex(crypto::nt_hash("secret")->bytes()));
  ASSERT_EQ(snapshot->groups_of("alice").size(), 1u);
  EXPECT_EQ(snapshot->groups_of("alice")[0]->name, "writers");
}

TEST_F(UserStoreTest, two_installations_are_different_machines) {
  const MachineIdentity one = open()->snapshot()->machine();
  directory_ += "2";
  const MachineIdentity two = open()->snapshot()->machine();
  EXPECT_NE(one.domain_sid, two.domain_sid);
  EXPECT_NE(one.server_guid, two.server_guid);
  EXPECT_EQ(to_string(one.domain_sid).substr(0, 9), "S-1-5-21-");
}

TEST_F(UserStoreTest, the_password_itself_is_nowhere_in_the_files) {
  open()->add_user({"bob", "correct horse battery", "", std::nullopt}).value();
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(bytes.find("correct horse"), std::string::npos) << entry.path();
  }
}

TEST_F(UserStoreTest, names_are_taken_once_whatever_their_case) {
  const auto store = open();
  ASSERT_TRUE(store->add_user(alice()).has_value());
  EXPECT_EQ(store->add_user({"ALICE", "x", "", std::nullopt}).error().kind, StoreError::Kind::exists);
  EXPECT_EQ(store->add_group("alice").error().kind, StoreError::Kind::exists);
  EXPECT_EQ(store->add_user({"administrators", "x", "", std::nullopt}).error().kind, StoreError::Kind::exists);
}

TEST_F(UserStoreTest, an_empty_password_is_refused) {
  const auto store = open();
  EXPECT_EQ(store->add_user({"bob", "", "", std::nullopt}).error().kind, StoreError::Kind::invalid);
  ASSERT_TRUE(store->add_user(alice()).has_value());
  EXPECT_EQ(store->set_password("alice", "").error().kind, StoreError::Kind::invalid);
  EXPECT_EQ(store->set_password("alice", "\xFF").error().kind, StoreError::Kind::invalid);
}

TEST_F(UserStoreTest, names_that_windows_does_not_allow_are_refused) {
  for (const std::string name : {"", ".", "...", " a", "a ", "a.", "a/b", "a\\b", "a@b", "a:b", "a*", "a\nb", "\xFF"}) {
    EXPECT_FALSE(check_user_name(name).has_value()) << name;
  }
  EXPECT_FALSE(check_user_name(std::string(65, 'x')).has_value());
  for (const std::string name : {"a", "jean-luc", "ödön", "a.b", "a b", "user_1"}) {
    EXPECT_TRUE(check_user_name(name).has_value()) << name;
  }
}

TEST_F(UserStoreTest, what_was_changed_is_seen_at_once) {
  const auto store = open();
  ASSERT_TRUE(store->add_user(alice()).has_value());
  const auto before = store->snapshot();
  ASSERT_TRUE(store->set_password("alice", "other").has_value());
  ASSERT_TRUE(store->set_disabled("alice", true).has_value());
  ASSERT_TRUE(store->set_full_name("alice", "A. L.").has_value());
  ASSERT_TRUE(store->set_unix_account("alice", "nobody").has_value());
  const auto after = store->snapshot();
  const User* user = after->find_user("alice");
  EXPECT_EQ(to_hex(user->nt_hash.bytes()), to_hex(crypto::nt_hash("other")->bytes()));
  EXPECT_TRUE(user->disabled);
  EXPECT_EQ(user->full_name, "A. L.");
  EXPECT_EQ(user->unix_account, "nobody");
  EXPECT_GT(user->changed, user->created);
  EXPECT_FALSE(before->find_user("alice")->disabled) << "a snapshot does not change";
}

TEST_F(UserStoreTest, what_another_process_changed_is_seen_at_the_next_snapshot) {
  const auto server = open();
  const auto tool = open();
  EXPECT_EQ(server->snapshot()->find_user("alice"), nullptr);
  ASSERT_TRUE(tool->add_user(alice()).has_value());
  EXPECT_NE(server->snapshot()->find_user("alice"), nullptr);
  EXPECT_EQ(server->snapshot(), server->snapshot()) << "without a change nothing is read again";
}

TEST_F(UserStoreTest, a_removed_user_leaves_its_groups_and_its_rid_is_not_given_again) {
  const auto store = open();
  ASSERT_TRUE(store->add_user(alice()).has_value());
  ASSERT_TRUE(store->add_member("administrators", "alice").has_value());
  const std::uint32_t rid = store->snapshot()->find_user("alice")->rid;
  EXPECT_GE(rid, 1000u);
  ASSERT_TRUE(store->remove_user("ALICE").has_value());
  ASSERT_TRUE(store->add_user(alice()).has_value());
  EXPECT_GT(store->snapshot()->find_user("alice")->rid, rid);
  EXPECT_TRUE(store->snapshot()->groups_of("alice").empty());
}

TEST_F(UserStoreTest, what_is_not_there_is_not_found) {
  const auto store = open();
  EXPECT_EQ(store->remove_user("x").error().kind, StoreError::Kind::not_found);
  EXPECT_EQ(store->set_password("x", "y").error().message, "no user x");
  EXPECT_EQ(store->add_member("nogroup", "x").error().message, "no group nogroup");
  EXPECT_EQ(store->add_member("administrators", "x").error().message, "no user x");
  EXPECT_EQ(store->remove_group("nogroup").error().kind, StoreError::Kind::not_found);
  ASSERT_TRUE(store->add_user(alice()).has_value());
  EXPECT_EQ(store->remove_member("administrators", "alice").error().kind, StoreError::Kind::not_found);
}

TEST_F(UserStoreTest, the_built_in_group_stays) {
  const auto store = open();
  EXPECT_EQ(store->remove_group("Administrators").error().kind, StoreError::Kind::invalid);
  const auto snapshot = store->snapshot();
  EXPECT_EQ(snapshot->sid_of(*snapshot->find_group("administrators")), sid_administrators());
}

TEST_F(UserStoreTest, a_file_that_is_no_database_is_named_damaged) {
  open();
  std::filesystem::remove(file() + "-wal");
  std::filesystem::remove(file() + "-shm");
  std::ofstream(file(), std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
  const StoreError error = open_error();
  EXPECT_EQ(error.kind, StoreError::Kind::damaged);
  EXPECT_NE(error.message.find(file()), std::string::npos);
  EXPECT_NE(error.message.find("backup"), std::string::npos);
}

TEST_F(UserStoreTest, a_file_cut_short_is_named_damaged) {
  open()->add_user(alice()).value();
  std::filesystem::resize_file(file(), 4096 + 2048);
  EXPECT_EQ(open_error().kind, StoreError::Kind::damaged);
}

TEST_F(UserStoreTest, another_programs_database_is_left_alone) {
  open();
  std::filesystem::remove_all(directory_);
  mkdir(directory_.c_str(), 0700);
  run_sql("CREATE TABLE recipes (name TEXT)");
  chmod(file().c_str(), 0600);
  EXPECT_EQ(open_error().kind, StoreError::Kind::damaged);
}

TEST_F(UserStoreTest, a_file_of_a_newer_version_is_left_alone) {
  open();
  run_sql("PRAGMA user_version = 99");
  const StoreError error = open_error();
  EXPECT_EQ(error.kind, StoreError::Kind::too_new);
  EXPECT_NE(error.message.find("99"), std::string::npos);
}

TEST_F(UserStoreTest, a_store_without_its_machine_sid_is_named_damaged) {
  open();
  run_sql("DELETE FROM meta WHERE key = 'machine_sid'");
  EXPECT_EQ(open_error().kind, StoreError::Kind::damaged);
}

TEST_F(UserStoreTest, a_store_that_breaks_under_a_running_server_keeps_its_users) {
  const auto server = open();
  ASSERT_TRUE(server->add_user(alice()).has_value());
  ASSERT_NE(server->snapshot()->find_user("alice"), nullptr);
  run_sql("DELETE FROM meta WHERE key = 'machine_sid'");
  EXPECT_NE(server->snapshot()->find_user("alice"), nullptr);
}

}  // namespace
}  // namespace dozo::identity
