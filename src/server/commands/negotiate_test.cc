// NEGOTIATE. [MS-SMB2] 3.3.5.3, 3.3.5.4.
#include "wire/negotiate.h"

#include "server/testing/test_fixture.h"
#include "wire/echo.h"

namespace dozo::server::testing {
namespace {

using wire::NegotiateContextType;

class Negotiate : public ServerTest {
 protected:
  Client& client(ClientOptions client_options = {}) { return world().connect(std::move(client_options)); }

  // The status of a 3.1.1 NEGOTIATE with its usual contexts and this one besides.
  NtStatus with_context(NegotiateContextType type, ByteVector data, ClientOptions client_options = {}) {
    Client& peer = client(std::move(client_options));
    wire::NegotiateRequest request = peer.negotiate_request();
    request.negotiate_contexts.push_back({type, data});
    last_ = peer.negotiate(request);
    return last_.status();
  }
  // The data of the answer's context of this type; nothing when there is none.
  std::optional<ByteVector> answered(const Answer& answer, NegotiateContextType type) {
    for (const auto& context : answer.as<wire::NegotiateResponse>().negotiate_contexts) {
      if (context.type == type) return ByteVector(context.data.begin(), context.data.end());
    }
    return std::nullopt;
  }
  Answer last_;
};

ByteVector numbers(std::initializer_list<std::uint16_t> list) {
  ByteWriter out;
  for (const std::uint16_t n : list) out.u16(n);
  return std::move(out).take();
}

class EveryDialect : public Negotiate, public ::testing::WithParamInterface<Dialect> {};

TEST_P(EveryDialect, is_chosen_where_it_is_the_greatest_common_one) {
  const Answer answer = client({.dialect = GetParam()}).negotiate();
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(answer.as<wire::NegotiateResponse>().dialect_revision, static_cast<std::uint16_t>(GetParam()));
}

TEST_P(EveryDialect, carries_a_signed_session) {
  Client& peer = world().log_on({.dialect = GetParam()});
  EXPECT_EQ(peer.echo().status(), NtStatus::SUCCESS);
}

TEST_P(EveryDialect, of_3_carries_an_encrypted_session) {
  if (!is_smb3(GetParam())) return;
  Client& peer = world().log_on({.dialect = GetParam(), .encrypt = true});
  const Answer answer = peer.echo();
  EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_TRUE(answer.encrypted);
}

INSTANTIATE_TEST_SUITE_P(Dialects, EveryDialect, ::testing::ValuesIn(kAllDialects));

TEST_F(Negotiate, without_a_dialect_is_an_invalid_parameter) {
  Client& peer = client();
  EXPECT_EQ(peer.negotiate(wire::NegotiateRequest{}).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(Negotiate, without_a_common_dialect_is_not_supported) {
  Client& peer = client();
  wire::NegotiateRequest request;
  request.dialects = {0x0999};
  EXPECT_EQ(peer.negotiate(request).status(), NtStatus::NOT_SUPPORTED);
}

TEST_F(Negotiate, below_the_configured_minimum_is_not_supported) {
  options.config.server.min_dialect = Dialect::smb_3_0;
  EXPECT_EQ(client({.dialect = Dialect::smb_2_1}).negotiate().status(), NtStatus::NOT_SUPPORTED);
}

TEST_F(Negotiate, never_goes_above_the_configured_maximum) {
  options.config.server.max_dialect = Dialect::smb_3_0;
  const Answer answer = client().negotiate();
  EXPECT_EQ(answer.as<wire::NegotiateResponse>().dialect_revision, 0x0300);
}

TEST_F(Negotiate, a_second_time_ends_the_connection) {
  Client& peer = client();
  peer.negotiate();
  peer.start(wire::Command::negotiate, peer.negotiate_request());
  EXPECT_TRUE(peer.run_until_disconnected());
}

TEST_F(Negotiate, is_what_a_connection_begins_with) {
  Client& peer = client();
  peer.start(wire::Command::echo, wire::EchoRequest{});
  EXPECT_TRUE(peer.run_until_disconnected());
}

TEST_F(Negotiate, says_that_signing_is_enabled_and_by_default_required) {
  const auto said = client().negotiate().as<wire::NegotiateResponse>();
  EXPECT_TRUE(said.security_mode.has(wire::SecurityModeBit::signing_enabled));
  EXPECT_TRUE(said.security_mode.has(wire::SecurityModeBit::signing_required));
}

TEST_F(Negotiate, does_not_say_that_signing_is_required_where_it_is_not) {
  options.config.server.signing = SigningPolicy::if_asked;
  const auto said = client().negotiate().as<wire::NegotiateResponse>();
  EXPECT_FALSE(said.security_mode.has(wire::SecurityModeBit::signing_required));
}

TEST_F(Negotiate, of_2_0_2_has_no_multi_credit_and_64_KiB) {
  const Answer answer = client({.dialect = Dialect::smb_2_0_2}).negotiate();
  const auto said = answer.as<wire::NegotiateResponse>();
  EXPECT_FALSE(said.capabilities.has(wire::Capability::large_mtu));
  EXPECT_EQ(said.max_read_size, 65536u);
}

TEST_F(Negotiate, of_3_0_encrypts_only_with_a_client_that_can) {
  const auto with = client({.dialect = Dialect::smb_3_0}).negotiate().as<wire::NegotiateResponse>();
  EXPECT_TRUE(with.capabilities.has(wire::Capability::encryption));
  const auto without =
      client({.dialect = Dialect::smb_3_0, .capabilities = {}}).negotiate().as<wire::NegotiateResponse>();
  EXPECT_FALSE(without.capabilities.has(wire::Capability::encryption));
}

// [MS-SMB2] 3.3.5.4: the bit belongs to 3.0 and 3.0.2; 3.1.1 has a context for it.
TEST_F(Negotiate, of_3_1_1_does_not_answer_the_encryption_capability) {
  const Answer answer = client().negotiate();
  EXPECT_FALSE(answer.as<wire::NegotiateResponse>().capabilities.has(wire::Capability::encryption));
}

TEST_F(Negotiate, offers_no_persistent_handles) {
  ClientOptions wishes;
  wishes.capabilities = wire::Capabilities::from_wire(0xFF);
  const auto said = client(wishes).negotiate().as<wire::NegotiateResponse>();
  EXPECT_FALSE(said.capabilities.has_any(wire::Capability::persistent_handles | wire::Capability::notifications |
                                         wire::Capability::dfs));
}

// [MS-SMB2] 3.3.5.4: of SMB 3, where client and configuration have it.
TEST_F(Negotiate, offers_multichannel_to_clients_of_smb_3_that_have_it) {
  ClientOptions wishes;
  wishes.capabilities = wire::Capabilities::from_wire(0xFF);
  const auto offered = [&](ClientOptions to) {
    return client(std::move(to))
        .negotiate()
        .as<wire::NegotiateResponse>()
        .capabilities.has(wire::Capability::multi_channel);
  };
  EXPECT_TRUE(offered(wishes));
  EXPECT_FALSE(offered({}));
  wishes.dialect = Dialect::smb_2_1;
  EXPECT_FALSE(offered(wishes));
}

TEST_F(Negotiate, offers_no_multichannel_where_it_is_switched_off) {
  options.config.server.multichannel = false;
  ClientOptions wishes;
  wishes.capabilities = wire::Capabilities::from_wire(0xFF);
  const auto said = client(wishes).negotiate().as<wire::NegotiateResponse>();
  EXPECT_FALSE(said.capabilities.has(wire::Capability::multi_channel));
}

TEST_F(Negotiate, offers_leases_from_2_1_on_whether_asked_or_not) {
  for (const auto& [dialect, offered] : {std::pair(Dialect::smb_2_0_2, false),
                                         {Dialect::smb_2_1, true},
                                         {Dialect::smb_3_0, true},
                                         {Dialect::smb_3_1_1, true}}) {
    const Answer answer = client({.dialect = dialect, .only_this_dialect = true, .capabilities = {}}).negotiate();
    EXPECT_EQ(answer.as<wire::NegotiateResponse>().capabilities.has(wire::Capability::leasing), offered)
        << to_string(dialect);
  }
}

TEST_F(Negotiate, offers_directory_leases_in_3_x_to_who_asks) {
  const auto offers = [&](Dialect dialect, wire::Capabilities wishes) {
    const Answer answer = client({.dialect = dialect, .only_this_dialect = true, .capabilities = wishes}).negotiate();
    return answer.as<wire::NegotiateResponse>().capabilities.has(wire::Capability::directory_leasing);
  };
  EXPECT_TRUE(offers(Dialect::smb_3_0, wire::Capability::directory_leasing));
  EXPECT_FALSE(offers(Dialect::smb_3_0, {}));
  EXPECT_FALSE(offers(Dialect::smb_2_1, wire::Capability::directory_leasing));
}

// --- Contexts of 3.1.1.

TEST_F(Negotiate, without_preauthentication_integrity_is_an_invalid_parameter) {
  Client& peer = client();
  wire::NegotiateRequest request = peer.negotiate_request();
  request.negotiate_contexts.erase(request.negotiate_contexts.begin());
  EXPECT_EQ(peer.negotiate(request).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(Negotiate, with_two_preauthentication_contexts_is_an_invalid_parameter) {
  EXPECT_EQ(with_context(NegotiateContextType::preauth_integrity, numbers({1, 0, 1})), NtStatus::INVALID_PARAMETER);
}

TEST_F(Negotiate, without_a_common_hash_says_so) {
  Client& peer = client();
  wire::NegotiateRequest request = peer.negotiate_request();
  const ByteVector unknown = numbers({1, 0, 0x7777});
  request.negotiate_contexts[0].data = unknown;
  EXPECT_EQ(peer.negotiate(request).status(), NtStatus::SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP);
}

TEST_F(Negotiate, with_a_truncated_preauthentication_context_is_an_invalid_parameter) {
  Client& peer = client();
  wire::NegotiateRequest request = peer.negotiate_request();
  const ByteVector truncated = numbers({9, 0, 1});
  request.negotiate_contexts[0].data = truncated;
  EXPECT_EQ(peer.negotiate(request).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(Negotiate, a_context_twice_is_an_invalid_parameter) {
  EXPECT_EQ(with_context(NegotiateContextType::encryption, numbers({1, 2})), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(with_context(NegotiateContextType::signing, numbers({1, 1})), NtStatus::INVALID_PARAMETER);
}

TEST_F(Negotiate, the_cipher_is_chosen_in_the_servers_order) {
  ClientOptions wishes;
  wishes.ciphers = {wire::Cipher::aes_256_ccm, wire::Cipher::aes_128_ccm, wire::Cipher::aes_128_gcm};
  const Answer answer = client(wishes).negotiate();
  EXPECT_EQ(answered(answer, NegotiateContextType::encryption), numbers({1, 2}));
}

TEST_F(Negotiate, without_a_common_cipher_the_answer_is_cipher_0) {
  ClientOptions wishes;
  wishes.ciphers = {static_cast<wire::Cipher>(0x77)};
  const Answer answer = client(wishes).negotiate();
  EXPECT_EQ(answered(answer, NegotiateContextType::encryption), numbers({1, 0}));
}

TEST_F(Negotiate, a_context_that_was_not_asked_is_not_answered) {
  ClientOptions wishes;
  wishes.ciphers.clear();
  wishes.signing.clear();
  const Answer answer = client(wishes).negotiate();
  EXPECT_EQ(answered(answer, NegotiateContextType::encryption), std::nullopt);
  EXPECT_EQ(answered(answer, NegotiateContextType::signing), std::nullopt);
  EXPECT_NE(answered(answer, NegotiateContextType::preauth_integrity), std::nullopt);
}

TEST_F(Negotiate, the_salt_is_another_one_each_time) {
  const Answer one = client().negotiate(), two = client().negotiate();
  EXPECT_NE(answered(one, NegotiateContextType::preauth_integrity),
            answered(two, NegotiateContextType::preauth_integrity));
}

TEST_F(Negotiate, gmac_is_preferred_for_signing) {
  const Answer answer = client().negotiate();
  EXPECT_EQ(answered(answer, NegotiateContextType::signing), numbers({1, 2}));
}

// [MS-SMB2] 3.3.5.4: without a common algorithm Connection.SigningAlgorithmId is AES-CMAC, and that is answered.
TEST_F(Negotiate, without_a_common_signing_algorithm_it_is_cmac) {
  ClientOptions wishes;
  wishes.signing = {static_cast<wire::SigningAlgorithm>(0x77)};
  const Answer answer = client(wishes).negotiate();
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(answered(answer, NegotiateContextType::signing), numbers({1, 1}));
}

TEST_F(Negotiate, a_signing_context_without_algorithms_is_an_invalid_parameter) {
  ClientOptions wishes;
  wishes.signing.clear();
  EXPECT_EQ(with_context(NegotiateContextType::signing, numbers({0}), wishes), NtStatus::INVALID_PARAMETER);
}

TEST_F(Negotiate, a_context_that_nobody_knows_is_ignored) {
  EXPECT_EQ(with_context(static_cast<NegotiateContextType>(0x5555), {1, 2, 3}), NtStatus::SUCCESS);
}

TEST_F(Negotiate, a_netname_is_ignored_even_twice) {
  EXPECT_EQ(with_context(NegotiateContextType::netname, utf16_to_le(u"somebody")), NtStatus::SUCCESS);
  EXPECT_EQ(with_context(NegotiateContextType::netname, {}), NtStatus::SUCCESS);
}

TEST_F(Negotiate, compression_is_answered_none) {
  EXPECT_EQ(with_context(NegotiateContextType::compression, numbers({1, 0, 0, 0, 1})), NtStatus::SUCCESS);
  EXPECT_EQ(answered(last_, NegotiateContextType::compression), numbers({1, 0, 0, 0, 0}));
}

// --- SMB1's multi-protocol negotiate.

ByteVector smb1_negotiate(std::initializer_list<std::string_view> dialects) {
  ByteVector out = {0xFF, 'S', 'M', 'B', 0x72};
  out.resize(33);
  ByteVector names;
  for (const std::string_view dialect : dialects) {
    names.push_back(2);
    names.insert(names.end(), dialect.begin(), dialect.end());
    names.push_back(0);
  }
  out[32] = 0;  // WordCount
  out.push_back(static_cast<std::uint8_t>(names.size()));
  out.push_back(0);
  out.insert(out.end(), names.begin(), names.end());
  return out;
}

TEST_F(Negotiate, an_SMB1_client_that_knows_the_wildcard_goes_on_with_SMB2) {
  Client& peer = client();
  peer.expect(MessageId(0), wire::Command::negotiate);
  peer.send_frame(smb1_negotiate({"NT LM 0.12", "SMB 2.???"}));
  world().run_until([&] { return peer.frames_received() == 1; });
  ASSERT_EQ(peer.last_frame().size(), 1u);
  EXPECT_EQ(peer.last_frame()[0].as<wire::NegotiateResponse>().dialect_revision, kDialectWildcard);
}

TEST_F(Negotiate, a_client_of_SMB1_alone_is_disconnected) {
  Client& peer = client();
  peer.send_frame(smb1_negotiate({"NT LM 0.12"}));
  EXPECT_TRUE(peer.run_until_disconnected());
}

TEST_F(Negotiate, SMB1_after_SMB2_is_disconnected) {
  Client& peer = client();
  peer.negotiate();
  peer.send_frame(smb1_negotiate({"SMB 2.???"}));
  EXPECT_TRUE(peer.run_until_disconnected());
}

}  // namespace
}  // namespace dozo::server::testing
