#include "crypto/kdf.h"

#include <gtest/gtest.h>

#include "base/hex_for_tests.h"
#include "crypto/preauth.h"

namespace dozo::crypto {
namespace {

// Microsoft's published examples: "Encryption in SMB 3.0: a protocol perspective" (3.0) and "SMB 2 and SMB 3 security
// in Windows 10: the anatomy of signing and cryptographic keys" (3.0 and 3.1.1). They name the keys as the client does.
const ByteVector kPreauth = hex(
    "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB7928622DDDAD522D9751640A459762C5A9D6BB084CBB3CE6BD"
    "ADEF5D5BCE3C6C01");
const ByteVector kKey311 = hex("270E1BA896585EEB7AF3472D3B4C75A7");

SessionKeys keys_311(Cipher cipher, Bytes key, Side side) {
  return derive_session_keys(
      {.dialect = Dialect::smb_3_1_1, .cipher = cipher, .mechanism_key = key, .preauth_hash = kPreauth}, side);
}

TEST(Kdf, smb_3_0_keys_are_those_of_windows) {
  const ByteVector key = hex("7CD451825D0450D235424E44BA6E78CC");
  const SessionKeys keys = derive_session_keys(
      {.dialect = Dialect::smb_3_0, .cipher = Cipher::aes_128_ccm, .mechanism_key = key, .preauth_hash = {}},
      Side::client);
  EXPECT_EQ(to_hex(keys.signing.bytes()), "0b7e9c5cac36c0f6ea9ab275298cedce");
  EXPECT_EQ(to_hex(keys.encryption.bytes()), "fad27796665b313ebb578f388632b4f7");
  EXPECT_EQ(to_hex(keys.decryption.bytes()), "b0f0427f7ceb416d1d9dcc0cd4f99447");
  EXPECT_EQ(to_hex(keys.application.bytes()), "bb23a4575aa26c721af525af15a87b4f");
}

TEST(Kdf, smb_3_0_keys_of_a_client_are_those_of_windows) {
  const ByteVector key = hex("B4546771B515F766A86735532DD6C4F0");
  const SessionKeys keys = derive_session_keys(
      {.dialect = Dialect::smb_3_0_2, .cipher = Cipher::aes_128_ccm, .mechanism_key = key, .preauth_hash = {}},
      Side::client);
  EXPECT_EQ(to_hex(keys.signing.bytes()), "f773cd23c18fd1e08ee510cada7cf852");
  EXPECT_EQ(to_hex(keys.encryption.bytes()), "261b72350558f2e9dcf613070383edbf");
  EXPECT_EQ(to_hex(keys.decryption.bytes()), "8fe2b57ec34d2db5b1a9727f526bbdb5");
  EXPECT_EQ(to_hex(keys.application.bytes()), "77432f808ce99156b5bc6a3676d730d1");
}

TEST(Kdf, smb_3_1_1_keys_are_those_of_windows) {
  const SessionKeys keys = keys_311(Cipher::aes_128_gcm, kKey311, Side::client);
  EXPECT_EQ(to_hex(keys.signing.bytes()), "73fe7a9a77bef0bde49c650d8ccb5f76");
  EXPECT_EQ(to_hex(keys.encryption.bytes()), "629bcbc54422a0f572b97f45989b6073");
  EXPECT_EQ(to_hex(keys.decryption.bytes()), "e2af0dcefac68da71a0dfbd0d1350d74");
  EXPECT_EQ(to_hex(keys.application.bytes()), "6d7ad7954e9ec61e907b4d473dc178ff");
}

TEST(Kdf, a_client_seals_with_what_the_server_opens_with) {
  const SessionKeys server = keys_311(Cipher::aes_256_gcm, kKey311, Side::server);
  const SessionKeys client = keys_311(Cipher::aes_256_gcm, kKey311, Side::client);
  EXPECT_EQ(to_hex(server.encryption.bytes()), to_hex(client.decryption.bytes()));
  EXPECT_EQ(to_hex(server.decryption.bytes()), to_hex(client.encryption.bytes()));
  EXPECT_EQ(to_hex(server.signing.bytes()), to_hex(client.signing.bytes()));
}

// Expected values: Python's hmac over [1]_32 || label || 0 || preauth hash || [256]_32.
TEST(Kdf, aes_256_keys_have_256_bits) {
  const SessionKeys keys = keys_311(Cipher::aes_256_ccm, kKey311, Side::server);
  EXPECT_EQ(to_hex(keys.encryption.bytes()), "35952fed051bf2471af5f7acc63674b887a54b47af46959f7caff1ce537d7419");
  EXPECT_EQ(to_hex(keys.decryption.bytes()), "049c27fd8a340262e32c643dea2ba507af7a4c085fd2505aeffcbdeae6d6d8ab");
}

TEST(Kdf, aes_256_keys_come_from_the_full_session_key_and_the_signing_key_does_not) {
  ByteVector full = kKey311;
  for (std::uint8_t i = 0; i < 16; ++i) full.push_back(i);
  const SessionKeys keys = keys_311(Cipher::aes_256_gcm, full, Side::server);
  EXPECT_EQ(to_hex(keys.signing.bytes()), "73fe7a9a77bef0bde49c650d8ccb5f76");
  EXPECT_EQ(to_hex(keys.application.bytes()), "6d7ad7954e9ec61e907b4d473dc178ff");
  EXPECT_EQ(to_hex(keys.encryption.bytes()), "1a76ef5e39ae3b62417c1c361e41e231d5219852757cbb7a356fdd0a4b8c8fc1");
  EXPECT_EQ(to_hex(keys.decryption.bytes()), "d1fb4030be3f706d5d90078476be9d2d7eccb818a90e6dd67aca08f71dd8d4a5");
}

TEST(Kdf, aes_128_keys_ignore_what_lies_beyond_16_bytes) {
  ByteVector full = kKey311;
  full.resize(32, 0x55);
  EXPECT_EQ(to_hex(keys_311(Cipher::aes_128_gcm, full, Side::client).encryption.bytes()),
            "629bcbc54422a0f572b97f45989b6073");
}

TEST(Kdf, smb_2_signs_with_the_session_key_and_has_no_cipher_keys) {
  const SessionKeys keys = derive_session_keys(
      {.dialect = Dialect::smb_2_1, .cipher = {}, .mechanism_key = kKey311, .preauth_hash = {}}, Side::server);
  EXPECT_EQ(to_hex(keys.signing.bytes()), to_hex(kKey311));
  EXPECT_TRUE(keys.encryption.empty());
  EXPECT_TRUE(keys.decryption.empty());
}

TEST(Kdf, without_a_cipher_there_are_no_cipher_keys) {
  const SessionKeys keys = derive_session_keys(
      {.dialect = Dialect::smb_3_1_1, .cipher = {}, .mechanism_key = kKey311, .preauth_hash = kPreauth}, Side::server);
  EXPECT_EQ(to_hex(keys.signing.bytes()), "73fe7a9a77bef0bde49c650d8ccb5f76");
  EXPECT_TRUE(keys.encryption.empty());
}

TEST(Kdf, a_short_mechanism_key_is_padded_with_zeros) {
  EXPECT_EQ(to_hex(session_key_from(hex("0102030405060708")).bytes()), "01020304050607080000000000000000");
  EXPECT_EQ(to_hex(session_key_from({}).bytes()), std::string(32, '0'));
}

TEST(Kdf, a_channel_signs_with_a_key_from_its_own_preauth_hash) {
  EXPECT_EQ(to_hex(derive_signing_key(Dialect::smb_3_1_1, kKey311, kPreauth).bytes()),
            "73fe7a9a77bef0bde49c650d8ccb5f76");
  EXPECT_EQ(to_hex(derive_signing_key(Dialect::smb_3_0, hex("7CD451825D0450D235424E44BA6E78CC"), {}).bytes()),
            "0b7e9c5cac36c0f6ea9ab275298cedce");
  EXPECT_EQ(to_hex(derive_signing_key(Dialect::smb_2_0_2, kKey311, {}).bytes()), to_hex(kKey311));
}

// NEGOTIATE request and SESSION_SETUP request of the same example.
TEST(Preauth, the_chain_is_that_of_windows) {
  PreauthHash hash;
  EXPECT_EQ(to_hex(hash.bytes()), std::string(128, '0'));
  hash.update(
      hex("FE534D4240000100000000000000800000000000000000000100000000000000FFFE0000000000000000000000000000000000000000"
          "000000"
          "0000000000000024000500000000003F000000ECD86F326276024F9F7752B89BB33F3A70000000020000000202100200030203110300"
          "00010"
          "0260000000000010020000100FA49E6578F1F3A9F4CD3E9CC14A67AA884B3D05844E0E5A118225C15887F32FF0000020006000000000"
          "00200"
          "02000100"));
  EXPECT_EQ(
      to_hex(hash.bytes()),
      "dd94efc5321bb618a2e208ba8920d2f422992526947a409b5037de1e0fe8c7362b8c47122594cde0ce26aa9dfc8bcdbde062195767262"
      "3351a7540f1e54a0426");
}

TEST(Preauth, a_message_in_parts_counts_as_the_whole) {
  PreauthHash whole, parts;
  const ByteVector m = hex("000102030405");
  whole.update(m);
  const Bytes pieces[] = {Bytes(m).first(2), Bytes(m).subspan(2)};
  parts.update(pieces);
  EXPECT_EQ(to_hex(whole.bytes()), to_hex(parts.bytes()));
}

}  // namespace
}  // namespace dozo::crypto
