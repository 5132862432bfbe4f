// LOCK. [MS-SMB2] 3.3.5.14; [MS-FSA] 2.1.5.8, 2.1.5.9.
#include "wire/lock.h"

#include "server/testing/test_fixture.h"

namespace dozo::server::testing {
namespace {

using wire::LockFlag;

constexpr wire::LockFlags kExclusive = LockFlag::exclusive_lock;
constexpr wire::LockFlags kExclusiveNow = LockFlag::exclusive_lock | LockFlag::fail_immediately;
constexpr wire::LockFlags kSharedNow = LockFlag::shared_lock | LockFlag::fail_immediately;
constexpr wire::LockFlags kUnlock = LockFlag::unlock;

class Lock : public ServerTest {
 protected:
  NtStatus take(Client& client, FileId file, std::uint64_t offset, std::uint64_t length, wire::LockFlags flags) {
    return client.lock(file, {{.offset = offset, .length = length, .flags = flags}}).status();
  }
  MessageId start(Client& client, FileId file, std::uint64_t offset, std::uint64_t length) {
    const MessageId id = client.start(
        wire::Command::lock,
        wire::LockRequest{.file_id = file, .locks = {{.offset = offset, .length = length, .flags = kExclusive}}});
    world().settle();
    return id;
  }
};

TEST_F(Lock, an_exclusive_lock_excludes_others) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  EXPECT_EQ(take(alice(), ours, 0, 10, kExclusiveNow), NtStatus::SUCCESS);
  EXPECT_EQ(take(bob(), theirs, 9, 1, kSharedNow), NtStatus::LOCK_NOT_GRANTED);
  EXPECT_EQ(take(bob(), theirs, 10, 1, kSharedNow), NtStatus::SUCCESS);
}

TEST_F(Lock, shared_locks_share) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  EXPECT_EQ(take(alice(), ours, 0, 10, kSharedNow), NtStatus::SUCCESS);
  EXPECT_EQ(take(bob(), theirs, 0, 10, kSharedNow), NtStatus::SUCCESS);
  EXPECT_EQ(take(bob(), theirs, 0, 10, kExclusiveNow), NtStatus::LOCK_NOT_GRANTED);
}

TEST_F(Lock, without_an_element_is_an_invalid_parameter) {
  EXPECT_EQ(alice().lock(alice().open("f"), {}).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(Lock, unlocking_what_is_not_locked_is_range_not_locked) {
  EXPECT_EQ(take(alice(), alice().open("f"), 0, 10, kUnlock), NtStatus::RANGE_NOT_LOCKED);
}

TEST_F(Lock, a_part_of_a_range_cannot_be_unlocked) {
  const FileId file = alice().open("f");
  take(alice(), file, 0, 10, kExclusiveNow);
  EXPECT_EQ(take(alice(), file, 0, 5, kUnlock), NtStatus::RANGE_NOT_LOCKED);
}

TEST_F(Lock, flags_that_contradict_each_other_are_an_invalid_parameter) {
  const FileId file = alice().open("f");
  EXPECT_EQ(take(alice(), file, 0, 1, LockFlag::exclusive_lock | LockFlag::shared_lock), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(take(alice(), file, 0, 1, LockFlag::exclusive_lock | LockFlag::unlock), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(take(alice(), file, 0, 1, {}), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(take(alice(), file, 0, 1, wire::LockFlags::from_wire(0x42)), NtStatus::INVALID_PARAMETER);
}

TEST_F(Lock, several_that_may_wait_are_an_invalid_parameter) {
  const FileId file = alice().open("f");
  EXPECT_EQ(alice()
                .lock(file, {{.offset = 0, .length = 1, .flags = kExclusive},
                             {.offset = 5, .length = 1, .flags = kExclusive}})
                .status(),
            NtStatus::INVALID_PARAMETER);
}

TEST_F(Lock, a_refused_series_keeps_nothing) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  take(bob(), theirs, 10, 1, kExclusiveNow);
  EXPECT_EQ(alice()
                .lock(ours, {{.offset = 0, .length = 1, .flags = kExclusiveNow},
                             {.offset = 10, .length = 1, .flags = kExclusiveNow}})
                .status(),
            NtStatus::LOCK_NOT_GRANTED);
  EXPECT_EQ(take(bob(), theirs, 0, 1, kExclusiveNow), NtStatus::SUCCESS);
}

TEST_F(Lock, a_range_that_wraps_is_an_invalid_lock_range) {
  EXPECT_EQ(take(alice(), alice().open("f"), ~0ull, 2, kExclusiveNow), NtStatus::INVALID_LOCK_RANGE);
}

TEST_F(Lock, of_a_directory_is_an_invalid_parameter) {
  EXPECT_EQ(take(alice(), alice().open("d", directory_args()), 0, 1, kExclusiveNow), NtStatus::INVALID_PARAMETER);
}

TEST_F(Lock, a_handle_that_may_neither_read_nor_write_may_not_lock) {
  EXPECT_EQ(take(alice(), alice().open("f", {.access = Access::read_attributes}), 0, 1, kExclusiveNow),
            NtStatus::ACCESS_DENIED);
}

TEST_F(Lock, one_that_has_to_wait_is_granted_at_the_unlock) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  take(alice(), ours, 0, 10, kExclusiveNow);
  const MessageId waiting = start(bob(), theirs, 5, 1);
  EXPECT_TRUE(bob().is_pending(waiting));
  EXPECT_FALSE(bob().is_answered(waiting));
  take(alice(), ours, 0, 10, kUnlock);
  EXPECT_EQ(bob().wait(waiting).status(), NtStatus::SUCCESS);
  EXPECT_EQ(take(alice(), ours, 5, 1, kSharedNow), NtStatus::LOCK_NOT_GRANTED);
}

TEST_F(Lock, one_that_waits_is_granted_at_the_close) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  take(alice(), ours, 0, 10, kExclusiveNow);
  const MessageId waiting = start(bob(), theirs, 5, 1);
  alice().close(ours);
  EXPECT_EQ(bob().wait(waiting).status(), NtStatus::SUCCESS);
}

TEST_F(Lock, one_that_waits_is_granted_when_the_holder_vanishes) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  take(alice(), ours, 0, 10, kExclusiveNow);
  const MessageId waiting = start(bob(), theirs, 5, 1);
  alice().reset();
  EXPECT_EQ(bob().wait(waiting).status(), NtStatus::SUCCESS);
}

TEST_F(Lock, one_that_waits_can_be_cancelled) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  take(alice(), ours, 0, 10, kExclusiveNow);
  const MessageId waiting = start(bob(), theirs, 5, 1);
  bob().cancel(waiting);
  EXPECT_EQ(bob().wait(waiting).status(), NtStatus::CANCELLED);
  // It is not granted afterwards either.
  take(alice(), ours, 0, 10, kUnlock);
  EXPECT_EQ(take(alice(), ours, 5, 1, kExclusiveNow), NtStatus::SUCCESS);
}

TEST_F(Lock, the_close_of_its_own_file_ends_one_that_waits) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  take(alice(), ours, 0, 10, kExclusiveNow);
  const MessageId waiting = start(bob(), theirs, 5, 1);
  EXPECT_EQ(bob().close(theirs), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(waiting).status(), NtStatus::RANGE_NOT_LOCKED);
}

TEST_F(Lock, a_lost_connection_gives_up_what_waits) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  take(alice(), ours, 0, 10, kExclusiveNow);
  start(bob(), theirs, 5, 1);
  bob().reset();
  bob().run_until_disconnected();
  world().settle();
  EXPECT_EQ(world().server().engine().counts().waiters, 0u);
}

TEST_F(Lock, a_lock_beyond_the_end_of_the_file_is_one) {
  const FileId ours = alice().open("f"), theirs = bob().open("f");
  EXPECT_EQ(take(alice(), ours, 1'000'000, 10, kExclusiveNow), NtStatus::SUCCESS);
  EXPECT_EQ(bob().write(theirs, 1'000'005, "x"), NtStatus::FILE_LOCK_CONFLICT);
}

TEST_F(Lock, no_file_of_that_id_is_file_closed) {
  EXPECT_EQ(take(alice(), {1, 2}, 0, 1, kExclusiveNow), NtStatus::FILE_CLOSED);
}

}  // namespace
}  // namespace dozo::server::testing
