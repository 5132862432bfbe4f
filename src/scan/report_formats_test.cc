// Table, CSV and SARIF.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scan/findings.h"
#include "scan/hosts_for_tests.h"
#include "scan/report_csv.h"
#include "scan/report_sarif.h"
#include "scan/report_table.h"
#include "scan/summary.h"
#include "scan/visible_text.h"

namespace dozo::scan {
namespace {

using nlohmann::json;

HostRecord judged(HostFacts host) {
  auto findings = judge(host);
  return {std::move(host), std::move(findings)};
}

HostFacts old_nas() {
  HostFacts host = safe_host();
  host.host = "nas";
  host.server_kind = "samba";
  host.smb1 = host.guest = kYes;
  host.signing_required = kNo;
  host.encryption = host.encryption_required = kUntested;
  host.shares = {{"public", "disk", "", kYes, kYes}};
  return host;
}

HostFacts hostile_host() {
  HostFacts host = old_nas();
  host.host = host.name = host.dns_name = host.os = host.domain = host.server_kind = host.mac = kHostile;
  host.shares = {{kHostile, kHostile, kHostile, {State::yes, kHostile}, {State::yes, kHostile}},
                 {kHostile, "disk", "", kYes, kYes}};
  host.coercion_pipes[kHostile] = kYes;
  host.interfaces = {kHostile};
  host.netbios_names = {{kHostile, 3, false}};
  host.guest.why = kHostile;
  return host;
}

std::vector<HostRecord> some_hosts() { return {judged(safe_host()), judged(old_nas())}; }

bool has_control_character(std::string_view text, std::string_view allowed) {
  return std::ranges::any_of(text, [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 || byte == 0x7F) && !allowed.contains(c);
  });
}

TEST(Summary, SaysInAWordWhatIsKnown) {
  HostFacts host = safe_host();
  EXPECT_EQ(dialects_text(host), "3.0, 3.0.2, 3.1.1");
  EXPECT_EQ(signing_text(host), "required");
  EXPECT_EQ(encryption_text(host), "required");
  EXPECT_EQ(access_text(host), "nobody");
  host = old_nas();
  EXPECT_EQ(dialects_text(host), "SMB1, 3.0, 3.0.2, 3.1.1");
  EXPECT_EQ(signing_text(host), "optional");
  EXPECT_EQ(encryption_text(host), "?");
  EXPECT_EQ(access_text(host), "guest");
}

TEST(Summary, NotTestedIsAQuestionMarkAndNeverNo) {
  const HostFacts host = silent_host();
  for (const std::string& text : {dialects_text(host), signing_text(host), encryption_text(host), access_text(host)}) {
    EXPECT_EQ(text, "?");
  }
  HostFacts half = silent_host();
  half.guest = kNo;
  EXPECT_EQ(access_text(half), "?");
}

TEST(Summary, HostsAreSortedByTheirWorst) {
  const auto hosts = some_hosts();
  EXPECT_EQ(worst_first(hosts).front()->facts.host, "nas");
}

TEST(Summary, APortThatIsNotTheUsualOneIsNamed) {
  HostFacts host = silent_host();
  host.port = 1445;
  EXPECT_EQ(host_text(host), "192.0.2.1:1445");
  host.host = "fe80::1";
  EXPECT_EQ(host_text(host), "[fe80::1]:1445");
}

TEST(Table, HasALineForEachHostAndItsFindings) {
  const std::string text = table_text(some_hosts(), {.columns = 200});
  EXPECT_NE(text.find("HOST"), text.npos);
  EXPECT_LT(text.find("nas "), text.find("192.0.2.1"));
  EXPECT_NE(text.find("SMB1, 3.0, 3.0.2, 3.1.1"), text.npos);
  EXPECT_NE(text.find("CRITICAL  Anybody may write to a share  [share-writable-by-anyone]"), text.npos) << text;
  EXPECT_NE(text.find("Fix: smb.conf"), text.npos);
  EXPECT_NE(text.find("2 hosts, 2 speaking SMB; findings: 1 critical, 2 high, 2 medium"), text.npos) << text;
}

TEST(Table, HasColourOnlyWhenAskedFor) {
  EXPECT_EQ(table_text(some_hosts(), {}).find('\x1b'), std::string::npos);
  EXPECT_NE(table_text(some_hosts(), {.colour = true}).find("\x1b["), std::string::npos);
}

TEST(Table, StaysWithinTheTerminal) {
  for (const std::size_t columns : {72U, 80U, 100U, 140U, 200U}) {
    std::string_view text_left;
    const std::string text = table_text(some_hosts(), {.columns = columns});
    for (text_left = text; !text_left.empty();) {
      const std::size_t end = text_left.find('\n');
      const std::string_view line = text_left.substr(0, end);
      // A word that is longer than the line is not broken: it may be a path or a command.
      const bool one_word = line.find(' ', line.find_first_not_of(' ')) == line.npos;
      EXPECT_TRUE(columns_of(line) <= columns || one_word) << columns << ": " << line;
      text_left.remove_prefix(end + 1);
    }
  }
}

TEST(Table, WithoutDetailsIsOneLineAHost) {
  const std::string text = table_text(some_hosts(), {.details = false});
  EXPECT_EQ(std::ranges::count(text, '\n'), 5);
}

TEST(Table, ShowsNothingHostile) {
  const std::string text = table_text(std::array{judged(hostile_host())}, {.columns = 200});
  EXPECT_FALSE(has_control_character(text, "\n"));
  EXPECT_EQ(text.find("\xe2\x80\xae"), text.npos);
  EXPECT_EQ(text.find("\xc2\x9b"), text.npos);
  EXPECT_NE(text.find("\\u{202e}"), text.npos);
}

TEST(Table, NobodyIsAlsoAnAnswer) { EXPECT_EQ(table_text({}, {}), "\n0 hosts, 0 speaking SMB; findings: none\n"); }

TEST(Csv, FieldsAreQuotedAsRfc4180Says) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("a\r\nb"), "a\\u{d}\\u{a}b");
}

TEST(Csv, TextThatASpreadsheetWouldRunIsMadeText) {
  for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)"}) EXPECT_EQ(csv_field(text), "'" + std::string(text));
  EXPECT_EQ(csv_field("=HYPERLINK(\"x\",\"y\")"), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
}

// Fields of each line of a CSV text, by RFC 4180.
std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> lines(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    std::string& field = lines.back().back();
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      field += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      lines.back().emplace_back();
    } else if (!quoted && text.substr(i, 2) == "\r\n") {
      lines.emplace_back(1);
      ++i;
    } else {
      field += c;
    }
  }
  lines.pop_back();
  return lines;
}

TEST(Csv, EveryLineHasTheFieldsOfTheHeader) {
  const auto lines = parse_csv(csv_text(std::array{judged(safe_host()), judged(old_nas()), judged(hostile_host())}));
  ASSERT_EQ(lines.size(), 4U);
  for (const auto& line : lines) EXPECT_EQ(line.size(), lines[0].size());
  const auto column = [&](const char* name) {
    return static_cast<std::size_t>(std::ranges::find(lines[0], name) - lines[0].begin());
  };
  EXPECT_EQ(lines[1].at(column("signing_required")), "yes");
  EXPECT_EQ(lines[1].at(column("clock_skew_s")), "-2");
  EXPECT_EQ(lines[1].at(column("dialects")), "3.0; 3.0.2; 3.1.1");
  EXPECT_EQ(lines[2].at(column("encryption")), "untested");
  EXPECT_EQ(lines[2].at(column("worst")), "critical");
  EXPECT_EQ(lines[2].at(column("shares_writable")), "public");
}

TEST(Csv, ShowsNothingHostile) {
  const std::string text = csv_text(std::array{judged(hostile_host())});
  EXPECT_FALSE(has_control_character(text, "\r\n"));
  EXPECT_EQ(text.find("\xe2\x80\xae"), text.npos);
}

// SARIF 2.1.0, 3.x: what a log must have, and what its parts must be.
void expect_sarif(const json& log) {
  EXPECT_EQ(log.at("version"), "2.1.0");   // 3.13.2
  ASSERT_TRUE(log.at("runs").is_array());  // 3.13.4
  for (const json& run : log.at("runs")) {
    const json& driver = run.at("tool").at("driver");  // 3.14.6, 3.18.2
    ASSERT_TRUE(driver.at("name").is_string());        // 3.19.8
    std::set<std::string> ids;
    for (const json& rule : driver.at("rules")) {
      EXPECT_TRUE(ids.insert(rule.at("id").get<std::string>()).second);                 // 3.19.23, 3.49.3
      EXPECT_FALSE(rule.at("shortDescription").at("text").get<std::string>().empty());  // 3.12.3
      EXPECT_FALSE(rule.at("fullDescription").at("text").get<std::string>().empty());
      EXPECT_FALSE(rule.at("help").at("text").get<std::string>().empty());
    }
    for (const json& result : run.at("results")) {
      const std::size_t index = result.at("ruleIndex");  // 3.27.6
      ASSERT_LT(index, driver.at("rules").size());
      EXPECT_EQ(driver.at("rules").at(index).at("id"), result.at("ruleId"));  // 3.27.5
      const std::string level = result.at("level");                           // 3.27.10
      EXPECT_TRUE(level == "error" || level == "warning" || level == "note") << level;
      EXPECT_FALSE(result.at("message").at("text").get<std::string>().empty());  // 3.27.11
      ASSERT_TRUE(result.at("locations").is_array());                            // 3.27.12
      for (const json& location : result.at("locations")) {
        const std::string uri = location.at("physicalLocation").at("artifactLocation").at("uri");
        EXPECT_EQ(uri.find_first_of(" <>\"\\^`{|}\r\n"), uri.npos) << uri;  // RFC 3986
        EXPECT_TRUE(uri.starts_with("smb://"));
        EXPECT_TRUE(location.at("logicalLocations").is_array());
      }
      for (const auto& [key, value] : result.at("partialFingerprints").items()) EXPECT_TRUE(value.is_string()) << key;
    }
  }
}

TEST(Sarif, HasWhatTheStandardDemands) {
  const json log = json::parse(sarif_text(std::array{judged(safe_host()), judged(old_nas()), judged(hostile_host())}));
  expect_sarif(log);
  EXPECT_GT(log["runs"][0]["results"].size(), 8U);
}

TEST(Sarif, NoFindingsAreAnEmptyList) {
  const json log = json::parse(sarif_text(std::array{judged(safe_host())}));
  expect_sarif(log);
  EXPECT_EQ(log["runs"][0]["results"], json::array());
}

TEST(Sarif, LevelsFollowSeverities) {
  const json log = json::parse(sarif_text(std::array{judged(old_nas())}));
  std::map<std::string, std::string> levels;
  for (const json& result : log["runs"][0]["results"]) levels[result["ruleId"]] = result["level"];
  EXPECT_EQ(levels["share-writable-by-anyone"], "error");
  EXPECT_EQ(levels["smb1-enabled"], "error");
  EXPECT_EQ(levels["signing-not-required"], "warning");
}

TEST(Sarif, HostsAreAddressesOfTheirOwn) {
  HostFacts host = silent_host();
  EXPECT_EQ(smb_uri(host), "smb://192.0.2.1:445/");
  host.host = "fe80::1%eth0";
  EXPECT_EQ(smb_uri(host), "smb://[fe80::1%25eth0]:445/");
  host.host = "/etc/my samba/smb.conf";
  EXPECT_EQ(smb_uri(host), "file:///etc/my%20samba/smb.conf");
  host.host = "a b/<ü";
  EXPECT_EQ(smb_uri(host), "smb://a%20b%2F%3C%C3%BC:445/");
}

TEST(Sarif, ShowsNothingHostile) {
  const std::string text = sarif_text(std::array{judged(hostile_host())});
  EXPECT_FALSE(has_control_character(text, "\n"));
  EXPECT_EQ(text.find("\xe2\x80\xae"), text.npos);
  EXPECT_EQ(text.find("\xc2\x9b"), text.npos);
}

}  // namespace
}  // namespace dozo::scan
