// What counts as an answer in QUIC. RFC 9000 17.2.1.
#include "scan/quic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dozo::scan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const ByteVector kId = {1, 2, 3, 4, 5, 6, 7, 8};

ByteVector negotiation(const ByteVector& id, std::initializer_list<std::uint8_t> versions) {
  ByteVector out = {0x80, 0, 0, 0, 0, 8};
  out.insert(out.end(), id.begin(), id.end());
  out.push_back(8);
  out.insert(out.end(), id.begin(), id.end());
  out.insert(out.end(), versions);
  return out;
}

TEST(Quic, the_probe_is_as_long_as_a_server_demands_and_of_no_version) {
  const ByteVector probe = encode_quic_probe(kId);
  EXPECT_EQ(probe.size(), 1200u);
  EXPECT_EQ(probe[1] & 0x0F, 0x0A);
  EXPECT_EQ(probe[5], 8);
}

TEST(Quic, a_version_negotiation_with_our_ids_is_an_answer) {
  EXPECT_THAT(decode_version_negotiation(negotiation(kId, {0, 0, 0, 1, 0x6b, 0x33, 0x43, 0xcf}), kId),
              ElementsAre(1u, 0x6b3343cfu));
}

TEST(Quic, anything_else_is_none) {
  const ByteVector other = {1, 2, 3, 4, 5, 6, 7, 9};
  EXPECT_THAT(decode_version_negotiation(negotiation(other, {0, 0, 0, 1}), kId), IsEmpty());
  EXPECT_THAT(decode_version_negotiation(negotiation(kId, {0, 0, 1}), kId), IsEmpty());
  EXPECT_THAT(decode_version_negotiation(encode_quic_probe(kId), kId), IsEmpty());  // our own, sent back
  const ByteVector whole = negotiation(kId, {0, 0, 0, 1});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(decode_version_negotiation(Bytes(whole).first(size), kId), IsEmpty()) << size;
  }
}

}  // namespace
}  // namespace dozo::scan
