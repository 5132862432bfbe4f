// Preserved opens: their connection is gone, their share modes and locks are not.
#include <gtest/gtest.h>

#include <chrono>

#include "share/engine.h"

namespace dozo::share {
namespace {

using std::chrono::seconds;

constexpr OpenId kMine{1};
constexpr OpenId kTheirs{2};
constexpr Instant kExpiry = Instant(seconds(60));
constexpr PreserveOpen kResilient{.open = kMine, .until = kExpiry, .resilient = true};
constexpr PreserveOpen kPersistent{.open = kMine, .until = kExpiry, .persistent = true};

OpenRequest open_of(OpenId id, ShareAccess share = ShareAccess::from_wire(7)) {
  OpenRequest request;
  request.open = id;
  request.owner = OwnerId{id.value()};
  request.key = {1, 1, 1, {}};
  request.path = u"F";
  request.granted_access = kFileAllAccess;
  request.share_access = share;
  return request;
}

LockRequest lock_of(OpenId open, std::uint64_t ticket, bool wait) {
  LockRequest request{.open = open, .ticket = TicketId{ticket}, .elements = {}, .sequence = {}, .give_up_at = {}};
  request.elements.push_back({0, 10, LockKind::exclusive, !wait});
  return request;
}

Result<> refused(NtStatus status) { return fail(status); }

Engine preserved(const PreserveOpen& how) {
  Engine engine;
  EXPECT_TRUE(engine.apply(open_of(kMine), {}).granted());
  EXPECT_TRUE(engine.apply(lock_of(kMine, 1, false), {}).granted());
  EXPECT_TRUE(engine.apply(how, {}).granted());
  return engine;
}

TEST(EngineDurable, an_open_that_caches_no_handle_is_not_preserved) {
  Engine engine;
  ASSERT_TRUE(engine.apply(open_of(kMine), {}).granted());
  EXPECT_EQ(engine.apply(PreserveOpen{.open = kMine, .until = kExpiry}, {}).result(), refused(NtStatus::NOT_SUPPORTED));
  EXPECT_TRUE(engine.is_open(kMine));
}

TEST(EngineDurable, what_is_not_open_cannot_be_preserved) {
  Engine engine;
  EXPECT_EQ(engine.apply(kResilient, {}).result(), refused(NtStatus::FILE_CLOSED));
}

TEST(EngineDurable, an_open_is_preserved_once) {
  Engine engine = preserved(kResilient);
  EXPECT_EQ(engine.apply(kResilient, {}).result(), refused(NtStatus::FILE_CLOSED));
}

TEST(EngineDurable, a_preserved_open_keeps_its_locks) {
  Engine engine = preserved(kResilient);
  ASSERT_TRUE(engine.apply(open_of(kTheirs), {}).granted());
  EXPECT_EQ(engine.check_io(kTheirs, 0, 1, IoKind::write), refused(NtStatus::FILE_LOCK_CONFLICT));
}

TEST(EngineDurable, what_it_waited_for_is_cancelled) {
  Engine engine;
  ASSERT_TRUE(engine.apply(open_of(kTheirs), {}).granted());
  ASSERT_TRUE(engine.apply(open_of(kMine), {}).granted());
  ASSERT_TRUE(engine.apply(lock_of(kTheirs, 1, false), {}).granted());
  ASSERT_TRUE(engine.apply(lock_of(kMine, 2, true), {}).parked());
  Effects expected;
  expected.push(Grant{});
  expected.push(Wake{TicketId{2}, NtStatus::CANCELLED});
  EXPECT_EQ(engine.apply(kResilient, {}), expected);
}

TEST(EngineDurable, the_end_of_the_session_is_not_its_end) {
  Engine engine = preserved(kResilient);
  ASSERT_TRUE(engine.apply(DisconnectOwner{OwnerId{kMine.value()}}, {}).granted());
  EXPECT_TRUE(engine.is_open(kMine));
}

TEST(EngineDurable, a_reclaimed_open_ends_with_its_new_owner) {
  Engine engine = preserved(kResilient);
  ASSERT_TRUE(engine.apply(ReclaimOpen{kMine, OwnerId{7}}, {}).granted());
  EXPECT_EQ(engine.next_deadline(), std::nullopt);
  ASSERT_TRUE(engine.apply(DisconnectOwner{OwnerId{7}}, {}).granted());
  EXPECT_FALSE(engine.is_open(kMine));
}

TEST(EngineDurable, only_a_preserved_open_is_reclaimed) {
  Engine engine;
  const Result<> none = refused(NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(engine.apply(ReclaimOpen{kMine, OwnerId{7}}, {}).result(), none);
  ASSERT_TRUE(engine.apply(open_of(kMine), {}).granted());
  EXPECT_EQ(engine.apply(ReclaimOpen{kMine, OwnerId{7}}, {}).result(), none);
}

TEST(EngineDurable, it_expires_when_its_time_is_over_and_not_before) {
  Engine engine = preserved(kResilient);
  EXPECT_EQ(engine.next_deadline(), kExpiry);
  EXPECT_EQ(engine.apply(Deadline{}, kExpiry - Duration(1)).size(), 1U);
  Effects expected;
  expected.push(Grant{});
  expected.push(Forget{kMine});
  EXPECT_EQ(engine.apply(Deadline{}, kExpiry), expected);
  EXPECT_EQ(engine.counts(), EngineCounts{});
}

TEST(EngineDurable, delete_on_close_acts_at_expiry) {
  Engine engine;
  OpenRequest request = open_of(kMine);
  request.delete_on_close = true;
  ASSERT_TRUE(engine.apply(request, {}).granted());
  ASSERT_TRUE(engine.apply(kResilient, {}).granted());
  Effects expected;
  expected.push(Grant{});
  expected.push(Forget{kMine});
  expected.push(Purge{kMine, request.key});
  EXPECT_EQ(engine.apply(Deadline{}, kExpiry), expected);
}

TEST(EngineDurable, a_persistent_open_holds_others_off_until_it_is_reclaimed) {
  Engine engine = preserved(kPersistent);
  EXPECT_EQ(engine.apply(open_of(kTheirs), {}).result(), refused(NtStatus::FILE_NOT_AVAILABLE));
  ASSERT_TRUE(engine.apply(ReclaimOpen{kMine, OwnerId{7}}, {}).granted());
  EXPECT_TRUE(engine.apply(open_of(kTheirs), {}).granted());
}

TEST(EngineDurable, a_persistent_open_holds_others_off_until_it_expires) {
  Engine engine = preserved(kPersistent);
  ASSERT_TRUE(engine.apply(open_of(OpenId{9}), {}).result() == refused(NtStatus::FILE_NOT_AVAILABLE));
  static_cast<void>(engine.apply(Deadline{}, kExpiry));
  EXPECT_TRUE(engine.apply(open_of(kTheirs), kExpiry).granted());
}

OpenRequest batch_of(OpenId id) {
  OpenRequest request = open_of(id);
  request.oplock = OplockLevel::batch;
  return request;
}

TEST(EngineDurable, a_batch_oplock_preserves_until_it_is_in_somebodys_way) {
  Engine engine;
  ASSERT_TRUE(engine.apply(batch_of(kMine), {}).granted());
  ASSERT_TRUE(engine.apply(PreserveOpen{.open = kMine, .until = kExpiry}, {}).granted());
  const Effects effects = engine.apply(open_of(kTheirs), {});
  EXPECT_TRUE(effects.granted());
  EXPECT_EQ(*(effects.begin() + 1), Effect(Forget{kMine}));
}

TEST(EngineDurable, a_persistent_open_that_is_closed_holds_nobody_off) {
  Engine engine;
  ASSERT_TRUE(engine.apply(open_of(kMine), {}).granted());
  ASSERT_TRUE(engine.apply(open_of(OpenId{3}), {}).granted());
  ASSERT_TRUE(engine.apply(kPersistent, {}).granted());
  ASSERT_TRUE(engine.apply(CloseOpen{kMine}, {}).granted());
  EXPECT_TRUE(engine.apply(open_of(kTheirs), {}).granted());
}

// --- After a restart.

TEST(EngineDurable, what_was_held_before_a_restart_is_held_again) {
  Engine before;
  ASSERT_TRUE(before.apply(open_of(kMine), {}).granted());
  LockRequest lock = lock_of(kMine, 1, false);
  lock.sequence = LockSequence{3, 7};
  ASSERT_TRUE(before.apply(lock, {}).granted());
  const HeldLocks held = before.list_locks(kMine);
  EXPECT_EQ(held.sequences, std::vector<LockSequence>({{3, 7}}));

  Engine after;
  ASSERT_TRUE(after.apply(open_of(kMine), {}).granted());
  EXPECT_TRUE(after.apply(RestoreOpen{kMine, held.locks, held.sequences}, {}).granted());
  EXPECT_EQ(after.list_locks(kMine), held);
  // It was processed already: nothing is locked twice.
  EXPECT_TRUE(after.apply(lock, {}).granted());
  EXPECT_EQ(after.list_locks(kMine), held);
}

TEST(EngineDurable, a_shared_lock_upon_an_exclusive_one_is_held_again) {
  Engine before;
  ASSERT_TRUE(before.apply(open_of(kMine), {}).granted());
  LockRequest lock = lock_of(kMine, 1, false);
  lock.elements = {{10, 10, LockKind::exclusive, true}};
  ASSERT_TRUE(before.apply(lock, {}).granted());
  lock.elements = {{5, 10, LockKind::shared, true}};
  ASSERT_TRUE(before.apply(lock, {}).granted());
  const HeldLocks held = before.list_locks(kMine);
  ASSERT_EQ(held.locks.size(), 2U);

  Engine after;
  ASSERT_TRUE(after.apply(open_of(kMine), {}).granted());
  EXPECT_TRUE(after.apply(RestoreOpen{kMine, held.locks, {}}, {}).granted());
  EXPECT_EQ(after.list_locks(kMine).locks, held.locks);
}

TEST(EngineDurable, a_deletion_of_before_a_restart_needs_no_access_again) {
  Engine engine;
  OpenRequest reader = open_of(kMine);
  reader.granted_access = Access::read_data;
  ASSERT_TRUE(engine.apply(reader, {}).granted());
  EXPECT_TRUE(
      engine.apply(RestoreOpen{.open = kMine, .locks = {}, .sequences = {}, .delete_pending = true}, {}).granted());
  EXPECT_TRUE(engine.delete_pending(reader.key, reader.path));
}

TEST(EngineDurable, of_locks_in_each_others_way_the_first_is_held_again) {
  Engine engine;
  ASSERT_TRUE(engine.apply(open_of(kMine), {}).granted());
  ASSERT_TRUE(engine.apply(open_of(kTheirs), {}).granted());
  const std::vector<LockInfo> locks{{.open = {}, .offset = 0, .length = 10, .exclusive = true}};
  EXPECT_TRUE(engine.apply(RestoreOpen{.open = kMine, .locks = locks, .sequences = {}}, {}).granted());
  EXPECT_EQ(engine.apply(RestoreOpen{.open = kTheirs, .locks = locks, .sequences = {}}, {}).result(),
            refused(NtStatus::LOCK_NOT_GRANTED));
  EXPECT_EQ(engine.counts().locks, 1U);
}

}  // namespace
}  // namespace dozo::share
