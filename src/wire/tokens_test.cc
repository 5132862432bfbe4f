// Framing, transforms, SMB1 negotiate, SPNEGO and NTLMSSP.
#include <gtest/gtest.h>

#include <string_view>

#include "base/hex_for_tests.h"
#include "base/unicode.h"
#include "wire/framing.h"
#include "wire/ntlmssp.h"
#include "wire/smb1_negotiate.h"
#include "wire/spnego.h"
#include "wire/transform.h"

namespace dozo::wire {
namespace {

TEST(Framing, direct_tcp_prefix_is_a_zero_and_three_bytes) {
  EXPECT_EQ(decode_frame_prefix(hex("00010203")), 0x010203u);
  EXPECT_FALSE(decode_frame_prefix(hex("81000044")));
  EXPECT_FALSE(decode_frame_prefix(hex("000000")));
}

TEST(Framing, netbios_knows_its_types_and_seventeen_bits) {
  EXPECT_EQ(decode_session_packet(hex("81000044"))->type, SessionPacketType::session_request);
  EXPECT_EQ(decode_session_packet(hex("00010000"))->length, 0x10000u);
  EXPECT_FALSE(decode_session_packet(hex("00020000")));
  EXPECT_FALSE(decode_session_packet(hex("86000000")));
}

TEST(Transform, size_that_is_not_the_frames_is_refused) {
  TransformHeader header;
  header.original_message_size = 10;
  ByteWriter out;
  encode_transform_header(header, out);
  ASSERT_EQ(out.size(), kTransformHeaderSize);
  out.zeros(9);
  EXPECT_FALSE(decode_transform_header(out.view()));
  out.zeros(1);
  EXPECT_TRUE(decode_transform_header(out.view()));
}

CompressedMessage chained() {
  static constexpr std::uint8_t kPlain[] = {1, 2, 3};
  static constexpr std::uint8_t kPattern[] = {0x41, 0, 0, 0, 32, 0, 0, 0};
  CompressedMessage message;
  message.chained = true;
  message.original_compressed_segment_size = 35 + 100;
  message.parts = {{CompressionAlgorithm::none, 3, kPlain},
                   {CompressionAlgorithm::lz77, 100, kPlain},
                   {CompressionAlgorithm::pattern_v1, 32, kPattern}};
  return message;
}

TEST(Compression, chain_of_parts_round_trips) {
  ByteWriter out;
  encode_compressed(chained(), out);
  const auto message = decode_compressed(out.view());
  ASSERT_TRUE(message);
  ASSERT_EQ(message->parts.size(), 3u);
  EXPECT_EQ(message->parts[1].original_size, 100u);
  EXPECT_EQ(message->parts[2].original_size, 32u);
}

TEST(Compression, chain_that_does_not_add_up_is_refused) {
  CompressedMessage wrong = chained();
  wrong.original_compressed_segment_size = 134;
  ByteWriter out;
  encode_compressed(wrong, out);
  EXPECT_FALSE(decode_compressed(out.view()));
}

TEST(Compression, unchained_offset_beyond_the_frame_is_refused) {
  EXPECT_TRUE(decode_compressed(hex("fc534d42 10000000 0200 0000 02000000 aabb cc")));
  EXPECT_FALSE(decode_compressed(hex("fc534d42 10000000 0200 0000 04000000 aabb cc")));
  EXPECT_FALSE(decode_compressed(hex("fc534d42 10000000 0200 0000 ffffffff aabb cc")));
}

TEST(Smb1Negotiate, smb2_dialects_among_others_are_seen) {
  ByteWriter out;
  encode_smb1_negotiate({{"NT LM 0.12", "SMB 2.002", "SMB 2.???"}}, out);
  const auto request = decode_smb1_negotiate(out.view());
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->offers_smb2_wildcard());
  EXPECT_TRUE(request->offers_smb_2_0_2());
  for (std::size_t n = 0; n < out.size(); ++n) EXPECT_FALSE(decode_smb1_negotiate(out.view().first(n))) << n;
}

TEST(Smb1Negotiate, old_client_is_smb1_only) {
  ByteWriter out;
  encode_smb1_negotiate({{"NT LM 0.12"}}, out);
  EXPECT_TRUE(decode_smb1_negotiate(out.view())->is_smb1_only());
}

NegTokenInit init_token() {
  NegTokenInit token;
  token.mech_types = {mech_type(Mechanism::kerberos), mech_type(Mechanism::ntlmssp)};
  token.mech_token = as_bytes("token");
  return token;
}

TEST(Spnego, init_round_trips_with_hints_and_without) {
  for (const bool hints : {false, true}) {
    NegTokenInit token = init_token();
    token.with_hints = hints;
    token.mech_list_mic = as_bytes("mic");
    const ByteVector bytes = encode_neg_token_init(token);
    EXPECT_EQ(token_kind(bytes), TokenKind::neg_token_init);
    const auto back = decode_neg_token_init(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->mech_types.at(1).mechanism, Mechanism::ntlmssp);
    EXPECT_EQ(as_text(*back->mech_token), "token");
    EXPECT_EQ(as_text(*back->mech_list_mic), "mic");
    EXPECT_EQ(ByteVector(back->mech_types_der.begin(), back->mech_types_der.end()),
              encode_mech_types(token.mech_types));
    for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(decode_neg_token_init(Bytes(bytes).first(n))) << n;
  }
}

TEST(Spnego, response_round_trips) {
  NegTokenResp token;
  token.neg_state = NegState::accept_incomplete;
  token.supported_mech = mech_type(Mechanism::ntlmssp);
  const ByteVector challenge(300, 0x5A);  // a length of two octets
  token.response_token = challenge;
  const ByteVector bytes = encode_neg_token_resp(token);
  const auto back = decode_neg_token_resp(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->neg_state, NegState::accept_incomplete);
  EXPECT_EQ(back->response_token->size(), 300u);
  EXPECT_FALSE(back->mech_list_mic);
  EXPECT_EQ(encode_neg_token_resp(*back), bytes);
}

TEST(Spnego, lengths_that_are_not_der_are_refused) {
  EXPECT_TRUE(decode_neg_token_resp(hex("a107 3005 a003 0a01 00")));
  EXPECT_FALSE(decode_neg_token_resp(hex("a1 8107 3005 a003 0a01 00")));     // not minimal
  EXPECT_FALSE(decode_neg_token_resp(hex("a1 80 3005 a003 0a01 00 0000")));  // indefinite
  EXPECT_FALSE(decode_neg_token_resp(hex("a107 3005 a003 0a01 00 00")));     // bytes behind
  EXPECT_FALSE(decode_neg_token_resp(hex("a107 3005 a003 0a01 04")));        // no such state
}

TEST(Spnego, no_mechanism_at_all_is_refused) {
  NegTokenInit token = init_token();
  token.mech_types.clear();
  EXPECT_FALSE(decode_neg_token_init(encode_neg_token_init(token)));
}

// [MS-NLMP] 4.2.4.3.
const ByteVector& nlmp_challenge() {
  static const ByteVector bytes =
      hex("4e544c4d53535000 02000000 0c000c00 38000000 33828ae2 0123456789abcdef 0000000000000000 24002400 44000000"
          "060070170000000f 530065007200760065007200 02000c0044006f006d00610069006e00"
          "01000c00530065007200760065007200 00000000");
  return bytes;
}

const ByteVector& nlmp_authenticate() {
  static const ByteVector bytes =
      hex("4e544c4d53535000 03000000 18001800 6c000000 54005400 84000000 0c000c00 48000000 08000800 54000000"
          "10001000 5c000000 10001000 d8000000 358288e2 0501280a0000000f 44006f006d00610069006e00 5500730065007200"
          "43004f004d0050005500540045005200 86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"
          "68cd0ab851e51c96aabc927bebef6a1c 01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000"
          "02000c0044006f006d00610069006e0001000c00530065007200760065007200 00000000 00000000"
          "c5dad2544fc9799094ce1ce90bc9d03e");
  return bytes;
}

TEST(Ntlmssp, specification_challenge_decodes_and_encodes) {
  const auto message = decode_ntlm_challenge(nlmp_challenge());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->target_name, u"Server");
  EXPECT_EQ(message->server_challenge[7], 0xEF);
  EXPECT_EQ(message->version->build, 6000);
  const auto pairs = decode_av_pairs(message->target_info);
  ASSERT_TRUE(pairs);
  EXPECT_EQ(utf16_from_le(*find_av(*pairs, AvId::nb_domain_name)), u"Domain");
  EXPECT_EQ(encode_ntlm_challenge(*message), nlmp_challenge());
}

TEST(Ntlmssp, specification_authenticate_decodes) {
  const auto message = decode_ntlm_authenticate(nlmp_authenticate());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->user_name, u"User");
  EXPECT_EQ(message->domain_name, u"Domain");
  EXPECT_EQ(message->workstation, u"COMPUTER");
  EXPECT_FALSE(message->mic);
  const auto response = decode_ntlmv2_response(message->nt_challenge_response);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->proof[0], 0x68);
  EXPECT_EQ(response->challenge_from_client[0], 0xAA);
  const ByteVector blob = encode_ntlmv2_client_challenge(*response);
  EXPECT_TRUE(std::ranges::equal(blob, response->client_challenge_blob));
}

TEST(Ntlmssp, every_truncation_is_refused) {
  const Bytes challenge = nlmp_challenge();
  const Bytes authenticate = nlmp_authenticate();
  for (std::size_t n = 0; n < challenge.size(); ++n) EXPECT_FALSE(decode_ntlm_challenge(challenge.first(n))) << n;
  for (std::size_t n = 0; n < authenticate.size(); ++n) {
    EXPECT_FALSE(decode_ntlm_authenticate(authenticate.first(n))) << n;
  }
}

TEST(Ntlmssp, field_reaching_into_the_fixed_part_is_refused) {
  ByteVector bytes = nlmp_authenticate();
  bytes[16] = 60;
  EXPECT_FALSE(decode_ntlm_authenticate(bytes));
}

TEST(Ntlmssp, mic_is_found_before_the_payload) {
  NtlmAuthenticate message = *decode_ntlm_authenticate(nlmp_authenticate());
  message.mic.emplace();
  message.mic->fill(0x77);
  const ByteVector bytes = encode_ntlm_authenticate(message);
  EXPECT_EQ(bytes.at(kNtlmMicOffset), 0x77);
  EXPECT_EQ(decode_ntlm_authenticate(bytes)->mic, message.mic);
}

TEST(Ntlmssp, ntlmv1_response_is_not_an_ntlmv2_response) {
  EXPECT_FALSE(decode_ntlmv2_response(ByteVector(kNtlmv1ResponseSize, 1)));
  EXPECT_FALSE(decode_ntlmv2_response(ByteVector(15, 1)));
}

TEST(Ntlmssp, av_pairs_need_their_terminator) {
  EXPECT_TRUE(decode_av_pairs(hex("06000400 02000000 00000000")));
  EXPECT_FALSE(decode_av_pairs(hex("06000400 02000000")));
  EXPECT_FALSE(decode_av_pairs(hex("0600ffff 02000000 00000000")));
  EXPECT_EQ(av_flags(*decode_av_pairs(hex("06000400 02000000 00000000"))), kAvFlagMicPresent);
}

}  // namespace
}  // namespace dozo::wire
