// OPLOCK_BREAK: oplocks and leases broken, acknowledged, or not.
// [MS-SMB2] 3.3.4.6, 3.3.4.7, 3.3.5.22, 3.3.6.1, 3.3.6.5.
#include "server/testing/caching_fixture.h"
#include "wire/fscc/file_set.h"
#include "wire/lock.h"
#include "wire/logoff.h"
#include "wire/query_info.h"

namespace dozo::server::testing {
namespace {

class OplockBreak : public CachingTest {
 protected:
  static constexpr Duration kBeforeTimeout = std::chrono::seconds(30);
  static constexpr std::uint32_t kDaclPart = 4;                       // DACL_SECURITY_INFORMATION
  static constexpr Duration kPastTimeout = std::chrono::seconds(10);  // after the above
  NtStatus rename(Client& client, FileId file, std::u16string to, bool replace = false) {
    return client.set(file, wire::FileInfoClass::rename,
                      wire::FileRenameInformation{.replace_if_exists = replace, .file_name = to});
  }
};

// --- Oplocks.

TEST_F(OplockBreak, an_open_waits_until_a_batch_oplock_is_acknowledged) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  const MessageId open = start_open(bob(), "f");
  EXPECT_TRUE(bob().is_pending(open));
  const Answer notice = alice().next_break();
  EXPECT_EQ(notice.as<wire::OplockBreakNotification>().file_id, file);
  EXPECT_EQ(notice.as<wire::OplockBreakNotification>().oplock_level, OplockLevel::level_ii);
  EXPECT_EQ(notice.header.session_id, alice().session());
  const Answer acknowledged = alice().ack(file, OplockLevel::level_ii);
  EXPECT_EQ(acknowledged.status(), NtStatus::SUCCESS);
  EXPECT_EQ(acknowledged.as<wire::OplockBreakResponse>().oplock_level, OplockLevel::level_ii);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, a_close_is_as_good_as_an_acknowledgement) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  const MessageId open = start_open(bob(), "f", {.share = {}});
  alice().next_break();
  EXPECT_EQ(alice().close(file), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, who_never_acknowledges_delays_others_by_the_timeout_once) {
  const FileId file = hold(alice(), "f", OplockLevel::exclusive);
  const MessageId open = start_open(bob(), "f");
  world().loop().run_for(kBeforeTimeout);
  EXPECT_FALSE(bob().is_answered(open));
  world().loop().run_for(kPastTimeout);
  ASSERT_TRUE(bob().is_answered(open));
  EXPECT_EQ(bob().find_answer(open)->status(), NtStatus::SUCCESS);
  // Once: the oplock is gone.
  EXPECT_EQ(bob().create("f").status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().ack(file, OplockLevel::level_ii).status(), NtStatus::INVALID_OPLOCK_PROTOCOL);
}

TEST_F(OplockBreak, the_end_of_the_holders_connection_lets_the_open_go_on) {
  hold(alice(), "f", OplockLevel::batch);
  const MessageId open = start_open(bob(), "f", {.share = {}});
  alice().hang_up();
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, the_holders_logoff_lets_the_open_go_on) {
  hold(alice(), "f", OplockLevel::batch);
  const MessageId open = start_open(bob(), "f", {.share = {}});
  EXPECT_EQ(alice().call(wire::Command::logoff, wire::LogoffRequest{}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, a_parked_open_can_be_cancelled) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  const MessageId open = start_open(bob(), "f");
  bob().cancel(open);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::CANCELLED);
  EXPECT_EQ(alice().ack(file, OplockLevel::level_ii).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, the_end_of_a_parked_opens_connection_leaves_nothing) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  start_open(bob(), "f");
  bob().hang_up();
  world().settle();
  EXPECT_EQ(world().server().engine().counts().opens, 1u);
  EXPECT_EQ(alice().ack(file, OplockLevel::level_ii).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, a_name_is_resolved_again_after_the_wait) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  const MessageId open = start_open(bob(), "f", {.disposition = CreateDisposition::open});
  EXPECT_EQ(rename(alice(), file, u"g"), NtStatus::SUCCESS);
  alice().close(file);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(OplockBreak, an_acknowledgement_of_what_is_not_breaking_is_an_invalid_device_state) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  EXPECT_EQ(alice().ack(file, OplockLevel::level_ii).status(), NtStatus::INVALID_DEVICE_STATE);
}

TEST_F(OplockBreak, an_acknowledgement_of_no_open_is_file_closed) {
  EXPECT_EQ(alice().ack(FileId{1, 2}, OplockLevel::none).status(), NtStatus::FILE_CLOSED);
}

TEST_F(OplockBreak, a_level_that_cannot_be_acknowledged_ends_the_oplock) {
  const FileId file = hold(alice(), "f", OplockLevel::exclusive);
  const MessageId open = start_open(bob(), "f");
  EXPECT_EQ(alice().ack(file, OplockLevel::batch).status(), NtStatus::INVALID_OPLOCK_PROTOCOL);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, acknowledging_an_oplock_with_the_level_of_a_lease_is_an_invalid_parameter) {
  const FileId file = hold(alice(), "f", OplockLevel::exclusive);
  const MessageId open = start_open(bob(), "f");
  EXPECT_EQ(alice().ack(file, OplockLevel::lease).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, is_encrypted_for_a_client_that_encrypts) {
  Client& carol = world().log_on({.user = "alice", .encrypt = true, .machine = 0xC4});
  const FileId file = hold(carol, "f", OplockLevel::batch);
  const MessageId open = start_open(bob(), "f");
  EXPECT_TRUE(carol.next_break().encrypted);
  EXPECT_EQ(carol.ack(file, OplockLevel::level_ii).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

// --- Leases.

TEST_F(OplockBreak, an_open_waits_until_a_lease_is_acknowledged) {
  lease(alice(), "f", 1, kRWH);
  const MessageId open = start_open(bob(), "f");
  const Answer notice = alice().next_break();
  const auto said = notice.as<wire::LeaseBreakNotification>();
  EXPECT_EQ(notice.header.session_id, SessionId());
  EXPECT_EQ(said.lease_key, key_of(1));
  EXPECT_EQ(said.current_lease_state, kRWH);
  EXPECT_EQ(said.new_lease_state, kRH);
  EXPECT_TRUE(said.flags.has(wire::LeaseBreakFlag::ack_required));
  EXPECT_FALSE(bob().is_answered(open));
  const Answer acknowledged = alice().ack(key_of(1), kRH);
  EXPECT_EQ(acknowledged.as<wire::LeaseBreakResponse>().lease_state, kRH);
  EXPECT_EQ(acknowledged.as<wire::LeaseBreakResponse>().lease_key, key_of(1));
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, of_a_lease_goes_to_another_connection_of_the_client_when_the_first_is_gone) {
  Client& first = world().log_on({.user = "alice", .machine = 0xC4});
  Client& second = world().log_on({.user = "alice", .machine = 0xC4});
  lease(first, "f", 1, kRWH);
  lease(second, "f", 1, kRWH);
  first.hang_up();
  world().settle();
  const MessageId open = start_open(bob(), "f");
  EXPECT_EQ(lease_break(second).new_lease_state, kRH);
  EXPECT_EQ(second.ack(key_of(1), kRH).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, a_lease_is_acknowledged_over_any_connection_of_its_client) {
  Client& first = world().log_on({.user = "alice", .machine = 0xC4});
  Client& second = world().log_on({.user = "alice", .machine = 0xC4});
  lease(first, "f", 1, kRWH);
  const MessageId open = start_open(bob(), "f");
  EXPECT_EQ(second.ack(key_of(1), kRH).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, an_acknowledgement_of_an_unknown_lease_is_object_name_not_found) {
  EXPECT_EQ(alice().ack(key_of(9), kR).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(OplockBreak, an_acknowledgement_of_somebody_elses_lease_is_object_name_not_found) {
  lease(alice(), "f", 1, kRWH);
  const MessageId open = start_open(bob(), "f");
  EXPECT_EQ(bob().ack(key_of(1), kRH).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_FALSE(bob().is_answered(open));
  EXPECT_EQ(alice().ack(key_of(1), kRH).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, an_acknowledgement_of_a_lease_that_is_not_breaking_is_unsuccessful) {
  lease(alice(), "f", 1, kRWH);
  EXPECT_EQ(alice().ack(key_of(1), kRH).status(), NtStatus::UNSUCCESSFUL);
}

TEST_F(OplockBreak, acknowledging_more_than_the_break_leaves_is_not_accepted) {
  lease(alice(), "f", 1, kRWH);
  const MessageId open = start_open(bob(), "f");
  EXPECT_EQ(alice().ack(key_of(1), kRWH).status(), NtStatus::REQUEST_NOT_ACCEPTED);
  EXPECT_EQ(alice().ack(key_of(1), kRH).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, a_lease_that_is_never_acknowledged_ends_with_the_timeout) {
  lease(alice(), "f", 1, kRWH);
  const MessageId open = start_open(bob(), "f");
  world().loop().run_for(kBeforeTimeout);
  EXPECT_FALSE(bob().is_answered(open));
  world().loop().run_for(kPastTimeout);
  EXPECT_TRUE(bob().is_answered(open));
  EXPECT_EQ(alice().ack(key_of(1), kRH).status(), NtStatus::UNSUCCESSFUL);
}

TEST_F(OplockBreak, of_2_0_2_the_form_of_a_lease_does_not_exist) {
  Client& old = world().log_on({.dialect = Dialect::smb_2_0_2});
  EXPECT_EQ(old.ack(key_of(1), kR).status(), NtStatus::INVALID_PARAMETER);
}

// --- What breaks.

TEST_F(OplockBreak, a_write_breaks_what_others_read_from) {
  lease(alice(), "f", 1, kRH);
  const FileId file = bob().open("f");
  EXPECT_EQ(bob().write(file, 0, "new"), NtStatus::SUCCESS);
  const auto said = lease_break(alice());
  EXPECT_EQ(said.current_lease_state, kRH);
  EXPECT_EQ(said.new_lease_state, LeaseState());
}

TEST_F(OplockBreak, a_write_leaves_the_writers_own_lease_alone) {
  const Leased own = lease(alice(), "f", 1, kRWH);
  EXPECT_EQ(alice().write(own.file, 0, "new"), NtStatus::SUCCESS);
  world().settle();
  EXPECT_FALSE(alice().has_break());
}

TEST_F(OplockBreak, a_lock_breaks_what_others_read_from) {
  lease(alice(), "f", 1, kR);
  const FileId file = bob().open("f");
  const wire::LockElement element{.offset = 0, .length = 1, .flags = wire::LockFlag::exclusive_lock};
  EXPECT_EQ(bob().lock(file, {element}).status(), NtStatus::SUCCESS);
  const auto said = lease_break(alice());
  EXPECT_EQ(said.new_lease_state, LeaseState());
  EXPECT_FALSE(said.flags.has(wire::LeaseBreakFlag::ack_required));
}

TEST_F(OplockBreak, a_new_size_breaks_what_others_read_from) {
  lease(alice(), "f", 1, kR);
  const FileId file = bob().open("f");
  EXPECT_EQ(bob().set(file, wire::FileInfoClass::end_of_file, wire::FileEndOfFileInformation{.end_of_file = 9}),
            NtStatus::SUCCESS);
  EXPECT_EQ(lease_break(alice()).new_lease_state, LeaseState());
}

TEST_F(OplockBreak, a_deletion_waits_for_others_handles) {
  lease(alice(), "f", 1, kRH);
  const FileId file = bob().open("f");
  const MessageId set =
      bob().start(wire::Command::set_info,
                  wire::SetInfoRequest{.file_info_class = static_cast<std::uint8_t>(wire::FileInfoClass::disposition),
                                       .buffer = Bytes(wire::encode_plain(wire::FileDispositionInformation{true})),
                                       .file_id = file});
  EXPECT_EQ(lease_break(alice()).new_lease_state, kR);
  EXPECT_FALSE(bob().is_answered(set));
  EXPECT_EQ(alice().ack(key_of(1), kR).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(set).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, a_close_that_deletes_waits_for_others_handles) {
  lease(alice(), "f", 1, kRH);
  const FileId file = bob().open("f", {.options = CreateOption::delete_on_close});
  const MessageId close = bob().start(wire::Command::close, wire::CloseRequest{.file_id = file});
  EXPECT_EQ(lease_break(alice()).new_lease_state, kR);
  EXPECT_FALSE(bob().is_answered(close));
  EXPECT_EQ(alice().ack(key_of(1), kR).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(close).status(), NtStatus::SUCCESS);
  world().settle();
  EXPECT_FALSE(alice().has_break());
}

TEST_F(OplockBreak, a_cancelled_close_closes_all_the_same) {
  lease(alice(), "f", 1, kRH);
  const FileId file = bob().open("f", {.options = CreateOption::delete_on_close});
  const MessageId close = bob().start(wire::Command::close, wire::CloseRequest{.file_id = file});
  world().settle();
  bob().cancel(close);
  EXPECT_EQ(bob().wait(close).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().close(file), NtStatus::FILE_CLOSED);
}

TEST_F(OplockBreak, a_close_that_deletes_ends_with_its_connection) {
  lease(alice(), "f", 1, kRH);
  const FileId file = bob().open("f", {.options = CreateOption::delete_on_close});
  bob().start(wire::Command::close, wire::CloseRequest{.file_id = file});
  world().settle();
  bob().hang_up();
  world().settle();
  EXPECT_EQ(world().server().engine().counts().opens, 1U);
}

TEST_F(OplockBreak, a_directory_that_is_not_empty_is_not_deleted_and_breaks_nothing) {
  alice().open("d", directory_args());
  alice().close(alice().open("d\\f"));
  const FileId kept = lease_v2(alice(), "d", {.lease_key = key_of(1), .lease_state = kRH}, directory_args()).file;
  OpenArgs args = directory_args();
  args.options |= CreateOption::delete_on_close;
  EXPECT_EQ(bob().close(bob().open("d", args)), NtStatus::SUCCESS);
  world().settle();
  EXPECT_FALSE(alice().has_break());
  EXPECT_EQ(alice().close(kept), NtStatus::SUCCESS);
}

// [MS-FSA] 2.1.5.17.
TEST_F(OplockBreak, new_security_waits_for_others_handles) {
  lease(alice(), "f", 1, kRH);
  const FileId file = bob().open("f", {.access = Access::read_control | Access::write_dac});
  const Answer now = bob().query(file, wire::InfoType::security, 0, 4096, kDaclPart);
  const MessageId set = bob().start(wire::Command::set_info,
                                    wire::SetInfoRequest{.info_type = wire::InfoType::security,
                                                         .buffer = now.as<wire::QueryInfoResponse>().output_buffer,
                                                         .additional_information = kDaclPart,
                                                         .file_id = file});
  EXPECT_EQ(lease_break(alice()).new_lease_state, kR);
  EXPECT_FALSE(bob().is_answered(set));
  EXPECT_EQ(alice().ack(key_of(1), kR).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(set).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, a_rename_over_a_file_waits_for_the_handles_of_that) {
  const Leased target = lease(alice(), "target", 1, kRH);
  const FileId file = bob().open("f");
  const std::u16string name = u"target";
  const MessageId set =
      bob().start(wire::Command::set_info,
                  wire::SetInfoRequest{.file_info_class = static_cast<std::uint8_t>(wire::FileInfoClass::rename),
                                       .buffer = Bytes(wire::encode_plain(
                                           wire::FileRenameInformation{.replace_if_exists = true, .file_name = name})),
                                       .file_id = file});
  EXPECT_EQ(lease_break(alice()).new_lease_state, kR);
  EXPECT_FALSE(bob().is_answered(set));
  EXPECT_EQ(alice().close(target.file), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(set).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, a_renamed_directory_waits_for_the_handles_beneath_it) {
  alice().close(alice().open("d", directory_args()));
  const Leased beneath = lease(alice(), "d\\f", 1, kRH);
  const FileId directory = bob().open("d", directory_args());
  const std::u16string name = u"e";
  const MessageId set = bob().start(
      wire::Command::set_info,
      wire::SetInfoRequest{.file_info_class = static_cast<std::uint8_t>(wire::FileInfoClass::rename),
                           .buffer = Bytes(wire::encode_plain(wire::FileRenameInformation{.file_name = name})),
                           .file_id = directory});
  EXPECT_EQ(lease_break(alice()).new_lease_state, kR);
  EXPECT_EQ(alice().close(beneath.file), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(set).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, a_wait_in_the_middle_of_a_compound_is_silent) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  const std::vector<MessageId> ids = bob().start_compound(
      {element(wire::Command::create, create_request("f", {})),
       element(wire::Command::close, wire::CloseRequest{.flags = {}, .file_id = kRelatedFileId}, true)});
  alice().next_break();
  EXPECT_FALSE(bob().is_pending(ids[0]));
  EXPECT_EQ(alice().ack(file, OplockLevel::level_ii).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(ids[0]).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(ids[1]).status(), NtStatus::SUCCESS);
}

TEST_F(OplockBreak, what_is_parked_in_a_compound_ends_with_its_connection) {
  hold(alice(), "f", OplockLevel::batch);
  bob().start_compound(
      {element(wire::Command::create, create_request("f", {})),
       element(wire::Command::close, wire::CloseRequest{.flags = {}, .file_id = kRelatedFileId}, true)});
  alice().next_break();
  bob().reset();
  world().settle();
  EXPECT_EQ(world().server().stats.connections_now.load(), 1u);
}

TEST_F(OplockBreak, a_cancel_and_an_acknowledgement_at_once_are_one_answer) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  const MessageId open = start_open(bob(), "f");
  alice().start_ack(file, OplockLevel::level_ii);
  bob().cancel(open);
  const NtStatus status = bob().wait(open).status();
  EXPECT_TRUE(status == NtStatus::SUCCESS || status == NtStatus::CANCELLED) << to_string(status);
  world().settle();
}

TEST_F(OplockBreak, two_who_wait_for_one_break_both_go_on) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  const MessageId first = start_open(bob(), "f"), second = start_open(bob(), "f");
  EXPECT_FALSE(alice().next_break().none());
  world().settle();
  EXPECT_FALSE(alice().has_break());
  EXPECT_EQ(alice().ack(file, OplockLevel::level_ii).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(first).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(second).status(), NtStatus::SUCCESS);
}

// A break that is due before the holder knows of its oplock is not sent before the answer that tells it.
TEST_F(OplockBreak, follows_the_answer_that_granted_what_it_breaks) {
  const std::vector<MessageId> ids = alice().start_compound(
      {element(wire::Command::create, create_request("f", {.oplock = OplockLevel::batch})),
       element(wire::Command::flush, wire::CloseRequest{.flags = {}, .file_id = kRelatedFileId}, true)});
  const MessageId open = bob().start(wire::Command::create, create_request("f", {}));
  const Answer notice = alice().next_break();
  ASSERT_FALSE(notice.none());
  ASSERT_TRUE(alice().is_answered(ids[0]));
  EXPECT_EQ(alice().find_answer(ids[0])->file_id(), notice.as<wire::OplockBreakNotification>().file_id);
  alice().ack(alice().find_answer(ids[0])->file_id(), OplockLevel::none);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

}  // namespace
}  // namespace dozo::server::testing
