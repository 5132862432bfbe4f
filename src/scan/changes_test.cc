#include "scan/changes.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scan/findings.h"
#include "scan/hosts_for_tests.h"

namespace dozo::scan {
namespace {

using Presence = HostChanges::Presence;

HostRecord judged(HostFacts host) {
  auto findings = judge(host);
  return {std::move(host), std::move(findings)};
}

std::optional<EarlierRecord> earlier(HostFacts host) { return EarlierRecord{judged(std::move(host)), 1'700'000'000}; }

HostFacts with_smb1() {
  HostFacts host = safe_host();
  host.smb1 = kYes;
  return host;
}

std::vector<std::string> ids(std::span<const Finding> findings) {
  std::vector<std::string> out;
  for (const Finding& finding : findings) out.push_back(finding.id);
  return out;
}

TEST(Changes, TheSameTwiceIsNone) {
  HostFacts again = safe_host();
  again.clock_skew_s = 3;
  again.smb1.why = "in other words";
  again.address = "192.0.2.99";
  EXPECT_TRUE(changes_of(earlier(safe_host()), judged(again)).is_empty());
}

TEST(Changes, AFactsStateIsOne) {
  HostFacts now = safe_host();
  now.dialects["2.1"] = kYes;
  now.dialects["LANMAN1.0"] = kNo;
  HostFacts before = safe_host();
  before.capabilities["3.0"]["dfs"] = kNo;
  now.capabilities["3.0"]["dfs"] = kYes;
  const auto changes = changes_of(earlier(before), judged(now));
  EXPECT_EQ(changes.values, (std::vector<ValueChange>{{"dialects.2.1", "no", "yes"},
                                                      {"dialects.LANMAN1.0", "untested", "no"},
                                                      {"capabilities.3.0.dfs", "no", "yes"}}));
  EXPECT_EQ(ids(changes.new_findings), std::vector<std::string>{"old-dialects"});
}

TEST(Changes, CapabilitiesOfADialectThatIsNotSpokenAnyMoreAreNone) {
  HostFacts before = safe_host();
  before.capabilities["3.0"]["dfs"] = kYes;
  HostFacts now = safe_host();
  now.capabilities["3.1.1"]["dfs"] = kYes;
  now.capabilities["3.0"]["dfs"] = kUntested;
  EXPECT_TRUE(changes_of(earlier(before), judged(now)).is_empty());
}

TEST(Changes, AShareThatIsNotListedAnyMoreIsOne) {
  HostFacts before = safe_host();
  before.shares = {{"old", "disk", "", kYes, kUntested}};
  HostFacts now = safe_host();
  const auto changes = changes_of(earlier(before), judged(now));
  EXPECT_EQ(changes.values, (std::vector<ValueChange>{{"shares.old.read", "yes", "untested"}}));
}

TEST(Changes, ATextThatWasNotToldThisTimeIsNone) {
  HostFacts now = safe_host();
  now.os = "";
  now.domain = "OTHER";
  const auto changes = changes_of(earlier(safe_host()), judged(now));
  EXPECT_EQ(changes.values, (std::vector<ValueChange>{{"domain", "EXAMPLE", "OTHER"}}));
}

TEST(Changes, AFindingIsCuredWhenTheFactIsGoodNow) {
  const auto changes = changes_of(earlier(with_smb1()), judged(safe_host()));
  EXPECT_EQ(ids(changes.cured), std::vector<std::string>{"smb1-enabled"});
  EXPECT_TRUE(changes.untested.empty());
}

TEST(Changes, AFindingIsNotCuredWhenTheFactIsNotTestedNow) {
  HostFacts now = with_smb1();
  now.smb1 = kUntested;
  const auto changes = changes_of(earlier(with_smb1()), judged(now));
  EXPECT_TRUE(changes.cured.empty());
  EXPECT_EQ(ids(changes.untested), std::vector<std::string>{"smb1-enabled"});
}

TEST(Changes, AHostThatWasNeverSeenIsNewWithAllItsFindings) {
  const auto changes = changes_of(std::nullopt, judged(with_smb1()));
  EXPECT_EQ(changes.presence, Presence::appeared);
  EXPECT_EQ(ids(changes.new_findings), std::vector<std::string>{"smb1-enabled"});
  EXPECT_FALSE(changes.since_s.has_value());
}

TEST(Changes, AHostThatDoesNotAnswerAnyMoreIsGoneAndNothingIsCured) {
  const auto changes = changes_of(earlier(with_smb1()), judged(silent_host()));
  EXPECT_EQ(changes.presence, Presence::gone);
  EXPECT_EQ(changes.name, "STORE");
  EXPECT_TRUE(changes.cured.empty() && changes.values.empty());
}

TEST(Changes, AHostThatIsBackIsNew) {
  EXPECT_EQ(changes_of(earlier(silent_host()), judged(safe_host())).presence, Presence::appeared);
  EXPECT_TRUE(changes_of(earlier(silent_host()), judged(silent_host())).is_empty());
}

TEST(Changes, WhatWasKnownFillsWhatIsNot) {
  HostFacts now = silent_host();
  now.guest = kYes;
  const HostFacts merged = with_what_was_known(safe_host(), now);
  EXPECT_EQ(merged.guest, kYes);
  EXPECT_EQ(merged.signing_required, kYes);
  EXPECT_EQ(merged.dialects, safe_host().dialects);
}

std::vector<HostChanges> some_changes() {
  HostFacts hostile = safe_host();
  hostile.name = kHostile;
  return {changes_of(earlier(with_smb1()), judged(safe_host())), changes_of(std::nullopt, judged(hostile)),
          changes_of(earlier(safe_host()), judged(silent_host())),
          changes_of(earlier(safe_host()), judged(safe_host()))};
}

TEST(ChangesText, NewAndGoneComeFirstAndAreCounted) {
  const std::string text = changes_text(some_changes(), {});
  EXPECT_TRUE(text.starts_with("NEW   192.0.2.1:445")) << text;
  EXPECT_NE(text.find("GONE  192.0.2.1:445  STORE, since 2023-11-14 22:13 UTC\n"), text.npos) << text;
  EXPECT_NE(text.find("  smb1: yes -> no\n  - HIGH  SMB1 is switched on  [smb1-enabled]  cured\n"), text.npos) << text;
  EXPECT_TRUE(text.ends_with("1 changed, 1 new, 1 gone, 1 as before\n")) << text;
  EXPECT_EQ(text.find('\x1b'), text.npos);
}

TEST(ChangesJson, IsALineForEachHostThatChanged) {
  const std::string text = changes_json(some_changes());
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  const auto first = nlohmann::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first["presence"], "same");
  EXPECT_EQ(first["since"], 1'700'000'000);
  EXPECT_EQ(first["values"][0], nlohmann::json({{"name", "smb1"}, {"before", "yes"}, {"after", "no"}}));
  EXPECT_EQ(first["cured"][0]["id"], "smb1-enabled");
  EXPECT_EQ(text.find("\xe2\x80\xae"), text.npos);
}

TEST(UtcText, IsOfTheCivilCalendar) {
  EXPECT_EQ(utc_text(0), "1970-01-01 00:00 UTC");
  EXPECT_EQ(utc_text(951'782'399), "2000-02-28 23:59 UTC");
  EXPECT_EQ(utc_text(1'795'356'000), "2026-11-22 14:00 UTC");
}

}  // namespace
}  // namespace dozo::scan
