#include "crypto/signing.h"

#include <gtest/gtest.h>

#include "base/hex_for_tests.h"

namespace dozo::crypto {
namespace {

struct Header {
  std::uint16_t command = 8;
  std::uint32_t flags = 8;  // SIGNED
  std::uint64_t message_id = 0x1122334455667788;
};

// A header and 100 bytes (7 i + 3).
ByteVector message_with(Header h) {
  ByteVector m(164);
  store_le(m.data(), std::uint32_t{0x424D53FE});
  store_le(m.data() + 4, std::uint16_t{64});
  store_le(m.data() + 12, h.command);
  store_le(m.data() + 16, h.flags);
  store_le(m.data() + 24, h.message_id);
  for (std::size_t i = 0; i < 100; ++i) m[64 + i] = static_cast<std::uint8_t>(i * 7 + 3);
  return m;
}

const ByteVector kKey = hex("000102030405060708090a0b0c0d0e0f");
constexpr SigningAlgorithm kAlgorithms[] = {SigningAlgorithm::hmac_sha256, SigningAlgorithm::aes_cmac,
                                            SigningAlgorithm::aes_gmac};

std::string signature_of(SigningAlgorithm algorithm, Header h) {
  return to_hex(Signer(algorithm, kKey).compute(message_with(h)));
}

// Expected values: a separate implementation of AES, GHASH and CMAC after FIPS 197, SP800-38B and SP800-38D in Python,
// its hmac module, and `openssl mac` agree on them.
TEST(Signing, each_algorithm_gives_the_signature_others_compute) {
  EXPECT_EQ(signature_of(SigningAlgorithm::hmac_sha256, {}), "94cab957338ec9889d0223a649050c3d");
  EXPECT_EQ(signature_of(SigningAlgorithm::aes_cmac, {}), "73edd206ced0b3821e384f25164d679c");
  EXPECT_EQ(signature_of(SigningAlgorithm::aes_gmac, {}), "290c53f15d33f6cd1f2acf5e1c15e3d6");
}

TEST(Signing, gmac_nonce_tells_the_server_and_cancel_apart) {
  EXPECT_EQ(signature_of(SigningAlgorithm::aes_gmac, {.flags = 9}), "60ef3abad40b0260948523fe12368732");
  EXPECT_EQ(signature_of(SigningAlgorithm::aes_gmac, {.command = 12, .message_id = 5}),
            "24cc65e83e23fcc3a089c44f3fc06625");
}

// The SESSION_SETUP response of Microsoft's published 3.1.1 example, dialect 0x0311 without signing capabilities.
TEST(Signing, verifies_a_response_signed_by_windows) {
  ByteVector response = hex(
      "FE534D4240000100000000000100800009000000000000000300000000000000FFFE0000000000001900000000100000EBE146DA120BA25F"
      "C3376A49DFE31BC10900000048001D00A11B3019A0030A0100A3120410010000003B453CDC3524164200000000");
  Signer signer(SigningAlgorithm::aes_cmac, hex("73FE7A9A77BEF0BDE49C650D8CCB5F76"));
  EXPECT_TRUE(signer.verify(response));
  response.back() ^= 1;
  EXPECT_FALSE(signer.verify(response));
}

TEST(Signing, a_message_in_parts_has_the_signature_of_the_whole) {
  const ByteVector m = message_with({});
  for (const SigningAlgorithm a : kAlgorithms) {
    Signer signer(a, kKey);
    const Signature whole = signer.compute(m);
    for (std::size_t cut = 64; cut <= m.size(); ++cut) {
      const Bytes parts[] = {Bytes(m).first(cut), Bytes(m).subspan(cut), {}};
      EXPECT_EQ(signer.compute(parts), whole) << to_string(a) << " cut at " << cut;
    }
  }
}

TEST(Signing, what_the_signature_field_held_before_does_not_matter) {
  for (const SigningAlgorithm a : kAlgorithms) {
    Signer signer(a, kKey);
    ByteVector m = message_with({});
    const Signature clean = signer.compute(m);
    std::fill_n(m.begin() + 48, 16, std::uint8_t{0xAA});
    EXPECT_EQ(signer.compute(m), clean);
    EXPECT_EQ(m[48], 0xAA) << "compute must not write";
  }
}

TEST(Signing, a_signed_message_verifies_and_any_flipped_bit_is_noticed) {
  for (const SigningAlgorithm a : kAlgorithms) {
    Signer signer(a, kKey);
    ByteVector m = message_with({});
    const Bytes rest[] = {Bytes(m).subspan(64)};
    signer.sign(MutableBytes(m).first(64), rest);
    EXPECT_TRUE(signer.verify(m));
    for (std::size_t i = 0; i < m.size(); ++i) {
      m[i] ^= 0x10;
      EXPECT_FALSE(signer.verify(m)) << to_string(a) << " byte " << i;
      m[i] ^= 0x10;
    }
  }
}

TEST(Signing, a_message_shorter_than_a_header_never_verifies) {
  const ByteVector m = message_with({});
  for (const SigningAlgorithm a : kAlgorithms) {
    Signer signer(a, kKey);
    EXPECT_FALSE(signer.verify(Bytes{}));
    EXPECT_FALSE(signer.verify(Bytes(m).first(63)));
    EXPECT_FALSE(signer.verify(std::span<const Bytes>{}));
  }
}

TEST(Signing, another_key_does_not_verify) {
  for (const SigningAlgorithm a : kAlgorithms) {
    ByteVector m = message_with({});
    Signer(a, kKey).sign(m);
    EXPECT_FALSE(Signer(a, hex("100102030405060708090a0b0c0d0e0f")).verify(m));
  }
}

TEST(Signing, wire_values_beyond_the_known_are_no_algorithm) {
  EXPECT_EQ(signing_algorithm_from_wire(2), SigningAlgorithm::aes_gmac);
  EXPECT_EQ(signing_algorithm_from_wire(3), std::nullopt);
}

}  // namespace
}  // namespace dozo::crypto
