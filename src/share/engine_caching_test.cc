// Oplocks and leases of the bare engine, table by table. What reads better as a story is in tests/scenarios.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "share/engine.h"

namespace dozo::share {
namespace {

using std::chrono::seconds;

LeaseState state_of(std::string_view text) {
  LeaseState state;
  if (text.contains('R')) state |= LeaseBit::read;
  if (text.contains('W')) state |= LeaseBit::write;
  if (text.contains('H')) state |= LeaseBit::handle;
  return state;
}

Guid key_of(int key) {
  Guid guid;
  guid.bytes[0] = static_cast<std::uint8_t>(key);
  return guid;
}

LeaseId lease_id(int key) { return {Guid{}, key_of(key)}; }

// Opens of one file, everything shared; a lease key per number.
class Caches : public testing::Test {
 protected:
  OpenRequest request(std::uint64_t id) {
    OpenRequest r;
    r.open = OpenId{id};
    r.ticket = TicketId{id};
    r.owner = OwnerId{id};
    r.key = {1, 1, 1, {}};
    r.path = u"F";
    r.granted_access = kFileAllAccess;
    r.share_access = ShareAccess::from_wire(7);
    return r;
  }

  OpenRequest with_lease(std::uint64_t id, int key, std::string_view state) {
    OpenRequest r = request(id);
    r.oplock = OplockLevel::lease;
    r.lease = LeaseRequest{.key = key_of(key), .state = state_of(state), .parent_key = {}};
    return r;
  }

  OpenRequest with_oplock(std::uint64_t id, OplockLevel level) {
    OpenRequest r = request(id);
    r.oplock = level;
    return r;
  }

  Effects apply(const Event& event) { return engine_.apply(event, now_); }

  // Opens, acknowledging every break as asked; what was granted.
  Grant open(const OpenRequest& r) {
    Effects effects = apply(r);
    const bool parked = effects.parked();
    acknowledge(effects);
    if (parked) effects = apply(r);
    EXPECT_TRUE(effects.granted());
    return std::get<Grant>(effects.answer());
  }

  void acknowledge(const Effects& effects) {
    for (const Effect& effect : effects) {
      if (const auto* lease = std::get_if<BreakLease>(&effect)) {
        ++breaks_;
        last_from_ = lease->from;
        last_to_ = lease->to;
        if (lease->ack_required) acknowledge(apply(AckLease{lease->lease, lease->to}));
      } else if (const auto* oplock = std::get_if<BreakOplock>(&effect)) {
        ++breaks_;
        last_level_ = oplock->to;
        const bool must = engine_.find_open(oplock->open)->caching.break_in_progress;
        if (must) acknowledge(apply(AckOplock{oplock->open, oplock->to}));
      }
    }
  }

  void use(std::uint64_t open, CacheUse what) { acknowledge(apply(BreakCaches{OpenId{open}, TicketId{99}, what})); }
  LeaseState lease_of(std::uint64_t open) { return engine_.find_open(OpenId{open})->caching.lease; }
  OplockLevel oplock_of(std::uint64_t open) { return engine_.find_open(OpenId{open})->caching.oplock; }

  Engine engine_;
  Instant now_{};
  int breaks_ = 0;
  LeaseState last_from_;
  LeaseState last_to_;
  OplockLevel last_level_ = OplockLevel::none;
};

TEST_F(Caches, a_sole_opener_gets_every_lease_there_is) {
  constexpr std::string_view kRequests[][2] = {{"", ""},     {"R", "R"},   {"H", ""},  {"W", ""},
                                               {"RH", "RH"}, {"RW", "RW"}, {"WH", ""}, {"RWH", "RWH"}};
  for (const auto& [asked, given] : kRequests) {
    const Grant grant = open(with_lease(1, 1, asked));
    EXPECT_EQ(grant.oplock, OplockLevel::lease) << asked;
    EXPECT_EQ(grant.lease, state_of(given)) << asked;
    ASSERT_TRUE(apply(CloseOpen{OpenId{1}}).granted());
  }
}

TEST_F(Caches, a_second_lease_breaks_w_and_gets_what_is_left) {
  // held, asked for, broken to, granted
  constexpr std::string_view kCases[][4] = {
      {"R", "R", "R", "R"},    {"R", "RH", "R", "RH"},    {"R", "RW", "R", "R"},    {"R", "RWH", "R", "RH"},
      {"RH", "R", "RH", "R"},  {"RH", "RH", "RH", "RH"},  {"RH", "RW", "RH", "R"},  {"RH", "RWH", "RH", "RH"},
      {"RW", "R", "R", "R"},   {"RW", "RH", "R", "RH"},   {"RW", "RW", "R", "R"},   {"RW", "RWH", "R", "RH"},
      {"RWH", "R", "RH", "R"}, {"RWH", "RH", "RH", "RH"}, {"RWH", "RW", "RH", "R"}, {"RWH", "RWH", "RH", "RH"}};
  for (const auto& [held, asked, broken_to, given] : kCases) {
    engine_ = Engine();
    breaks_ = 0;
    EXPECT_EQ(open(with_lease(1, 1, held)).lease, state_of(held));
    EXPECT_EQ(open(with_lease(2, 2, asked)).lease, state_of(given)) << held << " " << asked;
    EXPECT_EQ(lease_of(1), state_of(broken_to)) << held << " " << asked;
    EXPECT_EQ(breaks_, held == broken_to ? 0 : 1) << held << " " << asked;
    // And the first cannot be promoted again.
    EXPECT_EQ(open(with_lease(3, 1, "RWH")).lease, state_of(broken_to)) << held << " " << asked;
  }
}

TEST_F(Caches, a_lease_is_promoted_to_a_superset_and_never_demoted) {
  constexpr std::string_view kStates[] = {"", "R", "RH", "RW", "RWH"};
  for (const std::string_view held : kStates) {
    for (const std::string_view asked : kStates) {
      engine_ = Engine();
      open(with_lease(1, 1, held));
      const bool superset = state_of(asked).has_all(state_of(held));
      EXPECT_EQ(open(with_lease(2, 1, asked)).lease, state_of(superset ? asked : held)) << held << " " << asked;
      EXPECT_EQ(breaks_, 0);
    }
  }
}

TEST_F(Caches, beside_another_lease_promotion_is_whole_or_not_at_all) {
  // first, second, asked of the first, result
  constexpr std::string_view kCases[][4] = {{"R", "R", "RW", "R"},    {"R", "R", "RH", "RH"},   {"R", "R", "RWH", "R"},
                                            {"R", "RH", "RH", "RH"},  {"R", "RH", "RWH", "R"},  {"RH", "R", "RW", "RH"},
                                            {"RH", "R", "RWH", "RH"}, {"RH", "RH", "RWH", "RH"}};
  for (const auto& [first, second, asked, result] : kCases) {
    engine_ = Engine();
    open(with_lease(1, 1, first));
    EXPECT_EQ(open(with_lease(2, 2, second)).lease, state_of(second));
    EXPECT_EQ(open(with_lease(3, 1, asked)).lease, state_of(result)) << first << " " << second << " " << asked;
    EXPECT_EQ(breaks_, 0);
  }
}

TEST_F(Caches, oplocks_beside_leases) {
  using enum OplockLevel;
  struct Case {
    std::string_view held;
    OplockLevel asked;
    std::string_view broken_to;
    OplockLevel given;
  };
  constexpr Case kCases[] = {
      {"R", level_ii, "R", level_ii},  {"R", exclusive, "R", level_ii},  {"R", batch, "R", level_ii},
      {"RH", level_ii, "RH", none},    {"RH", exclusive, "RH", none},    {"RH", batch, "RH", none},
      {"RW", level_ii, "R", level_ii}, {"RW", exclusive, "R", level_ii}, {"RW", batch, "R", level_ii},
      {"RWH", level_ii, "RH", none},   {"RWH", exclusive, "RH", none},   {"RWH", batch, "RH", none}};
  for (const Case& c : kCases) {
    engine_ = Engine();
    open(with_lease(1, 1, c.held));
    EXPECT_EQ(open(with_oplock(2, c.asked)).oplock, c.given) << c.held;
    EXPECT_EQ(lease_of(1), state_of(c.broken_to)) << c.held;
  }
}

TEST_F(Caches, leases_beside_oplocks) {
  using enum OplockLevel;
  for (const OplockLevel held : {level_ii, exclusive, batch}) {
    for (const std::string_view asked : {"R", "RH", "RW", "RWH"}) {
      engine_ = Engine();
      EXPECT_EQ(open(with_oplock(1, held)).oplock, held);
      EXPECT_EQ(open(with_lease(2, 1, asked)).lease, state_of("R")) << asked;
      EXPECT_EQ(oplock_of(1), level_ii);
    }
  }
}

TEST_F(Caches, breaks_in_the_order_of_the_acknowledgements) {
  open(with_lease(1, 1, "RWH"));
  EXPECT_TRUE(apply(request(2)).parked());
  OpenRequest overwriting = request(3);
  overwriting.overwrites = true;
  EXPECT_EQ(apply(overwriting).size(), 1U);  // waits, and no second break yet

  Effects first = apply(AckLease{lease_id(1), state_of("RH")});
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(*(first.begin() + 1), Effect(BreakLease{lease_id(1), state_of("RH"), state_of("R"), 0, true}));
  Effects second = apply(AckLease{lease_id(1), state_of("R")});
  ASSERT_EQ(second.size(), 4U);
  EXPECT_EQ(*(second.begin() + 1), Effect(BreakLease{lease_id(1), state_of("R"), {}, 0, false}));
  EXPECT_EQ(*(second.begin() + 2), Effect(Wake{TicketId{2}, NtStatus::SUCCESS}));
  EXPECT_EQ(*(second.begin() + 3), Effect(Wake{TicketId{3}, NtStatus::SUCCESS}));
}

TEST_F(Caches, what_is_not_acknowledged_in_time_is_lost_whole) {
  open(with_lease(1, 1, "RWH"));
  ASSERT_TRUE(apply(request(2)).parked());
  EXPECT_EQ(engine_.next_deadline(), Instant(seconds(35)));
  now_ = Instant(seconds(35));
  const Effects effects = apply(Deadline{});
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(*(effects.begin() + 1), Effect(Wake{TicketId{2}, NtStatus::SUCCESS}));
  EXPECT_EQ(lease_of(1), LeaseState{});
  EXPECT_EQ(apply(AckLease{lease_id(1), {}}).result(), Result<>(fail(NtStatus::UNSUCCESSFUL)));
  EXPECT_EQ(engine_.counts().breaks, 0U);
}

TEST_F(Caches, a_parked_open_can_be_cancelled_and_does_not_exist) {
  open(with_lease(1, 1, "RWH"));
  ASSERT_TRUE(apply(request(2)).parked());
  const Effects effects = apply(CancelTicket{OpenId{2}, TicketId{2}});
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(*(effects.begin() + 1), Effect(Wake{TicketId{2}, NtStatus::CANCELLED}));
  EXPECT_EQ(apply(CloseOpen{OpenId{2}}).result(), Result<>(fail(NtStatus::FILE_CLOSED)));
  EXPECT_EQ(engine_.counts().waiters, 0U);
  EXPECT_EQ(engine_.counts().breaks, 1U);
}

TEST_F(Caches, a_lease_key_is_for_one_file) {
  open(with_lease(1, 1, "RWH"));
  OpenRequest other = with_lease(2, 1, "R");
  other.key.inode = 2;
  other.path = u"G";
  EXPECT_EQ(apply(other).result(), Result<>(fail(NtStatus::INVALID_PARAMETER)));
  OpenRequest stream = with_lease(2, 1, "R");
  stream.key.stream = u"S";
  EXPECT_EQ(apply(stream).result(), Result<>(fail(NtStatus::INVALID_PARAMETER)));
  ASSERT_TRUE(apply(CloseOpen{OpenId{1}}).granted());
  EXPECT_EQ(open(other).lease, state_of("R"));
}

TEST_F(Caches, a_write_asks_first_whether_anybody_caches) {
  open(with_lease(1, 1, "RH"));
  EXPECT_FALSE(engine_.others_cache(OpenId{1}));
  open(request(2));
  EXPECT_TRUE(engine_.others_cache(OpenId{2}));
  use(2, CacheUse::write);
  EXPECT_FALSE(engine_.others_cache(OpenId{2}));
  EXPECT_EQ(open(with_oplock(3, OplockLevel::level_ii)).oplock, OplockLevel::level_ii);
  EXPECT_TRUE(engine_.others_cache(OpenId{3}));  // its own level II oplock, too
  EXPECT_FALSE(engine_.others_cache(OpenId{7}));
}

TEST_F(Caches, who_came_to_cache_during_a_write_loses_it_and_nobody_waits) {
  const OpenRequest writer = with_lease(1, 1, "");
  open(writer);
  open(with_lease(2, 2, "RH"));
  const EndCaches changed{writer.open, writer.key, lease_id(1)};
  EXPECT_TRUE(engine_.caches_end(changed));
  EXPECT_TRUE(apply(changed).granted());
  EXPECT_EQ(engine_.counts().breaks, 1U);
}

TEST_F(Caches, also_when_the_writer_has_closed_meanwhile) {
  const OpenRequest writer = with_lease(1, 1, "");
  open(writer);
  ASSERT_TRUE(apply(CloseOpen{writer.open}).granted());
  open(with_lease(2, 2, "RWH"));
  acknowledge(apply(EndCaches{writer.open, writer.key, lease_id(1)}));
  EXPECT_EQ(last_to_, LeaseState());
  EXPECT_FALSE(engine_.caches_end({writer.open, writer.key, lease_id(1)}));
}

TEST_F(Caches, what_the_writer_caches_stays_when_he_has_written) {
  open(with_lease(1, 1, "RWH"));
  const OpenRequest oplock = with_oplock(2, OplockLevel::level_ii);
  EXPECT_FALSE(engine_.caches_end({OpenId{1}, oplock.key, lease_id(1)}));
  ASSERT_TRUE(apply(CloseOpen{OpenId{1}}).granted());
  EXPECT_EQ(open(oplock).oplock, OplockLevel::level_ii);
  EXPECT_FALSE(engine_.caches_end({oplock.open, oplock.key, {}}));
  EXPECT_EQ(apply(EndCaches{oplock.open, oplock.key, {}}).size(), 1U);
}

TEST_F(Caches, nobody_caches_what_is_not_open) {
  EXPECT_FALSE(engine_.caches_end({OpenId{1}, request(1).key, {}}));
  EXPECT_EQ(apply(EndCaches{OpenId{1}, request(1).key, {}}).size(), 1U);
}

TEST_F(Caches, wrong_acknowledgements_of_oplocks) {
  EXPECT_EQ(apply(AckOplock{OpenId{1}, OplockLevel::none}).result(), Result<>(fail(NtStatus::FILE_CLOSED)));
  open(with_oplock(1, OplockLevel::exclusive));
  EXPECT_EQ(apply(AckOplock{OpenId{1}, OplockLevel::none}).result(), Result<>(fail(NtStatus::INVALID_DEVICE_STATE)));
  ASSERT_TRUE(apply(request(2)).parked());
  const Effects effects = apply(AckOplock{OpenId{1}, OplockLevel::batch});
  EXPECT_EQ(effects.result(), Result<>(fail(NtStatus::INVALID_OPLOCK_PROTOCOL)));
  EXPECT_EQ(effects.size(), 2U);  // and ends the break
  EXPECT_EQ(apply(AckOplock{OpenId{1}, OplockLevel::none}).result(), Result<>(fail(NtStatus::INVALID_OPLOCK_PROTOCOL)));
}

}  // namespace
}  // namespace dozo::share
