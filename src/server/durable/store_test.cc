#include "server/durable/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "identity/sqlite_database.h"

namespace dozo::server {
namespace {

// A folder of its own for each test.
class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
  void TearDown() override {
    for (const char* name : {"", ".damaged"}) {
      for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((folder_ + "/handles.db" + name + suffix).c_str());
    }
    ::rmdir(folder_.c_str());
  }
  std::unique_ptr<PersistentStore> open() {
    auto store = PersistentStore::open(folder_);
    EXPECT_TRUE(store.has_value()) << store.error();
    return std::move(*store);
  }
  std::string folder_ = ::testing::TempDir() + "dozo-store-XXXXXX";
};

PersistentOpen sample(std::uint64_t id = 0xF000000000000001) {
  PersistentOpen out;
  out.id = id;
  out.share = "data";
  out.path = {"dir", "Ä file"};
  out.stream = "s";
  out.node = {7, 0xFFFFFFFFFFFFFFFF};
  out.granted = kFileAllAccess;
  out.handle.create_options = CreateOption::write_through;
  out.handle.owner_name = "alice";
  out.handle.owner = sid_from_string("S-1-5-21-1-2-3-1000").value_or(Sid{});
  out.handle.is_durable = out.handle.is_persistent = true;
  out.handle.durable_timeout = std::chrono::seconds(60);
  out.handle.client_guid.bytes[0] = 1;
  out.handle.create_guid.emplace().bytes[15] = 2;
  out.handle.lease.emplace().key.bytes[3] = 3;
  out.handle.lease->state = LeaseBit::read | LeaseBit::handle;
  out.handle.lease->v2 = true;
  out.handle.lease->epoch = 0xFFFF;
  out.handle.app_instance.emplace().bytes[1] = 4;
  out.handle.app_version = {5, 6};
  out.handle.desired_access = kFileAllAccess;
  out.handle.share_access = ShareFlag::read;
  out.handle.action = CreateAction::created;
  out.oplock = OplockLevel::lease;
  out.delete_pending = true;
  out.held.locks = {{.offset = ~0ull, .length = 1, .exclusive = true}, {.offset = 0, .length = 9, .exclusive = false}};
  out.held.sequences = {{.index = 1, .number = 15}, {.index = 64, .number = 0}};
  return out;
}

StoreResult put(PersistentStore& store, const PersistentOpen& open) {
  return store.put([&open] { return std::optional(open); });
}

// One lock, as what is to be stored at the moment when it is asked for.
auto locks_at(std::uint64_t offset) {
  return [offset] {
    const share::HeldLocks held{{{.open = {}, .offset = offset, .length = 4, .exclusive = true}}, {{3, 4}}};
    return std::vector<PersistentLocks>{{.id = sample().id, .held = held}};
  };
}

void expect_same(const PersistentOpen& a, const PersistentOpen& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.share, b.share);
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.stream, b.stream);
  EXPECT_EQ(a.node, b.node);
  EXPECT_EQ(a.granted, b.granted);
  EXPECT_EQ(a.handle, b.handle);
  EXPECT_EQ(a.oplock, b.oplock);
  EXPECT_EQ(a.delete_pending, b.delete_pending);
  EXPECT_EQ(a.held, b.held);
}

TEST_F(StoreTest, what_was_put_is_there_after_a_restart) {
  ASSERT_TRUE(put(*open(), sample()));
  const auto loaded = open()->load();
  ASSERT_TRUE(loaded && loaded->size() == 1);
  expect_same(loaded->front(), sample());
}

TEST_F(StoreTest, what_has_neither_lease_nor_instance_comes_back_without) {
  PersistentOpen plain = sample();
  plain.handle.lease.reset();
  plain.handle.app_instance.reset();
  plain.handle.app_version.reset();
  plain.oplock = OplockLevel::none;
  plain.held = {};
  ASSERT_TRUE(put(*open(), plain));
  const auto loaded = open()->load();
  ASSERT_TRUE(loaded && loaded->size() == 1);
  expect_same(loaded->front(), plain);
}

TEST_F(StoreTest, put_again_replaces) {
  const auto store = open();
  ASSERT_TRUE(put(*store, sample()));
  PersistentOpen changed = sample();
  changed.held = {};
  changed.delete_pending = false;
  ASSERT_TRUE(put(*store, changed));
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 1);
  expect_same(loaded->front(), changed);
}

TEST_F(StoreTest, locks_change_alone) {
  const auto store = open();
  ASSERT_TRUE(put(*store, sample()));
  ASSERT_TRUE(store->put_locks(locks_at(3)));
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 1);
  EXPECT_EQ(loaded->front().held.locks.size(), 1U);
  EXPECT_EQ(loaded->front().held.locks.front().offset, 3U);
  EXPECT_EQ(loaded->front().held.sequences, std::vector<share::LockSequence>({{3, 4}}));
}

// From one open to another a lock goes at once, whenever the server is killed.
TEST_F(StoreTest, locks_of_several_opens_are_put_together) {
  const auto store = open();
  ASSERT_TRUE(put(*store, sample(1)) && put(*store, sample(2)));
  const auto moved = [] {
    std::vector<PersistentLocks> out = locks_at(3)();
    out.front().id = 2;
    out.push_back({.id = 1, .held = {}});
    return out;
  };
  ASSERT_TRUE(store->put_locks(moved));
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 2);
  EXPECT_TRUE((*loaded)[0].held.locks.empty());
  EXPECT_EQ((*loaded)[1].held, locks_at(3)().front().held);
}

TEST_F(StoreTest, locks_of_what_is_not_there_are_nobodys) {
  const auto store = open();
  ASSERT_TRUE(store->put_locks(locks_at(3)));
  PersistentOpen bare = sample();
  bare.held = {};
  ASSERT_TRUE(put(*store, bare));
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 1);
  EXPECT_EQ(loaded->front().held, share::HeldLocks());
}

TEST_F(StoreTest, of_two_that_write_at_once_the_later_one_has_asked_later) {
  const auto store = open();
  ASSERT_TRUE(put(*store, sample()));
  std::atomic<std::uint64_t> now = 1;
  std::atomic<bool> second_is_done = false;
  std::thread second;
  const auto write = [&] {
    ASSERT_TRUE(store->put_locks([&] { return locks_at(now)(); }));
    second_is_done = true;
  };
  // While the first knows what it is going to store, something else becomes true, and is stored by the second.
  const auto slow = [&] {
    const std::vector<PersistentLocks> known = locks_at(now)();
    now = 2;
    second = std::thread(write);
    for (int i = 0; i < 100 && !second_is_done; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return known;
  };
  ASSERT_TRUE(store->put_locks(slow));
  second.join();
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 1 && loaded->front().held.locks.size() == 1);
  EXPECT_EQ(loaded->front().held.locks.front().offset, 2U);
}

TEST_F(StoreTest, an_open_that_is_closed_by_then_has_no_row) {
  const auto store = open();
  ASSERT_TRUE(store->put([] { return std::optional<PersistentOpen>(); }));
  EXPECT_TRUE(store->empty());
}

TEST_F(StoreTest, what_opens_cache_and_delete_changes_alone) {
  const auto store = open();
  ASSERT_TRUE(put(*store, sample(1)) && put(*store, sample(2)));
  const PersistentState state{.id = 2, .oplock = OplockLevel::lease, .lease = LeaseBit::read, .epoch = 7};
  const PersistentState nobody{.id = 3};
  ASSERT_TRUE(store->put_states([&] { return std::vector{state, nobody}; }));
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 2);
  expect_same(loaded->front(), sample(1));
  PersistentOpen changed = sample(2);
  changed.handle.lease->state = LeaseBit::read;
  changed.handle.lease->epoch = 7;
  changed.delete_pending = false;
  expect_same(loaded->back(), changed);
}

// As it was before LOCKs had numbers in it.
TEST_F(StoreTest, a_file_of_an_older_version_is_brought_up_to_date) {
  ASSERT_TRUE(put(*open(), sample()));
  {
    auto database = identity::SqliteDatabase::open(folder_ + "/handles.db");
    ASSERT_TRUE(database && database->execute("DROP TABLE sequences; PRAGMA user_version = 1"));
  }
  const auto store = open();
  PersistentOpen old = sample();
  old.held.sequences.clear();
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 1);
  expect_same(loaded->front(), old);
  EXPECT_TRUE(store->put_locks(locks_at(3)));
}

TEST_F(StoreTest, an_erased_open_is_gone_with_its_locks) {
  const auto store = open();
  EXPECT_TRUE(store->empty());
  ASSERT_TRUE(put(*store, sample(1)) && put(*store, sample(2)));
  ASSERT_TRUE(store->erase(1));
  EXPECT_FALSE(store->empty());
  ASSERT_TRUE(store->erase(2));
  EXPECT_TRUE(store->empty());
  PersistentOpen bare = sample(1);
  bare.held = {};
  ASSERT_TRUE(put(*store, bare));
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 1);
  EXPECT_TRUE(loaded->front().held.locks.empty());
}

TEST_F(StoreTest, a_rename_reaches_every_open_of_the_path) {
  const auto store = open();
  ASSERT_TRUE(put(*store, sample(1)) && put(*store, sample(2)));
  ASSERT_TRUE(store->rename("data", sample().path, {"new"}));
  ASSERT_TRUE(store->rename("other", {"new"}, {"wrong"}));
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 2);
  for (const PersistentOpen& each : *loaded) EXPECT_EQ(each.path, vfs::Path{"new"});
}

TEST_F(StoreTest, a_row_that_makes_no_sense_is_left_out) {
  PersistentOpen climbing = sample(1);
  climbing.path = {"..", "x"};
  const auto store = open();
  ASSERT_TRUE(put(*store, climbing) && put(*store, sample(2)));
  const auto loaded = store->load();
  ASSERT_TRUE(loaded && loaded->size() == 1);
  EXPECT_EQ(loaded->front().id, 2U);
}

TEST_F(StoreTest, a_damaged_file_is_put_aside) {
  std::FILE* file = std::fopen((folder_ + "/handles.db").c_str(), "w");
  ASSERT_NE(file, nullptr);
  for (int i = 0; i < 1000; ++i) std::fputs("this is no database", file);
  std::fclose(file);
  const auto store = open();
  EXPECT_TRUE(store->empty());
  EXPECT_EQ(::access((folder_ + "/handles.db.damaged").c_str(), F_OK), 0);
}

TEST_F(StoreTest, nobody_else_reads_it) {
  static_cast<void>(open());
  struct stat status{};
  ASSERT_EQ(::stat((folder_ + "/handles.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

}  // namespace
}  // namespace dozo::server
