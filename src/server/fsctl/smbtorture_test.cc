// smbtorture's own controls, and what they show: breaks that go over the next connection.
#include "server/testing/caching_fixture.h"
#include "wire/ioctl.h"
#include "wire/read.h"

namespace dozo::server::testing {
namespace {

using wire::Fsctl;

constexpr Fsctl kControls[] = {Fsctl::smbtorture_force_unacked_timeout, Fsctl::smbtorture_ioctl_response_padding,
                               Fsctl::smbtorture_read_response_padding};

class Smbtorture : public CachingTest {
 protected:
  Smbtorture() { options.config.server.torture_fsctls = true; }

  static NtStatus control(Client& client, Fsctl code) { return client.ioctl(kRelatedFileId, code, {}, 0).status(); }
  // As smbtorture sends it: nobody's.
  static NtStatus control_without_session(Client& client, Fsctl code) {
    const wire::IoctlRequest request{.ctl_code = code, .file_id = kRelatedFileId, .input = {}, .output = {}};
    return client.call(wire::Command::ioctl, request, {.session = SessionId(), .tree = TreeId(), .sign = false})
        .status();
  }
  // Another channel of alice's session.
  Client& second_channel() {
    Client& second = world().connect();
    second.negotiate();
    EXPECT_EQ(second.bind(alice()).status(), NtStatus::SUCCESS);
    return second;
  }
  static constexpr Duration kPastPatience = std::chrono::milliseconds(1600);
};

TEST_F(Smbtorture, as_installed_there_are_no_such_controls) {
  options.config.server.torture_fsctls = ServerConfig().torture_fsctls;
  const FileId file = alice().open("f");
  for (const Fsctl code : kControls) {
    EXPECT_EQ(alice().ioctl(file, code, {}, 100).status(), NtStatus::INVALID_DEVICE_REQUEST);
    EXPECT_EQ(control(alice(), code), alice().ioctl(kRelatedFileId, static_cast<Fsctl>(0x00090FFC), {}, 0).status());
    EXPECT_EQ(control_without_session(alice(), code), NtStatus::USER_SESSION_DELETED);
  }
}

TEST_F(Smbtorture, no_other_control_goes_without_a_session) {
  EXPECT_EQ(control_without_session(alice(), Fsctl::query_network_interface_info), NtStatus::USER_SESSION_DELETED);
  EXPECT_EQ(control_without_session(alice(), Fsctl::smbtorture_read_response_padding), NtStatus::SUCCESS);
}

TEST_F(Smbtorture, none_of_them_takes_input) {
  const ByteVector input(4);
  for (const Fsctl code : kControls) {
    EXPECT_EQ(alice().ioctl(kRelatedFileId, code, input, 0).status(), NtStatus::INVALID_PARAMETER);
  }
}

TEST_F(Smbtorture, reads_are_padded_from_then_on) {
  const FileId file = alice().open("f");
  ASSERT_EQ(alice().write(file, 0, "what there is"), NtStatus::SUCCESS);
  const std::size_t before = alice().read(file, 0, 13).bytes.size();
  ASSERT_EQ(control(alice(), Fsctl::smbtorture_read_response_padding), NtStatus::SUCCESS);
  const Answer answer = alice().read(file, 0, 13);
  EXPECT_EQ(answer.bytes.size(), before + 8);
  EXPECT_EQ(load_le<std::uint64_t>(&answer.bytes[before - 13]), 0u);
  EXPECT_EQ(alice().read_text(file, 0, 13), "what there is");
}

TEST_F(Smbtorture, one_answer_of_an_ioctl_is_padded) {
  const Answer answer = alice().ioctl(kRelatedFileId, Fsctl::smbtorture_ioctl_response_padding, {}, 3);
  const Bytes output = answer.as<wire::IoctlResponse>().output;
  EXPECT_EQ(ByteVector(output.begin(), output.end()), ByteVector(3, 8));
  EXPECT_EQ(answer.bytes.size(), wire::kHeaderSize + 48 + 8 + 3);
}

// --- [MS-SMB2] 3.3.4.6, 3.3.4.7: a notification that is not delivered is sent over another connection.

TEST_F(Smbtorture, an_oplock_break_that_is_not_taken_goes_over_the_next_channel) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  Client& second = second_channel();
  control(alice(), Fsctl::smbtorture_force_unacked_timeout);
  const MessageId open = start_open(bob(), "f");
  ASSERT_TRUE(alice().has_break());
  EXPECT_FALSE(second.has_break());
  world().loop().run_for(kPastPatience);
  ASSERT_TRUE(second.has_break());
  EXPECT_EQ(oplock_break(second).file_id, file);
  EXPECT_EQ(second.ack(file, OplockLevel::level_ii).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(Smbtorture, a_lease_break_that_is_not_taken_goes_over_the_clients_next_connection) {
  lease(alice(), "f", 1, kRWH);
  Client& second = world().log_on();
  control(alice(), Fsctl::smbtorture_force_unacked_timeout);
  const MessageId open = start_open(bob(), "f");
  world().loop().run_for(kPastPatience);
  EXPECT_EQ(lease_break(second).lease_key, key_of(1));
  EXPECT_EQ(second.ack(key_of(1), kRH).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(Smbtorture, a_connection_that_lost_a_break_is_the_last_to_get_one_until_its_client_speaks) {
  for (std::uint8_t key = 1; key <= 3; ++key) lease(alice(), std::string(1, static_cast<char>('f' + key)), key, kRWH);
  Client& second = world().log_on();
  control(alice(), Fsctl::smbtorture_force_unacked_timeout);
  start_open(bob(), "g");
  alice().next_break();
  world().loop().run_for(kPastPatience);
  EXPECT_EQ(lease_break(second).lease_key, key_of(1));
  second.ack(key_of(1), kRH);
  start_open(bob(), "h");
  EXPECT_FALSE(alice().has_break());
  EXPECT_EQ(lease_break(second).lease_key, key_of(2));
  second.ack(key_of(2), kRH);
  alice().echo();
  start_open(bob(), "i");
  EXPECT_EQ(lease_break(alice()).lease_key, key_of(3));
  alice().ack(key_of(3), kRH);
}

TEST_F(Smbtorture, a_break_that_was_acknowledged_is_not_sent_again) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  Client& second = second_channel();
  control(alice(), Fsctl::smbtorture_force_unacked_timeout);
  start_open(bob(), "f");
  alice().next_break();
  alice().ack(file, OplockLevel::level_ii);
  world().loop().run_for(kPastPatience);
  EXPECT_FALSE(second.has_break());
}

TEST_F(Smbtorture, a_break_that_was_delivered_is_not_sent_again) {
  hold(alice(), "f", OplockLevel::batch);
  Client& second = second_channel();
  start_open(bob(), "f");
  world().loop().run_for(kPastPatience);
  EXPECT_TRUE(alice().has_break());
  EXPECT_FALSE(second.has_break());
}

// What needs no acknowledgement would else leave its reader with what is no longer true.
TEST_F(Smbtorture, the_loss_of_a_read_cache_is_told_again_too) {
  lease(alice(), "f", 1, kR);
  Client& second = world().log_on();
  control(alice(), Fsctl::smbtorture_force_unacked_timeout);
  ASSERT_EQ(bob().write(bob().open("f"), 0, "new"), NtStatus::SUCCESS);
  world().loop().run_for(kPastPatience);
  EXPECT_TRUE(second.has_break());
}

TEST_F(Smbtorture, where_every_channel_fails_the_break_times_out_as_ever) {
  hold(alice(), "f", OplockLevel::batch);
  Client& second = second_channel();
  control(alice(), Fsctl::smbtorture_force_unacked_timeout);
  control(second, Fsctl::smbtorture_force_unacked_timeout);
  const MessageId open = start_open(bob(), "f");
  world().loop().run_for(std::chrono::seconds(30));
  EXPECT_FALSE(bob().is_answered(open));
  world().loop().run_for(std::chrono::seconds(10));
  ASSERT_TRUE(bob().is_answered(open));
  EXPECT_EQ(bob().find_answer(open)->status(), NtStatus::SUCCESS);
}

TEST_F(Smbtorture, the_session_may_end_while_a_break_is_watched) {
  hold(alice(), "f", OplockLevel::batch);
  Client& second = second_channel();
  control(alice(), Fsctl::smbtorture_force_unacked_timeout);
  const MessageId open = start_open(bob(), "f");
  alice().hang_up();
  second.hang_up();
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

}  // namespace
}  // namespace dozo::server::testing
