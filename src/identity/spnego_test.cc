#include "wire/spnego.h"

#include <gtest/gtest.h>

#include "base/hex_for_tests.h"
#include "identity/authenticator.h"
#include "identity/logon_for_tests.h"
#include "model/nt_status.h"

namespace dozo::identity {
namespace {

using dozo::to_hex;
using testing::Logon;

SpnegoAcceptor make_acceptor(Logon& logon) {
  std::vector<std::unique_ptr<Mechanism>> mechanisms;
  mechanisms.push_back(logon.acceptor());
  return SpnegoAcceptor(std::move(mechanisms));
}

// A client that would rather have Kerberos, and lists it first.
struct KerberosFirst {
  std::unique_ptr<Mechanism> ntlm;
  ByteVector mech_types;
  ByteVector init;

  explicit KerberosFirst(Logon& logon) : ntlm(logon.initiator()) {
    wire::NegTokenInit token;
    token.mech_types = {wire::mech_type(wire::Mechanism::kerberos), wire::mech_type(wire::Mechanism::ntlmssp)};
    mech_types = wire::encode_mech_types(token.mech_types);
    token.mech_token = as_bytes("an AP-REQ that is not for us");
    init = wire::encode_neg_token_init(token);
  }
  static ByteVector response(Bytes token, std::optional<Bytes> mic) {
    wire::NegTokenResp r;
    r.neg_state = wire::NegState::accept_incomplete;
    if (!token.empty()) r.response_token = token;
    r.mech_list_mic = mic;
    return wire::encode_neg_token_resp(r);
  }
  // Goes on until the client has made its AUTHENTICATE_MESSAGE.
  ByteVector authenticate(SpnegoAcceptor& server) {
    EXPECT_TRUE(server.step(init).has_value());
    const ByteVector challenge = server.step(response(ntlm->step({})->token, {}))->token;
    return ntlm->step(wire::decode_neg_token_resp(challenge)->response_token.value())->token;
  }
};

TEST(Spnego, a_logon_with_our_own_initiator_proves_the_list_in_both_directions) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  SpnegoInitiator client(logon.initiator());
  const ByteVector challenge = server.step(client.step({})->token)->token;
  const ByteVector authenticate = client.step(challenge)->token;
  EXPECT_TRUE(wire::decode_neg_token_resp(authenticate)->mech_list_mic.has_value());
  const Result<LogonStep> accepted = server.step(authenticate);
  ASSERT_TRUE(accepted.has_value());
  EXPECT_TRUE(accepted->done);
  EXPECT_TRUE(wire::decode_neg_token_resp(accepted->token)->mech_list_mic.has_value());
  const Result<LogonStep> done = client.step(accepted->token);
  ASSERT_TRUE(done.has_value());
  EXPECT_TRUE(done->done);
  EXPECT_EQ(to_hex(server.session_key().bytes()), to_hex(client.session_key().bytes()));
  EXPECT_EQ(server.account(), "Alice");
  EXPECT_EQ(server.report().mechanism, "ntlmssp");
}

TEST(Spnego, a_bare_ntlmssp_client_logs_on_without_spnego) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  auto client = logon.initiator();
  const ByteVector challenge = server.step(client->step({})->token)->token;
  EXPECT_EQ(wire::token_kind(challenge), wire::TokenKind::ntlmssp);
  const Result<LogonStep> accepted = server.step(client->step(challenge)->token);
  ASSERT_TRUE(accepted.has_value());
  EXPECT_TRUE(accepted->done);
  EXPECT_TRUE(accepted->token.empty());
}

TEST(Spnego, a_refusal_of_the_mechanism_is_the_refusal_of_the_logon) {
  Logon logon;
  logon.password = "wrong";
  SpnegoAcceptor server = make_acceptor(logon);
  SpnegoInitiator client(logon.initiator());
  const ByteVector challenge = server.step(client.step({})->token)->token;
  const ByteVector authenticate = client.step(challenge)->token;
  EXPECT_EQ(server.step(authenticate).error(), NtStatus::LOGON_FAILURE);
  EXPECT_EQ(server.report().refusal, Refusal::bad_password);
  EXPECT_EQ(server.report().user, "alice");
  EXPECT_FALSE(server.step(authenticate).has_value()) << "there is no second try";
}

TEST(Spnego, an_optimistic_token_for_another_mechanism_is_ignored_and_the_list_must_be_proven) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  KerberosFirst client(logon);
  const ByteVector first = server.step(client.init)->token;
  const auto answer = wire::decode_neg_token_resp(first).value();
  EXPECT_EQ(answer.neg_state, wire::NegState::request_mic);
  EXPECT_EQ(answer.supported_mech->mechanism, wire::Mechanism::ntlmssp);
  EXPECT_FALSE(answer.response_token.has_value());
}

TEST(Spnego, the_second_choice_logs_on_with_a_mic_beside_its_last_token) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  KerberosFirst client(logon);
  const ByteVector authenticate = client.authenticate(server);
  const ByteVector mic = client.ntlm->get_mic(client.mech_types);
  const Result<LogonStep> accepted = server.step(KerberosFirst::response(authenticate, mic));
  ASSERT_TRUE(accepted.has_value());
  EXPECT_TRUE(accepted->done);
  const auto answer = wire::decode_neg_token_resp(accepted->token).value();
  EXPECT_TRUE(client.ntlm->verify_mic(client.mech_types, answer.mech_list_mic.value()));
}

TEST(Spnego, the_second_choice_may_send_its_mic_after_ours) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  KerberosFirst client(logon);
  const Result<LogonStep> waiting = server.step(KerberosFirst::response(client.authenticate(server), {}));
  ASSERT_TRUE(waiting.has_value());
  EXPECT_FALSE(waiting->done);
  const auto answer = wire::decode_neg_token_resp(waiting->token).value();
  EXPECT_EQ(answer.neg_state, wire::NegState::accept_incomplete);
  EXPECT_TRUE(client.ntlm->verify_mic(client.mech_types, answer.mech_list_mic.value()));
  const ByteVector mic = client.ntlm->get_mic(client.mech_types);
  const Result<LogonStep> accepted = server.step(KerberosFirst::response({}, mic));
  ASSERT_TRUE(accepted.has_value());
  EXPECT_TRUE(accepted->done);
}

TEST(Spnego, the_second_choice_without_a_mic_is_refused) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  KerberosFirst client(logon);
  ASSERT_TRUE(server.step(KerberosFirst::response(client.authenticate(server), {})).has_value());
  EXPECT_EQ(server.step(KerberosFirst::response({}, {})).error(), NtStatus::LOGON_FAILURE);
  EXPECT_EQ(server.report().refusal, Refusal::bad_mech_list_mic);
}

// The downgrade: on the way Kerberos was struck from the list, so that what the client signed is not what arrived.
TEST(Spnego, a_list_changed_on_the_way_is_noticed) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  auto client = logon.initiator();
  wire::NegTokenInit struck;
  struck.mech_types = {wire::mech_type(wire::Mechanism::ntlmssp)};
  const ByteVector negotiate = client->step({})->token;
  struck.mech_token = negotiate;
  const ByteVector challenge = server.step(wire::encode_neg_token_init(struck))->token;
  const ByteVector authenticate = client->step(*wire::decode_neg_token_resp(challenge)->response_token)->token;
  const ByteVector mic = client->get_mic(
      wire::encode_mech_types({wire::mech_type(wire::Mechanism::kerberos), wire::mech_type(wire::Mechanism::ntlmssp)}));
  EXPECT_EQ(server.step(KerberosFirst::response(authenticate, mic)).error(), NtStatus::LOGON_FAILURE);
  EXPECT_EQ(server.report().refusal, Refusal::bad_mech_list_mic);
}

TEST(Spnego, a_client_that_has_nothing_we_have_is_refused) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  wire::NegTokenInit init;
  init.mech_types = {wire::mech_type(wire::Mechanism::kerberos)};
  EXPECT_EQ(server.step(wire::encode_neg_token_init(init)).error(), NtStatus::NOT_SUPPORTED);
  EXPECT_EQ(server.report().refusal, Refusal::no_common_mechanism);
}

TEST(Spnego, a_list_without_a_token_is_answered_with_our_choice) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  wire::NegTokenInit init;
  init.mech_types = {wire::mech_type(wire::Mechanism::ntlmssp)};
  const ByteVector bytes = server.step(wire::encode_neg_token_init(init))->token;
  const auto answer = wire::decode_neg_token_resp(bytes).value();
  EXPECT_EQ(answer.neg_state, wire::NegState::accept_incomplete);
  EXPECT_EQ(answer.supported_mech->mechanism, wire::Mechanism::ntlmssp);
}

TEST(Spnego, tokens_cut_anywhere_are_refused) {
  Logon logon;
  SpnegoInitiator client(logon.initiator());
  const ByteVector init = client.step({})->token;
  for (std::size_t cut = 0; cut < init.size(); ++cut) {
    SpnegoAcceptor server = make_acceptor(logon);
    EXPECT_FALSE(server.step(Bytes(init).first(cut)).has_value()) << cut;
    EXPECT_NE(server.report().refusal, Refusal::none);
  }
}

TEST(Spnego, the_initiator_refuses_a_server_that_is_done_too_early) {
  Logon logon;
  SpnegoInitiator client(logon.initiator());
  ASSERT_TRUE(client.step({}).has_value());
  wire::NegTokenResp done;
  done.neg_state = wire::NegState::accept_completed;
  EXPECT_FALSE(client.step(wire::encode_neg_token_resp(done)).has_value());
}

TEST(Spnego, the_initiator_refuses_a_wrong_mic_of_the_server) {
  Logon logon;
  SpnegoAcceptor server = make_acceptor(logon);
  SpnegoInitiator client(logon.initiator());
  const ByteVector challenge = server.step(client.step({})->token)->token;
  ByteVector accepted = server.step(client.step(challenge)->token)->token;
  accepted.back() ^= 1;  // the sequence number of the MIC
  EXPECT_FALSE(client.step(accepted).has_value());
  EXPECT_EQ(client.report().refusal, Refusal::bad_mech_list_mic);
}

TEST(Spnego, the_hint_lists_what_the_server_has) {
  const ByteVector hint = spnego_hint({oid_ntlmssp()});
  const auto init = wire::decode_neg_token_init(hint).value();
  ASSERT_EQ(init.mech_types.size(), 1u);
  EXPECT_EQ(init.mech_types[0].mechanism, wire::Mechanism::ntlmssp);
}

}  // namespace
}  // namespace dozo::identity
