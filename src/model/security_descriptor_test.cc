#include "model/security_descriptor.h"

#include <gtest/gtest.h>

#include "model/nt_status.h"

namespace dozo {
namespace {

Ace allow_ace(const Sid& sid, AccessMask mask) {
  return {.type = 0, .flags = {}, .mask = mask, .sid = sid, .trailing = {}};
}

SecurityDescriptor sample() {
  SecurityDescriptor sd;
  sd.control = SdControl::self_relative | SdControl::dacl_present | SdControl::dacl_protected;
  sd.owner = sid_administrators();
  sd.group = sid_system();
  sd.dacl = Acl{2, {allow_ace(sid_everyone(), kFileGenericRead), allow_ace(sid_system(), kFileAllAccess)}};
  return sd;
}

// Positions in the encoded form of sample(): header, owner (16), group (12), DACL.
constexpr std::size_t kDaclAt = 20 + 16 + 12;
constexpr std::size_t kFirstAceAt = kDaclAt + 8;

const auto kBad = fail(NtStatus::INVALID_SECURITY_DESCR);

TEST(SecurityDescriptor, goes_there_and_back) {
  SecurityDescriptor sd = sample();
  sd.sacl = Acl{4, {{.type = 2, .flags = AceFlag::failed_access, .mask = {}, .sid = sid_everyone(), .trailing = {}}}};
  sd.control |= SdControl::sacl_present;
  EXPECT_EQ(decode_security_descriptor(encode_security_descriptor(sd)), sd);
}

TEST(SecurityDescriptor, bytes_are_laid_out_as_specified) {
  SecurityDescriptor sd;
  sd.control = SdControl::dacl_present;
  sd.dacl = Acl{2, {allow_ace(sid_everyone(), AccessMask::from_wire(0x001F01FF))}};
  const ByteVector expected{
      1, 0, 0x04, 0x80, 0,    0,    0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0,  // [MS-DTYP] 2.4.6
      2, 0, 28,   0,    1,    0,    0,    0,                                          // [MS-DTYP] 2.4.5
      0, 0, 20,   0,    0xFF, 0x01, 0x1F, 0x00,                                       // [MS-DTYP] 2.4.4.2
      1, 1, 0,    0,    0,    0,    0,    1,    0, 0, 0, 0,
  };
  EXPECT_EQ(encode_security_descriptor(sd), expected);
}

TEST(SecurityDescriptor, null_acl_and_empty_acl_stay_different) {
  SecurityDescriptor null_dacl;
  null_dacl.control = SdControl::dacl_present | SdControl::self_relative;
  const auto decoded_null = decode_security_descriptor(encode_security_descriptor(null_dacl)).value();
  EXPECT_TRUE(decoded_null.control.has(SdControl::dacl_present));
  EXPECT_FALSE(decoded_null.dacl.has_value());

  SecurityDescriptor empty_dacl;
  empty_dacl.dacl = Acl{};
  const auto decoded_empty = decode_security_descriptor(encode_security_descriptor(empty_dacl)).value();
  ASSERT_TRUE(decoded_empty.dacl.has_value());
  EXPECT_TRUE(decoded_empty.dacl->aces.empty());
}

TEST(SecurityDescriptor, cut_short_anywhere_it_is_refused) {
  const ByteVector whole = encode_security_descriptor(sample());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_EQ(decode_security_descriptor(Bytes(whole).first(n)), kBad) << n;
  }
}

TEST(SecurityDescriptor, survives_any_changed_byte) {
  const ByteVector whole = encode_security_descriptor(sample());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
      ByteVector changed = whole;
      changed[at] = static_cast<std::uint8_t>(value);
      if (const auto sd = decode_security_descriptor(changed)) {
        EXPECT_EQ(decode_security_descriptor(encode_security_descriptor(*sd)).value().owner, sd->owner);
      }
    }
  }
}

TEST(SecurityDescriptor, offsets_into_the_header_beyond_the_end_or_wrapping_are_refused) {
  const ByteVector whole = encode_security_descriptor(sample());
  for (const std::size_t field : {4u, 8u, 16u}) {
    for (const std::uint32_t offset : {1u, 19u, static_cast<std::uint32_t>(whole.size()), 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      ByteVector changed = whole;
      store_le(changed.data() + field, offset);
      EXPECT_EQ(decode_security_descriptor(changed), kBad) << field << " " << offset;
    }
  }
}

TEST(SecurityDescriptor, owner_and_group_may_be_the_same_bytes) {
  ByteVector whole = encode_security_descriptor(sample());
  store_le(whole.data() + 8, load_le<std::uint32_t>(whole.data() + 4));
  EXPECT_EQ(decode_security_descriptor(whole).value().group, sid_administrators());
}

TEST(SecurityDescriptor, the_offset_of_an_acl_that_is_not_present_is_ignored) {
  ByteVector whole = encode_security_descriptor(sample());
  store_le(whole.data() + 12, std::uint32_t{0xFFFFFFFF});
  EXPECT_EQ(decode_security_descriptor(whole).value(), sample());
}

TEST(SecurityDescriptor, absolute_form_and_other_revisions_are_refused) {
  ByteVector whole = encode_security_descriptor(sample());
  whole[3] &= 0x7F;
  EXPECT_EQ(decode_security_descriptor(whole), kBad);
  whole[3] |= 0x80;
  whole[0] = 2;
  EXPECT_EQ(decode_security_descriptor(whole), kBad);
}

TEST(Acl, sizes_that_do_not_hold_its_aces_are_refused) {
  const ByteVector whole = encode_security_descriptor(sample());
  const auto real = load_le<std::uint16_t>(whole.data() + kDaclAt + 2);
  for (const int size : {0, 7, 8, 12, real - 1, real + 1, 0xFFFF}) {
    ByteVector changed = whole;
    store_le(changed.data() + kDaclAt + 2, static_cast<std::uint16_t>(size));
    EXPECT_EQ(decode_security_descriptor(changed), kBad) << size;
  }
}

TEST(Acl, counts_beyond_its_aces_are_refused_and_slack_is_not) {
  ByteVector whole = encode_security_descriptor(sample());
  for (const int count : {3, 100, 0xFFFF}) {
    store_le(whole.data() + kDaclAt + 4, static_cast<std::uint16_t>(count));
    EXPECT_EQ(decode_security_descriptor(whole), kBad) << count;
  }
  store_le(whole.data() + kDaclAt + 4, std::uint16_t{1});
  EXPECT_EQ(decode_security_descriptor(whole).value().dacl->aces.size(), 1u);
}

TEST(Acl, revisions_other_than_two_to_four_are_refused) {
  ByteVector whole = encode_security_descriptor(sample());
  for (const int revision : {0, 1, 5, 255}) {
    whole[kDaclAt] = static_cast<std::uint8_t>(revision);
    EXPECT_EQ(decode_security_descriptor(whole), kBad) << revision;
  }
}

TEST(Ace, sizes_below_its_sid_uneven_or_beyond_the_acl_are_refused) {
  const ByteVector whole = encode_security_descriptor(sample());
  for (const int size : {0, 1, 3, 4, 8, 16, 18, 19, 21, 22, 0xFFFC}) {
    ByteVector changed = whole;
    store_le(changed.data() + kFirstAceAt + 2, static_cast<std::uint16_t>(size));
    EXPECT_EQ(decode_security_descriptor(changed), kBad) << size;
  }
}

TEST(Ace, object_guids_and_conditions_are_kept_as_they_are) {
  ByteVector one_guid(4 + 16 + 8, 0x5A);
  store_le(one_guid.data(), std::uint32_t{2});
  SecurityDescriptor sd = sample();
  sd.dacl = Acl{4,
                {{.type = 5, .flags = {}, .mask = kFileAllAccess, .sid = sid_everyone(), .trailing = one_guid},
                 {.type = 9, .flags = {}, .mask = {}, .sid = sid_system(), .trailing = {'a', 'r', 't', 'x'}},
                 {.type = 0x42, .flags = {}, .mask = {}, .sid = {}, .trailing = {1, 2, 3, 4}}}};
  EXPECT_EQ(decode_security_descriptor(encode_security_descriptor(sd)), sd);
}

TEST(Ace, an_object_ace_without_room_for_its_guids_is_refused) {
  SecurityDescriptor sd = sample();
  ByteVector flags(4);
  sd.dacl = Acl{4, {{.type = 5, .flags = {}, .mask = {}, .sid = sid_everyone(), .trailing = flags}}};
  ByteVector whole = encode_security_descriptor(sd);
  store_le(whole.data() + kFirstAceAt + 8, std::uint32_t{3});
  EXPECT_EQ(decode_security_descriptor(whole), kBad);
}

TEST(Acl, encoded_size_is_what_encoding_takes) {
  SecurityDescriptor sd;
  sd.dacl = sample().dacl;
  EXPECT_EQ(encode_security_descriptor(sd).size(), 20 + encoded_size(*sd.dacl));
}

}  // namespace
}  // namespace dozo
