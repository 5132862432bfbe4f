#include "share/engine.h"

#include <gtest/gtest.h>

#include <chrono>

namespace dozo::share {
namespace {

using std::chrono::seconds;

constexpr ShareAccess kShareAll = ShareAccess::from_wire(7);

OpenRequest open_of(std::uint64_t id, std::uint64_t inode = 1, std::u16string path = u"F") {
  OpenRequest request;
  request.open = OpenId{id};
  request.owner = OwnerId{1};
  request.key = {1, 1, inode, {}};
  request.path = std::move(path);
  request.granted_access = kFileAllAccess;
  request.share_access = kShareAll;
  return request;
}

LockRequest lock_of(std::uint64_t open, std::uint64_t ticket, LockElement element) {
  LockRequest request;
  request.open = OpenId{open};
  request.ticket = TicketId{ticket};
  request.elements.push_back(element);
  return request;
}

constexpr LockElement kExclusive{0, 10, LockKind::exclusive, true};
constexpr LockElement kExclusiveWait{0, 10, LockKind::exclusive, false};
constexpr LockElement kUnlock{0, 10, LockKind::unlock, false};

// Two opens of one file, the first with a lock, the second waiting for it with ticket 1.
Engine contended(std::optional<Instant> give_up_at = std::nullopt) {
  Engine engine;
  EXPECT_TRUE(engine.apply(open_of(1), {}).granted());
  EXPECT_TRUE(engine.apply(open_of(2), {}).granted());
  EXPECT_TRUE(engine.apply(lock_of(1, 99, kExclusive), {}).granted());
  LockRequest waiting = lock_of(2, 1, kExclusiveWait);
  waiting.give_up_at = give_up_at;
  EXPECT_TRUE(engine.apply(waiting, {}).parked());
  return engine;
}

template <class... Effect>
Effects effects_of(Effect... effect) {
  Effects out;
  (out.push(effect), ...);
  return out;
}

TEST(Engine, events_about_an_unknown_open_are_refused_with_file_closed) {
  Engine engine;
  const OpenId nobody{5};
  const Effects closed = effects_of(Refuse{NtStatus::FILE_CLOSED});
  EXPECT_EQ(engine.apply(CloseOpen{nobody}, {}), closed);
  EXPECT_EQ(engine.apply(SetDeletePending{nobody}, {}), closed);
  EXPECT_EQ(engine.apply(lock_of(5, 1, kExclusive), {}), closed);
  EXPECT_EQ(engine.apply(RenameLink{nobody, u"G"}, {}), closed);
  EXPECT_EQ(engine.check_io(nobody, 0, 1, IoKind::read), Result<>(fail(NtStatus::FILE_CLOSED)));
  EXPECT_EQ(engine.can_rename(nobody), Result<>(fail(NtStatus::FILE_CLOSED)));
  EXPECT_FALSE(engine.find_open(nobody).has_value());
}

TEST(Engine, io_of_no_bytes_meets_no_lock) {
  Engine engine;
  ASSERT_TRUE(engine.apply(open_of(1), {}).granted());
  ASSERT_TRUE(engine.apply(open_of(2), {}).granted());
  ASSERT_TRUE(engine.apply(lock_of(1, 1, kExclusive), {}).granted());
  EXPECT_FALSE(engine.check_io(OpenId{2}, 0, 1000, IoKind::read).has_value());
  EXPECT_TRUE(engine.check_io(OpenId{2}, 0, 0, IoKind::read).has_value());
  EXPECT_TRUE(engine.check_io(OpenId{2}, 0, 0, IoKind::write).has_value());
}

TEST(Engine, a_lock_request_without_elements_is_a_parameter_error) {
  Engine engine;
  ASSERT_TRUE(engine.apply(open_of(1), {}).granted());
  LockRequest request;
  request.open = OpenId{1};
  EXPECT_EQ(engine.apply(request, {}), effects_of(Refuse{NtStatus::INVALID_PARAMETER}));
}

TEST(Engine, a_parked_request_is_woken_by_its_ticket) {
  Engine engine = contended();
  EXPECT_EQ(engine.counts().waiters, 1u);
  EXPECT_EQ(engine.apply(lock_of(1, 99, kUnlock), {}), effects_of(Grant{}, Wake{TicketId{1}, NtStatus::SUCCESS}));
  EXPECT_EQ(engine.counts(), (EngineCounts{.files = 1, .opens = 2, .locks = 1, .waiters = 0}));
}

TEST(Engine, only_the_open_that_waits_can_cancel_its_ticket) {
  Engine engine = contended();
  EXPECT_EQ(engine.apply(CancelTicket{OpenId{1}, TicketId{1}}, {}), effects_of(Refuse{NtStatus::NOT_FOUND}));
  EXPECT_EQ(engine.apply(CancelTicket{OpenId{2}, TicketId{7}}, {}), effects_of(Refuse{NtStatus::NOT_FOUND}));
  EXPECT_EQ(engine.apply(CancelTicket{OpenId{2}, TicketId{1}}, {}),
            effects_of(Grant{}, Wake{TicketId{1}, NtStatus::CANCELLED}));
  EXPECT_EQ(engine.apply(CancelTicket{OpenId{2}, TicketId{1}}, {}), effects_of(Refuse{NtStatus::NOT_FOUND}));
}

TEST(Engine, the_next_deadline_is_the_earliest_wait_that_is_left) {
  const Instant limit = Instant{} + seconds(5);
  Engine engine = contended(limit);
  EXPECT_EQ(engine.next_deadline(), limit);
  EXPECT_EQ(engine.apply(Deadline{}, limit - seconds(1)), effects_of(Grant{}));
  EXPECT_EQ(engine.apply(Deadline{}, limit), effects_of(Grant{}, Wake{TicketId{1}, NtStatus::LOCK_NOT_GRANTED}));
  EXPECT_EQ(engine.next_deadline(), std::nullopt);
}

TEST(Engine, a_clock_that_is_behind_the_last_event_does_not_turn_time_back) {
  const Instant limit = Instant{} + seconds(5);
  Engine engine = contended(limit);
  EXPECT_EQ(engine.apply(CloseOpen{OpenId{7}}, limit), effects_of(Refuse{NtStatus::FILE_CLOSED}));
  EXPECT_EQ(engine.apply(Deadline{}, Instant{}), effects_of(Grant{}, Wake{TicketId{1}, NtStatus::LOCK_NOT_GRANTED}));
}

TEST(Engine, a_hoarder_of_locks_meets_a_bound) {
  Engine engine(EngineOptions{.locks_per_open_max = 3});
  ASSERT_TRUE(engine.apply(open_of(1), {}).granted());
  for (std::uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(engine.apply(lock_of(1, i, {i, 1, LockKind::exclusive, true}), {}).granted());
  }
  EXPECT_EQ(engine.apply(lock_of(1, 9, {9, 1, LockKind::exclusive, true}), {}),
            effects_of(Refuse{NtStatus::INSUFFICIENT_RESOURCES}));
  EXPECT_EQ(engine.counts().locks, 3u);
}

TEST(Engine, a_hoarder_of_waits_meets_a_bound) {
  Engine engine(EngineOptions{.waiters_per_open_max = 1});
  ASSERT_TRUE(engine.apply(open_of(1), {}).granted());
  ASSERT_TRUE(engine.apply(lock_of(1, 1, kExclusive), {}).granted());
  ASSERT_TRUE(engine.apply(lock_of(1, 2, kExclusiveWait), {}).parked());
  EXPECT_EQ(engine.apply(lock_of(1, 3, kExclusiveWait), {}), effects_of(Refuse{NtStatus::INSUFFICIENT_RESOURCES}));
}

TEST(Engine, a_purge_says_by_which_open_and_which_stream) {
  Engine engine;
  OpenRequest stream = open_of(1);
  stream.key.stream = u"S";
  stream.delete_on_close = true;
  ASSERT_TRUE(engine.apply(stream, {}).granted());
  EXPECT_EQ(engine.apply(CloseOpen{OpenId{1}}, {}), effects_of(Grant{}, Purge{OpenId{1}, stream.key}));
  EXPECT_EQ(engine.counts(), EngineCounts{});
}

TEST(Engine, disconnecting_one_owner_leaves_the_others) {
  Engine engine;
  OpenRequest other = open_of(2);
  other.owner = OwnerId{2};
  ASSERT_TRUE(engine.apply(open_of(1), {}).granted());
  ASSERT_TRUE(engine.apply(other, {}).granted());
  EXPECT_EQ(engine.apply(DisconnectOwner{OwnerId{1}}, {}), effects_of(Grant{}, Forget{OpenId{1}}));
  EXPECT_FALSE(engine.is_open(OpenId{1}));
  EXPECT_TRUE(engine.is_open(OpenId{2}));
  EXPECT_EQ(engine.apply(DisconnectOwner{OwnerId{7}}, {}), effects_of(Grant{}));
}

TEST(Engine, deletion_is_pending_by_link_and_by_stream) {
  Engine engine;
  ASSERT_TRUE(engine.apply(open_of(1), {}).granted());
  const FileKey key{1, 1, 1, {}};
  EXPECT_FALSE(engine.delete_pending(key, u"F"));
  ASSERT_TRUE(engine.apply(SetDeletePending{OpenId{1}}, {}).granted());
  EXPECT_TRUE(engine.delete_pending(key, u"F"));
  EXPECT_TRUE(engine.delete_pending({1, 1, 1, u"S"}, u"F"));
  EXPECT_FALSE(engine.delete_pending(key, u"OTHER"));
  EXPECT_FALSE(engine.delete_pending({1, 1, 2, {}}, u"F"));
}

TEST(Engine, only_a_closed_file_may_be_replaced) {
  Engine engine;
  const FileIdentity file{1, 1, 1};
  EXPECT_TRUE(engine.can_replace(file, u"F").has_value());
  ASSERT_TRUE(engine.apply(open_of(1), {}).granted());
  EXPECT_TRUE(engine.has_opens(file));
  EXPECT_EQ(engine.can_replace(file, u"F"), Result<>(fail(NtStatus::ACCESS_DENIED)));
  ASSERT_TRUE(engine.apply(SetDeletePending{OpenId{1}}, {}).granted());
  EXPECT_EQ(engine.can_replace(file, u"F"), Result<>(fail(NtStatus::DELETE_PENDING)));
}

TEST(Engine, the_opens_of_a_file_are_counted_over_all_its_links_and_streams) {
  Engine engine;
  const FileIdentity file = open_of(1).key.file();
  EXPECT_EQ(engine.open_count(file), 0u);
  ASSERT_TRUE(engine.apply(open_of(1), {}).granted());
  OpenRequest stream = open_of(2);
  stream.key.stream = u"S";
  ASSERT_TRUE(engine.apply(stream, {}).granted());
  EXPECT_EQ(engine.open_count(file), 2u);
  static_cast<void>(engine.apply(CloseOpen{.open = OpenId{1}}, {}));
  EXPECT_EQ(engine.open_count(file), 1u);
}

TEST(Engine, a_link_is_renamed_by_one_at_a_time) {
  Engine engine;
  for (const std::uint64_t id : {1ull, 2ull}) ASSERT_TRUE(engine.apply(open_of(id), {}).granted());
  ASSERT_TRUE(engine.apply(RenameLink{OpenId{1}, u"G", u"F"}, {}).granted());
  EXPECT_EQ(engine.apply(RenameLink{OpenId{2}, u"H", u"F"}, {}), effects_of(Refuse{NtStatus::RETRY}));
  EXPECT_EQ(engine.find_open(OpenId{2})->path, u"G");
  EXPECT_TRUE(engine.apply(RenameLink{OpenId{2}, u"H", u"G"}, {}).granted());
}

TEST(Engine, a_link_renamed_onto_another_of_its_file_becomes_one_with_it) {
  Engine engine;
  for (const std::uint64_t id : {1ull, 2ull}) ASSERT_TRUE(engine.apply(open_of(id), {}).granted());
  ASSERT_TRUE(engine.apply(open_of(3, 1, u"D\\G"), {}).granted());
  ASSERT_TRUE(engine.apply(RenameLink{OpenId{1}, u"D\\G"}, {}).granted());
  EXPECT_EQ(engine.find_open(OpenId{2})->path, u"D\\G");
  ASSERT_TRUE(engine.apply(SetDeletePending{OpenId{2}}, {}).granted());
  for (const std::uint64_t id : {1ull, 2ull}) EXPECT_EQ(engine.apply(CloseOpen{OpenId{id}}, {}), effects_of(Grant{}));
  EXPECT_TRUE(engine.has_opens_beneath(1, u"D"));
  EXPECT_EQ(engine.apply(CloseOpen{OpenId{3}}, {}), effects_of(Grant{}, Purge{OpenId{3}, {1, 1, 1, {}}}));
  EXPECT_FALSE(engine.has_opens_beneath(1, u"D"));
}

TEST(Engine, a_link_is_not_renamed_onto_a_deleted_link_of_its_file) {
  Engine engine;
  ASSERT_TRUE(engine.apply(open_of(1), {}).granted());
  ASSERT_TRUE(engine.apply(open_of(2, 1, u"G"), {}).granted());
  ASSERT_TRUE(engine.apply(SetDeletePending{OpenId{2}}, {}).granted());
  EXPECT_EQ(engine.apply(RenameLink{OpenId{1}, u"G"}, {}), effects_of(Refuse{NtStatus::DELETE_PENDING}));
  EXPECT_TRUE(engine.apply(RenameLink{OpenId{1}, u"F"}, {}).granted());
  EXPECT_EQ(engine.find_open(OpenId{1})->path, u"F");
}

TEST(Engine, opens_and_locks_are_listed_in_order) {
  Engine engine;
  for (const std::uint64_t id : {3ull, 1ull, 2ull}) ASSERT_TRUE(engine.apply(open_of(id, id), {}).granted());
  ASSERT_TRUE(engine.apply(lock_of(2, 1, kExclusive), {}).granted());
  const auto opens = engine.list_opens(2);
  ASSERT_EQ(opens.size(), 2u);
  EXPECT_EQ(opens[0].open, OpenId{1});
  EXPECT_EQ(opens[1].lock_count, 1u);
  EXPECT_EQ(engine.list_locks(OpenId{2}).locks, (std::vector<LockInfo>{{OpenId{2}, 0, 10, true}}));
  EXPECT_EQ(engine.list_opens(100).size(), 3u);
  EXPECT_EQ(engine.list_locks(OpenId{9}), HeldLocks());
}

TEST(Engine, lock_flags_of_the_wire_that_are_not_listed_are_invalid) {
  for (std::uint32_t flags = 0; flags < 64; ++flags) {
    const LockKind kind = lock_element_from_wire(1, 2, flags).kind;
    const bool listed = flags == 1 || flags == 2 || flags == 4 || flags == 0x11 || flags == 0x12;
    EXPECT_EQ(kind != LockKind::invalid, listed) << flags;
  }
  EXPECT_EQ(lock_element_from_wire(1, 2, 0x12), (LockElement{1, 2, LockKind::exclusive, true}));
  EXPECT_EQ(lock_element_from_wire(1, 2, 0x80000001).kind, LockKind::invalid);
}

TEST(Engine, a_hundred_thousand_opens_come_and_go) {
  Engine engine;
  for (std::uint64_t i = 1; i <= 100000; ++i) {
    // Half of them on one file: the check must not walk its opens.
    const bool crowd = i % 2 == 0;
    ASSERT_TRUE(engine.apply(open_of(i, crowd ? 1 : i + 1, crowd ? u"CROWD" : u"D\\ALONE"), {}).granted());
  }
  EXPECT_EQ(engine.counts().opens, 100000u);
  EXPECT_TRUE(engine.has_opens_beneath(1, u"D"));
  for (std::uint64_t i = 1; i <= 100000; ++i) ASSERT_TRUE(engine.apply(CloseOpen{OpenId{i}}, {}).granted());
  EXPECT_EQ(engine.counts(), EngineCounts{});
  EXPECT_FALSE(engine.has_opens_beneath(1, u"D"));
}

}  // namespace
}  // namespace dozo::share
