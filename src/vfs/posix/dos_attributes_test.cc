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

TEST(DosAttributes, a_change_time_lies_behind_what_smbd_reads) {
  const ByteVector plain = encode_dos_attributes(FileAttribute::archive, {5});
  const ByteVector kept = encode_dos_attributes(FileAttribute::archive, {5}, KeptChangeTime{{7}, 9});
  EXPECT_TRUE(std::ranges::equal(plain, Bytes(kept).first(plain.size())));
  const auto record = decode_dos_attributes(kept);
  ASSERT_TRUE(record && record->change_time);
  EXPECT_EQ(record->change_time->time, FileTime{7});
  EXPECT_EQ(record->change_time->written_ns, 9);
  EXPECT_EQ(record->creation_time, FileTime{5});
}

TEST(DosAttributes, a_change_time_that_is_cut_or_unmarked_is_none) {
  ByteVector kept = encode_dos_attributes(FileAttribute::archive, {5}, KeptChangeTime{{7}, 9});
  for (std::size_t n = kept.size() - 20; n < kept.size(); ++n) {
    const auto record = decode_dos_attributes(Bytes(kept).first(n));
    ASSERT_TRUE(record) << n;
    EXPECT_FALSE(record->change_time) << n;
  }
  kept[kept.size() - 20] ^= 1;
  EXPECT_FALSE(decode_dos_attributes(kept)->change_time);
}

TEST(DosAttributes, a_change_time_holds_until_the_object_is_changed_again) {
  const KeptChangeTime kept{{7}, 1'000'000'000};
  EXPECT_TRUE(kept.stands_for(1'000'000'000));
  EXPECT_TRUE(kept.stands_for(1'000'900'000));
  EXPECT_TRUE(kept.stands_for(996'000'000));  // a clock that moves in ticks
  EXPECT_FALSE(kept.stands_for(1'020'000'000));
  EXPECT_FALSE(kept.stands_for(900'000'000));
  EXPECT_FALSE((KeptChangeTime{{7}, INT64_MIN}.stands_for(INT64_MAX - 20'000'000)));
}

}  // namespace
}  // namespace dozo::vfs::posix
