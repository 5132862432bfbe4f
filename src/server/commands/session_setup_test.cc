// SESSION_SETUP and LOGOFF. [MS-SMB2] 3.3.5.5, 3.3.5.6.
#include "wire/session_setup.h"

#include "server/testing/test_fixture.h"
#include "wire/logoff.h"

namespace dozo::server::testing {
namespace {

class SessionSetup : public ServerTest {
 protected:
  Client& negotiated(ClientOptions client_options = {}) {
    Client& peer = world().connect(std::move(client_options));
    peer.negotiate();
    return peer;
  }
};

TEST_F(SessionSetup, the_right_password_makes_a_session) {
  EXPECT_EQ(negotiated().log_on().status(), NtStatus::SUCCESS);
  EXPECT_EQ(world().server().stats.sessions_now.load(), 1u);
}

TEST_F(SessionSetup, a_wrong_password_is_a_logon_failure) {
  EXPECT_EQ(negotiated().log_on("alice", "wrong").status(), NtStatus::LOGON_FAILURE);
  EXPECT_EQ(world().server().stats.sessions_now.load(), 0u);
}

TEST_F(SessionSetup, an_unknown_user_is_the_same_logon_failure) {
  EXPECT_EQ(negotiated().log_on("nobody", "x").status(), NtStatus::LOGON_FAILURE);
}

TEST_F(SessionSetup, a_failure_costs_time) {
  const Instant before = world().loop().now();
  negotiated().log_on("alice", "wrong");
  EXPECT_GE(world().loop().now() - before, std::chrono::milliseconds(2000));
}

// Its answer is held back for seconds, up to a minute; nothing else of the connection is.
TEST_F(SessionSetup, a_refused_logon_ends_with_its_connection) {
  Client& peer = negotiated();
  runtime::Timer timer;
  timer.arm(
      world().loop(), world().loop().now() + std::chrono::milliseconds(100),
      [](void* p) { static_cast<Client*>(p)->hang_up(); }, &peer);
  const Instant before = world().loop().now();
  EXPECT_TRUE(peer.log_on("alice", "wrong").none());
  EXPECT_TRUE(world().run_until([&] { return world().server().stats.connections_now.load() == 0; }));
  EXPECT_LT(world().loop().now() - before, std::chrono::milliseconds(1000));
}

TEST_F(SessionSetup, a_refused_logon_cannot_be_cancelled_to_guess_faster) {
  Client& peer = negotiated();
  runtime::Timer timer;
  timer.arm(
      world().loop(), world().loop().now() + std::chrono::milliseconds(100),
      [](void* p) {
        auto& client = *static_cast<Client*>(p);
        for (const MessageId id : client.outstanding()) client.cancel_by_message_id(id);
      },
      &peer);
  const Instant before = world().loop().now();
  EXPECT_EQ(peer.log_on("alice", "wrong").status(), NtStatus::LOGON_FAILURE);
  EXPECT_GE(world().loop().now() - before, std::chrono::milliseconds(2000));
}

TEST_F(SessionSetup, a_user_may_try_again_on_the_same_connection) {
  Client& peer = negotiated();
  peer.log_on("alice", "wrong");
  EXPECT_EQ(peer.log_on().status(), NtStatus::SUCCESS);
}

TEST_F(SessionSetup, a_token_that_is_none_is_refused) {
  Client& peer = negotiated();
  const ByteVector noise = {1, 2, 3, 4};
  wire::SessionSetupRequest request;
  request.security_buffer = noise;
  const Answer answer = peer.call(wire::Command::session_setup, request);
  EXPECT_TRUE(is_error(answer.status())) << to_string(answer.status());
}

TEST_F(SessionSetup, of_a_session_that_does_not_exist_is_user_session_deleted) {
  Client& peer = negotiated();
  EXPECT_EQ(peer.call(wire::Command::session_setup, wire::SessionSetupRequest{}, {.session = SessionId(42)}).status(),
            NtStatus::USER_SESSION_DELETED);
}

TEST_F(SessionSetup, two_users_may_share_a_connection) {
  const SessionId first = alice().session();
  const TreeId first_tree = alice().tree();
  ASSERT_EQ(alice().log_on("bob", password_of("bob")).status(), NtStatus::SUCCESS);
  EXPECT_NE(alice().session(), first);
  EXPECT_EQ(alice().connect_tree("bobs").status(), NtStatus::SUCCESS);
  alice().use_session(first);
  alice().use_tree(first_tree);
  EXPECT_EQ(alice().create("f").status(), NtStatus::SUCCESS);
}

TEST_F(SessionSetup, a_session_may_authenticate_again) {
  const FileId file = alice().open("f");
  const SessionId before = alice().session();
  EXPECT_EQ(alice().reauthenticate("alice", password_of("alice")).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().session(), before);
  // [MS-SMB2] 3.3.5.5.2: opens and keys stay.
  EXPECT_EQ(alice().write(file, 0, "still here"), NtStatus::SUCCESS);
}

TEST_F(SessionSetup, reauthentication_as_somebody_else_is_refused) {
  EXPECT_TRUE(is_error(alice().reauthenticate("bob", password_of("bob")).status()));
}

TEST_F(SessionSetup, a_previous_session_of_the_same_user_gives_way) {
  const FileId file = alice().open("f", {.share = {}});
  Client& again = world().log_on({.previous_session = alice().session()});
  world().settle();
  EXPECT_EQ(world().server().stats.sessions_now.load(), 1u);
  EXPECT_EQ(again.create("f", {.share = {}}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().close(file), NtStatus::USER_SESSION_DELETED);
}

TEST_F(SessionSetup, a_previous_session_of_another_user_stays) {
  const SessionId victim = alice().session();
  world().log_on({.user = "bob", .previous_session = victim});
  world().settle();
  EXPECT_EQ(alice().create("f").status(), NtStatus::SUCCESS);
}

TEST_F(SessionSetup, a_failed_logon_does_not_end_the_previous_session) {
  Client& peer = negotiated({.password = "wrong", .previous_session = alice().session()});
  EXPECT_EQ(peer.log_on().status(), NtStatus::LOGON_FAILURE);
  EXPECT_EQ(alice().create("f").status(), NtStatus::SUCCESS);
}

TEST_F(SessionSetup, where_encryption_is_required_a_client_without_it_is_refused) {
  options.config.server.encryption = EncryptionPolicy::required;
  EXPECT_EQ(negotiated({.dialect = Dialect::smb_2_1}).log_on().status(), NtStatus::ACCESS_DENIED);
  ClientOptions without;
  without.ciphers.clear();
  without.capabilities = {};
  EXPECT_EQ(negotiated(without).log_on().status(), NtStatus::ACCESS_DENIED);
}

TEST_F(SessionSetup, where_encryption_is_required_the_answer_says_so) {
  options.config.server.encryption = EncryptionPolicy::required;
  const Answer answer = negotiated({.encrypt = true}).log_on();
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_TRUE(answer.as<wire::SessionSetupResponse>().session_flags.has(wire::SessionFlag::encrypt_data));
}

TEST_F(SessionSetup, nobody_logs_on_in_time_and_the_connection_ends) {
  Client& peer = negotiated();
  world().loop().run_for(std::chrono::seconds(31));
  EXPECT_TRUE(peer.is_disconnected());
}

// --- LOGOFF.

TEST_F(SessionSetup, logoff_ends_the_session_and_what_it_had_open) {
  alice().open("f");
  EXPECT_EQ(alice().call(wire::Command::logoff, wire::LogoffRequest{}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(world().server().stats.opens_now.load(), 0u);
  EXPECT_EQ(world().server().stats.trees_now.load(), 0u);
  EXPECT_EQ(alice().create("f").status(), NtStatus::USER_SESSION_DELETED);
}

TEST_F(SessionSetup, logoff_answers_a_waiting_request) {
  const FileId directory = alice().open("", directory_args(CreateDisposition::open));
  const MessageId waiting = alice().start_notify(directory, 1);
  world().settle();
  ASSERT_TRUE(alice().is_pending(waiting));
  alice().call(wire::Command::logoff, wire::LogoffRequest{});
  world().settle();
  EXPECT_TRUE(alice().is_answered(waiting));
}

TEST_F(SessionSetup, an_encrypted_logoff_is_answered_encrypted) {
  Client& peer = world().log_on({.encrypt = true});
  const Answer answer = peer.call(wire::Command::logoff, wire::LogoffRequest{});
  EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_TRUE(answer.encrypted);
}

}  // namespace
}  // namespace dozo::server::testing
