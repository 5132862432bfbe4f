// Several connections of one session. [MS-SMB2] 3.3.5.5, 3.3.5.5.3, 3.3.7.1.
#include "server/connection.h"
#include "server/testing/test_fixture.h"
#include "wire/logoff.h"

namespace dozo::server::testing {
namespace {

class Binding : public ServerTest {
 protected:
  Client& negotiated(ClientOptions client_options = {}) {
    Client& peer = world().connect(std::move(client_options));
    peer.negotiate();
    return peer;
  }
  // Another channel of alice's session.
  Client& bound(ClientOptions client_options = {}) {
    Client& peer = negotiated(std::move(client_options));
    EXPECT_EQ(peer.bind(alice()).status(), NtStatus::SUCCESS);
    return peer;
  }
  std::size_t channels() { return world().server().sessions().channel_count(alice().session()); }
};

struct Terms {
  ClientOptions first;
  ClientOptions second;
};

// What a binding is answered with, between connections that negotiated so.
NtStatus bind_status(World& world, const Terms& terms) {
  Client& first = world.log_on(terms.first);
  Client& second = world.connect(terms.second);
  second.negotiate();
  const NtStatus status = second.bind(first).status();
  // Refused or not, the session is as it was.
  EXPECT_EQ(first.echo().status(), NtStatus::SUCCESS);
  EXPECT_EQ(first.close(first.open("still.there")), NtStatus::SUCCESS);
  return status;
}

ClientOptions signing_with(wire::SigningAlgorithm algorithm) { return {.signing = {algorithm}}; }
ClientOptions encrypting_with(wire::Cipher cipher) { return {.ciphers = {cipher}}; }
ClientOptions speaking(Dialect dialect) { return {.dialect = dialect}; }

// --- The way in.

TEST_F(Binding, makes_a_connection_another_channel_of_the_session) {
  Client& second = bound();
  EXPECT_EQ(channels(), 2u);
  EXPECT_EQ(world().server().stats.sessions_now.load(), 1u);
  const FileId file = alice().open("a");
  EXPECT_EQ(second.write(file, 0, "seen by both"), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(file, 0, 100), "seen by both");
  EXPECT_EQ(second.close(file), NtStatus::SUCCESS);
  EXPECT_EQ(alice().close(file), NtStatus::FILE_CLOSED);
}

class BindingOfDialect : public ::testing::TestWithParam<Dialect> {};
TEST_P(BindingOfDialect, works) {
  World world;
  EXPECT_EQ(bind_status(world, {speaking(GetParam()), speaking(GetParam())}), NtStatus::SUCCESS);
  EXPECT_EQ(world.leave(), "");
}
INSTANTIATE_TEST_SUITE_P(, BindingOfDialect,
                         ::testing::Values(Dialect::smb_3_0, Dialect::smb_3_0_2, Dialect::smb_3_1_1),
                         [](const auto& info) { return fmt::format("of_{:x}", static_cast<int>(info.param)); });

TEST_F(Binding, keeps_the_sessions_encryption_keys) {
  Client& second = bound({.encrypt = true});
  const FileId file = alice().open("a");
  EXPECT_EQ(second.write(file, 0, "sealed"), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(file, 0, 100), "sealed");
}

TEST_F(Binding, ends_what_bounds_connections_without_a_session) {
  options.config.limits.pre_auth_timeout_ms = 5000;
  Client& second = bound();
  world().run_until([] { return false; }, std::chrono::seconds(10));
  EXPECT_FALSE(second.is_disconnected());
  EXPECT_EQ(second.echo().status(), NtStatus::SUCCESS);
}

TEST_F(Binding, goes_both_ways_between_two_sessions_on_two_connections) {
  Client& other = world().log_on();
  const SessionId theirs = other.session();
  const SessionId hers = alice().session();
  EXPECT_EQ(other.bind(alice()).status(), NtStatus::SUCCESS);
  other.use_session(theirs);
  EXPECT_EQ(alice().bind(other).status(), NtStatus::SUCCESS);
  alice().use_session(hers);
  EXPECT_EQ(alice().echo().status(), NtStatus::SUCCESS);
}

// --- Refusals, each of which leaves the session alone.

TEST_F(Binding, without_a_signature_is_an_invalid_parameter) {
  Client& peer = negotiated();
  peer.options().sign = false;
  EXPECT_EQ(peer.bind(alice()).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(channels(), 1u);
}

TEST_F(Binding, with_a_wrong_signature_is_denied) {
  Client& peer = negotiated();
  peer.options().break_logon_signatures = true;
  EXPECT_EQ(peer.bind(alice()).status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(alice().echo().status(), NtStatus::SUCCESS);
}

TEST_F(Binding, to_no_session_is_user_session_deleted) {
  Client& peer = negotiated();
  wire::SessionSetupRequest request;
  request.flags = wire::kSessionBinding;
  EXPECT_EQ(peer.call(wire::Command::session_setup, request, {.session = SessionId(42)}).status(),
            NtStatus::USER_SESSION_DELETED);
}

TEST_F(Binding, to_a_session_that_has_logged_off_is_user_session_deleted) {
  Client& peer = negotiated();
  EXPECT_EQ(alice().call(wire::Command::logoff, wire::LogoffRequest{}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(peer.bind(alice()).status(), NtStatus::USER_SESSION_DELETED);
}

TEST_F(Binding, to_a_session_in_the_middle_of_its_logon_is_not_accepted) {
  Client& first = negotiated();
  const SessionId id = first.begin_logon();
  wire::SessionSetupRequest request;
  request.flags = wire::kSessionBinding;
  EXPECT_EQ(negotiated().call(wire::Command::session_setup, request, {.session = id}).status(),
            NtStatus::REQUEST_NOT_ACCEPTED);
}

TEST_F(Binding, of_another_clients_connection_is_user_session_deleted) {
  EXPECT_EQ(negotiated({.machine = 0xC2}).bind(alice()).status(), NtStatus::USER_SESSION_DELETED);
}

TEST_F(Binding, by_another_user_is_denied_and_costs_time) {
  const Instant before = world().loop().now();
  EXPECT_EQ(negotiated({.user = "bob"}).bind(alice()).status(), NtStatus::ACCESS_DENIED);
  EXPECT_GE(world().loop().now() - before, std::chrono::milliseconds(2000));
  EXPECT_EQ(alice().echo().status(), NtStatus::SUCCESS);
}

TEST_F(Binding, with_a_wrong_password_is_a_logon_failure_and_may_be_tried_again) {
  Client& peer = negotiated({.password = "wrong"});
  EXPECT_EQ(peer.bind(alice()).status(), NtStatus::LOGON_FAILURE);
  EXPECT_EQ(alice().echo().status(), NtStatus::SUCCESS);
  EXPECT_EQ(peer.echo({.session = alice().session(), .sign = false}).status(), NtStatus::USER_SESSION_DELETED);
  peer.options().password = "";
  EXPECT_EQ(peer.bind(alice()).status(), NtStatus::SUCCESS);
}

TEST_F(Binding, of_a_connection_that_is_a_channel_already_is_not_accepted) {
  Client& second = bound();
  EXPECT_EQ(second.bind(alice()).status(), NtStatus::REQUEST_NOT_ACCEPTED);
  EXPECT_EQ(second.echo().status(), NtStatus::SUCCESS);
  EXPECT_EQ(channels(), 2u);
}

TEST_F(Binding, signed_with_the_sessions_key_on_a_channel_that_has_its_own_is_denied) {
  Client& second = bound();
  second.use_session_key(alice().session());
  EXPECT_EQ(second.bind(alice()).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(Binding, beyond_the_channels_of_a_session_is_insufficient_resources) {
  options.config.limits.channels_per_session_max = 3;
  bound();
  bound();
  EXPECT_EQ(negotiated().bind(alice()).status(), NtStatus::INSUFFICIENT_RESOURCES);
  EXPECT_EQ(channels(), 3u);
}

TEST_F(Binding, where_it_is_switched_off_is_not_accepted) {
  options.config.server.multichannel = false;
  EXPECT_EQ(negotiated().bind(alice()).status(), NtStatus::REQUEST_NOT_ACCEPTED);
  EXPECT_EQ(alice().echo().status(), NtStatus::SUCCESS);
}

// The order of the checks shows where two things are different at once.
TEST(BindingTerms, decide_how_a_binding_is_refused) {
  using enum wire::SigningAlgorithm;
  const ClientOptions cmac = signing_with(aes_cmac), gmac = signing_with(aes_gmac), hmac = signing_with(hmac_sha256);
  const ClientOptions old = speaking(Dialect::smb_2_1), three = speaking(Dialect::smb_3_0);
  ClientOptions gmac_of_another = gmac, ccm_of_another = encrypting_with(wire::Cipher::aes_128_ccm);
  gmac_of_another.machine = ccm_of_another.machine = 0xC2;
  struct Row {
    Terms terms;
    NtStatus status;
  };
  const Row rows[] = {
      {{speaking(Dialect::smb_2_0_2), speaking(Dialect::smb_2_0_2)}, NtStatus::REQUEST_NOT_ACCEPTED},
      {{old, old}, NtStatus::REQUEST_NOT_ACCEPTED},
      {{cmac, old}, NtStatus::REQUEST_NOT_ACCEPTED},
      {{old, cmac}, NtStatus::INVALID_PARAMETER},
      {{three, cmac}, NtStatus::INVALID_PARAMETER},
      {{speaking(Dialect::smb_3_0_2), three}, NtStatus::INVALID_PARAMETER},
      {{encrypting_with(wire::Cipher::aes_128_gcm), encrypting_with(wire::Cipher::aes_128_ccm)},
       NtStatus::INVALID_PARAMETER},
      {{encrypting_with(wire::Cipher::aes_128_gcm), ccm_of_another}, NtStatus::INVALID_PARAMETER},
      {{gmac, cmac}, NtStatus::REQUEST_OUT_OF_SEQUENCE},
      {{gmac, hmac}, NtStatus::REQUEST_OUT_OF_SEQUENCE},
      {{gmac, three}, NtStatus::REQUEST_OUT_OF_SEQUENCE},
      {{gmac, old}, NtStatus::REQUEST_OUT_OF_SEQUENCE},
      {{cmac, gmac}, NtStatus::NOT_SUPPORTED},
      {{hmac, gmac}, NtStatus::NOT_SUPPORTED},
      {{hmac, gmac_of_another}, NtStatus::NOT_SUPPORTED},
      {{three, gmac}, NtStatus::NOT_SUPPORTED},
      {{cmac, hmac}, NtStatus::SUCCESS},
      {{hmac, cmac}, NtStatus::SUCCESS},
      {{gmac, gmac}, NtStatus::SUCCESS},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    World world;
    EXPECT_EQ(bind_status(world, rows[i].terms), rows[i].status) << "row " << i;
    EXPECT_EQ(world.leave(), "") << "row " << i;
  }
}

// --- What is not a channel yet.

TEST_F(Binding, in_progress_opens_nothing) {
  Client& peer = negotiated();
  ASSERT_EQ(peer.begin_binding(alice()).status(), NtStatus::MORE_PROCESSING_REQUIRED);
  EXPECT_EQ(peer.echo({.session = alice().session(), .sign = false}).status(), NtStatus::USER_SESSION_DELETED);
  EXPECT_EQ(channels(), 1u);
}

TEST_F(Binding, in_progress_that_is_given_up_leaves_the_session_alone) {
  Client& peer = negotiated();
  ASSERT_EQ(peer.begin_binding(alice()).status(), NtStatus::MORE_PROCESSING_REQUIRED);
  peer.hang_up();
  ASSERT_TRUE(peer.run_until_disconnected());
  world().settle();
  EXPECT_EQ(alice().echo().status(), NtStatus::SUCCESS);
}

TEST_F(Binding, goes_on_as_one_or_finds_no_session) {
  Client& peer = negotiated();
  ASSERT_EQ(peer.begin_binding(alice()).status(), NtStatus::MORE_PROCESSING_REQUIRED);
  EXPECT_EQ(
      peer.call(wire::Command::session_setup, wire::SessionSetupRequest{}, {.session = alice().session()}).status(),
      NtStatus::USER_SESSION_DELETED);
}

TEST_F(Binding, a_session_is_not_found_on_a_connection_that_is_no_channel_of_it) {
  Client& peer = negotiated();
  const Answer answer = peer.echo({.session = alice().session(), .sign = false});
  EXPECT_EQ(answer.status(), NtStatus::USER_SESSION_DELETED);
  EXPECT_FALSE(answer.is_signed);
}

// Whoever has the session's key is told so under it; nobody else gets anything that it signed.
TEST_F(Binding, a_session_that_is_elsewhere_signs_its_refusal_for_who_has_its_key) {
  Client& peer = negotiated();
  peer.learn_session_key(alice());
  const Answer known = peer.echo({.session = alice().session()});
  EXPECT_EQ(known.status(), NtStatus::USER_SESSION_DELETED);
  EXPECT_TRUE(known.is_signed);
  const Answer unknown = peer.echo({.session = alice().session(), .break_signature = true});
  EXPECT_EQ(unknown.status(), NtStatus::USER_SESSION_DELETED);
  EXPECT_FALSE(unknown.is_signed);
}

// --- Channels come and go.

TEST_F(Binding, the_session_and_its_opens_survive_its_first_connection) {
  Client& second = bound();
  const FileId file = alice().open("a");
  const SessionId session = alice().session();
  alice().hang_up();
  ASSERT_TRUE(alice().run_until_disconnected());
  world().settle();
  EXPECT_EQ(world().server().sessions().channel_count(session), 1u);
  EXPECT_EQ(second.write(file, 0, "still"), NtStatus::SUCCESS);
  EXPECT_EQ(second.read_text(file, 0, 9), "still");
  EXPECT_EQ(second.close(file), NtStatus::SUCCESS);
}

TEST_F(Binding, a_lost_channel_may_be_replaced) {
  Client& second = bound();
  const FileId file = alice().open("a");
  second.reset();
  ASSERT_TRUE(second.run_until_disconnected());
  world().settle();
  EXPECT_EQ(channels(), 1u);
  EXPECT_EQ(bound().write(file, 0, "again"), NtStatus::SUCCESS);
}

TEST_F(Binding, the_session_ends_with_its_last_channel) {
  Client& second = bound();
  alice().open("a");
  alice().hang_up();
  second.hang_up();
  ASSERT_TRUE(alice().run_until_disconnected() && second.run_until_disconnected());
  world().settle();
  EXPECT_EQ(world().leftovers(), "");
}

TEST_F(Binding, a_lost_channel_ends_what_was_asked_on_it_and_nothing_else) {
  Client& second = bound();
  const FileId directory = alice().open("d", directory_args());
  const MessageId lost = second.start_notify(directory, 0xFFF);
  const MessageId kept = alice().start_notify(directory, 0xFFF);
  world().settle();
  ASSERT_TRUE(second.is_pending(lost) && alice().is_pending(kept));
  second.reset();
  ASSERT_TRUE(second.run_until_disconnected());
  world().settle();
  EXPECT_FALSE(alice().is_answered(kept));
  alice().close(alice().open("d\\new"));
  EXPECT_EQ(alice().wait(kept).status(), NtStatus::SUCCESS);
}

// Where its opens are parked, and renamed, is another loop's business than where its last channel was lost.
TEST_F(Binding, a_session_that_has_lost_its_last_channel_is_known_until_it_has_ended_and_gets_no_other) {
  SessionRegistry& sessions = world().server().sessions();
  const SessionId id = alice().session();
  const auto connection = world().server().connections().front();
  EXPECT_TRUE(sessions.remove_channel(id, *connection));
  EXPECT_EQ(sessions.all().size(), 1u);
  EXPECT_EQ(sessions.add_channel(id, connection, 4), Result<>(fail(NtStatus::USER_SESSION_DELETED)));
  alice().hang_up();
  world().settle();
  EXPECT_TRUE(sessions.all().empty());
}

TEST_F(Binding, logoff_on_one_channel_ends_the_session_on_all) {
  Client& second = bound();
  const FileId directory = alice().open("d", directory_args());
  const MessageId waiting = alice().start_notify(directory, 0xFFF);
  world().settle();
  EXPECT_EQ(second.call(wire::Command::logoff, wire::LogoffRequest{}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().wait(waiting).status(), NtStatus::NOTIFY_CLEANUP);
  EXPECT_EQ(alice().read(directory, 0, 1).status(), NtStatus::USER_SESSION_DELETED);
  EXPECT_EQ(second.read(directory, 0, 1).status(), NtStatus::USER_SESSION_DELETED);
  // The connections are as good as new.
  EXPECT_EQ(alice().log_on().status(), NtStatus::SUCCESS);
}

TEST_F(Binding, a_failed_reauthentication_on_one_channel_ends_the_session_on_all) {
  Client& second = bound();
  EXPECT_EQ(second.reauthenticate("alice", "wrong").status(), NtStatus::LOGON_FAILURE);
  // Under its key, as long as the connection remembers it.
  const Answer told = alice().echo();
  EXPECT_EQ(told.status(), NtStatus::USER_SESSION_DELETED);
  EXPECT_TRUE(told.is_signed);
}

TEST_F(Binding, a_reauthentication_may_come_on_any_channel) {
  Client& second = bound();
  EXPECT_EQ(second.reauthenticate("alice", password_of("alice")).status(), NtStatus::SUCCESS);
  EXPECT_EQ(second.echo().status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().echo().status(), NtStatus::SUCCESS);
}

TEST_F(Binding, a_takeover_ends_the_session_on_all_its_channels) {
  Client& second = bound();
  world().log_on({.previous_session = alice().session()});
  EXPECT_EQ(alice().echo().status(), NtStatus::USER_SESSION_DELETED);
  EXPECT_EQ(second.echo().status(), NtStatus::USER_SESSION_DELETED);
}

// A server that stops: what was asked is answered, then the connections end.
TEST_F(Binding, a_server_that_drains_answers_what_waits_on_each_channel) {
  Client& second = bound();
  const FileId directory = alice().open("d", directory_args());
  const MessageId waiting = second.start_notify(directory, 0xFFF);
  world().settle();
  world().server().stop_connections(true);
  EXPECT_EQ(second.wait(waiting).status(), NtStatus::CANCELLED);
  EXPECT_TRUE(alice().run_until_disconnected() && second.run_until_disconnected());
}

// [MS-SMB2] 3.3.5.16: Connection.RequestList and Connection.AsyncCommandList.
TEST_F(Binding, a_cancel_finds_the_requests_of_its_own_channel) {
  Client& second = bound();
  const FileId directory = alice().open("d", directory_args());
  const MessageId waiting = second.start_notify(directory, 0xFFF);
  world().settle();
  ASSERT_TRUE(second.is_pending(waiting));
  // The same AsyncId on another channel is none of its own.
  wire::Header header{.command = wire::Command::cancel, .flags = wire::HeaderFlag::async_command};
  header.async_id = second.find_interim(waiting)->header.async_id;
  alice().cancel_as(header);
  world().settle();
  EXPECT_FALSE(second.is_answered(waiting));
  second.cancel(waiting);
  EXPECT_EQ(second.wait(waiting).status(), NtStatus::CANCELLED);
}

TEST_F(Binding, notifications_go_to_a_channel_that_lives) {
  Client& second = bound();
  Server& server = world().server();
  const SessionId session = alice().session();
  const std::uint64_t first = server.connection_of_session(session)->id;
  alice().reset();
  ASSERT_TRUE(alice().run_until_disconnected());
  world().settle();
  const auto left = server.connection_of_session(session);
  ASSERT_TRUE(left);
  EXPECT_NE(left->id, first);
  EXPECT_EQ(second.echo().status(), NtStatus::SUCCESS);
}

// [MS-SMB2] 3.3.5.14: with multichannel a LOCK may arrive twice, by two channels; its sequence number tells.
TEST_F(Binding, a_lock_that_is_repeated_on_another_channel_is_done_once) {
  const wire::Capabilities all = wire::Capabilities::from_wire(0xFF);
  Client& first = world().log_on({.capabilities = all});
  Client& second = negotiated({.capabilities = all});
  ASSERT_EQ(second.bind(first).status(), NtStatus::SUCCESS);
  const FileId file = first.open("a");
  const auto lock = [&](Client& client) {
    wire::LockRequest request;
    request.lock_sequence = 1 << 4 | 3;
    request.file_id = file;
    request.locks = {{.offset = 0, .length = 1, .flags = wire::LockFlags::from_wire(2 | 16)}};
    return client.call(wire::Command::lock, request).status();
  };
  EXPECT_EQ(lock(first), NtStatus::SUCCESS);
  EXPECT_EQ(lock(second), NtStatus::SUCCESS);
}

}  // namespace
}  // namespace dozo::server::testing
