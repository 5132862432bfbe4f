#include "vfs/posix/dos_attributes.h"

#include <gtest/gtest.h>

namespace dozo::vfs::posix {
namespace {

ByteVector from_hex(std::string_view hex) {
  ByteVector out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  return out;
}

// Written by smbd 4.17.12.
constexpr std::string_view kArchive = "000005000500000011000000200000007ed6f611347add01";
constexpr std::string_view kAll = "000005000500000011000000270000003703f711347add01";
constexpr std::string_view kDirectory = "00000500050000001100000010000000d4ecf611347add01";

TEST(DosAttributes, records_of_smbd_are_read_and_written_byte_for_byte) {
  for (const std::string_view hex : {kArchive, kAll, kDirectory}) {
    const ByteVector blob = from_hex(hex);
    const auto record = decode_dos_attributes(blob);
    ASSERT_TRUE(record && record->attributes && record->creation_time);
    EXPECT_EQ(encode_dos_attributes(*record->attributes, *record->creation_time), blob);
  }
  EXPECT_EQ(decode_dos_attributes(from_hex(kAll))->attributes->bits(), 0x27u);
  EXPECT_EQ(decode_dos_attributes(from_hex(kArchive))->creation_time->ticks, 0x01dd7a3411f6d67eu);
}

TEST(DosAttributes, older_versions_are_read) {
  const std::string time = "7ed6f611347add01";
  const std::string sizes =
      "00000000"
      "0000000000000000"
      "0000000000000000";
  const auto created = [](const std::string& hex) { return decode_dos_attributes(from_hex(hex))->creation_time; };
  EXPECT_EQ(created("0000040004000000"
                    "11000000"
                    "20000000"
                    "0000000000000000" +
                    time)
                ->ticks,
            0x01dd7a3411f6d67eu);
  EXPECT_EQ(created("0000030003000000"
                    "11000000"
                    "20000000" +
                    sizes + time + time)
                ->ticks,
            0x01dd7a3411f6d67eu);
  EXPECT_EQ(created("0000010001000000"
                    "20000000" +
                    sizes + time + time)
                ->ticks,
            0x01dd7a3411f6d67eu);
  EXPECT_EQ(decode_dos_attributes(from_hex("307832300000"
                                           "03000300"
                                           "0000"
                                           "11000000"
                                           "22000000" +
                                           sizes + time))
                ->attributes->bits(),
            0x22u);
  EXPECT_EQ(decode_dos_attributes(from_hex("3078323200"))->attributes->bits(), 0x22u);
}

TEST(DosAttributes, every_truncation_and_unknown_version_is_no_record) {
  const ByteVector blob = from_hex(kArchive);
  for (std::size_t n = 0; n < blob.size(); ++n) EXPECT_FALSE(decode_dos_attributes(Bytes(blob).first(n))) << n;
  EXPECT_FALSE(decode_dos_attributes(from_hex("000006000600000011000000200000007ed6f611347add01")));
  EXPECT_FALSE(decode_dos_attributes(from_hex("000005000400000011000000200000007ed6f611347add01")));
  EXPECT_FALSE(decode_dos_attributes(ByteVector(4096, 'a')));
}

TEST(DosAttributes, bits_that_no_record_has_are_dropped) {
  const auto record = decode_dos_attributes(from_hex("00000500050000001100000000fcffff7ed6f611347add01"));
  EXPECT_FALSE(record->attributes->has(FileAttribute::reparse_point));
  EXPECT_FALSE(record->attributes->has(FileAttribute::encrypted));
}

}  // namespace
}  // namespace dozo::vfs::posix
