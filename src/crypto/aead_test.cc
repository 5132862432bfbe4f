#include "crypto/aead.h"

#include <gtest/gtest.h>

#include "base/hex_for_tests.h"

namespace dozo::crypto {
namespace {

constexpr Cipher kAll[] = {Cipher::aes_128_ccm, Cipher::aes_128_gcm, Cipher::aes_256_ccm, Cipher::aes_256_gcm};

ByteVector counting(std::uint8_t first, std::size_t size) {
  ByteVector out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}
const ByteVector kAad = counting(0x20, 32);
const ByteVector kPlain = counting(0x40, 75);
const AeadNonce kNonce = hex_array<16>("101112131415161718191a1b00000000");
ByteVector key_for(Cipher c) { return counting(0, key_size(c)); }

struct Vector {
  Cipher cipher;
  const char* text;
  const char* tag;
};
// Keys 00 01 02 ..., nonce 10 11 ..., data 20 21 ... and plain text 40 41 ...; from an implementation of AES, CCM and
// GCM after FIPS 197, SP800-38C and SP800-38D in Python that shares nothing with OpenSSL.
constexpr Vector kVectors[] = {
    {Cipher::aes_128_ccm,
     "0c2e3f9884f817ecc645a3286e2ed0e171398a0a1b882cb8b219dc58c1a58cb569ab16d927270907f01aabe88b263408048f09217c822eaa3"
     "5"
     "454c392064cc3e49c62ec7015c370b386cce",
     "c59f5504cafd073bcf57bce70c00ce34"},
    {Cipher::aes_128_gcm,
     "846f41ec4b0af0a85f9417be8b6aa5716aed26d462a13de8dd92734a3b584ff2b2b8435ce5c39d7b8bc9bfa3b6bd3f74f9c983588db6cd9f1"
     "3"
     "6c57cdfbed38e7ded99027a612fb1c4609f0",
     "11a26e1bda116ea44478912a700bcbd5"},
    {Cipher::aes_256_ccm,
     "671faddb0b835b4d273038eeae339bd373829d2228c2fb74f90bd64a079fcdebc776ff4bee7b44071497b361ae56bc79edda6cdd8a1078edc"
     "1"
     "bcc17b554c6b1f86edabf37b9f7895e6760f",
     "230bd98c0b1a45b06421ec262e80a85a"},
    {Cipher::aes_256_gcm,
     "3dbfda550d8c7cf4823c42564334271c87011c5d4f9701e6bfa0b83c02090a843088356091c30888165ff83ae6f57d7463cd350097fe2f85c"
     "4"
     "67404a8feada148579bda0cd3b8db3e509bf",
     "0ada91cc817c381d601bd4a09ce0fea1"},
};

TEST(Aead, each_cipher_seals_as_others_compute_and_opens_again) {
  for (const Vector& v : kVectors) {
    Aead aead(v.cipher, key_for(v.cipher));
    ByteVector message = kPlain;
    const AeadTag tag = aead.seal(kNonce, kAad, message);
    EXPECT_EQ(to_hex(message), v.text) << to_string(v.cipher);
    EXPECT_EQ(to_hex(tag), v.tag) << to_string(v.cipher);

    Aead other(v.cipher, key_for(v.cipher));
    EXPECT_TRUE(other.open(kNonce, kAad, message, tag)) << to_string(v.cipher);
    EXPECT_EQ(message, kPlain);
  }
}

// The GCM specification's test cases 4 and 16 (96-bit nonce, additional data, 60 bytes).
TEST(Aead, gives_the_results_of_the_gcm_specification) {
  const AeadNonce nonce = hex_array<16>("cafebabefacedbaddecaf888");
  const ByteVector aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const ByteVector plain = hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
      "ba637b39");
  ByteVector message = plain;
  Aead gcm128(Cipher::aes_128_gcm, hex("feffe9928665731c6d6a8f9467308308"));
  EXPECT_EQ(to_hex(gcm128.seal(nonce, aad, message)), "5bc94fbc3221a5db94fae95ae7121a47");
  message = plain;
  Aead gcm256(Cipher::aes_256_gcm, hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  EXPECT_EQ(to_hex(gcm256.seal(nonce, aad, message)), "76fc6ece0f4e1768cddf8853bb2d551b");
}

const char* const kWindowsWrite =
    "FE534D4240000100000000000900400008000000000000000400000000000000FFFE0000010000001100001400E40800000000000000000000"
    "000000000000003100700017000000000000000000000015010000390000020100000039020000000000000000000070000000000000005"
    "36D623320656E6372797074696F6E2074657374696E67";

// "Encryption in SMB 3.0: a protocol perspective", Microsoft's published example: a WRITE request of a Windows client.
TEST(Aead, seals_as_a_windows_client_did) {
  ByteVector message = hex(kWindowsWrite);
  Aead aead(Cipher::aes_128_ccm, hex("261B72350558F2E9DCF613070383EDBF"));
  const AeadTag tag = aead.seal(hex_array<16>("66E69A111892584FB5ED524A744DA3EE"),
                                hex("66E69A111892584FB5ED524A744DA3EE87000000000001001100001400E40800"), message);
  EXPECT_EQ(to_hex(tag), "81a286535415445dae393921e44fa42e");
  EXPECT_EQ(to_hex(Bytes(message).first(16)), "25c8fee16605a437832d1cd52da9f464");
  EXPECT_EQ(to_hex(Bytes(message).last(7)), "e33ffe4e7ac2ab");
}

// The response of the Windows server in the same example.
TEST(Aead, opens_what_a_windows_server_sealed) {
  ByteVector message = hex(
      "DBF46435C5F14169293CE079E344479BF670227E49873F458672C3098DAC467DD5809F369D674091665157871483E01F7BECD02064EAC3E2"
      "35F913668BBC2F097980D4B378F1993EFF6E60D177309E5B");
  Aead aead(Cipher::aes_128_ccm, hex("8FE2B57EC34D2DB5B1A9727F526BBDB5"));
  EXPECT_TRUE(aead.open(hex_array<16>("86000000000000001100001400E40800"),
                        hex("86000000000000001100001400E4080050000000000001001100001400E40800"), message,
                        hex_array<16>("A6015530A18F6D9AFFE22AFAE8E66484")));
  EXPECT_EQ(
      to_hex(message),
      "fe534d4240000100000000000900210009000000000000000400000000000000fffe0000010000001100001400e408000000000000000"
      "000000000000000000011000000170000000000000000000000");
}

TEST(Aead, a_message_in_parts_is_sealed_as_the_whole) {
  for (const Vector& v : kVectors) {
    Aead aead(v.cipher, key_for(v.cipher));
    for (const std::size_t cut : {0u, 1u, 15u, 16u, 17u, 64u, 75u}) {
      ByteVector message = kPlain;
      const MutableBytes all(message);
      const MutableBytes parts[] = {all.first(cut), {}, all.subspan(cut)};
      EXPECT_EQ(to_hex(aead.seal(kNonce, kAad, parts)), v.tag) << to_string(v.cipher) << " cut at " << cut;
      EXPECT_EQ(to_hex(message), v.text);
    }
  }
}

TEST(Aead, what_was_changed_on_the_way_does_not_open_and_is_zeroed) {
  for (const Cipher c : kAll) {
    Aead aead(c, key_for(c));
    ByteVector sealed = kPlain;
    const AeadTag tag = aead.seal(kNonce, kAad, sealed);
    const auto opens = [&](std::size_t text_flip, std::size_t aad_flip, std::size_t tag_flip) {
      ByteVector message = sealed;
      ByteVector aad = kAad;
      AeadTag t = tag;
      if (text_flip < message.size()) message[text_flip] ^= 1;
      if (aad_flip < aad.size()) aad[aad_flip] ^= 1;
      if (tag_flip < t.size()) t[tag_flip] ^= 1;
      const bool ok = aead.open(kNonce, aad, message, t);
      EXPECT_TRUE(ok || message == ByteVector(message.size())) << "plain text was left behind";
      return ok;
    };
    constexpr std::size_t kNone = 1000;
    EXPECT_TRUE(opens(kNone, kNone, kNone));
    for (std::size_t i = 0; i < kPlain.size(); ++i) EXPECT_FALSE(opens(i, kNone, kNone));
    for (std::size_t i = 0; i < kAad.size(); ++i) EXPECT_FALSE(opens(kNone, i, kNone));
    for (std::size_t i = 0; i < tag.size(); ++i) EXPECT_FALSE(opens(kNone, kNone, i));
    EXPECT_TRUE(opens(kNone, kNone, kNone)) << "a failure must not spoil the context";
  }
}

TEST(Aead, one_context_serves_messages_of_different_lengths_in_turn) {
  for (const Cipher c : kAll) {
    Aead sealer(c, key_for(c));
    Aead opener(c, key_for(c));
    NonceCounter nonces;
    for (const std::size_t size : {64u, 1u, 100000u, 64u, 8u}) {
      const ByteVector plain = counting(1, size);
      ByteVector message = plain;
      const AeadNonce nonce = nonces.next().value();
      const AeadTag tag = sealer.seal(nonce, kAad, message);
      EXPECT_TRUE(opener.open(nonce, kAad, message, tag));
      EXPECT_EQ(message, plain);
    }
  }
}

TEST(NonceCounter, never_repeats_and_ends_before_it_wraps) {
  NonceCounter counter(3);
  const auto a = counter.next(), b = counter.next(), c = counter.next();
  ASSERT_TRUE(a && b && c);
  EXPECT_NE(*a, *b);
  EXPECT_NE(*b, *c);
  EXPECT_TRUE(counter.exhausted());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(counter.next(), std::nullopt);
}

TEST(NonceCounter, differs_within_the_eleven_bytes_that_ccm_uses) {
  NonceCounter counter;
  for (int i = 0; i < 300; ++i) counter.next();
  const auto a = counter.next(), b = counter.next();
  EXPECT_FALSE(std::equal(a->begin(), a->begin() + 11, b->begin()));
  EXPECT_EQ(std::count(a->begin() + 11, a->end(), 0), 5);
}

TEST(Cipher, wire_values_beyond_the_known_are_no_cipher) {
  EXPECT_EQ(cipher_from_wire(0), std::nullopt);
  EXPECT_EQ(cipher_from_wire(4), Cipher::aes_256_gcm);
  EXPECT_EQ(cipher_from_wire(5), std::nullopt);
}

}  // namespace
}  // namespace dozo::crypto
