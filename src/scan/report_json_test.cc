#include "scan/report_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scan/fact_fields.h"
#include "scan/hosts_for_tests.h"

namespace dozo::scan {
namespace {

using nlohmann::json;

HostFacts full_host() {
  HostFacts host = safe_host();
  host.address = "192.0.2.1";
  host.dns_name = "store.example.com";
  host.forest = "example.com";
  host.server_guid = "00112233-4455-6677-8899-aabbccddeeff";
  host.mac = "00:11:22:33:44:55";
  host.netbios_names = {{"STORE", 0x20, false}, {"EXAMPLE", 0x1e, true}};
  host.interfaces = {"10.0.0.1", "fe80::1"};
  host.capabilities = {{"3.0", {{"leasing", kYes}, {"dfs", kNo}}}};
  host.shares = {{"public", "disk", "for all", kYes, kNo}, {"IPC$", "ipc", "", kYes, kUntested}};
  return host;
}

const Finding kFinding{"smb1-enabled", Severity::high, "SMB1 is on", "it answered", "it is old", "turn it off"};

TEST(JsonLine, HasTheNamesOfTheContract) {
  const json line = json::parse(json_line(full_host(), std::array{kFinding}));
  EXPECT_EQ(line["host"], "192.0.2.1");
  EXPECT_EQ(line["port"], 445);
  EXPECT_EQ(line["name"], "STORE");
  EXPECT_EQ(line["os"], "10.0 build 26100");
  EXPECT_EQ(line["domain"], "EXAMPLE");
  EXPECT_EQ(line["clock_skew_s"], -2);
  EXPECT_EQ(line["server_kind"], "windows");
  for (const char* fact :
       {"smb1", "signing_enabled", "signing_required", "encryption", "guest", "anonymous", "netbios"}) {
    EXPECT_TRUE(line[fact]["state"].is_string() && line[fact]["why"].is_string()) << fact;
  }
  EXPECT_EQ(line["dialects"]["3.1.1"], json({{"state", "yes"}, {"why", "the answer says so"}}));
  EXPECT_EQ(line["dialects"]["2.0.2"]["state"], "no");
  EXPECT_EQ(line["ciphers"]["AES-128-GCM"]["state"], "yes");
  EXPECT_EQ(line["signing_algorithms"]["AES-GMAC"]["state"], "yes");
  EXPECT_EQ(line["compression"]["LZNT1"]["state"], "no");
}

TEST(JsonLine, SharesAndFindingsHaveTheNamesOfTheContract) {
  const json line = json::parse(json_line(full_host(), std::array{kFinding}));
  EXPECT_EQ(line["shares"][0]["name"], "public");
  EXPECT_EQ(line["shares"][0]["type"], "disk");
  EXPECT_EQ(line["shares"][0]["read"]["state"], "yes");
  EXPECT_EQ(line["shares"][1]["write"], json({{"state", "untested"}, {"why", "no answer within 2 s"}}));
  EXPECT_EQ(line["findings"][0], json({{"id", "smb1-enabled"},
                                       {"severity", "high"},
                                       {"title", "SMB1 is on"},
                                       {"evidence", "it answered"},
                                       {"why", "it is old"},
                                       {"fix", "turn it off"}}));
}

TEST(JsonLine, IsOneLineThatStartsWithTheHost) {
  const std::string line = json_line(full_host(), {});
  EXPECT_EQ(line.find('\n'), line.npos);
  EXPECT_TRUE(line.starts_with("{\"host\":\"192.0.2.1\",\"port\":445,\"name\":\"STORE\"")) << line.substr(0, 80);
}

TEST(JsonLine, AClockThatWasNotReadIsNull) {
  const json line = json::parse(json_line(silent_host(), {}));
  EXPECT_TRUE(line["clock_skew_s"].is_null());
  EXPECT_EQ(line["smb1"], json({{"state", "untested"}, {"why", "not asked"}}));
}

TEST(JsonLine, EveryFactOfTheListIsInIt) {
  const json line = json::parse(json_line(full_host(), {}));
  for (const auto& field : fact_fields()) EXPECT_TRUE(line.contains(field.name)) << field.name;
  for (const auto& field : family_fields()) EXPECT_TRUE(line.contains(field.name)) << field.name;
  for (const auto& field : text_fields()) EXPECT_TRUE(line.contains(field.name)) << field.name;
}

TEST(JsonLine, WhatIsHostileIsEscapedAndStillTheSame) {
  HostFacts host = full_host();
  host.name = kHostile;
  const std::string line = json_line(host, {});
  for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  EXPECT_EQ(line.find("\xe2\x80\xae"), line.npos);
  EXPECT_EQ(line.find("\xc2\x9b"), line.npos);
  EXPECT_NE(line.find("\\u202e"), line.npos);
  const std::string name = json::parse(line)["name"];
  EXPECT_TRUE(
      name.ends_with("\xe2\x80\xae"
                     "txt.exe,=1+1|\xef\xbf\xbd\xc2\x9b"
                     "end"))
      << name;
}

TEST(FromJsonLine, GivesBackWhatWasWritten) {
  const HostFacts host = full_host();
  const auto record = from_json_line(json_line(host, std::array{kFinding}));
  ASSERT_TRUE(record.has_value()) << record.error();
  EXPECT_EQ(record->facts, host);
  EXPECT_EQ(record->findings, std::vector{kFinding});
}

TEST(FromJsonLine, AFactThatIsMissingOrOddIsNotTested) {
  const auto record = from_json_line(R"({"host":"a","port":445,"guest":7,"smb1":{"state":"maybe","why":3},"new":1})");
  ASSERT_TRUE(record.has_value()) << record.error();
  EXPECT_EQ(record->facts.guest, (Fact{State::untested, "not in the record"}));
  EXPECT_EQ(record->facts.smb1.state, State::untested);
  EXPECT_EQ(record->facts.ntlm.state, State::untested);
  EXPECT_FALSE(record->facts.clock_skew_s.has_value());
}

TEST(FromJsonLine, WhatIsNotALineOfAScanIsRefused) {
  for (const char* line :
       {"", "{", "[]", "7", "{}", R"({"host":"a"})", R"({"host":"a","port":0})", R"({"host":"a","port":70000})",
        R"({"host":"a","port":"445"})", R"({"host":3,"port":445})", R"({"host":"a","port":18446744073709551615})"}) {
    EXPECT_FALSE(from_json_line(line).has_value()) << line;
  }
}

TEST(FromJsonLine, EveryTruncationIsRefused) {
  const std::string line = json_line(full_host(), std::array{kFinding});
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_FALSE(from_json_line(std::string_view(line).substr(0, size)).has_value()) << size;
  }
}

TEST(FromJsonLine, WrongTypesInListsAreLeftOut) {
  const auto record = from_json_line(
      R"({"host":"a","port":445,"shares":[1,{"name":"x"}],"findings":"no","interfaces":[1,"b"],"dialects":[]})");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->facts.shares.size(), 1U);
  EXPECT_EQ(record->facts.interfaces, std::vector<std::string>{"b"});
  EXPECT_TRUE(record->findings.empty());
}

}  // namespace
}  // namespace dozo::scan
