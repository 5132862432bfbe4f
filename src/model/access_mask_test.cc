#include "model/access_mask.h"

#include <gtest/gtest.h>

namespace dozo {
namespace {

TEST(AccessMask, generic_rights_become_file_rights) {
  EXPECT_EQ(map_generic(Access::generic_read).bits(), 0x00120089u);
  EXPECT_EQ(map_generic(Access::generic_write).bits(), 0x00120116u);
  EXPECT_EQ(map_generic(Access::generic_execute).bits(), 0x001200A0u);
  EXPECT_EQ(map_generic(Access::generic_all).bits(), 0x001F01FFu);
}

TEST(AccessMask, mapping_keeps_the_rights_already_specific_and_maximum_allowed) {
  const AccessMask mask = Access::generic_read | Access::delete_object | Access::maximum_allowed;
  EXPECT_EQ(map_generic(mask), kFileGenericRead | Access::delete_object | Access::maximum_allowed);
}

TEST(AccessMask, no_generic_bit_survives_mapping) {
  EXPECT_EQ(map_generic(AccessMask::from_wire(0xFFFFFFFF)).bits() & 0xF0000000u, 0u);
}

TEST(AccessMask, valid_bits_are_those_with_a_name) {
  EXPECT_TRUE(kValidAccessBits.has_all(kFileAllAccess));
  EXPECT_FALSE(kValidAccessBits.has_any(AccessMask::from_wire(0x0CE0FE00)));
}

TEST(Flags, unknown_bits_from_the_wire_are_kept) {
  EXPECT_EQ((AccessMask::from_wire(0x00000200) | Access::read_data).bits(), 0x00000201u);
}

}  // namespace
}  // namespace dozo
