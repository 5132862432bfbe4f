#include "scan/self_audit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "base/unicode.h"
#include "scan/evidence.h"
#include "scan/fact_fields.h"
#include "scan/findings.h"
#include "scan/hosts_for_tests.h"
#include "scan/self_rules.h"

namespace dozo::scan {
namespace {

std::set<std::string> ids(const HostRecord& record) {
  std::set<std::string> out;
  for (const Finding& finding : record.findings) out.insert(finding.id);
  return out;
}

std::string evidence_of(const HostRecord& record, std::string_view id) {
  const auto it = std::ranges::find(record.findings, id, &Finding::id);
  return it == record.findings.end() ? "" : it->evidence;
}

State dialect(const HostRecord& record, std::string_view name) { return fact_of(record.facts.dialects, name).state; }

HostRecord samba(std::string_view global) { return audit_smb_conf(global, "smb.conf"); }

TEST(AuditSmbConf, DefaultsAreThoseOfSamba) {
  const HostRecord record = samba("[global]\n");
  EXPECT_EQ(record.facts.smb1.state, State::no);
  EXPECT_EQ(dialect(record, "2.0.2"), State::yes);
  EXPECT_EQ(dialect(record, "3.1.1"), State::yes);
  EXPECT_EQ(record.facts.signing_required.state, State::no);
  EXPECT_EQ(record.facts.encryption.state, State::yes);
  EXPECT_EQ(record.facts.encryption_required.state, State::no);
  EXPECT_EQ(record.facts.guest.state, State::no);
  EXPECT_EQ(record.facts.anonymous.state, State::yes);
  EXPECT_EQ(fact_of(record.facts.ciphers, "AES-256-GCM").state, State::yes);
  EXPECT_EQ(record.facts.netbios.state, State::untested);
}

TEST(AuditSmbConf, AHardenedServerHasNothingButWhatIsToBeKnown) {
  const HostRecord record = samba(
      "[global]\nserver min protocol = SMB3_00\nserver signing = mandatory\nserver smb encrypt = required\n"
      "restrict anonymous = 2\nsmb ports = 445\ndisable netbios = yes\ndisable spoolss = yes\n"
      "[files]\npath = /srv\nread only = no\n");
  EXPECT_EQ(ids(record), std::set<std::string>{"ntlm-offered"});
}

TEST(AuditSmbConf, Smb1IsFoundWithItsLine) {
  const HostRecord record = samba("[global]\n  workgroup = X\n  server min protocol = NT1\n");
  EXPECT_EQ(record.facts.smb1.state, State::yes);
  EXPECT_EQ(evidence_of(record, "smb1-enabled"), "SMB1 is accepted (smb.conf:3: server min protocol = NT1)");
  EXPECT_EQ(dialect(record, "LANMAN2.1"), State::no);
}

TEST(AuditSmbConf, ProtocolsAreARange) {
  const HostRecord record = samba("[global]\nmin protocol = LANMAN1\nmax protocol = SMB2\n");
  EXPECT_EQ(dialect(record, "LANMAN1.0"), State::yes);
  EXPECT_EQ(dialect(record, "2.1"), State::yes);
  EXPECT_EQ(dialect(record, "3.0"), State::no);
  EXPECT_EQ(record.facts.encryption.state, State::no);
  EXPECT_TRUE(ids(record).contains("lanman-dialects"));
  EXPECT_EQ(dialect(samba("[global]\nserver min protocol = nonsense\n"), "2.0.2"), State::yes);
}

TEST(AuditSmbConf, WordsForMandatoryAreSambas) {
  for (const char* word : {"mandatory", "Required", "force", "forced", "enforced"}) {
    EXPECT_EQ(samba(std::string("[global]\nserver signing = ") + word + "\n").facts.signing_required.state, State::yes);
  }
  EXPECT_EQ(samba("[global]\nserver signing = auto\n").facts.signing_required.state, State::no);
  EXPECT_EQ(samba("[global]\nserver role = active directory domain controller\n").facts.signing_required.state,
            State::yes);
  EXPECT_EQ(samba("[global]\nsmb encrypt = off\n").facts.encryption.state, State::no);
}

TEST(AuditSmbConf, CiphersCanBeListedOrTakenAway) {
  const HostRecord listed = samba("[global]\nserver smb3 encryption algorithms = AES-256-GCM\n");
  EXPECT_EQ(names_in(listed.facts.ciphers, State::yes), std::vector<std::string>{"AES-256-GCM"});
  const HostRecord taken = samba("[global]\nserver smb3 encryption algorithms = -AES-256-GCM -AES-256-CCM\n");
  EXPECT_EQ(names_in(taken.facts.ciphers, State::yes), (std::vector<std::string>{"AES-128-CCM", "AES-128-GCM"}));
}

TEST(AuditSmbConf, AShareForGuestsIsForAnybody) {
  const HostRecord record = samba(
      "[global]\nmap to guest = bad user\n[pub]\npath=/p\nguest ok = yes\nwriteable = yes\n"
      "[look]\npath=/l\npublic = yes\n[mine]\npath=/m\nread only = no\n[homes]\nguest ok = yes\nread only = no\n");
  EXPECT_EQ(evidence_of(record, "share-writable-by-anyone"), "guests may write to: pub");
  EXPECT_EQ(evidence_of(record, "share-readable-by-anyone"), "guests may read: pub, look");
  EXPECT_TRUE(ids(record).contains("guest-accepted"));
}

TEST(AuditSmbConf, SharesTakeWhatGlobalSays) {
  const HostRecord record =
      samba("[global]\nguest ok = yes\nread only = no\n[a]\npath=/a\n[b]\npath=/b\nguest ok = no\n");
  EXPECT_EQ(evidence_of(record, "share-writable-by-anyone"), "sessions without a user may write to: a");
}

TEST(AuditSmbConf, PrintersMeanASpooler) {
  EXPECT_TRUE(ids(samba("[printers]\npath=/p\nprintable=yes\n")).contains("spooler-reachable"));
  EXPECT_FALSE(ids(samba("[global]\ndisable spoolss=yes\n[printers]\nprintable=yes\n")).contains("spooler-reachable"));
  EXPECT_FALSE(ids(samba("[global]\n")).contains("spooler-reachable"));
}

struct BadLine {
  const char* rule;
  const char* bad;
  const char* good;
};

TEST(AuditSmbConf, EachBadSettingIsFoundAndItsOppositeIsNot) {
  constexpr BadLine kLines[] = {
      {"guest-is-root", "guest account = root", "guest account = nobody"},
      {"ntlmv1-accepted", "ntlm auth = yes", "ntlm auth = no"},
      {"ntlmv1-accepted", "ntlm auth = ntlmv1-permitted", "ntlm auth = mschapv2-and-ntlmv2-only"},
      {"lanman-accepted", "lanman auth = yes", "lanman auth = no"},
      {"plaintext-passwords", "encrypt passwords = no", "encrypt passwords = yes"},
      {"empty-passwords", "null passwords = true", "null passwords = false"},
      {"schannel-optional", "server schannel = auto", "server schannel = yes"},
      {"username-map-script", "username map script = /x", "username map = /x"},
      {"includes-not-read", "include = /etc/x", "comment = include"},
      {"smb1-client", "client min protocol = NT1", "client min protocol = SMB2"},
      {"wide-links", "allow insecure wide links = yes\n[a]\nwide links = yes", "[a]\nwide links = yes"},
      {"admin-users", "[a]\nadmin users = bob", "[a]\nvalid users = bob"},
  };
  for (const BadLine& line : kLines) {
    const HostRecord bad = samba(std::string("[global]\n") + line.bad + "\n");
    EXPECT_TRUE(ids(bad).contains(line.rule)) << line.bad;
    EXPECT_NE(evidence_of(bad, line.rule).find("smb.conf:"), std::string::npos) << line.bad;
    EXPECT_FALSE(ids(samba(std::string("[global]\n") + line.good + "\n")).contains(line.rule)) << line.good;
  }
}

TEST(AuditKsmbdConf, DefaultsAreThoseOfKsmbd) {
  const HostRecord record = audit_ksmbd_conf("[global]\nworkgroup = W ; a comment\n", "ksmbd.conf");
  EXPECT_EQ(record.facts.domain, "W");
  EXPECT_EQ(record.facts.server_kind, "ksmbd");
  EXPECT_EQ(dialect(record, "2.0.2"), State::no);
  EXPECT_EQ(dialect(record, "2.1"), State::yes);
  EXPECT_EQ(record.facts.signing_required.state, State::no);
  EXPECT_EQ(record.facts.encryption.state, State::untested);
  EXPECT_TRUE(ids(record).contains("signing-not-required"));
}

TEST(AuditKsmbdConf, SettingsAreFound) {
  const HostRecord record = audit_ksmbd_conf(
      "[global]\nserver signing = mandatory # now\nsmb3 encryption = mandatory\nmap to guest = bad user\n"
      "[a]\nguest ok = yes\nwriteable = yes\n",
      "ksmbd.conf");
  EXPECT_EQ(record.facts.signing_required.state, State::yes);
  EXPECT_EQ(record.facts.encryption_required.state, State::yes);
  EXPECT_TRUE(ids(record).contains("share-writable-by-anyone"));
}

constexpr std::string_view kServerList = R"(

AnnounceComment                         :
EnableMultiChannel                      : True
EnableSMB1Protocol                      : True
EnableSMB2Protocol                      : True
EncryptData                             : True
EncryptionCiphers                       : AES_256_GCM, AES_128_GCM
InvalidAuthenticationDelayTimeInMs      : 0
NullSessionPipes                        :
RejectUnencryptedAccess                 : False
RequireSecuritySignature                : False
Smb2DialectMax                          : None
Smb2DialectMin                          : SMB300
)";

TEST(AuditWindows, TheListOfTheServersConfigurationIsRead) {
  const auto record = audit_windows(kServerList, "pasted");
  ASSERT_TRUE(record.has_value()) << record.error();
  EXPECT_EQ(dialect(*record, "2.1"), State::no);
  EXPECT_EQ(dialect(*record, "3.1.1"), State::yes);
  EXPECT_EQ(fact_of(record->facts.ciphers, "AES-128-CCM").state, State::no);
  EXPECT_EQ(record->facts.anonymous_ipc.state, State::no);
  EXPECT_EQ(evidence_of(*record, "smb1-enabled"), "SMB1 is accepted (pasted: EnableSMB1Protocol is True)");
  EXPECT_EQ(ids(*record), (std::set<std::string>{"smb1-enabled", "signing-not-required", "unencrypted-allowed",
                                                 "guessing-not-slowed", "encryption-optional"}));
}

TEST(AuditWindows, JsonSaysTheSame) {
  const auto record = audit_windows(
      R"({"EnableSMB1Protocol":false,"EnableSMB2Protocol":true,"RequireSecuritySignature":true,"EncryptData":false,
          "Smb2DialectMin":768,"Smb2DialectMax":0,"NullSessionPipes":"browser",
          "InvalidAuthenticationDelayTimeInMs":2000,
          "AnnounceComment":null})",
      "pasted");
  ASSERT_TRUE(record.has_value()) << record.error();
  EXPECT_EQ(record->facts.smb1.state, State::no);
  EXPECT_EQ(dialect(*record, "2.1"), State::no);
  EXPECT_EQ(dialect(*record, "3.0"), State::yes);
  EXPECT_EQ(record->facts.signing_required.state, State::yes);
  EXPECT_EQ(record->facts.encryption.state, State::untested) << "it may be offered, or asked for by a share";
  EXPECT_EQ(ids(*record), std::set<std::string>{"anonymous-ipc"});
}

TEST(AuditWindows, WithoutDialectLimitsTheVersionDecides) {
  const auto record = audit_windows("EnableSMB2Protocol : True\nEnableSMB1Protocol : False\n", "pasted");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(dialect(*record, "3.1.1"), State::untested);
  const auto off = audit_windows("EnableSMB2Protocol : False\nEnableSMB1Protocol : True\n", "pasted");
  EXPECT_TRUE(ids(*off).contains("smb1-only"));
}

TEST(AuditWindows, Utf16OfPowerShellIsRead) {
  std::string text = "\xFF\xFE";
  for (const char c : std::string("EnableSMB1Protocol : True\r\nEnableSMB2Protocol : True\r\n")) {
    text += c;
    text += '\0';
  }
  const auto record = audit_windows(text, "pasted");
  ASSERT_TRUE(record.has_value()) << record.error();
  EXPECT_EQ(record->facts.smb1.state, State::yes);
}

TEST(AuditWindows, TheClientsConfigurationIsJudgedAsAClient) {
  const auto record = audit_windows("EnableInsecureGuestLogons : True\nRequireSecuritySignature : False\n", "pasted");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(ids(*record), (std::set<std::string>{"client-guest-logons", "client-signing-optional"}));
  const auto good = audit_windows("EnableInsecureGuestLogons : False\nRequireSecuritySignature : True\n", "pasted");
  EXPECT_TRUE(good->findings.empty());
}

constexpr std::string_view kService = R"([SC] QueryServiceConfig SUCCESS

SERVICE_NAME: lanmanworkstation
        TYPE               : 20  WIN32_SHARE_PROCESS
        START_TYPE         : 2   AUTO_START
        DEPENDENCIES       : Bowser
                           : MRxSmb10
                           : MRxSmb20
                           : NSI
        SERVICE_START_NAME : NT AUTHORITY\NetworkService
)";

TEST(AuditWindows, TheWorkstationServiceTellsOfSmb1) {
  const auto record = audit_windows(kService, "pasted");
  ASSERT_TRUE(record.has_value()) << record.error();
  EXPECT_EQ(evidence_of(*record, "smb1-client"), "pasted: DEPENDENCIES is Bowser MRxSmb10 MRxSmb20 NSI");
  std::string without(kService);
  without.replace(without.find("MRxSmb10"), 8, "MRxSmb20");
  EXPECT_TRUE(audit_windows(without, "pasted")->findings.empty());
}

TEST(AuditWindows, WhatIsNoneOfTheseIsRefused) {
  for (const char* text : {"", "hello", "{}", "[1,2]", "{", "a : b", "SERVICE_NAME: spooler\n"}) {
    const auto record = audit_windows(text, "pasted");
    ASSERT_FALSE(record.has_value()) << text;
    EXPECT_NE(record.error().find("Get-SmbServerConfiguration"), std::string::npos);
  }
}

TEST(SelfRules, SayWhyAndWhatToDo) {
  std::set<std::string_view> known;
  for (const SelfRule& rule : self_rules()) {
    EXPECT_TRUE(known.insert(rule.id).second) << rule.id;
    EXPECT_FALSE(rule.title.empty() || rule.why.empty() || rule.fix.empty()) << rule.id;
  }
}

TEST(Documentation, ListsEveryRuleWithItsSeverity) {
  std::ifstream file(DOZO_SOURCE_DIR "/docs/scan-report.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto expect_row = [&](std::string_view id, Severity severity, std::string_view title) {
    const std::string row = fmt::format("| `{}` | {} | {} |\n", id, severity_name(severity), title);
    EXPECT_NE(text.find(row), text.npos) << row;
  };
  for (const Rule& rule : rules()) expect_row(rule.id, rule.severity, rule.title);
  for (const SelfRule& rule : self_rules()) expect_row(rule.id, rule.severity, rule.title);
}

TEST(JudgeInto, KeepsWhatIsThereAndSortsByTheWorst) {
  HostRecord record{.facts = safe_host(), .findings = {self_finding("sandbox-off", "x")}};
  record.facts.smb1 = kYes;
  judge_into(record);
  ASSERT_EQ(record.findings.size(), 2U);
  EXPECT_EQ(record.findings[0].id, "smb1-enabled");
  EXPECT_EQ(record.findings[1].id, "sandbox-off");
}

}  // namespace
}  // namespace dozo::scan
