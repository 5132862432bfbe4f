// CREATEs that are sent again, channel sequences, application instances. [MS-SMB2] 3.3.5.9, 3.3.5.9.10, 3.3.5.9.13,
// 3.3.5.2.10.
#include "server/durable/durable_fixture.h"
#include "wire/fscc/file_set.h"

namespace dozo::server::testing {
namespace {

const Sending kReplay{.flags = wire::HeaderFlag::replay_operation};

class ReplayTest : public DurableTest {};

TEST_F(ReplayTest, the_answer_is_the_same_once_more) {
  const Answer first = alice().create("f", batch({v2(1)}));
  const Answer second = alice().create("f", batch({v2(1)}), kReplay);
  ASSERT_EQ(second.status(), NtStatus::SUCCESS);
  EXPECT_EQ(second.file_id(), first.file_id());
  EXPECT_EQ(second.as<wire::CreateResponse>().create_action, CreateAction::created);
  EXPECT_EQ(second.as<wire::CreateResponse>().oplock_level, OplockLevel::batch);
  EXPECT_EQ(answered(second, wire::context_name::kDurableRequestV2),
            answered(first, wire::context_name::kDurableRequestV2));
}

TEST_F(ReplayTest, one_that_does_not_say_so_is_a_duplicate) {
  alice().open("f", batch({v2(1)}));
  EXPECT_EQ(alice().create("f", batch({v2(1)})).status(), NtStatus::DUPLICATE_OBJECTID);
  EXPECT_EQ(alice().create("other", batch({v2(1)})).status(), NtStatus::DUPLICATE_OBJECTID);
}

TEST_F(ReplayTest, an_unknown_guid_is_a_new_open) {
  EXPECT_EQ(alice().create("f", batch({v2(1)}), kReplay).status(), NtStatus::SUCCESS);
}

TEST_F(ReplayTest, another_session_and_another_user_are_refused) {
  alice().open("f", batch({v2(1)}));
  EXPECT_EQ(again().create("f", batch({v2(1)}), kReplay).status(), NtStatus::DUPLICATE_OBJECTID);
  EXPECT_EQ(again("bob").create("f", batch({v2(1)}), kReplay).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(ReplayTest, another_machine_has_guids_of_its_own) {
  alice().open("f", batch({v2(1)}));
  EXPECT_EQ(again("alice", 0xC2).create("g", batch({v2(1)})).status(), NtStatus::SUCCESS);
}

TEST_F(ReplayTest, a_lease_has_to_be_the_same) {
  alice().open("f", leased({v2(1), lease(1)}));
  EXPECT_EQ(alice().create("f", leased({v2(1), lease(2)}), kReplay).status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(alice().create("f", leased({v2(1), lease(1)}), kReplay).status(), NtStatus::SUCCESS);
}

TEST_F(ReplayTest, an_open_that_was_used_is_no_answer_any_more) {
  const FileId id = alice().open("f", batch({v2(1)}));
  ASSERT_EQ(alice().write(id, 0, "x"), NtStatus::SUCCESS);
  OpenArgs args = batch({v2(1)});
  const Answer next = alice().create("g", args);
  EXPECT_EQ(next.status(), NtStatus::SUCCESS);
  EXPECT_NE(next.file_id(), id);
}

TEST_F(ReplayTest, a_guid_is_free_when_its_open_is_closed_or_never_was) {
  EXPECT_EQ(alice().close(alice().open("f", batch({v2(1)}))), NtStatus::SUCCESS);
  OpenArgs missing = batch({v2(1)});
  missing.disposition = CreateDisposition::open;
  EXPECT_EQ(alice().create("missing", missing).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(alice().create("f", batch({v2(1)})).status(), NtStatus::SUCCESS);
}

TEST_F(ReplayTest, one_that_still_waits_has_no_answer_yet) {
  const FileId held = bob().open("f", batch({}));
  const MessageId waiting = alice().start(wire::Command::create, create_request("f", batch({v2(1)})));
  world().settle();
  ASSERT_TRUE(alice().is_pending(waiting));
  EXPECT_EQ(alice().create("f", batch({v2(1)}), kReplay).status(), NtStatus::FILE_NOT_AVAILABLE);
  EXPECT_EQ(alice().create("f", batch({v2(1)})).status(), NtStatus::DUPLICATE_OBJECTID);
  EXPECT_EQ(bob().close(held), NtStatus::SUCCESS);
  EXPECT_EQ(alice().wait(waiting).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().create("f", batch({v2(1)}), kReplay).status(), NtStatus::SUCCESS);
}

// It is done once, whichever channel its client asks on.
TEST_F(ReplayTest, a_create_that_waits_outlives_its_channel) {
  Client& second = world().connect(options_of("alice"));
  second.negotiate();
  ASSERT_EQ(second.bind(alice()).status(), NtStatus::SUCCESS);
  const FileId held = bob().open("f", batch({}));
  const MessageId waiting = second.start(wire::Command::create, create_request("f", batch({v2(1)})));
  world().settle();
  ASSERT_TRUE(second.is_pending(waiting));
  drop(second);
  EXPECT_EQ(alice().create("f", batch({v2(1)}), kReplay).status(), NtStatus::FILE_NOT_AVAILABLE);
  EXPECT_EQ(bob().close(held), NtStatus::SUCCESS);
  world().settle();
  const Answer answer = alice().create("f", batch({v2(1)}), kReplay);
  EXPECT_EQ(answer.as<wire::CreateResponse>().create_action, CreateAction::opened);
}

TEST_F(ReplayTest, a_create_that_waits_ends_with_its_session) {
  Client& second = world().connect(options_of("alice"));
  second.negotiate();
  ASSERT_EQ(second.bind(alice()).status(), NtStatus::SUCCESS);
  bob().open("f", batch({}));
  second.start(wire::Command::create, create_request("f", batch({v2(1)})));
  world().settle();
  drop(second);
  drop(alice());
  EXPECT_EQ(world().server().stats.connections_now.load(), 1u);
}

// --- Channel sequences.

TEST_F(ReplayTest, what_changes_something_is_refused_when_it_is_of_before) {
  const FileId id = alice().open("f");
  const Sending newer{.channel_sequence = 2};
  const Sending older{.channel_sequence = 1};
  EXPECT_EQ(alice().write(id, 0, "new", newer), NtStatus::SUCCESS);
  EXPECT_EQ(alice().write(id, 0, "old", older), NtStatus::FILE_NOT_AVAILABLE);
  EXPECT_EQ(alice().read(id, 0, 3, older).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().ioctl(id, wire::Fsctl::get_compression, {}, 2, older).status(), NtStatus::FILE_NOT_AVAILABLE);
  EXPECT_EQ(alice().read_text(id, 0, 3), "new");
}

TEST_F(ReplayTest, dialects_before_3_have_no_channel_sequence) {
  ClientOptions old = options_of("alice");
  old.dialect = Dialect::smb_2_1;
  Client& client = world().log_on(old);
  const FileId id = client.open("f");
  EXPECT_EQ(client.write(id, 0, "a", {.channel_sequence = 2}), NtStatus::SUCCESS);
  EXPECT_EQ(client.write(id, 0, "b", {.channel_sequence = 1}), NtStatus::SUCCESS);
}

// --- Application instances.

TEST_F(ReplayTest, a_failed_over_application_takes_its_open) {
  const FileId first = alice().open("f", batch({v2(1), instance(7)}));
  Client& other = again("alice", 0xC2);
  EXPECT_EQ(other.create("f", batch({v2(2), instance(7)})).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read(first, 0, 1).status(), NtStatus::FILE_CLOSED);
  EXPECT_FALSE(alice().has_break());
}

TEST_F(ReplayTest, it_takes_one_whose_connection_is_gone_too) {
  const FileId first = alice().open("f", batch({v2(1), instance(7)}));
  drop(alice());
  EXPECT_EQ(again("alice", 0xC2).create("f", batch({v2(2), instance(7)})).status(), NtStatus::SUCCESS);
  EXPECT_EQ(come_back(again(), {v2_again(first, 1)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(ReplayTest, only_of_the_same_file_and_instance_and_another_machine) {
  OpenArgs mine = batch({v2(1), instance(7)});
  mine.oplock = OplockLevel::none;
  const FileId first = alice().open("f", mine);
  Client& other = again("alice", 0xC2);
  other.open("g", batch({instance(7)}));
  other.open("f", batch({instance(8)}));
  alice().open("f", batch({instance(7)}));
  EXPECT_EQ(alice().read(first, 0, 0).status(), NtStatus::SUCCESS);
}

TEST_F(ReplayTest, it_is_found_by_the_name_its_file_has_now) {
  const FileId first = alice().open("f", batch({v2(1), instance(7)}));
  ASSERT_EQ(alice().set(first, wire::FileInfoClass::rename, wire::FileRenameInformation{.file_name = u"g"}),
            NtStatus::SUCCESS);
  Client& other = again("alice", 0xC2);
  other.open("f", batch({instance(7)}));
  EXPECT_EQ(alice().read(first, 0, 0).status(), NtStatus::SUCCESS);
  other.open("g", batch({instance(7)}));
  EXPECT_EQ(alice().read(first, 0, 0).status(), NtStatus::FILE_CLOSED);
}

TEST_F(ReplayTest, so_is_one_whose_connection_is_gone) {
  const FileId first = alice().open("f", leased({v2(1), lease(1), instance(7)}));
  drop(alice());
  // Through the same lease key nothing is broken.
  Client& friendly = again();
  const FileId same = friendly.open("f", leased({lease(1)}));
  ASSERT_EQ(friendly.set(same, wire::FileInfoClass::rename, wire::FileRenameInformation{.file_name = u"g"}),
            NtStatus::SUCCESS);
  again("alice", 0xC2).open("g", batch({instance(7)}));
  EXPECT_EQ(come_back(friendly, {v2_again(first, 1), lease(1)}, "g").status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(ReplayTest, only_a_later_version_takes_the_place) {
  OpenArgs mine = batch({instance(7), version(2, 5)});
  mine.oplock = OplockLevel::none;
  const FileId first = alice().open("f", mine);
  Client& other = again("alice", 0xC2);
  const NtStatus refused = NtStatus::FILE_FORCED_CLOSED;
  EXPECT_EQ(other.create("f", batch({instance(7), version(1, 9)})).status(), refused);
  EXPECT_EQ(other.create("f", batch({instance(7), version(2, 5)})).status(), refused);
  EXPECT_EQ(other.create("f", batch({instance(7)})).status(), refused);
  EXPECT_EQ(alice().read(first, 0, 0).status(), NtStatus::SUCCESS);
  EXPECT_EQ(other.create("f", batch({instance(7), version(2, 6)})).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read(first, 0, 0).status(), NtStatus::FILE_CLOSED);
}

}  // namespace
}  // namespace dozo::server::testing
