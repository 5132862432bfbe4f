#include "share/sharded_engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace dozo::share {
namespace {

OpenRequest open_of(ShardedEngine& engine, std::uint64_t inode, std::u16string path, std::uint64_t owner = 1) {
  OpenRequest request;
  request.key = {1, 1, inode, {}};
  request.open = engine.new_open_id(request.key);
  request.owner = OwnerId{owner};
  request.path = std::move(path);
  request.granted_access = kFileAllAccess;
  request.share_access = ShareAccess::from_wire(7);
  return request;
}

TEST(ShardedEngine, opens_of_one_file_meet_whatever_their_stream) {
  ShardedEngine engine;
  OpenRequest first = open_of(engine, 1, u"F");
  first.share_access = {};
  ASSERT_TRUE(engine.apply(first, {}).granted());
  OpenRequest second = open_of(engine, 1, u"F");
  EXPECT_EQ(engine.apply(second, {}).result(), Result<>(fail(NtStatus::SHARING_VIOLATION)));
  // The first open may delete the main stream, which this one does not share.
  second.key.stream = u"S";
  second.share_access = {};
  second.open = engine.new_open_id(second.key);
  EXPECT_EQ(engine.apply(second, {}).result(), Result<>(fail(NtStatus::SHARING_VIOLATION)));
}

TEST(ShardedEngine, a_disconnect_reaches_every_shard_and_answers_once) {
  ShardedEngine engine;
  for (std::uint64_t i = 0; i < 500; ++i) {
    ASSERT_TRUE(engine.apply(open_of(engine, i, u"F" + std::u16string(i % 7, u'X'), 1 + i % 2), {}).granted());
  }
  const Effects effects = engine.apply(DisconnectOwner{OwnerId{1}}, {});
  EXPECT_TRUE(effects.granted());
  EXPECT_EQ(effects.size(), 251u);
  EXPECT_EQ(engine.counts().opens, 250u);
  EXPECT_EQ(engine.list_opens(1000).size(), 250u);
  EXPECT_EQ(engine.list_opens(10).size(), 10u);
}

TEST(ShardedEngine, a_directory_with_opens_beneath_in_any_shard_is_not_renamed) {
  ShardedEngine engine;
  OpenRequest directory = open_of(engine, 1000, u"D");
  directory.is_directory = true;
  ASSERT_TRUE(engine.apply(directory, {}).granted());
  for (std::uint64_t inode = 1; inode <= 64; ++inode) {
    const OpenRequest file = open_of(engine, inode, u"D\\F");
    ASSERT_TRUE(engine.apply(file, {}).granted());
    EXPECT_EQ(engine.can_rename(directory.open), Result<>(fail(NtStatus::ACCESS_DENIED)));
    EXPECT_EQ(engine.apply(RenameLink{directory.open, u"E"}, {}).result(), Result<>(fail(NtStatus::ACCESS_DENIED)));
    ASSERT_TRUE(engine.apply(CloseOpen{file.open}, {}).granted());
  }
  EXPECT_TRUE(engine.apply(RenameLink{directory.open, u"E"}, {}).granted());
}

TEST(ShardedEngine, the_next_deadline_is_the_earliest_of_all_shards) {
  ShardedEngine engine;
  for (std::uint64_t inode = 1; inode <= 8; ++inode) {
    const OpenRequest open = open_of(engine, inode, u"F");
    ASSERT_TRUE(engine.apply(open, {}).granted());
    LockRequest lock{open.open, engine.new_ticket_id(), {{0, 1, LockKind::exclusive, true}}, {}, {}};
    ASSERT_TRUE(engine.apply(lock, {}).granted());
    lock.elements[0].fail_immediately = false;
    lock.ticket = engine.new_ticket_id();
    lock.give_up_at = Instant{} + std::chrono::seconds(100 - inode);
    ASSERT_TRUE(engine.apply(lock, {}).parked());
  }
  const Instant first = Instant{} + std::chrono::seconds(92);
  EXPECT_EQ(engine.next_deadline(), first);
  EXPECT_EQ(engine.apply(Deadline{}, first).size(), 2u);
  EXPECT_EQ(engine.counts().waiters, 7u);
}

// Every parked ticket is woken exactly once, by whichever thread's apply() it falls to.
TEST(ShardedEngine, threads_lock_and_unlock_one_byte_in_turn) {
  ShardedEngine engine;
  std::atomic<int> parked{0};
  std::atomic<int> woken{0};
  const auto count = [&](const Effects& effects) {
    if (effects.parked()) parked.fetch_add(1);
    for (const Effect& effect : effects) woken.fetch_add(std::holds_alternative<Wake>(effect) ? 1 : 0);
  };
  const auto work = [&] {
    for (int i = 0; i < 500; ++i) {
      const OpenRequest open = open_of(engine, 1, u"F");
      count(engine.apply(open, {}));
      count(engine.apply(LockRequest{open.open, engine.new_ticket_id(), {{0, 1, LockKind::exclusive, false}}, {}, {}},
                         {}));
      count(engine.apply(CloseOpen{open.open}, {}));
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(parked.load(), woken.load());
  EXPECT_EQ(engine.counts(), EngineCounts{});
}

}  // namespace
}  // namespace dozo::share
