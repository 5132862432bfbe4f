#include "server/durable/table.h"

#include <gtest/gtest.h>

#include "server/create/create.h"

namespace dozo::server {
namespace {

using State = DurableTable::Claim::State;

constexpr auto kAny = [](const Open&) { return Result<>(); };

Guid guid(std::uint8_t n) {
  Guid out;
  out.bytes[0] = n;
  return out;
}

DurableRecord record_of(std::uint64_t id, std::uint8_t create, bool eligible = true) {
  DurableRecord out{.id = {id, id},
                    .session = SessionId(5),
                    .share_id = share::OpenId(id),
                    .file = {1, 1, id},
                    .handle = {},
                    .share = u"S",
                    .path = u"P"};
  out.handle.client_guid = guid(1);
  out.handle.create_guid = guid(create);
  out.handle.replay_eligible = eligible;
  return out;
}

OpenRef open_of(std::uint64_t id, const char* owner = "S-1-5-21-1") {
  static const auto share = std::make_shared<const Share>();
  const auto tree = std::make_shared<Tree>(TreeId(1), share, ActingUser(), AccessMask(), Instant());
  const auto out = std::make_shared<Open>(FileId{id, 1}, tree, AccessGrantor::everything());
  out->share_id = share::OpenId(id);
  out->durable = std::make_unique<DurableHandle>();
  out->durable->owner = sid_from_string(owner).value_or(Sid{});
  return out;
}

TEST(DurableTable, a_create_guid_is_reserved_once) {
  DurableTable table(9);
  const CreateKey key{guid(1), guid(2)};
  EXPECT_EQ(table.claim(key).state, State::reserved);
  EXPECT_EQ(table.claim(key).state, State::pending);
  table.release(key);
  EXPECT_EQ(table.claim(key).state, State::reserved);
}

TEST(DurableTable, a_create_guid_is_its_clients_own) {
  DurableTable table(9);
  EXPECT_EQ(table.claim({guid(1), guid(2)}).state, State::reserved);
  EXPECT_EQ(table.claim({guid(3), guid(2)}).state, State::reserved);
}

TEST(DurableTable, an_open_that_is_eligible_is_found_by_its_create_guid) {
  DurableTable table(9);
  EXPECT_EQ(table.claim({guid(1), guid(2)}).state, State::reserved);
  table.add(record_of(7, 2));
  table.release({guid(1), guid(2)});
  const DurableTable::Claim again = table.claim({guid(1), guid(2)});
  ASSERT_EQ(again.state, State::open);
  EXPECT_EQ(again.found->id.persistent, 7U);
}

TEST(DurableTable, one_that_is_not_eligible_leaves_its_guid_free) {
  DurableTable table(9);
  EXPECT_EQ(table.claim({guid(1), guid(2)}).state, State::reserved);
  table.add(record_of(7, 2, false));
  EXPECT_EQ(table.claim({guid(1), guid(2)}).state, State::reserved);
}

TEST(DurableTable, one_that_was_used_leaves_its_guid_free) {
  DurableTable table(9);
  const DurableRecord record = record_of(7, 2);
  table.add(record);
  table.end_replay(record.handle, record.id);
  EXPECT_EQ(table.claim({guid(1), guid(2)}).state, State::reserved);
}

TEST(DurableTable, the_end_of_an_open_does_not_end_a_newer_one_of_its_guid) {
  DurableTable table(9);
  const DurableRecord first = record_of(7, 2);
  table.add(first);
  table.end_replay(first.handle, first.id);
  table.add(record_of(8, 2));
  table.remove(first.id);
  EXPECT_EQ(table.claim({guid(1), guid(2)}).found->id.persistent, 8U);
}

TEST(DurableTable, a_closed_open_is_not_found) {
  DurableTable table(9);
  DurableRecord record = record_of(7, 2);
  record.handle.is_persistent = true;
  record.handle.app_instance = guid(4);
  table.add(record);
  table.remove(record.id);
  EXPECT_EQ(table.claim({guid(1), guid(2)}).state, State::reserved);
  EXPECT_FALSE(table.find_persistent(guid(2)));
  EXPECT_FALSE(table.find_app_instance(guid(4), guid(9), u"S", u"P"));
}

TEST(DurableTable, a_persistent_open_is_found_by_its_guid_when_it_was_used_too) {
  DurableTable table(9);
  DurableRecord record = record_of(7, 2, false);
  record.handle.is_persistent = true;
  table.add(record);
  ASSERT_TRUE(table.find_persistent(guid(2)));
  EXPECT_FALSE(table.find_persistent(guid(3)));
}

TEST(DurableTable, persistent_opens_are_found_by_their_file) {
  DurableTable table(9);
  DurableRecord record = record_of(7, 2);
  table.add(record_of(8, 3));
  record.handle.is_persistent = true;
  table.add(record);
  EXPECT_EQ(table.persistent_opens().size(), 1U);
  EXPECT_TRUE(table.persistent_opens({1, 1, 8}).empty());
  ASSERT_EQ(table.persistent_opens({1, 1, 7}).size(), 1U);
  EXPECT_EQ(table.persistent_opens({1, 1, 7}).front().share_id, share::OpenId(7));
  record.handle.is_persistent = false;
  table.add(record);
  EXPECT_TRUE(table.persistent_opens().empty());
}

TEST(DurableTable, an_application_is_found_on_another_client_only) {
  DurableTable table(9);
  DurableRecord record = record_of(7, 2);
  record.handle.app_instance = guid(4);
  table.add(record);
  EXPECT_FALSE(table.find_app_instance(guid(4), guid(1), u"S", u"P"));
  EXPECT_FALSE(table.find_app_instance(guid(4), guid(9), u"S", u"Q"));
  EXPECT_FALSE(table.find_app_instance(guid(4), guid(9), u"T", u"P"));
  EXPECT_TRUE(table.find_app_instance(guid(4), guid(9), u"S", u"P"));
  table.renamed(record.id, u"Q");
  EXPECT_TRUE(table.find_app_instance(guid(4), guid(9), u"S", u"Q"));
}

TEST(DurableTable, a_parked_open_is_taken_out_once) {
  DurableTable table(9);
  ASSERT_TRUE(table.park(open_of(7)));
  EXPECT_TRUE(table.find_parked(7, kAny).has_value());
  EXPECT_TRUE(table.unpark(7) != nullptr);
  EXPECT_TRUE(table.unpark(7) == nullptr);
  EXPECT_TRUE(table.unpark(share::OpenId(7)) == nullptr);
}

TEST(DurableTable, a_parked_open_is_found_by_the_engines_name_for_it) {
  DurableTable table(9);
  ASSERT_TRUE(table.park(open_of(7)));
  EXPECT_TRUE(table.unpark(share::OpenId(7)) != nullptr);
  EXPECT_EQ(table.parked_count(), 0U);
}

TEST(DurableTable, a_parked_open_is_kept_from_whom_the_check_refuses) {
  DurableTable table(9);
  ASSERT_TRUE(table.park(open_of(7)));
  const auto refuse = [](const Open&) { return Result<>(fail(NtStatus::ACCESS_DENIED)); };
  EXPECT_EQ(table.find_parked(7, refuse).error(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(table.find_parked(8, refuse).error(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST(DurableTable, parking_takes_the_session_from_the_record) {
  DurableTable table(9);
  DurableRecord record = record_of(7, 2);
  record.handle.is_persistent = true;
  table.add(record);
  ASSERT_TRUE(table.park(open_of(7)));
  EXPECT_EQ(table.find_persistent(guid(2))->session, SessionId());
}

TEST(DurableTable, each_owner_may_leave_so_many_and_no_more) {
  DurableTable table(2);
  EXPECT_TRUE(table.park(open_of(1)));
  EXPECT_TRUE(table.park(open_of(2)));
  EXPECT_FALSE(table.park(open_of(3)));
  EXPECT_TRUE(table.park(open_of(4, "S-1-5-21-2")));
  EXPECT_TRUE(table.unpark(1) != nullptr);
  EXPECT_TRUE(table.park(open_of(3)));
}

}  // namespace
}  // namespace dozo::server
