#include "share/range_locks.h"

#include <gtest/gtest.h>

#include <random>

namespace dozo::share {
namespace {

constexpr OpenId kA{1};
constexpr OpenId kB{2};
constexpr std::uint64_t kMax = ~std::uint64_t{0};

// [MS-FSA] 2.1.4.10, word for word, over a plain list.
bool conflicts_as_specified(const std::vector<RangeLock>& locks, ByteRange range, OpenId open, bool exclusive,
                            bool lock_intent) {
  if (range.offset == 0 && range.length == 0) return false;
  for (const RangeLock& lock : locks) {
    if (lock.range.offset == 0 && lock.range.length == 0) continue;
    const std::uint64_t last1 = range.offset + range.length - 1;
    const std::uint64_t last2 = lock.range.offset + lock.range.length - 1;
    if (!(range.offset <= last2 && last1 >= lock.range.offset)) continue;
    if (lock.exclusive) {
      if (lock.open != open) return true;
      if (exclusive && lock_intent) return true;
    } else if (exclusive) {
      return true;
    }
  }
  return false;
}

bool is_exclusive(RangeUse use) { return use == RangeUse::write || use == RangeUse::lock_exclusive; }
bool is_lock(RangeUse use) { return use == RangeUse::lock_shared || use == RangeUse::lock_exclusive; }
constexpr std::array<RangeUse, kRangeUses> kUses = {RangeUse::read, RangeUse::write, RangeUse::lock_shared,
                                                    RangeUse::lock_exclusive};

TEST(RangeLocks, the_compatibility_table_is_the_algorithm_of_the_specification) {
  for (const bool exclusive : {false, true}) {
    for (const OpenId holder : {kA, kB}) {
      RangeLocks locks;
      const RangeLock lock{{10, 10}, holder, exclusive};
      locks.insert(lock);
      for (const RangeUse use : kUses) {
        EXPECT_EQ(locks.conflicts({15, 1}, kA, use),
                  conflicts_as_specified({lock}, {15, 1}, kA, is_exclusive(use), is_lock(use)))
            << exclusive << " " << holder.value() << " " << static_cast<int>(use);
      }
    }
  }
}

TEST(RangeLocks, ranges_overlap_as_the_specification_computes_them) {
  for (std::uint64_t o1 = 0; o1 < 6; ++o1) {
    for (std::uint64_t n1 = 0; n1 < 5; ++n1) {
      for (std::uint64_t o2 = 0; o2 < 6; ++o2) {
        for (std::uint64_t n2 = 0; n2 < 5; ++n2) {
          EXPECT_EQ((ByteRange{o1, n1}.overlaps({o2, n2})),
                    conflicts_as_specified({{{o2, n2}, kB, true}}, {o1, n1}, kA, true, true))
              << o1 << "+" << n1 << " " << o2 << "+" << n2;
        }
      }
    }
  }
}

TEST(RangeLocks, only_bytes_beyond_the_last_offset_make_a_range_invalid) {
  EXPECT_TRUE((ByteRange{kMax, 1}.is_valid()));
  EXPECT_TRUE((ByteRange{kMax, 0}.is_valid()));
  EXPECT_TRUE((ByteRange{0, kMax}.is_valid()));
  EXPECT_TRUE((ByteRange{1, kMax}.is_valid()));
  EXPECT_FALSE((ByteRange{2, kMax}.is_valid()));
  EXPECT_FALSE((ByteRange{kMax, 2}.is_valid()));
  EXPECT_FALSE((ByteRange{kMax, kMax}.is_valid()));
}

TEST(RangeLocks, io_is_cut_at_the_last_offset) {
  EXPECT_EQ(ByteRange::of_io(kMax, 10), (ByteRange{kMax, 1}));
  EXPECT_EQ(ByteRange::of_io(kMax, 1), (ByteRange{kMax, 1}));
  EXPECT_EQ(ByteRange::of_io(5, 0), (ByteRange{5, 0}));
  EXPECT_EQ(ByteRange::of_io(0, kMax), (ByteRange{0, kMax}));
  EXPECT_EQ(ByteRange::of_io(3, kMax), (ByteRange{3, kMax - 2}));
}

TEST(RangeLocks, a_long_lock_is_found_behind_many_short_ones) {
  RangeLocks locks;
  locks.insert({{0, 1000000}, kA, true});
  for (std::uint64_t i = 1; i < 1000; ++i) locks.insert({{i * 10, 1}, kA, false});
  EXPECT_TRUE(locks.conflicts({999999, 1}, kB, RangeUse::read));
  EXPECT_FALSE(locks.conflicts({1000000, 1}, kB, RangeUse::read));
  ASSERT_TRUE(locks.remove({0, 1000000}, kA));
  EXPECT_FALSE(locks.conflicts({999999, 1}, kB, RangeUse::read));
}

TEST(RangeLocks, removing_all_of_an_open_leaves_the_others) {
  RangeLocks locks;
  locks.insert({{0, 5}, kA, false});
  locks.insert({{0, 5}, kB, false});
  locks.insert({{3, 100}, kA, false});
  EXPECT_EQ(locks.remove_all(kA), 2u);
  EXPECT_EQ(locks.size(), 1u);
  EXPECT_FALSE(locks.conflicts({5, 10}, kA, RangeUse::write));
  EXPECT_TRUE(locks.conflicts({4, 10}, kA, RangeUse::write));
}

TEST(RangeLocks, random_changes_agree_with_a_plain_list) {
  std::mt19937_64 random(1);
  RangeLocks locks;
  std::vector<RangeLock> plain;
  for (int i = 0; i < 20000; ++i) {
    const RangeLock lock{{random() % 40, random() % 12}, OpenId{1 + random() % 3}, random() % 3 == 0};
    const RangeUse use = kUses[random() % kRangeUses];
    ASSERT_EQ(locks.conflicts(lock.range, lock.open, use),
              conflicts_as_specified(plain, lock.range, lock.open, is_exclusive(use), is_lock(use)));
    if (plain.size() < 20 && random() % 2 == 0) {
      locks.insert(lock);
      plain.push_back(lock);
    } else if (random() % 200 == 0) {
      ASSERT_EQ(locks.remove_all(lock.open), std::erase_if(plain, [&](auto& l) { return l.open == lock.open; }));
    } else if (!plain.empty()) {
      const RangeLock victim = plain[random() % plain.size()];
      locks.take_back(victim);
      plain.erase(std::ranges::find(plain, victim));
    }
    ASSERT_EQ(locks.size(), plain.size());
  }
}

}  // namespace
}  // namespace dozo::share
