#include "crypto/ntlm.h"

#include <gtest/gtest.h>

#include "base/hex_for_tests.h"

namespace dozo::crypto {
namespace {

// [MS-NLMP] 4.2.1 and 4.2.4.
const NtlmChallenge kServerChallenge = hex_array<8>("0123456789abcdef");
const NtlmChallenge kClientChallenge = hex_array<8>("aaaaaaaaaaaaaaaa");
const ByteVector kTemp =
    hex("0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000 02000c0044006f006d00610069006e00"
        "01000c0053006500720076006500720000000000 00000000");
const NtlmKey kRandomSessionKey(hex("55555555555555555555555555555555"));

NtlmKey response_key() { return ntowf_v2(nt_hash("Password").value(), u"User", u"Domain"); }

TEST(Ntlm, nt_hash_is_that_of_the_specification) {
  EXPECT_EQ(to_hex(nt_hash("Password")->bytes()), "a4f49c406510bdcab6824ee7c30fd852");  // 4.2.2.1.2
  EXPECT_FALSE(nt_hash("\xFF").has_value());
}

TEST(Ntlm, ntowf_v2_ignores_the_case_of_the_user_alone) {
  EXPECT_EQ(to_hex(response_key().bytes()), "0c868a403bfd7a93a3001ef22ef02e3f");  // 4.2.4.1.1
  const NtHash hash = nt_hash("Password").value();
  EXPECT_EQ(to_hex(ntowf_v2(hash, u"uSER", u"Domain").bytes()), to_hex(response_key().bytes()));
  EXPECT_NE(to_hex(ntowf_v2(hash, u"User", u"DOMAIN").bytes()), to_hex(response_key().bytes()));
}

TEST(Ntlm, responses_are_those_of_the_specification) {
  EXPECT_EQ(to_hex(nt_proof(response_key(), kServerChallenge, kTemp)),
            "68cd0ab851e51c96aabc927bebef6a1c");  // 4.2.4.2.2
  EXPECT_EQ(to_hex(lm_v2_response(response_key(), kServerChallenge, kClientChallenge)),
            "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");  // 4.2.4.2.1
}

TEST(Ntlm, session_keys_are_those_of_the_specification) {
  const NtlmKey base = session_base_key(response_key(), nt_proof(response_key(), kServerChallenge, kTemp));
  EXPECT_EQ(to_hex(base.bytes()), "8de40ccadbc14a82f15cb0ad0de95ca3");  // 4.2.4.1.2
  const NtlmKey encrypted = exchange_key(base, kRandomSessionKey.bytes());
  EXPECT_EQ(to_hex(encrypted.bytes()), "c5dad2544fc9799094ce1ce90bc9d03e");  // 4.2.4.2.3
  EXPECT_EQ(to_hex(exchange_key(base, encrypted.bytes()).bytes()), to_hex(kRandomSessionKey.bytes()));
}

TEST(Ntlm, sign_and_seal_keys_are_those_of_the_specification) {
  EXPECT_EQ(to_hex(ntlm_seal_key(kRandomSessionKey, 128, NtlmDirection::client_to_server).bytes()),
            "59f600973cc4960a25480a7c196e4c58");  // 4.2.4.4
  EXPECT_EQ(to_hex(ntlm_sign_key(kRandomSessionKey, NtlmDirection::client_to_server).bytes()),
            "4788dc861b4782f35d43fd98fe1a2d39");
}

TEST(Ntlm, sealing_is_that_of_the_specification) {
  NtlmMessageSigner signer(kRandomSessionKey, NtlmDirection::client_to_server, {});
  ByteVector message = hex("50006c00610069006e007400650078007400");
  EXPECT_EQ(to_hex(signer.seal(message)), "010000007fb38ec5c55d497600000000");  // 4.2.4.4
  EXPECT_EQ(to_hex(message), "54e50165bf1936dc996020c1811b0f06fb5f");
}

// The example of 4.2.3.4 (NTLMv1 with a client challenge): extended session security, 56 bits and no key exchange.
TEST(Ntlm, a_signature_without_key_exchange_shows_the_checksum) {
  const NtlmKey key(hex("eb93429a8bd952f8b89c55b87f475edc"));
  EXPECT_EQ(to_hex(ntlm_seal_key(key, 56, NtlmDirection::client_to_server).bytes()),
            "04dd7f014d8504d265a25cc86a3a7c06");
  NtlmMessageSigner signer(key, NtlmDirection::client_to_server, {.key_exchange = false, .key_bits = 56});
  ByteVector message = hex("50006c00610069006e007400650078007400");
  EXPECT_EQ(to_hex(signer.seal(message)), "01000000ff2aeb52f681793a00000000");
  EXPECT_EQ(to_hex(message), "a02372f6530273f3aa1eb90190ce5200c99d");
}

// The mechListMICs of Microsoft's published 3.1.1 example, over its MechTypeList: the client's and the server's.
TEST(Ntlm, mech_list_mics_are_those_of_windows) {
  const NtlmKey key(hex("270E1BA896585EEB7AF3472D3B4C75A7"));
  const ByteVector mech_types = hex("300C060A2B06010401823702020A");
  EXPECT_EQ(to_hex(NtlmMessageSigner(key, NtlmDirection::client_to_server, {}).sign(mech_types)),
            "0100000063775a9a5fd97f0600000000");
  EXPECT_EQ(to_hex(NtlmMessageSigner(key, NtlmDirection::server_to_client, {}).sign(mech_types)),
            "010000003b453cdc3524164200000000");
}

TEST(Ntlm, verify_takes_messages_in_order_and_no_other_way) {
  NtlmMessageSigner sender(kRandomSessionKey, NtlmDirection::client_to_server, {});
  NtlmMessageSigner receiver(kRandomSessionKey, NtlmDirection::client_to_server, {});
  const NtlmSignature first = sender.sign(as_bytes("one"));
  const NtlmSignature second = sender.sign(as_bytes("two"));
  EXPECT_FALSE(receiver.verify(as_bytes("two"), second));
  EXPECT_FALSE(receiver.verify(as_bytes("One"), first));
  EXPECT_TRUE(receiver.verify(as_bytes("one"), first));
  EXPECT_FALSE(receiver.verify(as_bytes("one"), first)) << "a replay";
  EXPECT_TRUE(receiver.verify(as_bytes("two"), second));
  EXPECT_FALSE(receiver.verify(as_bytes("three"), Bytes{}));
}

}  // namespace
}  // namespace dozo::crypto
