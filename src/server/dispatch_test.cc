// What every request passes: signatures, encryption, message ids and credits, sessions and trees, compounds, CANCEL.
#include "server/dispatch.h"

#include "server/testing/test_fixture.h"
#include "wire/echo.h"
#include "wire/flush.h"
#include "wire/lock.h"
#include "wire/query_info.h"
#include "wire/read.h"
#include "wire/tree_connect.h"
#include "wire/tree_disconnect.h"
#include "wire/write.h"

namespace dozo::server::testing {
namespace {

using wire::Command;

class Dispatch : public ServerTest {};

// --- Signatures. [MS-SMB2] 3.3.5.2.4.

TEST_F(Dispatch, an_unsigned_request_on_a_session_that_signs_is_denied) {
  EXPECT_EQ(alice().create("f", {}, {.sign = false}).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(Dispatch, a_wrong_signature_is_denied) {
  EXPECT_EQ(alice().create("f", {}, {.break_signature = true}).status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(alice().create("f").status(), NtStatus::SUCCESS);
}

TEST_F(Dispatch, a_signed_request_for_a_session_that_is_not_there_is_user_session_deleted) {
  EXPECT_EQ(alice().create("f", {}, {.session = SessionId(7), .flags = wire::HeaderFlag::is_signed}).status(),
            NtStatus::USER_SESSION_DELETED);
}

TEST_F(Dispatch, where_signing_is_not_required_unsigned_requests_are_served) {
  options.config.server.signing = SigningPolicy::if_asked;
  EXPECT_EQ(alice().create("f", {}, {.sign = false}).status(), NtStatus::SUCCESS);
}

TEST_F(Dispatch, a_client_that_requires_signing_has_it_on_its_session) {
  options.config.server.signing = SigningPolicy::if_asked;
  Client& careful = world().log_on(
      {.security_mode = wire::SecurityModeBit::signing_enabled | wire::SecurityModeBit::signing_required});
  EXPECT_EQ(careful.create("f", {}, {.sign = false}).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(Dispatch, every_element_of_a_compound_needs_its_own_signature) {
  const auto answers =
      alice().compound({element(Command::create, create_request("f", {})),
                        element(Command::flush, wire::FlushRequest{.file_id = kRelatedFileId}, true, {.sign = false})});
  EXPECT_EQ(answers[0].status(), NtStatus::SUCCESS);
  EXPECT_EQ(answers[1].status(), NtStatus::ACCESS_DENIED);
}

// [MS-SMB2] 3.3.5.7, and pitfalls: what is neither signed nor encrypted cannot vouch for 3.1.1's negotiation.
TEST_F(Dispatch, a_tree_connect_of_3_1_1_neither_signed_nor_encrypted_ends_the_connection) {
  options.config.server.signing = SigningPolicy::if_asked;
  Client& peer = world().connect();
  peer.negotiate();
  peer.log_on();
  wire::TreeConnectRequest request;
  request.path = u"\\\\files\\data";
  peer.start(Command::tree_connect, request, {.sign = false});
  EXPECT_TRUE(peer.run_until_disconnected());
}

// --- Encryption. [MS-SMB2] 3.3.5.2.1.1, 3.3.5.2.9, 3.3.5.2.11.

TEST_F(Dispatch, an_encrypted_request_is_answered_encrypted) {
  Client& peer = world().log_on({.encrypt = true});
  const FileId file = peer.open("f");
  EXPECT_EQ(peer.write(file, 0, "hidden"), NtStatus::SUCCESS);
  const Answer answer = peer.read(file, 0, 6);
  EXPECT_TRUE(answer.encrypted);
}

TEST_F(Dispatch, an_error_and_an_interim_answer_are_encrypted_too) {
  Client& peer = world().log_on({.encrypt = true});
  EXPECT_TRUE(peer.create("a\\b\\c").encrypted);
  const MessageId waiting = peer.start_notify(peer.open("", directory_args(CreateDisposition::open)), 1);
  world().settle();
  ASSERT_NE(peer.find_interim(waiting), nullptr);
  EXPECT_TRUE(peer.find_interim(waiting)->encrypted);
  peer.cancel(waiting);
  EXPECT_TRUE(peer.wait(waiting).encrypted);
}

TEST_F(Dispatch, tampered_ciphertext_ends_the_connection) {
  Client& peer = world().log_on({.encrypt = true});
  peer.start(Command::echo, wire::EchoRequest{}, {.break_ciphertext = true});
  EXPECT_TRUE(peer.run_until_disconnected());
}

TEST_F(Dispatch, where_encryption_is_required_a_plain_request_is_denied) {
  options.config.server.encryption = EncryptionPolicy::required;
  Client& peer = world().log_on({.encrypt = true});
  EXPECT_EQ(peer.create("f", {}, {.encrypt = false}).status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(peer.create("f").status(), NtStatus::SUCCESS);
}

TEST_F(Dispatch, a_frame_encrypted_for_an_unknown_session_ends_the_connection) {
  Client& peer = alice();
  ByteVector frame(wire::kHeaderSize + 52 + 4);
  frame[0] = 0xFD, frame[1] = 'S', frame[2] = 'M', frame[3] = 'B';
  store_le(&frame[36], std::uint32_t{wire::kHeaderSize + 4});
  frame[42] = 1;
  peer.send_frame(frame);
  EXPECT_TRUE(peer.run_until_disconnected());
}

// [MS-SMB2] 3.3.5.2: of what an encrypted message holds, and of a plain one, the same is taken.
TEST_F(Dispatch, a_message_longer_than_the_largest_transaction_and_256_bytes_ends_the_connection) {
  for (const bool encrypt : {false, true}) {
    Client& peer = world().log_on();
    for (int i = 0; i < 4; ++i) peer.echo();
    const FileId file = peer.open("f");
    const auto write_of = [&](std::size_t message) {
      constexpr std::size_t kBodySize = 48;
      const ByteVector data(message - wire::kHeaderSize - kBodySize);
      return peer.start(Command::write, wire::WriteRequest{.data = data, .file_id = file},
                        {.encrypt = encrypt, .payload = data.size()});
    };
    const std::size_t most = peer.io_size_max() + 256;
    EXPECT_EQ(peer.wait(write_of(most)).status(), NtStatus::INVALID_PARAMETER) << encrypt;
    write_of(most + 1);
    EXPECT_TRUE(peer.run_until_disconnected()) << encrypt;
  }
}

// --- Message ids and credits. [MS-SMB2] 3.3.5.2.3, 3.3.5.2.5, 3.3.1.2.

TEST_F(Dispatch, a_message_id_that_was_used_ends_the_connection) {
  alice().echo();
  alice().start(Command::echo, wire::EchoRequest{}, {.message_id = MessageId(1)});
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Dispatch, a_message_id_outside_the_window_ends_the_connection) {
  alice().start(Command::echo, wire::EchoRequest{}, {.message_id = MessageId(1'000'000)});
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Dispatch, the_message_id_of_all_ones_ends_the_connection) {
  alice().start(Command::echo, wire::EchoRequest{}, {.message_id = MessageId(~0ull)});
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Dispatch, message_ids_within_the_window_come_in_any_order) {
  const std::uint64_t next = alice().next_message_id();
  for (const std::uint64_t id : {next + 2, next, next + 1}) {
    EXPECT_EQ(alice().echo({.message_id = MessageId(id)}).status(), NtStatus::SUCCESS);
  }
}

TEST_F(Dispatch, a_client_that_asks_for_no_credit_can_still_go_on) {
  for (int i = 0; i < 600; ++i) ASSERT_EQ(alice().echo({.credits = 0}).status(), NtStatus::SUCCESS) << i;
}

TEST_F(Dispatch, credits_are_bounded) {
  options.config.limits.credits_max = 32;
  for (int i = 0; i < 20; ++i) alice().echo({.credits = 1000});
  EXPECT_LE(alice().credits(), 32u);
  EXPECT_GE(alice().credits(), 1u);
}

TEST_F(Dispatch, a_credit_charge_too_small_for_the_payload_is_an_invalid_parameter) {
  const FileId file = alice().open("f");
  EXPECT_EQ(alice().read(file, 0, 65537, {.credit_charge = 1}).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().read(file, 0, 65536, {.credit_charge = 1}).status(), NtStatus::END_OF_FILE);
  EXPECT_EQ(alice().read(file, 0, 65537, {.credit_charge = 2}).status(), NtStatus::END_OF_FILE);
}

TEST_F(Dispatch, a_credit_charge_of_0_counts_as_1) {
  const FileId file = alice().open("f");
  EXPECT_EQ(alice().read(file, 0, 100, {.credit_charge = 0}).status(), NtStatus::END_OF_FILE);
}

// --- Framing and headers. [MS-SMB2] 3.3.5.2.

TEST_F(Dispatch, a_response_from_a_client_ends_the_connection) {
  alice().start(Command::echo, wire::EchoRequest{}, {.flags = wire::HeaderFlag::server_to_redir});
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Dispatch, what_is_no_SMB_ends_the_connection) {
  alice().send_frame(ByteVector(100, 0x41));
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Dispatch, a_frame_larger_than_anything_served_ends_the_connection) {
  const ByteVector prefix = {0x00, 0xFF, 0xFF, 0xFF};
  alice().send_bytes(prefix);
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Dispatch, before_a_session_large_frames_end_the_connection) {
  Client& peer = world().connect();
  const ByteVector prefix = {0x00, 0x02, 0x00, 0x00};
  peer.send_bytes(prefix);
  EXPECT_TRUE(peer.run_until_disconnected());
}

TEST_F(Dispatch, a_compressed_message_ends_the_connection) {
  ByteVector frame(64);
  frame[0] = 0xFC, frame[1] = 'S', frame[2] = 'M', frame[3] = 'B';
  alice().send_frame(frame);
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Dispatch, a_netbios_keep_alive_is_skipped) {
  const ByteVector keep_alive = {0x85, 0, 0, 0};
  alice().send_bytes(keep_alive);
  EXPECT_EQ(alice().echo().status(), NtStatus::SUCCESS);
}

TEST_F(Dispatch, an_unknown_command_ends_the_connection) {
  alice().start_body(static_cast<Command>(0x0044), {4, 0, 0, 0}, {});
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Dispatch, a_wrong_structure_size_is_an_invalid_parameter) {
  const MessageId id = alice().start_body(Command::flush, ByteVector(24, 1), {});
  EXPECT_EQ(alice().wait(id).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(Dispatch, a_truncated_body_is_an_invalid_parameter) {
  ByteVector body = body_of(wire::FlushRequest{});
  body.resize(10);
  const MessageId id = alice().start_body(Command::flush, body, {});
  EXPECT_EQ(alice().wait(id).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(Dispatch, half_a_frame_and_a_lost_connection_leave_nothing) {
  alice().open("f");
  alice().send_bytes(ByteVector{0, 0, 0x10, 0, 0xFE, 'S', 'M', 'B'});
  alice().reset();
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Dispatch, an_idle_connection_without_a_file_ends) {
  alice();
  world().loop().run_for(std::chrono::minutes(16));
  EXPECT_TRUE(alice().is_disconnected());
}

TEST_F(Dispatch, an_idle_connection_with_a_file_stays) {
  alice().open("f");
  world().loop().run_for(std::chrono::hours(5));
  EXPECT_FALSE(alice().is_disconnected());
}

// --- Sessions and trees. [MS-SMB2] 3.3.5.2.9, 3.3.5.2.11.

TEST_F(Dispatch, a_request_without_a_session_is_user_session_deleted) {
  Client& peer = world().connect();
  peer.negotiate();
  EXPECT_EQ(peer.create("f").status(), NtStatus::USER_SESSION_DELETED);
}

TEST_F(Dispatch, the_session_of_another_connection_is_none) {
  Client& peer = world().connect();
  peer.negotiate();
  EXPECT_EQ(peer.create("f", {}, {.session = alice().session(), .tree = alice().tree()}).status(),
            NtStatus::USER_SESSION_DELETED);
}

TEST_F(Dispatch, a_tree_that_is_not_there_is_network_name_deleted) {
  EXPECT_EQ(alice().create("f", {}, {.tree = TreeId(99)}).status(), NtStatus::NETWORK_NAME_DELETED);
}

TEST_F(Dispatch, a_file_of_one_tree_is_none_in_another) {
  const FileId file = alice().open("f");
  alice().connect_tree("data");
  EXPECT_EQ(alice().close(file), NtStatus::FILE_CLOSED);
}

TEST_F(Dispatch, an_echo_needs_no_session) {
  Client& peer = world().connect();
  peer.negotiate();
  EXPECT_EQ(peer.echo().status(), NtStatus::SUCCESS);
}

}  // namespace
}  // namespace dozo::server::testing
