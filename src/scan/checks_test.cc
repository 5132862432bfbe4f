// What the checks of NEGOTIATE make of servers that keep the rules.
#include "scan/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scan/fingerprint.h"
#include "scan/first_words.h"
#include "scan/server_for_tests.h"

namespace dozo::scan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HonestServer;
using testing::HostWorld;
using ::testing::IsEmpty;
using testing::Model;

HostFacts scan(Model model, ScanSettings settings = {}) {
  HonestServer server(std::move(model));
  HostWorld world(server, std::move(settings));
  world.probe->set_transport(HostProbe::Transport::direct);
  // As check_ports does: 3.1.1 on the connection that has found the port.
  world.run({[](HostProbe& probe) -> runtime::Task<void> {
               auto line = co_await probe.connect_smb();
               co_await try_dialect(probe, **line, Dialect::smb_3_1_1);
             },
             check_dialects, check_smb1, check_algorithms, check_smbghost});
  world.probe->facts().server_kind = server_kind_of(world.probe->best_answer, world.probe->challenge);
  return world.facts();
}

std::vector<std::string> names(const FactsByName& family, State state) {
  std::vector<std::string> out;
  for (const auto& [name, fact] : family) {
    if (fact.state == state) out.push_back(name);
  }
  return out;
}

TEST(Dialects, each_is_what_the_server_takes_where_it_is_offered_alone) {
  const HostFacts facts = scan({.dialects = {Dialect::smb_2_1, Dialect::smb_3_0_2}});
  EXPECT_THAT(names(facts.dialects, State::yes), ElementsAre("2.1", "3.0.2"));
  EXPECT_THAT(facts.dialects.at("3.1.1").why, HasSubstr("STATUS_NOT_SUPPORTED"));
  EXPECT_EQ(facts.dialects.at("3.1.1").state, State::no);
}

TEST(Dialects, hanging_up_is_a_no_where_another_is_answered) {
  const HostFacts facts = scan({.dialects = {Dialect::smb_2_1}, .hangs_up_on_refusal = true});
  EXPECT_THAT(names(facts.dialects, State::untested), IsEmpty());
  EXPECT_EQ(facts.dialects.at("3.0").state, State::no);
}

TEST(Dialects, a_server_that_always_hangs_up_says_nothing) {
  const HostFacts facts = scan({.dialects = {}, .hangs_up_on_refusal = true});
  for (const char* name : {"2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"}) {
    EXPECT_EQ(facts.dialects.at(name).state, State::untested) << name;
  }
}

TEST(Dialects, an_answer_in_another_is_a_no) {
  const HostFacts facts = scan({.always = Dialect::smb_2_0_2});
  EXPECT_THAT(names(facts.dialects, State::yes), ElementsAre("2.0.2"));
  EXPECT_EQ(facts.dialects.at("3.1.1").state, State::no);
  EXPECT_THAT(facts.dialects.at("3.1.1").why, HasSubstr("2.0.2"));
}

TEST(Signing, is_required_where_the_answers_own_mode_says_so) {
  using Bit = wire::SecurityModeBit;
  EXPECT_EQ(scan({.mode = Bit::signing_enabled}).signing_required.state, State::no);
  EXPECT_EQ(scan({.mode = Bit::signing_enabled | Bit::signing_required}).signing_required.state, State::yes);
  EXPECT_EQ(scan({.dialects = {}}).signing_required.state, State::untested);
}

TEST(Encryption, each_cipher_is_offered_alone) {
  const HostFacts facts = scan({});
  EXPECT_THAT(names(facts.ciphers, State::yes), ElementsAre("AES-128-CCM", "AES-128-GCM"));
  EXPECT_THAT(names(facts.ciphers, State::no), ElementsAre("AES-256-CCM", "AES-256-GCM"));
  EXPECT_EQ(facts.encryption.state, State::yes);
  EXPECT_EQ(scan({.ciphers = {}}).encryption.state, State::no);
}

TEST(Encryption, before_3_1_1_is_a_capability) {
  const std::set<Dialect> smb3 = {Dialect::smb_3_0, Dialect::smb_3_0_2};
  EXPECT_EQ(scan({.dialects = smb3, .capabilities = wire::Capability::encryption}).encryption.state, State::yes);
  EXPECT_EQ(scan({.dialects = smb3, .capabilities = {}}).encryption.state, State::no);
  EXPECT_EQ(scan({.dialects = {Dialect::smb_2_1}, .capabilities = {}}).encryption.state, State::no);
}

TEST(Algorithms, of_signing_and_compression_are_offered_alone_too) {
  const HostFacts facts =
      scan({.compression = {wire::CompressionAlgorithm::lz4, wire::CompressionAlgorithm::pattern_v1}});
  EXPECT_THAT(names(facts.signing_algorithms, State::yes), ElementsAre("AES-CMAC", "AES-GMAC"));
  EXPECT_THAT(names(facts.compression, State::yes), ElementsAre("LZ4", "Pattern_V1"));
}

TEST(Algorithms, of_signing_follow_from_an_older_dialect) {
  EXPECT_THAT(names(scan({.dialects = {Dialect::smb_3_0}}).signing_algorithms, State::yes), ElementsAre("AES-CMAC"));
  EXPECT_THAT(names(scan({.dialects = {Dialect::smb_2_1}}).signing_algorithms, State::yes), ElementsAre("HMAC-SHA256"));
}

TEST(Smb1, is_on_where_a_dialect_is_chosen) {
  const HostFacts facts = scan({.smb1 = {"NT LM 0.12"}});
  EXPECT_EQ(facts.smb1.state, State::yes);
  EXPECT_EQ(facts.dialects.at("NT LM 0.12").state, State::yes);
  EXPECT_EQ(facts.dialects.at("LANMAN2.1").state, State::no);
}

TEST(Smb1, an_answer_that_chooses_nothing_is_no) {
  const HostFacts facts = scan({.smb1 = {"something else"}});
  EXPECT_EQ(facts.smb1.state, State::no);
  EXPECT_THAT(facts.smb1.why, HasSubstr("0xFFFF"));
}

TEST(Smb1, hanging_up_is_no) { EXPECT_EQ(scan({}).smb1.state, State::no); }

TEST(Smb1, older_dialects_are_offered_alone_where_one_of_them_is_taken) {
  const HostFacts facts = scan({.dialects = {}, .smb1 = {"LANMAN1.0", "LM1.2X002"}});
  EXPECT_THAT(names(facts.dialects, State::yes), ElementsAre("LANMAN1.0", "LM1.2X002"));
  EXPECT_EQ(facts.smb1.state, State::yes);
}

TEST(Smb1, says_whether_signing_is_required_where_there_is_nothing_newer) {
  EXPECT_EQ(scan({.dialects = {}, .smb1 = {"NT LM 0.12"}, .smb1_mode = 0x0F}).signing_required.state, State::yes);
  EXPECT_EQ(scan({.dialects = {}, .smb1 = {"NT LM 0.12"}, .smb1_mode = 0x07}).signing_required.state, State::no);
}

TEST(Challenge, says_who_the_server_is) {
  const HostFacts facts = scan({});
  EXPECT_EQ(facts.name, "STOREHOUSE");
  EXPECT_EQ(facts.domain, "harbour.example");
  EXPECT_EQ(facts.dns_name, "storehouse.harbour.example");
  EXPECT_EQ(facts.forest, "example");
  EXPECT_EQ(facts.os, "10.0 build 20348");
  EXPECT_EQ(facts.server_kind, "windows");
  EXPECT_EQ(facts.ntlm.state, State::yes);
}

TEST(Challenge, is_refused_where_ntlm_is_off) {
  const Bytes kerberos = wire::oid_of(wire::Mechanism::kerberos);
  EXPECT_EQ(scan({.logon_status = NtStatus::NOT_SUPPORTED, .mechanisms = {kerberos}}).ntlm.state, State::no);
  EXPECT_EQ(scan({.logon_status = NtStatus::TOO_MANY_SESSIONS}).ntlm.state, State::untested);
}

TEST(Clock, is_compared_with_ours) {
  const WallTime now{std::chrono::seconds(1'700'000'000)};  // where the simulation's clock starts, or a second before
  for (const int ahead : {3600, -90}) {
    const auto skew = scan({.system_time = FileTime::from_wall(now + std::chrono::seconds(ahead))}).clock_skew_s;
    ASSERT_TRUE(skew);
    EXPECT_NEAR(static_cast<double>(*skew), ahead, 1.5);
  }
  EXPECT_FALSE(scan({}).clock_skew_s);  // no time, and none in the challenge
}

TEST(Kind, is_told_by_what_a_server_says_unasked) {
  const wire::NtlmVersion samba{.major = 6, .minor = 1, .build = 0}, dozo{.major = 10, .minor = 0, .build = 0};
  EXPECT_EQ(scan({.version = samba}).server_kind, "samba");
  EXPECT_EQ(scan({.guid = {{'n', 'a', 's'}}, .version = std::nullopt}).server_kind, "samba");
  EXPECT_EQ(scan({.version = dozo}).server_kind, "dozo");
  EXPECT_EQ(scan({.version = std::nullopt}).server_kind, "");
  const wire::NtlmVersion none{.major = 255, .minor = 255, .build = 65535, .revision = 255};
  EXPECT_EQ(scan({.version = none}).server_kind, "");
  constexpr std::uint8_t kHeimdals[] = {0x2A, 0x85, 0x70, 0x2B, 0x0E, 0x02};
  EXPECT_EQ(scan({.mechanisms = {Bytes(kHeimdals), identity::oid_ntlmssp()}}).server_kind, "macos");
}

TEST(SmbGhost, is_possible_at_most_and_only_with_the_builds_that_had_it) {
  const auto with = [](std::uint16_t build) {
    return scan({.compression = {wire::CompressionAlgorithm::lznt1},
                 .version = wire::NtlmVersion{.major = 10, .minor = 0, .build = build}})
        .smbghost;
  };
  EXPECT_EQ(with(18362).state, State::yes);
  EXPECT_THAT(with(18363).why, HasSubstr("possible"));
  EXPECT_EQ(with(20348).state, State::no);
  EXPECT_EQ(scan({}).smbghost.state, State::no);
}

TEST(Budget, what_it_does_not_reach_is_not_tested_and_says_so) {
  const HostFacts facts = scan({}, {.connections_max = 3});
  EXPECT_EQ(facts.dialects.at("3.0").state, State::yes);
  EXPECT_EQ(facts.dialects.at("2.0.2").state, State::untested);
  EXPECT_THAT(facts.smb1.why, HasSubstr("budget"));
}

TEST(Checks, fit_the_default_budget_where_the_oldest_dialects_are_off) {
  unsigned all = 0;
  for (const Check& check : checks()) all += check.name == "smb1" ? 2 : check.connections;
  EXPECT_LE(all, ScanSettings{}.connections_max);
}

TEST(Checks, each_row_says_what_it_sends) {
  for (const Check& check : checks()) {
    EXPECT_FALSE(check.sends.empty()) << check.name;
    EXPECT_NE(check.run, nullptr) << check.name;
  }
}

TEST(Checks, nobody_logs_on_where_only_negotiating_is_allowed) {
  const ScanSettings settings{.level = Level::negotiate_only};
  for (const Check& check : checks()) {
    if (runs(check, settings)) EXPECT_LE(check.safety, Safety::negotiate_only) << check.name;
  }
}

}  // namespace
}  // namespace dozo::scan
