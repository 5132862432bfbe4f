#include "identity/ntlm_acceptor.h"

#include <gtest/gtest.h>

#include "base/hex_for_tests.h"
#include "base/unicode.h"
#include "identity/logon_for_tests.h"
#include "identity/ntlm_context.h"
#include "model/nt_status.h"
#include "wire/ntlmssp.h"

namespace dozo::identity {
namespace {

using dozo::to_hex;
using testing::Logon;
using wire::NtlmFlag;

// A logon up to the client's AUTHENTICATE_MESSAGE, which a test may then spoil.
struct Exchange {
  Logon& logon;
  std::unique_ptr<Mechanism> server = logon.acceptor();
  std::unique_ptr<Mechanism> client = logon.initiator();
  ByteVector challenge;
  ByteVector authenticate;

  explicit Exchange(Logon& l) : logon(l) {
    const LogonStep negotiate = client->step({}).value();
    challenge = server->step(negotiate.token).value().token;
    authenticate = client->step(challenge).value().token;
  }

  Result<LogonStep> finish() { return server->step(authenticate); }
  void expect_refused(Refusal reason, NtStatus status = NtStatus::LOGON_FAILURE) {
    const Result<LogonStep> result = finish();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), status);
    EXPECT_EQ(to_string(server->report().refusal), to_string(reason));
    EXPECT_FALSE(server->keys_ready());
    EXPECT_TRUE(server->session_key().empty());
  }
  // Takes the message apart, lets `change` at it, and puts it together without repairing MIC or proof.
  template <class Change>
  void rewrite(Change change) {
    const ByteVector before = authenticate;
    wire::NtlmAuthenticate message = wire::decode_ntlm_authenticate(before).value();
    change(message);
    authenticate = wire::encode_ntlm_authenticate(message);
  }
};

// A client of the test's own: it proves its password over whatever target information it likes, and signs no MIC.
ByteVector proven_authenticate(Logon& logon, Bytes challenge_token, const std::vector<wire::AvPair>& pairs,
                               FileTime time, std::u16string_view key_domain) {
  const wire::NtlmChallenge challenge = wire::decode_ntlm_challenge(challenge_token).value();
  wire::Ntlmv2Response response;
  response.timestamp = time;
  response.av_pairs = pairs;
  const ByteVector temp = wire::encode_ntlmv2_client_challenge(response);
  const auto key = crypto::ntowf_v2(crypto::nt_hash(logon.password).value(), u"alice", key_domain);
  const auto proof = crypto::nt_proof(key, challenge.server_challenge, temp);
  ByteVector nt(proof.begin(), proof.end());
  nt.insert(nt.end(), temp.begin(), temp.end());
  wire::NtlmAuthenticate message;
  message.user_name = u"alice";
  message.domain_name = u"WORK";
  message.nt_challenge_response = nt;
  message.flags = challenge.flags.without(NtlmFlag::key_exchange | NtlmFlag::sign | NtlmFlag::seal);
  return wire::encode_ntlm_authenticate(message);
}

TEST(NtlmAcceptor, the_right_password_logs_on_and_both_sides_have_one_key) {
  Logon logon;
  Exchange exchange(logon);
  const Result<LogonStep> result = exchange.finish();
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->done);
  EXPECT_EQ(exchange.server->account(), "Alice");
  EXPECT_EQ(exchange.server->report().user, "alice");
  EXPECT_EQ(exchange.server->report().domain, "WORK");
  EXPECT_EQ(exchange.server->session_key().size(), 16u);
  EXPECT_EQ(to_hex(exchange.server->session_key().bytes()), to_hex(exchange.client->session_key().bytes()));
}

TEST(NtlmAcceptor, each_logon_has_a_challenge_and_a_key_of_its_own) {
  Logon logon;
  Exchange a(logon), b(logon);
  EXPECT_NE(wire::decode_ntlm_challenge(a.challenge)->server_challenge,
            wire::decode_ntlm_challenge(b.challenge)->server_challenge);
  EXPECT_NE(to_hex(a.client->session_key().bytes()), to_hex(b.client->session_key().bytes()));
}

TEST(NtlmAcceptor, signatures_of_each_side_verify_on_the_other) {
  Logon logon;
  Exchange exchange(logon);
  ASSERT_TRUE(exchange.finish().has_value());
  const Bytes text = as_bytes("list of mechanisms");
  EXPECT_TRUE(exchange.server->verify_mic(text, exchange.client->get_mic(text)));
  EXPECT_TRUE(exchange.client->verify_mic(text, exchange.server->get_mic(text)));
}

TEST(NtlmAcceptor, names_beyond_ascii_and_any_domain_are_accepted) {
  Logon logon;
  logon.user = "öDÖN";
  logon.password = "jelszó";
  for (const std::string domain : {"", "FILES", "somewhere.else"}) {
    logon.domain = domain;
    Exchange exchange(logon);
    EXPECT_TRUE(exchange.finish().has_value()) << domain;
    EXPECT_EQ(exchange.server->account(), "Ödön");
  }
}

TEST(NtlmAcceptor, a_key_made_without_the_domain_is_accepted) {
  Logon logon;
  Exchange exchange(logon);
  exchange.authenticate =
      proven_authenticate(logon, exchange.challenge, {}, FileTime::from_wall(logon.clock.wall), u"");
  EXPECT_TRUE(exchange.finish().has_value());
}

TEST(NtlmAcceptor, the_challenge_names_the_server_and_its_time) {
  Logon logon;
  Exchange exchange(logon);
  const auto challenge = wire::decode_ntlm_challenge(exchange.challenge).value();
  const auto pairs = wire::decode_av_pairs(challenge.target_info).value();
  EXPECT_EQ(utf8_from_le(wire::find_av(pairs, wire::AvId::nb_computer_name).value()), "FILES");
  EXPECT_EQ(utf8_from_le(wire::find_av(pairs, wire::AvId::nb_domain_name).value()), "FILES");
  EXPECT_EQ(utf8_from_le(wire::find_av(pairs, wire::AvId::dns_computer_name).value()), "files.example.org");
  EXPECT_EQ(utf8_from_le(wire::find_av(pairs, wire::AvId::dns_domain_name).value()), "example.org");
  EXPECT_EQ(wire::av_timestamp(pairs), FileTime::from_wall(logon.clock.wall));
}

TEST(NtlmAcceptor, a_wrong_password_is_refused) {
  Logon logon;
  logon.password = "Secret";
  Exchange(logon).expect_refused(Refusal::bad_password);
}

TEST(NtlmAcceptor, an_unknown_user_gets_the_status_of_a_wrong_password) {
  Logon logon;
  logon.user = "mallory";
  Exchange(logon).expect_refused(Refusal::unknown_user);
}

TEST(NtlmAcceptor, an_unknown_user_cannot_log_on_with_the_hash_that_is_tried_for_him) {
  Logon logon;
  auto server = logon.acceptor();
  auto client = make_ntlm_initiator({"mallory", "", crypto::NtHash(crypto::Digest128{})}, {}, logon.clock);
  const ByteVector challenge = server->step(client->step({})->token)->token;
  EXPECT_FALSE(server->step(client->step(challenge)->token).has_value());
  EXPECT_EQ(server->report().refusal, Refusal::unknown_user);
}

TEST(NtlmAcceptor, guest_is_refused_by_name) {
  Logon logon;
  logon.user = "Guest";
  logon.password = "";
  Exchange(logon).expect_refused(Refusal::guest);
}

TEST(NtlmAcceptor, a_disabled_account_is_told_so_after_the_right_password_only) {
  Logon logon;
  logon.user = "dora";
  Exchange(logon).expect_refused(Refusal::account_disabled, NtStatus::ACCOUNT_DISABLED);
  logon.password = "guess";
  Exchange(logon).expect_refused(Refusal::bad_password);
}

TEST(NtlmInitiator, nobody_sends_no_proof_and_says_so) {
  testing::Logon logon;
  const auto acceptor = logon.acceptor();
  const auto nobody = make_ntlm_anonymous_initiator({}, logon.clock);
  ASSERT_TRUE(nobody->step({}));
  const auto challenge = acceptor->step(logon.initiator()->step({})->token);
  ASSERT_TRUE(challenge);
  const auto answer = nobody->step(challenge->token);
  ASSERT_TRUE(answer && answer->done);
  const auto message = wire::decode_ntlm_authenticate(answer->token);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->flags.has(NtlmFlag::anonymous));
  EXPECT_TRUE(message->user_name.empty() && message->nt_challenge_response.empty());
  EXPECT_EQ(message->lm_challenge_response.size(), 1u);
  EXPECT_FALSE(nobody->keys_ready());
  EXPECT_FALSE(acceptor->step(answer->token));
  EXPECT_EQ(acceptor->report().refusal, Refusal::anonymous);
}

TEST(NtlmAcceptor, anonymous_is_refused) {
  Logon logon;
  Exchange empty(logon);
  empty.rewrite([](wire::NtlmAuthenticate& m) {
    m.user_name.clear();
    m.nt_challenge_response = {};
    m.lm_challenge_response = {};
  });
  empty.expect_refused(Refusal::anonymous);
  Exchange flagged(logon);
  flagged.rewrite([](wire::NtlmAuthenticate& m) { m.flags |= NtlmFlag::anonymous; });
  flagged.expect_refused(Refusal::anonymous);
}

// An acceptor that lets nobody in, and what it said to `rewrite`d messages of theirs.
Refusal nobody_is_told(Logon& logon, void (*rewrite)(wire::NtlmAuthenticate&)) {
  const auto acceptor = make_ntlm_acceptor(logon.server, logon.users, logon.clock, AnonymousLogons::accept);
  const auto nobody = make_ntlm_anonymous_initiator({}, logon.clock);
  const auto challenge = acceptor->step(nobody->step({})->token);
  const auto answer = nobody->step(challenge->token);
  auto message = wire::decode_ntlm_authenticate(answer->token).value();
  rewrite(message);
  const auto end = acceptor->step(wire::encode_ntlm_authenticate(message));
  EXPECT_EQ(end.has_value(), acceptor->report().anonymous);
  if (end) EXPECT_EQ(acceptor->session_key().bytes().size(), nobody->session_key().bytes().size());
  return acceptor->report().refusal;
}

TEST(NtlmAcceptor, anonymous_is_accepted_where_it_is_wanted) {
  Logon logon;
  EXPECT_EQ(nobody_is_told(logon, [](wire::NtlmAuthenticate&) {}), Refusal::none);
  EXPECT_EQ(nobody_is_told(logon, [](wire::NtlmAuthenticate& m) { m.lm_challenge_response = {}; }), Refusal::none);
  for (const NtlmFlag dropped : {NtlmFlag::anonymous, NtlmFlag::extended_session_security}) {
    static NtlmFlag flag;
    flag = dropped;
    EXPECT_EQ(nobody_is_told(logon, [](wire::NtlmAuthenticate& m) { m.flags = m.flags.without(flag); }), Refusal::none);
  }
}

// [MS-NLMP] 3.2.5.1.2: anonymous is no user and no response, and nothing else is.
TEST(NtlmAcceptor, half_an_anonymous_logon_is_none) {
  Logon logon;
  static const ByteVector response(24, 0);
  static const ByteVector one(1, 1);
  EXPECT_EQ(nobody_is_told(logon, [](wire::NtlmAuthenticate& m) { m.user_name = u"alice"; }), Refusal::anonymous);
  EXPECT_EQ(nobody_is_told(logon, [](wire::NtlmAuthenticate& m) { m.nt_challenge_response = response; }),
            Refusal::anonymous);
  EXPECT_EQ(nobody_is_told(logon, [](wire::NtlmAuthenticate& m) { m.lm_challenge_response = one; }),
            Refusal::anonymous);
}

TEST(NtlmAcceptor, anonymous_is_held_to_the_same_strength) {
  Logon logon;
  EXPECT_EQ(nobody_is_told(logon, [](wire::NtlmAuthenticate& m) { m.flags = m.flags.without(NtlmFlag::key_128); }),
            Refusal::weak_security);
  logon.server.require_mic = true;
  EXPECT_EQ(nobody_is_told(logon, [](wire::NtlmAuthenticate&) {}), Refusal::missing_mic);
}

TEST(NtlmAcceptor, who_is_somebody_is_not_anonymous_where_that_is_wanted) {
  Logon logon;
  const auto acceptor = make_ntlm_acceptor(logon.server, logon.users, logon.clock, AnonymousLogons::accept);
  const auto initiator = logon.initiator();
  const auto challenge = acceptor->step(initiator->step({})->token);
  ASSERT_TRUE(acceptor->step(initiator->step(challenge->token)->token));
  EXPECT_FALSE(acceptor->report().anonymous);
  EXPECT_EQ(acceptor->account(), "Alice");
}

TEST(NtlmAcceptor, ntlmv1_and_lm_responses_are_refused) {
  Logon logon;
  const ByteVector v1(24, 0x11);
  Exchange ntlm(logon);
  ntlm.rewrite([&](wire::NtlmAuthenticate& m) { m.nt_challenge_response = v1; });
  ntlm.expect_refused(Refusal::ntlmv1_response);
  Exchange lm(logon);
  lm.rewrite([&](wire::NtlmAuthenticate& m) {
    m.nt_challenge_response = {};
    m.lm_challenge_response = v1;
  });
  lm.expect_refused(Refusal::ntlmv1_response);
}

TEST(NtlmAcceptor, a_response_shorter_than_its_header_is_malformed) {
  Logon logon;
  for (std::size_t size = 1; size < 48; ++size) {
    if (size == 24) continue;
    Exchange exchange(logon);
    const ByteVector shortened(size, 1);
    exchange.rewrite([&](wire::NtlmAuthenticate& m) { m.nt_challenge_response = shortened; });
    exchange.expect_refused(Refusal::malformed_token, NtStatus::INVALID_PARAMETER);
  }
}

TEST(NtlmAcceptor, a_changed_mic_is_refused) {
  Logon logon;
  Exchange exchange(logon);
  exchange.authenticate[wire::kNtlmMicOffset] ^= 1;
  exchange.expect_refused(Refusal::bad_mic);
}

TEST(NtlmAcceptor, a_mic_that_was_announced_and_taken_out_is_refused) {
  Logon logon;
  Exchange exchange(logon);
  exchange.rewrite([](wire::NtlmAuthenticate& m) { m.mic.reset(); });
  exchange.expect_refused(Refusal::missing_mic);
}

TEST(NtlmAcceptor, flags_changed_in_the_negotiate_message_break_the_mic) {
  Logon logon;
  auto server = logon.acceptor();
  auto client = logon.initiator();
  ByteVector negotiate = client->step({})->token;
  negotiate[12] ^= static_cast<std::uint8_t>(NtlmFlag::seal);
  const ByteVector challenge = server->step(negotiate)->token;
  EXPECT_FALSE(server->step(client->step(challenge)->token).has_value());
  EXPECT_EQ(server->report().refusal, Refusal::bad_mic);
}

TEST(NtlmAcceptor, the_announcement_of_a_mic_cannot_be_taken_out) {
  Logon logon;
  Exchange exchange(logon);
  exchange.rewrite([](wire::NtlmAuthenticate& m) {
    static ByteVector nt;
    nt.assign(m.nt_challenge_response.begin(), m.nt_challenge_response.end());
    const ByteVector flags = hex("0600 0400 02000000");
    auto at = std::search(nt.begin(), nt.end(), flags.begin(), flags.end());
    ASSERT_NE(at, nt.end());
    at[4] = 0;
    m.nt_challenge_response = nt;
    m.mic.reset();
  });
  exchange.expect_refused(Refusal::bad_password);
}

TEST(NtlmAcceptor, a_client_without_mic_is_accepted_unless_it_is_required) {
  Logon logon;
  Exchange lenient(logon);
  lenient.authenticate =
      proven_authenticate(logon, lenient.challenge, {}, FileTime::from_wall(logon.clock.wall), u"WORK");
  EXPECT_TRUE(lenient.finish().has_value());
  logon.server.require_mic = true;
  Exchange strict(logon);
  strict.authenticate =
      proven_authenticate(logon, strict.challenge, {}, FileTime::from_wall(logon.clock.wall), u"WORK");
  strict.expect_refused(Refusal::missing_mic);
}

// Linux' kernel sets NTLMSSP_NEGOTIATE_VERSION and sends no version: the payload begins where it would be.
TEST(NtlmAcceptor, a_client_that_leaves_the_version_out_is_accepted) {
  Logon logon;
  Exchange exchange(logon);
  ByteVector& message = exchange.authenticate;
  message = proven_authenticate(logon, exchange.challenge, {}, FileTime::from_wall(logon.clock.wall), u"WORK");
  message.erase(message.begin() + 64, message.begin() + 72);
  for (std::size_t field = 12; field < 60; field += 8) {
    std::uint8_t* offset = message.data() + field + 4;
    store_le(offset, load_le<std::uint32_t>(offset) - 8);
  }
  EXPECT_TRUE(exchange.finish().has_value());
}

TEST(NtlmAcceptor, a_time_too_far_from_ours_is_refused_either_way) {
  Logon logon;
  for (const int sign : {-1, 1}) {
    Exchange exchange(logon);
    const WallTime then = logon.clock.wall + sign * (logon.server.max_skew + std::chrono::seconds(1));
    exchange.authenticate = proven_authenticate(logon, exchange.challenge, {}, FileTime::from_wall(then), u"WORK");
    exchange.expect_refused(Refusal::stale_timestamp);
  }
}

TEST(NtlmAcceptor, a_response_to_an_earlier_challenge_is_refused) {
  Logon logon;
  Exchange earlier(logon), later(logon);
  later.authenticate = earlier.authenticate;
  later.expect_refused(Refusal::bad_password);
}

TEST(NtlmAcceptor, channel_bindings_are_compared_when_there_are_some) {
  Logon logon;
  const std::array<std::uint8_t, 16> bindings{1, 2, 3};
  logon.server.channel_bindings = bindings;
  EXPECT_TRUE(Exchange(logon).finish().has_value()) << "zeros: the client has none";
  logon.client.channel_bindings = bindings;
  EXPECT_TRUE(Exchange(logon).finish().has_value());
  logon.client.channel_bindings->back() ^= 1;
  Exchange(logon).expect_refused(Refusal::bad_channel_binding);
  logon.client.channel_bindings.reset();
  logon.server.require_channel_bindings = true;
  Exchange(logon).expect_refused(Refusal::bad_channel_binding);
}

TEST(NtlmAcceptor, a_client_that_means_another_server_is_refused) {
  Logon logon;
  logon.server.target_names = {"cifs/files.example.org", "cifs/FILES"};
  EXPECT_TRUE(Exchange(logon).finish().has_value()) << "no name is no other name";
  logon.client.target_name = "CIFS/files";
  EXPECT_TRUE(Exchange(logon).finish().has_value());
  logon.client.target_name = "cifs/bank";
  Exchange(logon).expect_refused(Refusal::bad_target_name);
  logon.client.target_name.clear();
  logon.server.require_target_name = true;
  Exchange(logon).expect_refused(Refusal::bad_target_name);
}

TEST(NtlmAcceptor, less_than_128_bits_or_no_extended_session_security_is_refused) {
  Logon logon;
  for (const NtlmFlag flag : {NtlmFlag::key_128, NtlmFlag::extended_session_security, NtlmFlag::unicode}) {
    auto server = logon.acceptor();
    wire::NtlmNegotiate negotiate = wire::decode_ntlm_negotiate(ByteVector(logon.initiator()->step({})->token)).value();
    negotiate.flags = negotiate.flags.without(flag);
    EXPECT_EQ(server->step(wire::encode_ntlm_negotiate(negotiate)).error(), NtStatus::LOGON_FAILURE);
    EXPECT_EQ(server->report().refusal, Refusal::weak_security);
  }
  Exchange late(logon);
  late.rewrite([](wire::NtlmAuthenticate& m) { m.flags = m.flags.without(NtlmFlag::key_128); });
  late.expect_refused(Refusal::weak_security);
}

TEST(NtlmAcceptor, a_key_exchange_without_a_whole_key_is_malformed) {
  Logon logon;
  for (const std::size_t size : {0u, 8u, 15u, 17u}) {
    Exchange exchange(logon);
    const ByteVector key(size, 7);
    exchange.rewrite([&](wire::NtlmAuthenticate& m) { m.encrypted_random_session_key = key; });
    exchange.expect_refused(Refusal::malformed_token, NtStatus::INVALID_PARAMETER);
  }
}

TEST(NtlmAcceptor, a_message_cut_anywhere_is_refused) {
  Logon logon;
  const std::size_t size = Exchange(logon).authenticate.size();
  for (std::size_t cut = 0; cut < size; ++cut) {
    Exchange exchange(logon);
    exchange.authenticate.resize(cut);
    ASSERT_FALSE(exchange.finish().has_value()) << cut;
    EXPECT_NE(exchange.server->report().refusal, Refusal::none);
  }
}

// Whatever part of the message is changed, the MIC or an earlier check refuses it.
TEST(NtlmAcceptor, a_message_with_any_bit_flipped_is_refused) {
  Logon logon;
  const std::size_t size = Exchange(logon).authenticate.size();
  for (std::size_t i = 0; i < size; ++i) {
    Exchange exchange(logon);
    exchange.authenticate[i] ^= 0x01;
    EXPECT_FALSE(exchange.finish().has_value()) << i;
  }
}

TEST(NtlmAcceptor, messages_out_of_order_are_refused) {
  Logon logon;
  Exchange exchange(logon);
  auto fresh = logon.acceptor();
  EXPECT_FALSE(fresh->step(exchange.authenticate).has_value());
  ASSERT_TRUE(exchange.finish().has_value());
  EXPECT_FALSE(exchange.finish().has_value()) << "a second time";
  EXPECT_EQ(exchange.server->report().refusal, Refusal::unexpected_token);
}

TEST(NtlmClient, a_server_that_offers_less_is_refused) {
  Logon logon;
  for (const NtlmFlag flag : {NtlmFlag::key_128, NtlmFlag::extended_session_security, NtlmFlag::target_info}) {
    auto client = logon.initiator();
    const ByteVector bytes = logon.acceptor()->step(client->step({})->token)->token;
    wire::NtlmChallenge challenge = wire::decode_ntlm_challenge(bytes).value();
    challenge.flags = challenge.flags.without(flag);
    EXPECT_EQ(client->step(wire::encode_ntlm_challenge(challenge)).error(), NtStatus::LOGON_FAILURE);
    EXPECT_EQ(client->report().refusal, Refusal::weak_security);
  }
}

TEST(NtlmClient, a_challenge_cut_anywhere_is_refused) {
  Logon logon;
  const std::size_t size = Exchange(logon).challenge.size();
  for (std::size_t cut = 0; cut < size; ++cut) {
    auto client = logon.initiator();
    ByteVector challenge = logon.acceptor()->step(client->step({})->token)->token;
    challenge.resize(cut);
    EXPECT_FALSE(client->step(challenge).has_value()) << cut;
  }
}

// Microsoft's published 3.1.1 example: a Windows client's messages and the key they led to.
TEST(NtlmMic, is_that_of_windows) {
  const ByteVector negotiate = hex("4E544C4D5353500001000000978208E200000000000000000000000000000000060380250000000F");
  const ByteVector challenge = hex(
      "4E544C4D53535000020000000C000C003800000015828AE20D1D8BA31179D008000000000000000050005000440000000A0092270000000F"
      "53005500540033003100310002000C0053005500540033003100310001000C0053005500540033003100310004000C005300550054003300"
      "3100310003000C0053005500540033003100310007000800A1A1F5ADCBAED00100000000");
  const ByteVector authenticate = hex(
      "4E544C4D53535000030000001800180090000000EE00EE00A80000000C000C00580000001A001A0064000000120012007E00000010001000"
      "96010000158288E2060380250000000FECAC77A5F385A8BF9C38C706EEEDDCD3530055005400330031003100610064006D0069006E006900"
      "730074007200610074006F007200440052004900560045005200330031003100000000000000000000000000000000000000000000000000"
      "63078EB639FE03E20A231C3AE3BF23080101000000000000A1A1F5ADCBAED001BC4AD05F223CC90F0000000002000C005300550054003300"
      "3100310001000C0053005500540033003100310004000C0053005500540033003100310003000C0053005500540033003100310007000800"
      "A1A1F5ADCBAED00106000400020000000800300030000000000000000000000000300000B61FEFCAA857EA57BF1EDCEBF8974B8E0EBA5A6D"
      "FD9D07A31D11B548F8C9D0CC0A001000000000000000000000000000000000000900160063006900660073002F0053005500540033003100"
      "31000000000000000000000000003B9BDFF38F5EE8F9663F11A0F4C03A78");
  const crypto::NtlmKey key(hex("270E1BA896585EEB7AF3472D3B4C75A7"));
  EXPECT_EQ(authenticate.size(), 0x1A6u);
  EXPECT_EQ(to_hex(ntlm_mic_of(key, negotiate, challenge, authenticate)), "ecac77a5f385a8bf9c38c706eeeddcd3");
}

}  // namespace
}  // namespace dozo::identity
