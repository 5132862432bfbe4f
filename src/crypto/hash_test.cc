#include "crypto/hash.h"

#include <gtest/gtest.h>

#include "base/hex_for_tests.h"
#include "crypto/random.h"

namespace dozo::crypto {
namespace {

TEST(Hash, md4_gives_the_digests_of_rfc_1320) {
  EXPECT_EQ(to_hex(md4({})), "31d6cfe0d16ae931b73c59d7e0c089c0");
  EXPECT_EQ(to_hex(md4(as_bytes("message digest"))), "d9130a8164549fe818874806e1c7014b");
}

TEST(Hash, md5_gives_the_digests_of_rfc_1321) {
  EXPECT_EQ(to_hex(md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5(as_bytes("abc"))), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Hash, hmac_md5_gives_the_digests_of_rfc_2202) {
  EXPECT_EQ(to_hex(hmac_md5(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "750c783e6ab0b503eaa86e310a5db738");
}

TEST(Hash, hmac_sha256_gives_the_digests_of_rfc_4231_also_in_parts) {
  const std::string expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  const Bytes parts[] = {as_bytes("what do ya"), {}, as_bytes(" want for nothing?")};
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))), expected);
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), parts)), expected);
}

TEST(Hash, sha2_gives_the_digests_of_fips_180_4) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha512(as_bytes("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Rc4, gives_the_streams_of_rfc_6229_also_in_pieces) {
  const ByteVector zeros(32);
  const std::string expected = "b2396305f03dc027ccc3524a0a1118a86982944f18fc82d589c403a47a0d0919";
  ByteVector out(32);
  Rc4(hex("0102030405")).apply(zeros, out);
  EXPECT_EQ(to_hex(out), expected);

  Rc4 pieces(hex("0102030405"));
  pieces.apply(Bytes(zeros).first(7), MutableBytes(out).first(7));
  pieces.apply(Bytes(zeros).subspan(7), MutableBytes(out).subspan(7));
  EXPECT_EQ(to_hex(out), expected);
}

TEST(ConstantTimeEqual, compares_content_and_length) {
  EXPECT_TRUE(constant_time_equal(hex("0011"), hex("0011")));
  EXPECT_FALSE(constant_time_equal(hex("0011"), hex("0012")));
  EXPECT_FALSE(constant_time_equal(hex("0011"), hex("001100")));
  EXPECT_TRUE(constant_time_equal({}, {}));
}

TEST(Random, fills_all_of_a_buffer_larger_than_one_system_call_gives) {
  ByteVector big(1 << 20);
  fill_random(big);
  EXPECT_NE(to_hex(Bytes(big).last(16)), std::string(32, '0'));
  EXPECT_NE(random_bytes<16>(), random_bytes<16>());
}

}  // namespace
}  // namespace dozo::crypto
