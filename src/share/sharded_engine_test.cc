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

OpenRequest leased(ShardedEngine& engine, std::uint64_t inode, LeaseState state, std::uint8_t client = 1) {
  OpenRequest request = open_of(engine, inode, u"F");
  request.ticket = engine.new_ticket_id();
  request.oplock = OplockLevel::lease;
  request.lease = LeaseRequest{.key = {}, .state = state, .parent_key = {}};
  request.client_guid.bytes[0] = client;
  return request;
}

constexpr LeaseState kReadHandle = LeaseBit::read | LeaseBit::handle;

TEST(ShardedEngine, a_lease_key_is_for_one_file_in_whatever_shard) {
  ShardedEngine engine;
  const OpenRequest first = leased(engine, 1, kReadHandle);
  ASSERT_TRUE(engine.apply(first, {}).granted());
  for (std::uint64_t inode = 2; inode < 100; ++inode) {
    EXPECT_EQ(engine.apply(leased(engine, inode, kReadHandle), {}).result(),
              Result<>(fail(NtStatus::INVALID_PARAMETER)));
    EXPECT_TRUE(engine.apply(leased(engine, inode, kReadHandle, 2), {}).granted() == (inode == 2));
  }
  // Free again with the last open.
  ASSERT_TRUE(engine.apply(CloseOpen{first.open}, {}).granted());
  EXPECT_TRUE(engine.apply(leased(engine, 50, kReadHandle), {}).granted());
}

TEST(ShardedEngine, the_key_of_a_refused_open_is_free) {
  ShardedEngine engine;
  OpenRequest exclusive = open_of(engine, 1, u"F");
  exclusive.share_access = {};
  ASSERT_TRUE(engine.apply(exclusive, {}).granted());
  EXPECT_EQ(engine.apply(leased(engine, 1, kReadHandle), {}).result(), Result<>(fail(NtStatus::SHARING_VIOLATION)));
  EXPECT_TRUE(engine.apply(leased(engine, 2, kReadHandle), {}).granted());
}

TEST(ShardedEngine, the_key_of_a_file_that_goes_grants_nothing_elsewhere) {
  ShardedEngine engine;
  OpenRequest going = leased(engine, 1, kReadHandle);
  going.delete_on_close = true;
  ASSERT_TRUE(engine.apply(going, {}).granted());
  for (std::uint64_t inode = 2; inode < 20; ++inode) {
    const Effects effects = engine.apply(leased(engine, inode, kReadHandle), {});
    EXPECT_EQ(effects.answer(), Effect(Grant{}));
  }
  EXPECT_EQ(engine.counts().leases, 1U);
}

// Nobody ends his own lease but by this planted bug; what follows must hold whatever made one event end and grant it.
TEST(ShardedEngine, a_lease_that_one_event_ended_and_granted_anew_stays_known) {
  ShardedEngine engine(EngineOptions{.canary = Canary::own_lease_is_broken});
  const OpenRequest first = leased(engine, 1, kReadHandle | LeaseBit::write);
  ASSERT_TRUE(engine.apply(first, {}).granted());
  ASSERT_TRUE(engine.apply(PreserveOpen{.open = first.open, .until = Instant(std::chrono::seconds(60))}, {}).granted());
  const Effects effects = engine.apply(leased(engine, 1, kReadHandle | LeaseBit::write), {});
  ASSERT_TRUE(effects.granted());
  ASSERT_EQ(*(effects.begin() + 1), Effect(Forget{first.open}));
  EXPECT_EQ(engine.apply(leased(engine, 2, kReadHandle), {}).result(), Result<>(fail(NtStatus::INVALID_PARAMETER)));
  EXPECT_EQ(engine.apply(AckLease{*lease_of(first), kReadHandle}, {}).result(), Result<>(fail(NtStatus::UNSUCCESSFUL)));
}

TEST(ShardedEngine, an_acknowledgement_finds_its_lease) {
  ShardedEngine engine;
  for (std::uint8_t client = 1; client <= 32; ++client) {
    const OpenRequest mine = leased(engine, client, kReadHandle | LeaseBit::write, client);
    ASSERT_TRUE(engine.apply(mine, {}).granted());
    OpenRequest theirs = open_of(engine, client, u"F");
    theirs.ticket = engine.new_ticket_id();
    ASSERT_TRUE(engine.apply(theirs, {}).parked());
    const Effects effects = engine.apply(AckLease{*lease_of(mine), kReadHandle}, {});
    ASSERT_EQ(effects.size(), 2U);
    EXPECT_EQ(*(effects.begin() + 1), Effect(Wake{theirs.ticket, NtStatus::SUCCESS}));
  }
  EXPECT_EQ(engine.apply(AckLease{LeaseId{}, kReadHandle}, {}).result(),
            Result<>(fail(NtStatus::OBJECT_NAME_NOT_FOUND)));
}

TEST(ShardedEngine, breaks_have_deadlines_too) {
  ShardedEngine engine;
  ASSERT_TRUE(engine.apply(leased(engine, 1, kReadHandle | LeaseBit::write), {}).granted());
  EXPECT_EQ(engine.next_deadline(), std::nullopt);
  OpenRequest theirs = open_of(engine, 1, u"F");
  theirs.ticket = engine.new_ticket_id();
  ASSERT_TRUE(engine.apply(theirs, {}).parked());
  EXPECT_EQ(engine.next_deadline(), Instant(std::chrono::seconds(35)));
  EXPECT_EQ(engine.apply(Deadline{}, Instant(std::chrono::seconds(35))).size(), 2U);
  EXPECT_EQ(engine.next_deadline(), std::nullopt);
}

// Threads that want one lease key for different files: each time one file has it, and the others are refused.
TEST(ShardedEngine, threads_contend_for_a_lease_key) {
  ShardedEngine engine;
  std::atomic<int> holders = 0;
  std::atomic<int> granted = 0;
  const auto contend = [&](std::uint64_t inode) {
    for (int i = 0; i < 2000; ++i) {
      const OpenRequest mine = leased(engine, inode, kReadHandle);
      if (!engine.apply(mine, {}).granted()) continue;
      EXPECT_EQ(holders.fetch_add(1), 0);
      granted.fetch_add(1);
      holders.fetch_sub(1);
      EXPECT_TRUE(engine.apply(CloseOpen{mine.open}, {}).granted());
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t inode = 1; inode <= 4; ++inode) threads.emplace_back(contend, inode);
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(granted.load(), 0);
  EXPECT_EQ(engine.counts().leases, 0U);
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
