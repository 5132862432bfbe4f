#include "model/guid.h"

#include <gtest/gtest.h>

namespace dozo {
namespace {

TEST(Guid, the_first_three_fields_are_little_endian) {
  const Guid guid = guid_from_string("00112233-4455-6677-8899-aabbccddeeff").value();
  const std::array<std::uint8_t, 16> wire{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
                                          0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
  EXPECT_EQ(guid.bytes, wire);
  EXPECT_EQ(to_string(guid), "00112233-4455-6677-8899-aabbccddeeff");
}

TEST(Guid, upper_case_is_read) {
  EXPECT_EQ(guid_from_string("6BA7B810-9DAD-11D1-80B4-00C04FD430C8"),
            guid_from_string("6ba7b810-9dad-11d1-80b4-00c04fd430c8"));
}

TEST(Guid, text_that_is_no_guid_is_refused) {
  for (const char* text : {"", "6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810-9dad-11d1-80b4-00c04fd430c8 ",
                           "6ba7b810x9dad-11d1-80b4-00c04fd430c8", "{ba7b810-9dad-11d1-80b4-00c04fd430c8}",
                           "6ba7b8109-dad-11d1-80b4-00c04fd430c8", "gba7b810-9dad-11d1-80b4-00c04fd430c8"}) {
    EXPECT_FALSE(guid_from_string(text).has_value()) << text;
  }
}

TEST(Guid, only_sixteen_zeros_are_null) {
  Guid guid;
  EXPECT_TRUE(guid.is_null());
  guid.bytes[15] = 1;
  EXPECT_FALSE(guid.is_null());
}

}  // namespace
}  // namespace dozo
