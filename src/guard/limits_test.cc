#include "guard/limits.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace dozo::guard {
namespace {

const Instant kStart{};

PeerAddress host(int n) { return PeerAddress::from_v4({10, 0, 0, static_cast<std::uint8_t>(n)}); }

TEST(Limits, one_address_gets_no_more_connections_than_its_share) {
  Limits limits({.connections_per_address_max = 2});
  auto a = limits.admit(host(1), kStart);
  auto b = limits.admit(host(1), kStart);
  const auto c = limits.admit(host(1), kStart);
  ASSERT_FALSE(c.has_value());
  EXPECT_EQ(c.error(), AdmissionRefusal::address_full);
  EXPECT_TRUE(limits.admit(host(2), kStart).has_value());
}

TEST(Limits, unauthenticated_connections_are_bounded_by_address_and_in_all) {
  Limits limits({.preauth_max = 2, .preauth_per_address_max = 1});
  auto a = limits.admit(host(1), kStart);
  EXPECT_EQ(limits.admit(host(1), kStart).error(), AdmissionRefusal::address_preauth_full);
  auto b = limits.admit(host(2), kStart);
  EXPECT_EQ(limits.admit(host(3), kStart).error(), AdmissionRefusal::preauth_full);
  a->authenticated();
  EXPECT_TRUE(limits.admit(host(1), kStart).has_value());
}

TEST(Limits, the_server_has_a_limit_of_its_own) {
  Limits limits({.connections_max = 1});
  auto a = limits.admit(host(1), kStart);
  EXPECT_EQ(limits.admit(host(2), kStart).error(), AdmissionRefusal::server_full);
}

TEST(Limits, whatever_way_an_admission_ends_everything_is_given_back) {
  Limits limits;
  {
    std::vector<Admission> held;
    for (int i = 0; i < 20; ++i) held.push_back(limits.admit(host(i % 3), kStart).value());
    held[3].authenticated();
    held[3].authenticated();
    held[4] = std::move(held[5]);
    const Admission moved = std::move(held[6]);
    held.erase(held.begin() + 7);
    EXPECT_EQ(limits.connections(), 18u);
    EXPECT_EQ(limits.addresses(), 3u);
  }
  EXPECT_EQ(limits.connections(), 0u);
  EXPECT_EQ(limits.preauth(), 0u);
  EXPECT_EQ(limits.addresses(), 0u);
}

TEST(Limits, a_refusal_leaves_nothing_behind) {
  Limits limits({.connections_max = 0});
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limits.admit(host(i), kStart).has_value());
  EXPECT_EQ(limits.addresses(), 0u);
}

TEST(Limits, an_admission_may_outlive_its_limits) {
  std::optional<Limits> limits(std::in_place);
  Admission admission = limits->admit(host(1), kStart).value();
  limits.reset();
  admission.authenticated();
  EXPECT_TRUE(admission.is_authenticated());
}

TEST(Admission, too_many_bytes_before_a_session_end_it) {
  Limits limits({.preauth_bytes_max = 100});
  Admission a = limits.admit(host(1), kStart).value();
  EXPECT_TRUE(a.keep(60, kStart));
  EXPECT_TRUE(a.keep(40, kStart));
  EXPECT_FALSE(a.keep(1, kStart));
}

TEST(Admission, too_long_without_a_session_ends_it) {
  Limits limits({.preauth_time_max = std::chrono::seconds(5)});
  Admission a = limits.admit(host(1), kStart).value();
  EXPECT_EQ(a.preauth_deadline(), kStart + std::chrono::seconds(5));
  EXPECT_TRUE(a.keep(1, a.preauth_deadline() - Duration(1)));
  EXPECT_FALSE(a.keep(1, a.preauth_deadline()));
}

TEST(Admission, with_a_session_neither_counts) {
  Limits limits({.preauth_bytes_max = 1});
  Admission a = limits.admit(host(1), kStart).value();
  a.authenticated();
  EXPECT_TRUE(a.keep(1u << 30, kStart + std::chrono::hours(1)));
}

}  // namespace
}  // namespace dozo::guard
