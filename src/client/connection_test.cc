// The client against a server that follows a script: what it accepts, and what it must not.
#include "client/connection.h"

#include <gtest/gtest.h>

#include "client/scripted_server_for_tests.h"
#include "client/session.h"
#include "client/tree.h"
#include "model/nt_status.h"
#include "runtime/simulated_loop.h"
#include "wire/echo.h"

namespace dozo::client {
namespace {

using namespace std::chrono_literals;
using testing::Protection;
using testing::Script;
using testing::ScriptedServer;

// A client task and its server on one simulated loop. What the client did is in its members afterwards.
class ConnectionTest : public ::testing::Test {
 public:
  explicit ConnectionTest(std::uint64_t seed = 7, runtime::SimulationOptions network = {}) : loop_(seed, network) {
    options_.server_name = "files";
  }
  void TestBody() override {}

  // Connects, runs `body` when that has worked, closes.
  void run(runtime::Task<void> (*body)(ConnectionTest&) = nullptr) {
    const auto [ours, theirs] = loop_.make_pair();
    server_.emplace(std::make_unique<RawConnection>(runtime::Socket(loop_, theirs)), script_);
    runtime::spawn(gate_, server_->run());
    runtime::spawn(gate_, run_client(*this, ours, body));
    loop_.run_until([this] { return gate_.count() == 0; });
    ASSERT_EQ(gate_.count(), 0u) << "something is parked for ever";
  }

  static runtime::Task<void> run_client(ConnectionTest& t, runtime::Handle handle,
                                        runtime::Task<void> (*body)(ConnectionTest&)) {
    auto raw = std::make_unique<RawConnection>(runtime::Socket(t.loop_, handle));
    auto connection = co_await Connection::negotiate(std::move(raw), t.options_);
    t.connected_ = connection ? NtStatus::SUCCESS : connection.error();
    if (!connection) co_return;
    t.connection_ = std::move(*connection);
    t.negotiated_ = t.connection_->negotiated();
    if (body != nullptr) co_await body(t);
    t.was_open_ = t.connection_->is_open();
    co_await t.connection_->close();
    t.session_.reset();
    t.connection_.reset();
  }

  static runtime::Task<bool> log_on(ConnectionTest& t) {
    auto session = co_await Session::log_on(*t.connection_, {.user = "Alice", .domain = "", .password = t.password_});
    t.logged_on_ = session ? NtStatus::SUCCESS : session.error();
    if (session) t.session_ = std::move(*session);
    co_return t.session_ != nullptr;
  }
  static runtime::Task<void> only_log_on(ConnectionTest& t) { co_await log_on(t); }

  static runtime::Task<void> echo(ConnectionTest& t) {
    const auto response = co_await t.session_->call(make_request(wire::Command::echo, wire::EchoRequest{}),
                                                    {.handle = &t.handle_, .misbehave = &t.misbehaviour_});
    t.echoed_ = response ? NtStatus::SUCCESS : response.error();
    if (response) t.echo_signed_ = response->is_signed, t.echo_sealed_ = response->encrypted;
  }
  static runtime::Task<void> log_on_and_echo(ConnectionTest& t) {
    if (co_await log_on(t)) co_await echo(t);
  }
  static runtime::Task<void> log_on_and_connect_tree(ConnectionTest& t) {
    if (!co_await log_on(t)) co_return;
    const auto tree = co_await t.session_->connect_tree("data");
    t.tree_ = tree ? NtStatus::SUCCESS : tree.error();
  }

  runtime::SimulatedLoop loop_;
  runtime::Gate gate_;
  Script script_;
  ConnectionOptions options_;
  std::string password_ = "secret";
  std::optional<ScriptedServer> server_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Session> session_;
  Negotiated negotiated_;
  Misbehaviour misbehaviour_;
  CallHandle handle_;
  NtStatus connected_ = NtStatus::UNSUCCESSFUL;
  NtStatus logged_on_ = NtStatus::UNSUCCESSFUL;
  NtStatus echoed_ = NtStatus::UNSUCCESSFUL;
  NtStatus tree_ = NtStatus::UNSUCCESSFUL;
  bool echo_signed_ = false;
  bool echo_sealed_ = false;
  bool was_open_ = false;
};

// --- NEGOTIATE ---------------------------------------------------------------------------------------------------

class EveryDialect : public ConnectionTest, public ::testing::WithParamInterface<Dialect> {
 protected:
  void SetUp() override { script_.dialect = static_cast<std::uint16_t>(GetParam()); }
};
std::string dialect_name(const ::testing::TestParamInfo<Dialect>& info) {
  std::string name = "smb_" + std::string(to_string(info.param));
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, EveryDialect, ::testing::ValuesIn(kAllDialects), dialect_name);

TEST_P(EveryDialect, is_negotiated_and_carries_a_signed_session) {
  run(log_on_and_echo);
  EXPECT_EQ(negotiated_.dialect, GetParam());
  EXPECT_EQ(logged_on_, NtStatus::SUCCESS);
  EXPECT_EQ(echoed_, NtStatus::SUCCESS);
  EXPECT_TRUE(echo_signed_);
  EXPECT_TRUE(server_->heard().last().flags.has(wire::HeaderFlag::is_signed));
}

TEST_P(EveryDialect, seals_where_it_can_when_told_to) {
  options_.encrypt = true;
  run(log_on_and_echo);
  if (!is_smb3(GetParam())) {
    EXPECT_EQ(logged_on_, NtStatus::NOT_SUPPORTED);
    return;
  }
  EXPECT_EQ(echoed_, NtStatus::SUCCESS);
  EXPECT_TRUE(echo_sealed_);
  EXPECT_TRUE(server_->heard().sealed.back());
}

TEST_P(EveryDialect, an_unsigned_answer_ends_the_connection) {
  script_.echo = Protection::none;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::INVALID_SIGNATURE);
  EXPECT_FALSE(was_open_);
}

TEST_P(EveryDialect, a_wrong_signature_ends_the_connection) {
  script_.echo = Protection::broken_signature;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::INVALID_SIGNATURE);
  EXPECT_FALSE(was_open_);
}

TEST_P(EveryDialect, a_dialect_that_was_not_offered_is_refused) {
  if (GetParam() == Dialect::smb_2_0_2) {
    options_.dialect_min = Dialect::smb_2_1;
  } else {
    options_.dialect_max = Dialect::smb_2_0_2;
  }
  run();
  EXPECT_EQ(connected_, NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST_F(ConnectionTest, the_dialect_wildcard_is_no_answer_to_smb2) {
  script_.dialect = kDialectWildcard;
  run();
  EXPECT_EQ(connected_, NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST_F(ConnectionTest, an_error_to_negotiate_is_returned) {
  script_.negotiate_status = NtStatus::NOT_SUPPORTED;
  run();
  EXPECT_EQ(connected_, NtStatus::NOT_SUPPORTED);
}

TEST_F(ConnectionTest, a_transfer_size_below_64_kib_is_refused) {
  script_.size_max = 65535;
  run();
  EXPECT_EQ(connected_, NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST_F(ConnectionTest, in_3_1_1_there_is_exactly_one_preauth_context) {
  for (const int count : {0, 2}) {
    script_.preauth_contexts = count;
    run();
    EXPECT_EQ(connected_, NtStatus::INVALID_NETWORK_RESPONSE) << count;
  }
}

TEST_F(ConnectionTest, a_hash_algorithm_that_was_not_offered_is_refused) {
  script_.hashes = {static_cast<wire::HashAlgorithm>(2)};
  run();
  EXPECT_EQ(connected_, NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST_F(ConnectionTest, a_cipher_that_was_not_offered_is_refused) {
  options_.ciphers = {crypto::Cipher::aes_256_gcm};
  run();
  EXPECT_EQ(connected_, NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST_F(ConnectionTest, two_ciphers_are_no_choice) {
  script_.ciphers = {wire::Cipher::aes_128_gcm, wire::Cipher::aes_128_ccm};
  run();
  EXPECT_EQ(connected_, NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST_F(ConnectionTest, a_signing_algorithm_that_was_not_offered_is_refused) {
  options_.signing_algorithms = {crypto::SigningAlgorithm::aes_cmac};
  run();
  EXPECT_EQ(connected_, NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST_F(ConnectionTest, without_a_signing_context_3_1_1_signs_with_aes_cmac) {
  script_.signing = {};
  run();
  EXPECT_EQ(negotiated_.signing_algorithm, crypto::SigningAlgorithm::aes_cmac);
}

// --- SESSION_SETUP -----------------------------------------------------------------------------------------------

TEST_F(ConnectionTest, a_wrong_password_is_a_logon_failure) {
  password_ = "wrong";
  run(only_log_on);
  EXPECT_EQ(logged_on_, NtStatus::LOGON_FAILURE);
}

TEST_F(ConnectionTest, the_last_answer_of_a_logon_must_be_signed_rightly) {
  for (const Protection wrong : {Protection::none, Protection::broken_signature, Protection::wrong_key}) {
    script_.last_answer = wrong;
    run(only_log_on);
    EXPECT_EQ(logged_on_, NtStatus::INVALID_SIGNATURE);
    EXPECT_FALSE(was_open_);
  }
}

TEST_F(ConnectionTest, a_guest_session_is_refused) {
  script_.session_flags = wire::SessionFlag::is_guest;
  run(only_log_on);
  EXPECT_EQ(logged_on_, NtStatus::LOGON_FAILURE);
  EXPECT_FALSE(was_open_);
}

TEST_F(ConnectionTest, a_session_that_the_server_wants_sealed_is_sealed) {
  script_.session_flags = wire::SessionFlag::encrypt_data;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::SUCCESS);
  EXPECT_TRUE(server_->heard().sealed.back());
}

// --- Responses ---------------------------------------------------------------------------------------------------

TEST_F(ConnectionTest, an_unsealed_answer_to_a_sealed_request_ends_the_connection) {
  options_.encrypt = true;
  script_.echo = Protection::none;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::INVALID_SIGNATURE);
}

TEST_F(ConnectionTest, an_answer_that_cannot_be_unsealed_ends_the_connection) {
  options_.encrypt = true;
  script_.echo = Protection::broken_seal;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::INVALID_SIGNATURE);
}

TEST_F(ConnectionTest, an_answer_signed_with_another_key_ends_the_connection) {
  script_.echo = Protection::wrong_key;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::INVALID_SIGNATURE);
}

TEST_F(ConnectionTest, an_answer_to_nothing_ends_the_connection) {
  script_.id_offset = 1000;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST_F(ConnectionTest, an_answer_of_another_command_ends_the_connection) {
  script_.answer_command = wire::Command::logoff;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST_F(ConnectionTest, a_deleted_session_may_be_told_unsigned_and_is_an_error) {
  script_.echo = Protection::none;
  script_.echo_status = NtStatus::USER_SESSION_DELETED;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::USER_SESSION_DELETED);
  EXPECT_TRUE(was_open_);
}

TEST_F(ConnectionTest, an_interim_answer_is_followed_by_the_final_one) {
  script_.interim_first = true;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::SUCCESS);
  EXPECT_TRUE(handle_.is_pending());
  EXPECT_FALSE(handle_.in_flight());
}

TEST_F(ConnectionTest, a_call_without_an_answer_times_out_and_the_connection_stays) {
  script_.silent = true;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::IO_TIMEOUT);
  EXPECT_TRUE(was_open_);
}

TEST_F(ConnectionTest, who_says_for_ever_that_it_is_not_done_yet_is_not_waited_for_for_ever) {
  script_.interim_first = script_.never_finish = true;
  script_.more_interims = 100;
  options_.timeout = 1s;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::IO_TIMEOUT);
  EXPECT_LT(loop_.now().time_since_epoch(), 60s);
}

TEST_F(ConnectionTest, a_server_that_hangs_up_fails_the_calls_in_flight) {
  script_.hang_up = true;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::CONNECTION_DISCONNECTED);
  EXPECT_FALSE(was_open_);
}

// --- Cancel, credits, compounds, breaks --------------------------------------------------------------------------

TEST_F(ConnectionTest, cancel_names_the_request_and_takes_no_credit) {
  script_.interim_first = true;
  script_.never_finish = true;
  options_.timeout = 1s;
  run([](ConnectionTest& t) -> runtime::Task<void> {
    if (!co_await log_on(t)) co_return;
    runtime::Gate gate;
    runtime::spawn(gate, echo(t));
    co_await runtime::sleep_for(t.loop_, 100ms);
    const auto credits = t.connection_->credits();
    t.connection_->cancel(t.handle_);
    EXPECT_EQ(t.connection_->credits(), credits);
    co_await gate.close();
  });
  const wire::Header& cancel = server_->heard().last();
  const wire::Header& request = server_->heard().headers[server_->heard().headers.size() - 2];
  EXPECT_EQ(cancel.command, wire::Command::cancel);
  EXPECT_EQ(cancel.message_id, request.message_id);
  EXPECT_TRUE(cancel.is_async());
  EXPECT_EQ(cancel.async_id, AsyncId(99));
  EXPECT_TRUE(cancel.flags.has(wire::HeaderFlag::is_signed));
}

TEST_F(ConnectionTest, many_calls_get_by_on_one_credit_in_their_order) {
  script_.credits = 1;
  run([](ConnectionTest& t) -> runtime::Task<void> {
    if (!co_await log_on(t)) co_return;
    runtime::Gate gate;
    for (int i = 0; i < 20; ++i) runtime::spawn(gate, echo(t));
    co_await gate.close();
  });
  EXPECT_EQ(echoed_, NtStatus::SUCCESS);
  const auto& headers = server_->heard().headers;
  ASSERT_EQ(headers.size(), 23u);
  for (std::size_t i = 0; i < headers.size(); ++i) EXPECT_EQ(headers[i].message_id, MessageId(i));
}

TEST_F(ConnectionTest, a_large_payload_takes_a_credit_and_an_id_for_each_64_kib) {
  script_.credits = 10;
  run([](ConnectionTest& t) -> runtime::Task<void> {
    if (!co_await log_on(t)) co_return;
    Request large = make_request(wire::Command::echo, wire::EchoRequest{}, {}, 3 * 65536 + 1);
    co_await t.session_->call(std::move(large));
    co_await echo(t);
  });
  const auto& headers = server_->heard().headers;
  ASSERT_EQ(headers.size(), 5u);
  EXPECT_EQ(headers[3].credit_charge, 4);
  EXPECT_EQ(headers[4].message_id.value(), headers[3].message_id.value() + 4);
}

TEST_F(ConnectionTest, the_elements_of_a_compound_are_related_and_each_is_signed) {
  script_.credits = 10;
  run([](ConnectionTest& t) -> runtime::Task<void> {
    if (!co_await log_on(t)) co_return;
    std::vector<Request> three;
    for (int i = 0; i < 3; ++i) three.push_back(make_request(wire::Command::echo, wire::EchoRequest{}));
    const auto responses =
        co_await t.connection_->call_compound(std::move(three), {.session = &t.session_->security(), .related = true});
    t.echoed_ = responses && responses->size() == 3 ? NtStatus::SUCCESS : NtStatus::UNSUCCESSFUL;
  });
  EXPECT_EQ(echoed_, NtStatus::SUCCESS);
  const auto& headers = server_->heard().headers;
  ASSERT_EQ(headers.size(), 6u);
  EXPECT_FALSE(headers[3].is_related());
  EXPECT_TRUE(headers[4].is_related() && headers[5].is_related());
  EXPECT_EQ(headers[3].next_command % 8, 0u);
  for (std::size_t i = 3; i < 6; ++i) EXPECT_TRUE(headers[i].flags.has(wire::HeaderFlag::is_signed));
}

class CountingBreaks final : public BreakListener {
 public:
  void on_oplock_break(const wire::OplockBreak& notification) override {
    ++oplocks;
    level = notification.oplock_level;
  }
  void on_lease_break(const wire::LeaseBreakNotification&) override {}
  int oplocks = 0;
  OplockLevel level = OplockLevel::none;
};

TEST_F(ConnectionTest, a_break_reaches_the_listener) {
  CountingBreaks breaks;
  options_.breaks = &breaks;
  script_.oplock_break_first = true;
  run(log_on_and_echo);
  EXPECT_EQ(echoed_, NtStatus::SUCCESS);
  EXPECT_EQ(breaks.oplocks, 1);
  EXPECT_EQ(breaks.level, OplockLevel::level_ii);
}

TEST(ConnectionUnderResets, every_call_ends_and_nothing_is_left_parked) {
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const runtime::SimulationOptions rough{.chunk_max = 100, .reset_per_million = 30'000};
    ConnectionTest t(seed, rough);
    t.run(ConnectionTest::log_on_and_echo);
    if (::testing::Test::HasFailure()) FAIL() << "SEED=" << seed;
    failed += t.echoed_ != NtStatus::SUCCESS ? 1 : 0;
  }
  EXPECT_GT(failed, 10);
  EXPECT_LT(failed, 100);
}

TEST_F(ConnectionTest, misbehaviour_reaches_the_wire) {
  misbehaviour_.omit_signature = true;
  misbehaviour_.tree_id = TreeId(1234);
  script_.echo = Protection::as_asked;
  run(log_on_and_echo);
  EXPECT_FALSE(server_->heard().last().flags.has(wire::HeaderFlag::is_signed));
  EXPECT_EQ(server_->heard().last().tree_id, TreeId(1234));
}

// --- Keepalive, acknowledgments, few credits ---------------------------------------------------------------------

TEST_F(ConnectionTest, a_quiet_server_is_asked_for_a_word) {
  options_.keepalive = 5s;
  run([](ConnectionTest& t) -> runtime::Task<void> {
    if (!co_await log_on(t)) co_return;
    co_await runtime::sleep_for(t.loop_, 21s);
  });
  EXPECT_TRUE(was_open_);
  const auto& headers = server_->heard().headers;
  EXPECT_EQ(headers.back().command, wire::Command::echo);
  EXPECT_EQ(headers.size(), 7u) << "NEGOTIATE, two SESSION_SETUP, four ECHO";
}

TEST_F(ConnectionTest, a_server_that_has_no_word_left_ends_the_connection) {
  options_.keepalive = 5s;
  options_.timeout = 2s;
  script_.silent = true;
  run([](ConnectionTest& t) -> runtime::Task<void> {
    if (!co_await log_on(t)) co_return;
    co_await runtime::sleep_for(t.loop_, 10s);
  });
  EXPECT_FALSE(was_open_);
}

// Acknowledges what it is told, as whoever holds an oplock does.
class AnsweringBreaks final : public BreakListener {
 public:
  explicit AnsweringBreaks(ConnectionTest& t) : test(t) {}
  void on_oplock_break(const wire::OplockBreak& notification) override {
    test.connection_->post(make_request(wire::Command::oplock_break, notification), test.session_->id());
  }
  void on_lease_break(const wire::LeaseBreakNotification&) override {}
  ConnectionTest& test;
};

TEST_F(ConnectionTest, an_acknowledgment_is_signed_and_nobody_awaits_its_answer) {
  AnsweringBreaks breaks(*this);
  options_.breaks = &breaks;
  script_.oplock_break_first = true;
  script_.credits = 4;
  run([](ConnectionTest& t) -> runtime::Task<void> {
    if (!co_await log_on(t)) co_return;
    co_await echo(t);
    co_await runtime::sleep_for(t.loop_, 1s);
  });
  EXPECT_TRUE(was_open_);
  const wire::Header& last = server_->heard().last();
  EXPECT_EQ(last.command, wire::Command::oplock_break);
  EXPECT_TRUE(last.flags.has(wire::HeaderFlag::is_signed));
}

TEST_F(ConnectionTest, what_costs_more_than_the_server_ever_grants_is_an_error) {
  script_.credits = 1;
  run([](ConnectionTest& t) -> runtime::Task<void> {
    if (!co_await log_on(t)) co_return;
    const auto large = co_await t.session_->call(make_request(wire::Command::echo, wire::EchoRequest{}, {}, 5 * 65536));
    t.echoed_ = large ? NtStatus::SUCCESS : large.error();
  });
  EXPECT_EQ(echoed_, NtStatus::INSUFFICIENT_RESOURCES);
  EXPECT_TRUE(was_open_);
}

TEST_F(ConnectionTest, a_server_that_gives_no_credit_back_is_given_up) {
  options_.timeout = 2s;
  script_.credits = 0;
  run(only_log_on);
  EXPECT_EQ(logged_on_, NtStatus::IO_TIMEOUT);
  EXPECT_FALSE(was_open_);
}

// --- TREE_CONNECT and VALIDATE_NEGOTIATE_INFO --------------------------------------------------------------------

class BeforePreauth : public ConnectionTest {
 protected:
  BeforePreauth() { script_.dialect = static_cast<std::uint16_t>(Dialect::smb_3_0); }
};

TEST_F(BeforePreauth, the_negotiation_is_validated_after_tree_connect) {
  run(log_on_and_connect_tree);
  EXPECT_EQ(tree_, NtStatus::SUCCESS);
  EXPECT_EQ(server_->heard().last().command, wire::Command::ioctl);
}

TEST_F(BeforePreauth, a_downgrade_found_out_ends_the_connection) {
  script_.validated_dialect = static_cast<std::uint16_t>(Dialect::smb_3_0_2);
  run(log_on_and_connect_tree);
  EXPECT_EQ(tree_, NtStatus::ACCESS_DENIED);
  EXPECT_FALSE(was_open_);
}

TEST_F(BeforePreauth, access_denied_to_the_validation_ends_the_connection) {
  script_.validate_status = NtStatus::ACCESS_DENIED;
  run(log_on_and_connect_tree);
  EXPECT_EQ(tree_, NtStatus::ACCESS_DENIED);
  EXPECT_FALSE(was_open_);
}

TEST_F(BeforePreauth, a_server_that_does_not_know_the_validation_is_accepted_when_it_signs_that) {
  script_.validate_status = NtStatus::FILE_CLOSED;
  run(log_on_and_connect_tree);
  EXPECT_EQ(tree_, NtStatus::SUCCESS);
}

TEST_F(BeforePreauth, an_unsigned_answer_to_the_validation_ends_the_connection_even_where_signing_is_optional) {
  options_.require_signing = false;
  script_.validate = Protection::none;
  script_.validate_status = NtStatus::FILE_CLOSED;
  run(log_on_and_connect_tree);
  EXPECT_EQ(tree_, NtStatus::ACCESS_DENIED);
  EXPECT_FALSE(was_open_);
}

TEST_F(ConnectionTest, in_3_1_1_nothing_is_left_to_validate) {
  run(log_on_and_connect_tree);
  EXPECT_EQ(tree_, NtStatus::SUCCESS);
  EXPECT_EQ(server_->heard().last().command, wire::Command::tree_connect);
}

TEST_F(ConnectionTest, a_share_that_wants_sealing_is_refused_where_nothing_can_be_sealed) {
  script_.ciphers = {};
  script_.share_flags = wire::ShareProperty::encrypt_data;
  run(log_on_and_connect_tree);
  EXPECT_EQ(tree_, NtStatus::ACCESS_DENIED);
}

}  // namespace
}  // namespace dozo::client
