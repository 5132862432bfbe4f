#include "share/share_mode.h"

#include <gtest/gtest.h>

#include "share/engine.h"

namespace dozo::share {
namespace {

constexpr AccessMask kTakesPart =
    Access::read_data | Access::execute | Access::write_data | Access::append_data | Access::delete_object;
constexpr std::array<Access, 5> kRights = {Access::read_data, Access::execute, Access::write_data, Access::append_data,
                                           Access::delete_object};

// [MS-FSA] 2.1.5.1.2.2, word for word.
bool violates(AccessMask access, ShareAccess share, AccessMask existing, ShareAccess existing_share) {
  if (!access.has_any(kTakesPart) || !existing.has_any(kTakesPart)) return false;
  const auto one_way = [](ShareAccess s, AccessMask a) {
    if (!s.has(ShareFlag::read) && a.has_any(Access::read_data | Access::execute)) return true;
    if (!s.has(ShareFlag::write) && a.has_any(Access::write_data | Access::append_data)) return true;
    return !s.has(ShareFlag::delete_access) && a.has(Access::delete_object);
  };
  return one_way(existing_share, access) || one_way(share, existing);
}

AccessMask access_of(unsigned bits) {
  AccessMask out = Access::read_attributes;
  for (std::size_t i = 0; i < kRights.size(); ++i) {
    if ((bits >> i & 1) != 0) out |= kRights[i];
  }
  return out;
}

OpenRequest open_of(std::uint64_t id, unsigned access, unsigned share) {
  OpenRequest request;
  request.open = OpenId{id};
  request.key = {1, 1, 1, {}};
  request.path = u"F";
  request.granted_access = access_of(access);
  request.share_access = ShareAccess::from_wire(share);
  return request;
}

TEST(ShareMode, the_whole_matrix_of_two_opens_is_as_specified) {
  std::size_t refused = 0;
  for (unsigned first = 0; first < 256; ++first) {
    Engine engine;
    const OpenRequest a = open_of(1, first >> 3, first & 7);
    ASSERT_TRUE(engine.apply(a, {}).granted());
    for (unsigned second = 0; second < 256; ++second) {
      const OpenRequest b = open_of(2, second >> 3, second & 7);
      const bool violation = violates(b.granted_access, b.share_access, a.granted_access, a.share_access);
      const Result<> got = engine.apply(b, {}).result();
      ASSERT_EQ(got, violation ? Result<>(fail(NtStatus::SHARING_VIOLATION)) : Result<>()) << first << " " << second;
      if (got) ASSERT_TRUE(engine.apply(CloseOpen{b.open}, {}).granted());
      refused += violation ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 10000u);
  EXPECT_LT(refused, 65000u);
}

TEST(ShareMode, every_right_that_takes_part_is_in_exactly_one_rule) {
  AccessMask seen;
  for (const ShareRule& rule : kShareRules) {
    EXPECT_FALSE(seen.has_any(rule.rights));
    seen |= rule.rights;
  }
  EXPECT_EQ(seen, kTakesPart);
  EXPECT_TRUE(kShareRules[kDeleteRule].rights.has(Access::delete_object));
}

TEST(ShareMode, an_open_for_attributes_neither_uses_nor_denies) {
  EXPECT_EQ(ShareRights::of(Access::read_attributes | Access::read_control | Access::write_dac, {}), ShareRights{});
}

TEST(ShareMode, a_tally_returns_to_nothing) {
  ShareTally tally;
  const ShareRights all = ShareRights::of(kTakesPart, {});
  tally.add(all);
  EXPECT_TRUE(tally.conflicts(all));
  tally.remove(all);
  EXPECT_FALSE(tally.conflicts(all));
}

}  // namespace
}  // namespace dozo::share
