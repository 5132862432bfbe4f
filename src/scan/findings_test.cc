#include "scan/findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "scan/evidence.h"
#include "scan/fact_fields.h"
#include "scan/hosts_for_tests.h"

namespace dozo::scan {
namespace {

struct Case {
  const char* id;
  void (*spoil)(HostFacts& host);  // what makes the rule fire, and it alone where nothing else is said
  const char* evidence;            // part of it
};

void share(HostFacts& host, Fact read, Fact write) {
  host.guest = kYes;
  host.shares = {{"public", "disk", "", read, write}, {"IPC$", "ipc", "", kYes, kYes}};
}

const Case kCases[] = {
    {"smb1-only",
     [](HostFacts& h) {
       for (auto& [name, fact] : h.dialects) fact = kNo;
       h.smb1 = h.dialects["NT LM 0.12"] = kYes;
     },
     "each dialect from 2.0.2 to 3.1.1 is refused"},
    {"smb1-enabled", [](HostFacts& h) { h.smb1 = kYes; }, "SMB1 is accepted (the answer says so)"},
    {"lanman-dialects", [](HostFacts& h) { h.dialects["LANMAN1.0"] = kYes; }, "accepted: LANMAN1.0"},
    {"old-dialects", [](HostFacts& h) { h.dialects["2.1"] = kYes; }, "SMB 2.1"},
    {"no-smb311", [](HostFacts& h) { h.dialects["3.1.1"] = kNo; }, "3.1.1 is refused"},
    {"signing-off", [](HostFacts& h) { h.signing_enabled = h.signing_required = kNo; }, "neither"},
    {"signing-not-required", [](HostFacts& h) { h.signing_required = kNo; }, "not required (refused)"},
    {"encryption-absent", [](HostFacts& h) { h.encryption = h.encryption_required = kNo; }, "not offered"},
    {"encryption-optional", [](HostFacts& h) { h.encryption_required = kNo; }, "not required"},
    {"cipher-ccm-only", [](HostFacts& h) { h.ciphers["AES-128-GCM"] = h.ciphers["AES-256-GCM"] = kNo; }, "AES-GCM"},
    {"no-aes256", [](HostFacts& h) { h.ciphers["AES-256-CCM"] = h.ciphers["AES-256-GCM"] = kNo; }, "AES-256 refused"},
    {"share-writable-by-anyone", [](HostFacts& h) { share(h, kNo, kYes); }, "guests may write to: public"},
    {"share-readable-by-anyone", [](HostFacts& h) { share(h, kYes, kNo); }, "guests may read: public"},
    {"guest-accepted", [](HostFacts& h) { h.guest = kYes; }, "lets guests in"},
    {"anonymous-enumeration", [](HostFacts& h) { h.anonymous_enumeration = kYes; }, "lists"},
    {"anonymous-ipc", [](HostFacts& h) { h.anonymous_ipc = kYes; }, "IPC$"},
    {"anonymous-session", [](HostFacts& h) { h.anonymous = kYes; }, "without a user"},
    {"lockout-absent", [](HostFacts& h) { h.password_policy["lockout"] = kNo; }, "not locked"},
    {"ntlm-offered", [](HostFacts& h) { h.ntlm = kYes; }, "NTLM is offered"},
    {"clock-skew", [](HostFacts& h) { h.clock_skew_s = -301; }, "301 s behind"},
    {"ms17-010-missing", [](HostFacts& h) { h.ms17_010 = kYes; }, "before the patch"},
    {"smbghost-possible", [](HostFacts& h) { h.smbghost = kYes; }, "cannot be ruled out"},
    {"os-unsupported", [](HostFacts& h) { h.os = "6.1 build 7601"; }, "6.1 build 7601"},
    {"public-address", [](HostFacts& h) { h.address = "8.8.8.8"; }, "8.8.8.8"},
    {"coercion-pipes", [](HostFacts& h) { h.coercion_pipes["efsrpc"] = kYes; }, "efsrpc"},
    {"spooler-reachable", [](HostFacts& h) { h.spooler = kYes; }, "spooler"},
    {"netbios-names", [](HostFacts& h) { h.netbios = kYes; }, "name table"},
    {"netbios-user", [](HostFacts& h) { h.netbios_names = {{"STORE", 0x20, false}, {"ALICE", 0x03, false}}; }, "ALICE"},
    {"netbios-session-port", [](HostFacts& h) { h.ports["139/tcp"] = kYes; }, "139"},
    {"rpc-endpoint-mapper", [](HostFacts& h) { h.ports["135/tcp"] = kYes; }, "135"},
    {"quic-open", [](HostFacts& h) { h.ports["443/udp"] = kYes; }, "443"},
    {"interfaces-exposed", [](HostFacts& h) { h.interfaces = {"192.0.2.1", "10.9.8.7"}; }, "10.9.8.7"},
};

std::set<std::string> ids_of(const HostFacts& host) {
  std::set<std::string> ids;
  for (const Finding& finding : judge(host)) ids.insert(finding.id);
  return ids;
}

HostFacts spoiled(const Case& c) {
  HostFacts host = safe_host();
  c.spoil(host);
  return host;
}

// `change` is given every fact of the host, one copy of the host each.
template <class Change>
void for_each_fact(const HostFacts& host, Change&& change) {
  for (const auto& field : fact_fields()) {
    HostFacts copy = host;
    change(copy, copy.*field.member);
  }
  for (const auto& field : family_fields()) {
    for (const auto& [name, fact] : host.*field.member) {
      HostFacts copy = host;
      change(copy, (copy.*field.member)[name]);
    }
  }
  for (std::size_t i = 0; i < host.shares.size(); ++i) {
    HostFacts copy = host;
    change(copy, copy.shares[i].read);
    copy = host;
    change(copy, copy.shares[i].write);
  }
}

TEST(Findings, EveryRuleHasACaseHere) {
  std::set<std::string> tested;
  for (const Case& c : kCases) tested.insert(c.id);
  std::set<std::string> known;
  for (const Rule& rule : rules()) EXPECT_TRUE(known.insert(std::string(rule.id)).second) << rule.id;
  EXPECT_EQ(tested, known);
}

TEST(Findings, EachRuleFiresOnItsCaseWithItsEvidence) {
  for (const Case& c : kCases) {
    const auto findings = judge(spoiled(c));
    const auto it = std::ranges::find(findings, c.id, &Finding::id);
    ASSERT_NE(it, findings.end()) << c.id;
    EXPECT_NE(it->evidence.find(c.evidence), std::string::npos) << c.id << ": " << it->evidence;
  }
}

TEST(Findings, ASafeServerHasNone) { EXPECT_EQ(ids_of(safe_host()), std::set<std::string>{}); }

TEST(Findings, NothingKnownIsNothingFound) {
  EXPECT_TRUE(judge(silent_host()).empty());
  EXPECT_TRUE(judge(HostFacts{}).empty());
}

TEST(Findings, EachCaseBreaksNoRuleThatItDoesNotMeanTo) {
  for (const Case& c : kCases) {
    std::set<std::string> ids = ids_of(spoiled(c));
    ids.erase(c.id);
    if (std::string(c.id).starts_with("share-")) ids.erase("guest-accepted");
    EXPECT_EQ(ids, std::set<std::string>{}) << c.id;
  }
}

TEST(Findings, AFactThatBecomesUntestedNeverAddsAFinding) {
  // What remains when the stronger of two findings cannot be told any more.
  const std::set<std::string> weaker{"smb1-enabled", "signing-not-required"};
  for (const Case& c : kCases) {
    const HostFacts host = spoiled(c);
    const auto before = ids_of(host);
    for_each_fact(host, [&](const HostFacts& changed, Fact& fact) {
      fact = kUntested;
      for (const std::string& id : ids_of(changed)) {
        EXPECT_TRUE(before.contains(id) || weaker.contains(id)) << c.id << " adds " << id;
      }
    });
  }
}

TEST(Findings, WithEverythingUntestedNoFactAloneFires) {
  for (const Case& c : kCases) {
    HostFacts host = spoiled(c);
    for (const auto& field : fact_fields()) host.*field.member = kUntested;
    for (const auto& field : family_fields()) {
      for (auto& [name, fact] : host.*field.member) fact = kUntested;
    }
    host.clock_skew_s.reset();
    host.interfaces.clear();
    host.netbios_names.clear();
    host.os.clear();
    EXPECT_EQ(ids_of(host), std::set<std::string>{}) << c.id;
  }
}

TEST(Findings, TheWorstComesFirst) {
  HostFacts host = safe_host();
  for (const Case& c : kCases) {
    if (std::string_view(c.id) != "smb1-only") c.spoil(host);
  }
  const auto findings = judge(host);
  ASSERT_GT(findings.size(), 20U);
  EXPECT_TRUE(std::ranges::is_sorted(findings, std::ranges::greater(), &Finding::severity));
  EXPECT_EQ(findings.front().severity, Severity::critical);
}

TEST(Findings, Smb1OnlyNeedsEveryModernDialectToBeRefused) {
  HostFacts host = spoiled(kCases[0]);
  host.dialects["3.0"] = kUntested;
  EXPECT_EQ(ids_of(host), std::set<std::string>{"smb1-enabled"});
  host.dialects.erase("3.0");
  EXPECT_EQ(ids_of(host), std::set<std::string>{"smb1-enabled"});
}

TEST(Findings, RightsOfALogonOfOursAreNotThoseOfAnybody) {
  HostFacts host = safe_host();
  host.shares = {{"private", "disk", "", kYes, kYes}};
  EXPECT_EQ(ids_of(host), std::set<std::string>{});
  host.guest = host.credentials = kYes;
  EXPECT_EQ(ids_of(host), std::set<std::string>{"guest-accepted"});
}

TEST(Findings, FiveMinutesOfClockAreWhatKerberosAllows) {
  HostFacts host = safe_host();
  for (const std::int64_t skew : {300, -300, 0}) {
    host.clock_skew_s = skew;
    EXPECT_TRUE(judge(host).empty()) << skew;
  }
  host.clock_skew_s = std::numeric_limits<std::int64_t>::min();
  EXPECT_NE(judge(host).at(0).evidence.find("9223372036854775808 s behind"), std::string::npos);
}

TEST(Findings, TheComputersOwnNameIsNoUser) {
  HostFacts host = safe_host();
  host.netbios_names = {{"STORE", 0x00, false}, {"STORE", 0x03, false}, {"GROUP", 0x03, true}};
  EXPECT_TRUE(judge(host).empty());
}

TEST(Findings, SystemsOfOtherKindsHaveNoWindowsBuild) {
  HostFacts host = safe_host();
  host.os = "6.1 build 0";
  EXPECT_TRUE(judge(host).empty());
  host.server_kind = "samba";
  host.os = "6.1 build 7601";
  EXPECT_TRUE(judge(host).empty());
  host.server_kind = "windows";
  host.os = "10.0 build 14393";
  EXPECT_TRUE(judge(host).empty());
}

TEST(Findings, EveryRuleSaysWhyAndWhatToDoForEveryKind) {
  for (const Rule& rule : rules()) {
    EXPECT_FALSE(rule.title.empty() || rule.why.empty()) << rule.id;
    EXPECT_FALSE(rule.fixes.windows.empty() || rule.fixes.samba.empty() || rule.fixes.dozo.empty()) << rule.id;
    EXPECT_FALSE(rule.fixes.device.empty()) << rule.id;
    for (const char* kind : {"windows", "samba", "ksmbd", "macos", "dozo", "", "printer"}) {
      EXPECT_FALSE(fix_for(rule.fixes, kind).empty()) << rule.id << kind;
    }
  }
}

TEST(Fixes, AreForTheServersKind) {
  const Fixes fixes{.windows = "W", .samba = "S", .dozo = "D", .device = "N"};
  EXPECT_EQ(fix_for(fixes, "windows"), "W");
  EXPECT_EQ(fix_for(fixes, "samba"), "S");
  EXPECT_EQ(fix_for(fixes, "dozo"), "D");
  EXPECT_EQ(fix_for(fixes, "macos"), "N");
  EXPECT_EQ(fix_for(fixes, ""), "Windows: W\nSamba: S\ndozo: D\nOther devices: N");
}

TEST(PublicAddress, IsOneOfTheInternet) {
  for (const char* address : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00::1", "::ffff:9.9.9.9", "1.1.1.1"}) {
    EXPECT_TRUE(is_public_address(address)) << address;
  }
  for (const char* address : {"10.1.2.3", "172.31.255.255", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1",
                              "fe80::1%eth0", "fd00::1", "::1", "2001:db8::1", "::ffff:10.0.0.1", "nas", ""}) {
    EXPECT_FALSE(is_public_address(address)) << address;
  }
}

TEST(WindowsVersion, IsReadFromTheScansOwnText) {
  EXPECT_EQ(windows_version("10.0 build 20348")->build, 20348U);
  EXPECT_EQ(windows_version("6.1 build 7601 revision 15")->minor, 1U);
  for (const char* text : {"", "Samba 4.17", "10.0", "10.0 build", "99999999999.0 build 1"}) {
    EXPECT_FALSE(windows_version(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace dozo::scan
