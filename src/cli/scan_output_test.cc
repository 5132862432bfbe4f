#include "cli/scan_output.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/commands.h"
#include "cli/scan_self.h"
#include "scan/fact_fields.h"

namespace dozo::cli {
namespace {

constexpr std::string_view kSmb1Host =
    R"({"host":"192.0.2.7","port":445,"name":"NAS","server_kind":"samba","smb1":{"state":"yes","why":"it said so"},)"
    R"("dialects":{"2.1":{"state":"yes","why":""}},"ports":{"445/tcp":{"state":"yes","why":""}}})"
    "\n";
constexpr std::string_view kCuredHost =
    R"({"host":"192.0.2.7","port":445,"name":"NAS","server_kind":"samba","smb1":{"state":"no","why":"closed"},)"
    R"("dialects":{"2.1":{"state":"yes","why":""}},"ports":{"445/tcp":{"state":"yes","why":""}}})"
    "\n";

class ScanOutput : public testing::Test {
 protected:
  ScanOutput() {
    std::string pattern = testing::TempDir() + "dozo-scan-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    setenv("HOME", folder_.c_str(), 1);
    unsetenv("XDG_STATE_HOME");
  }
  ~ScanOutput() override {
    for (const std::string& file : files_) unlink(file.c_str());
    rmdir(folder_.c_str());
  }
  std::string path(const std::string& name) {
    files_.push_back(folder_ + "/" + name);
    return files_.back();
  }
  std::string file(const std::string& name, std::string_view text) {
    const std::string where = path(name);
    std::ofstream(where) << text;
    return where;
  }
  static std::string text_in(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // dozo scan with these options and targets.
  Exit run(const std::map<std::string, std::string>& options, std::vector<std::string> targets = {}) {
    Arguments arguments;
    for (const auto& [name, value] : options) {
      arguments.set(name, value.empty() ? std::vector<std::string>{} : std::vector<std::string>{value});
    }
    if (!targets.empty()) arguments.set("TARGET", std::move(targets));
    out_.str("");
    err_.str("");
    Io io{in_, out_, err_};
    return run_scan(arguments, io);
  }

  std::string folder_;
  std::vector<std::string> files_;
  std::istringstream in_;
  std::ostringstream out_, err_;
};

TEST_F(ScanOutput, StoredHostsAreJudgedAndPrinted) {
  EXPECT_EQ(run({{"--from", file("h", kSmb1Host)}}), Exit::done) << err_.str();
  EXPECT_NE(out_.str().find("HIGH      SMB1 is switched on  [smb1-enabled]"), std::string::npos) << out_.str();
  EXPECT_EQ(out_.str().find('\x1b'), std::string::npos);
}

TEST_F(ScanOutput, BriefLeavesTheFindingsOut) {
  EXPECT_EQ(run({{"--from", file("h", kSmb1Host)}, {"--brief", ""}}), Exit::done);
  EXPECT_EQ(out_.str().find("SMB1 is switched on"), std::string::npos);
}

TEST_F(ScanOutput, FilesAreWrittenBesideTheTable) {
  const std::string csv = path("c"), sarif = path("s"), html = path("p");
  EXPECT_EQ(run({{"--from", file("h", kSmb1Host)},
                 {"--csv", csv},
                 {"--sarif", sarif},
                 {"--html", html},
                 {"--title", "A & B"}}),
            Exit::done);
  EXPECT_TRUE(text_in(csv).starts_with("host,port,"));
  EXPECT_NE(text_in(sarif).find("\"2.1.0\""), std::string::npos);
  EXPECT_NE(text_in(html).find("<h1>A &amp; B</h1>"), std::string::npos);
  EXPECT_NE(out_.str().find("192.0.2.7"), std::string::npos);
}

TEST_F(ScanOutput, AFileOnStandardOutputTakesThePlaceOfTheTable) {
  EXPECT_EQ(run({{"--from", file("h", kSmb1Host)}, {"--csv", "-"}}), Exit::done);
  EXPECT_TRUE(out_.str().starts_with("host,port,"));
  EXPECT_EQ(run({{"--from", file("h", kSmb1Host)}, {"--csv", "-"}, {"--json", ""}}), Exit::usage);
  EXPECT_EQ(run({{"--from", file("h", kSmb1Host)}, {"--html", "/no/such/folder/x"}}), Exit::failed);
  EXPECT_NE(err_.str().find("cannot write /no/such/folder/x"), std::string::npos);
}

TEST_F(ScanOutput, LinesThatAreNoneAreNamedAndTheRestIsReported) {
  EXPECT_EQ(run({{"--from", file("h", "{}\n" + std::string(kSmb1Host))}, {"--json", ""}}), Exit::failed);
  EXPECT_NE(err_.str().find("h:1: no \"host\" in it"), std::string::npos) << err_.str();
  EXPECT_TRUE(out_.str().starts_with("{\"host\":\"192.0.2.7\""));
}

TEST_F(ScanOutput, ChangesAreToldAgainstTheHistory) {
  const std::string history = path("scans.sqlite");
  for (const char* end : {"-wal", "-shm"}) path(std::string("scans.sqlite") + end);
  {
    auto kept = scan::History::open(history);
    ASSERT_TRUE(kept.has_value()) << kept.error();
    ASSERT_TRUE(kept->add(1'700'000'000, "", std::array{*scan::from_json_line(kSmb1Host)}));
  }
  EXPECT_EQ(run({{"--from", file("h", kCuredHost)}, {"--diff", ""}, {"--history", history}}), Exit::done) << err_.str();
  EXPECT_NE(out_.str().find("  smb1: yes -> no\n"), std::string::npos) << out_.str();
  EXPECT_EQ(run({{"--diff", ""}, {"--no-history", ""}, {"--from", "x"}}), Exit::usage);
}

TEST_F(ScanOutput, ALoginIsExplainedForEachHost) {
  EXPECT_EQ(run({{"--from", file("h", kSmb1Host)}, {"--explain-login", "Windows 7"}}), Exit::done);
  EXPECT_TRUE(out_.str().starts_with("192.0.2.7, from Windows 7")) << out_.str();
  EXPECT_EQ(run({{"--from", file("h", kSmb1Host)}, {"--explain-login", "windows-7"}, {"--json", ""}}), Exit::done);
  EXPECT_TRUE(out_.str().starts_with("{\"host\":\"192.0.2.7\",\"client\":\"Windows 7")) << out_.str();
}

TEST_F(ScanOutput, AnUnknownClientListsThoseThatThereAre) {
  EXPECT_EQ(run({{"--explain-login", "amiga"}}, {"192.0.2.7"}), Exit::usage);
  EXPECT_NE(err_.str().find("windows-11-24h2"), std::string::npos);
}

TEST_F(ScanOutput, SettingsAreJudgedByWhatTheyAre) {
  const std::string conf = file("smb.conf", "[global]\nserver min protocol = NT1\n");
  const std::string toml = file("dozo.toml", "[server]\nsigning = \"if-asked\"\n");
  const std::string pasted = file("pasted.txt", "EnableSMB1Protocol : True\nEnableSMB2Protocol : True\n");
  EXPECT_EQ(run({{"--self", ""}, {"--json", ""}}, {conf, toml, pasted}), Exit::done) << err_.str();
  const std::string out = out_.str();
  EXPECT_EQ(std::ranges::count(out, '\n'), 3);
  EXPECT_NE(out.find("smb.conf:2: server min protocol = NT1"), std::string::npos) << out;
  EXPECT_NE(out.find("dozo.toml:2: server.signing"), std::string::npos) << out;
  EXPECT_NE(out.find("EnableSMB1Protocol is True"), std::string::npos) << out;
}

TEST_F(ScanOutput, SettingsMayComeFromStandardInput) {
  in_.str("EnableInsecureGuestLogons : True\n");
  EXPECT_EQ(run({{"--self", ""}}, {"-"}), Exit::done) << err_.str();
  EXPECT_NE(out_.str().find("client-guest-logons"), std::string::npos);
}

TEST_F(ScanOutput, WhatIsNoSettingsIsSaid) {
  EXPECT_EQ(run({{"--self", ""}}, {file("letter.txt", "Dear all")}), Exit::failed);
  EXPECT_NE(err_.str().find("neither an smb.conf"), std::string::npos);
  EXPECT_EQ(run({{"--self", ""}}, {folder_ + "/nothing"}), Exit::failed);
  EXPECT_NE(err_.str().find("cannot be read"), std::string::npos);
}

TEST_F(ScanOutput, ThisComputerIsJudged) {
  EXPECT_EQ(run({{"--self", ""}, {"--json", ""}}), Exit::done) << err_.str();
  EXPECT_NE(out_.str().find("\"445/tcp\""), std::string::npos);
}

server::LoadedConfig config_of(std::string_view text) {
  auto loaded = server::parse_config(text, "dozo.toml");
  EXPECT_TRUE(loaded.has_value());
  return *loaded;
}

TEST(AuditDozo, DefaultsHaveNothingButNtlm) {
  const auto record = audit_dozo(config_of(""), "dozo.toml");
  ASSERT_EQ(record.findings.size(), 2U);
  EXPECT_EQ(record.findings[0].id, "encryption-optional");
  EXPECT_EQ(record.findings[1].id, "ntlm-offered");
  EXPECT_EQ(scan::fact_of(record.facts.dialects, "2.1").state, scan::State::no);
}

TEST(AuditDozo, WhatIsLoosenedIsFound) {
  const auto record = audit_dozo(
      config_of("[server]\nmin_dialect = \"2.0.2\"\nsigning = \"if-asked\"\nencryption = \"off\"\nsandbox = false\n"
                "[auth]\nfailure_delay_ms = 0\n"),
      "dozo.toml");
  std::set<std::string> ids;
  for (const scan::Finding& finding : record.findings) ids.insert(finding.id);
  EXPECT_EQ(ids, (std::set<std::string>{"old-dialects", "signing-not-required", "encryption-absent", "sandbox-off",
                                        "guessing-not-slowed", "ntlm-offered"}));
}

TEST(AuditDozo, EncryptionOfEachShareIsEncryptionOfAll) {
  const auto record =
      audit_dozo(config_of("[[share]]\nname = \"a\"\npath = \"/srv/a\"\nencryption = \"required\"\n"), "t");
  EXPECT_EQ(record.facts.encryption_required.state, scan::State::yes);
}

}  // namespace
}  // namespace dozo::cli
