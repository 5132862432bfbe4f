#include "scan/explain_login.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "scan/hosts_for_tests.h"

namespace dozo::scan {
namespace {

using Outcome = LoginStep::Outcome;

HostFacts only_speaks(std::initializer_list<const char*> dialects) {
  HostFacts host = safe_host();
  for (auto& [name, fact] : host.dialects) fact = kNo;
  for (const char* name : dialects) host.dialects[name] = kYes;
  host.smb1 = host.dialects["NT LM 0.12"];
  host.encryption_required = kNo;
  return host;
}

// An old NAS: SMB1, guests, nothing signed.
HostFacts old_nas() {
  HostFacts host = only_speaks({"NT LM 0.12"});
  host.server_kind = "samba";
  host.signing_required = host.signing_enabled = kNo;
  host.guest = kYes;
  return host;
}

LoginExplanation explained(const char* client, const HostFacts& host) {
  const ClientProfile* profile = find_client(client);
  EXPECT_NE(profile, nullptr) << client;
  return explain_login(*profile, host);
}

const LoginStep& step_of(const LoginExplanation& explanation, std::string_view stage) {
  static const LoginStep kNone;
  for (const LoginStep& step : explanation.steps) {
    if (step.stage == stage) return step;
  }
  ADD_FAILURE() << "no step " << stage;
  return kNone;
}

TEST(Clients, AreFoundByTheirIdsHoweverTheyAreTyped) {
  for (const char* id : {"windows-11-24h2", "Windows 11 24H2", "WINDOWS_11-24h2"}) {
    ASSERT_NE(find_client(id), nullptr) << id;
  }
  EXPECT_EQ(find_client("windows-12"), nullptr);
  EXPECT_EQ(find_client(""), nullptr);
  std::set<std::string_view> ids;
  for (const ClientProfile& client : client_profiles()) {
    EXPECT_TRUE(ids.insert(client.id).second) << client.id;
    EXPECT_EQ(find_client(client.id), &client);
    EXPECT_FALSE(client.dialects.empty());
  }
}

TEST(ExplainLogin, Windows11AndAServerOfTodayAgreeOn311) {
  HostFacts host = safe_host();
  host.ntlm = kYes;
  const auto login = explained("windows-11-24h2", host);
  EXPECT_EQ(login.verdict, Outcome::works);
  EXPECT_EQ(login.dialect, "3.1.1");
  EXPECT_EQ(step_of(login, "signing").text, "everything is signed: the server requires it");
}

TEST(ExplainLogin, Windows10HasNoDialectInCommonWithAnSmb1Nas) {
  const auto login = explained("windows-10", old_nas());
  EXPECT_EQ(login.verdict, Outcome::fails);
  EXPECT_EQ(login.dialect, "");
  const LoginStep& step = step_of(login, "dialect");
  EXPECT_NE(step.text.find("the server SMB1"), std::string::npos) << step.text;
  EXPECT_NE(step.fix.find("SMB1Protocol-Client"), std::string::npos) << step.fix;
  EXPECT_NE(step.fix.find("server min protocol"), std::string::npos) << step.fix;
  EXPECT_EQ(login.steps.size(), 2U);
}

TEST(ExplainLogin, WindowsXpCannotReachAServerWithoutSmb1) {
  const auto login = explained("windows-xp", safe_host());
  EXPECT_EQ(login.verdict, Outcome::fails);
  EXPECT_NE(step_of(login, "dialect").fix.find("Replace or upgrade the client"), std::string::npos);
}

TEST(ExplainLogin, Windows11RefusesTheGuestsOfANas) {
  HostFacts host = only_speaks({"2.1", "3.0"});
  host.signing_required = kNo;
  host.guest = kYes;
  const auto login = explained("windows-11-24h2", host);
  EXPECT_EQ(login.verdict, Outcome::warning);
  EXPECT_EQ(step_of(login, "guest").outcome, Outcome::warning);
  EXPECT_NE(step_of(login, "guest").fix.find("EnableInsecureGuestLogons"), std::string::npos);
  EXPECT_EQ(step_of(login, "signing").text, "everything is signed: the client requires it");
}

TEST(ExplainLogin, Windows10ProTakesTheSameGuests) {
  HostFacts host = only_speaks({"2.1", "3.0"});
  host.guest = kYes;
  EXPECT_NE(step_of(explained("windows-10", host), "guest").text.find("let in as a guest"), std::string::npos);
  EXPECT_EQ(step_of(explained("windows-10", host), "guest").fix.find("EnableInsecureGuestLogons"), std::string::npos);
}

TEST(ExplainLogin, Windows7CannotEncrypt) {
  HostFacts host = only_speaks({"2.0.2", "2.1", "3.0", "3.1.1"});
  host.encryption_required = kYes;
  const auto login = explained("windows-7", host);
  EXPECT_EQ(login.dialect, "2.1");
  EXPECT_EQ(login.verdict, Outcome::fails);
  EXPECT_NE(step_of(login, "encryption").text.find("SMB 2.1 does not have"), std::string::npos);
}

TEST(ExplainLogin, Windows10HasNoCipherWhereOnly256BitsAreAllowed) {
  HostFacts host = safe_host();
  host.ciphers = {{"AES-128-CCM", kNo}, {"AES-128-GCM", kNo}, {"AES-256-CCM", kYes}, {"AES-256-GCM", kYes}};
  EXPECT_EQ(step_of(explained("windows-10", host), "encryption").outcome, Outcome::fails);
  EXPECT_EQ(step_of(explained("windows-11-23h2", host), "encryption").outcome, Outcome::works);
}

TEST(ExplainLogin, APrinterThatCannotSignFailsWhereSigningIsRequired) {
  HostFacts host = only_speaks({"NT LM 0.12"});
  host.signing_required = kYes;
  const auto login = explained("printer-smb1", host);
  EXPECT_EQ(step_of(login, "signing").outcome, Outcome::fails);
  EXPECT_EQ(login.verdict, Outcome::fails);
}

TEST(ExplainLogin, AClientThatMustSignFailsAtASmb1ServerThatCannot) {
  ClientProfile strict = *find_client("windows-8.1");
  strict.signing_required = true;
  const auto login = explain_login(strict, old_nas());
  EXPECT_EQ(step_of(login, "signing").outcome, Outcome::fails);
  EXPECT_NE(step_of(login, "signing").fix.find("server signing = mandatory"), std::string::npos);
}

TEST(ExplainLogin, WithSmb2BothCanAlwaysSign) {
  HostFacts host = only_speaks({"2.1"});
  host.signing_required = host.signing_enabled = kNo;
  EXPECT_EQ(step_of(explained("windows-11-24h2", host), "signing").outcome, Outcome::works);
}

TEST(ExplainLogin, NtlmV1IsRefusedBySambaAndCannotBeToldOfWindows) {
  HostFacts host = only_speaks({"NT LM 0.12"});
  host.signing_required = kNo;
  host.ntlm = kYes;
  host.server_kind = "samba";
  EXPECT_EQ(step_of(explained("windows-xp", host), "logon").outcome, Outcome::fails);
  host.server_kind = "windows";
  EXPECT_EQ(step_of(explained("windows-xp", host), "logon").outcome, Outcome::unknown);
}

TEST(ExplainLogin, KerberosAloneNeedsADomainAndAClock) {
  HostFacts host = safe_host();  // offers no NTLM
  EXPECT_EQ(step_of(explained("windows-10", host), "logon").outcome, Outcome::warning);
  EXPECT_EQ(step_of(explained("dozo", host), "logon").outcome, Outcome::fails);
  host.clock_skew_s = 400;
  EXPECT_EQ(step_of(explained("windows-10", host), "logon").outcome, Outcome::fails);
  host.ntlm = kYes;
  EXPECT_EQ(step_of(explained("windows-10", host), "logon").outcome, Outcome::warning);
}

TEST(ExplainLogin, OldLinuxIsToldToMountWithAVersion) {
  const auto login = explained("linux-4.12", safe_host());
  EXPECT_EQ(login.verdict, Outcome::fails);
  EXPECT_NE(step_of(login, "dialect").fix.find("vers=3.0"), std::string::npos);
  EXPECT_EQ(explained("linux-5", safe_host()).dialect, "3.1.1");
  EXPECT_EQ(explained("linux-4.14", safe_host()).dialect, "3.0.2");
}

TEST(ExplainLogin, SmbclientStoppedSpeakingSmb1With411) {
  EXPECT_EQ(explained("smbclient-4.7", old_nas()).dialect, "NT LM 0.12");
  const auto login = explained("smbclient-4.11", old_nas());
  EXPECT_EQ(login.verdict, Outcome::fails);
  EXPECT_NE(step_of(login, "dialect").fix.find("client min protocol=NT1"), std::string::npos);
}

TEST(ExplainLogin, WhatWasNotTestedIsNotKnown) {
  const auto nothing = explained("windows-10", silent_host());
  EXPECT_EQ(nothing.verdict, Outcome::unknown);
  EXPECT_EQ(step_of(nothing, "dialect").outcome, Outcome::unknown);
  HostFacts host = only_speaks({"2.1"});
  host.dialects["3.1.1"] = kUntested;
  EXPECT_EQ(step_of(explained("windows-10", host), "dialect").text, "both speak 2.1, and maybe newer");
  host.dialects["2.1"] = kNo;
  EXPECT_EQ(step_of(explained("windows-10", host), "dialect").outcome, Outcome::unknown);
}

TEST(ExplainLogin, AClosedPortIsTheFirstReason) {
  HostFacts host = silent_host();
  host.ports["445/tcp"] = kNo;
  const auto login = explained("windows-10", host);
  EXPECT_EQ(login.verdict, Outcome::fails);
  EXPECT_EQ(login.steps.size(), 1U);
  host.ports["139/tcp"] = kYes;
  EXPECT_NE(step_of(explained("windows-10", host), "reach").text.find("only port 139"), std::string::npos);
}

TEST(ExplainLogin, EveryFailureOfEveryPairSaysWhatToDo) {
  std::vector<HostFacts> hosts{safe_host(), old_nas(), only_speaks({"2.1"}), only_speaks({"3.1.1"}), silent_host()};
  hosts[2].encryption_required = kYes;
  for (const ClientProfile& client : client_profiles()) {
    for (const HostFacts& host : hosts) {
      for (const LoginStep& step : explain_login(client, host).steps) {
        EXPECT_FALSE(step.text.empty()) << client.id;
        EXPECT_FALSE(step.outcome == Outcome::fails && step.fix.empty()) << client.id << ": " << step.text;
      }
    }
  }
}

TEST(ExplanationText, HasALineForEachStep) {
  const std::string text = explanation_text(explained("windows-10", old_nas()), {.columns = 100});
  EXPECT_TRUE(
      text.starts_with("192.0.2.1, from Windows 10 (Home, Pro): a logon fails\n"
                       "  ok    reach       the server answers\n"
                       "  FAIL  dialect     no dialect in common: "))
      << text;
  EXPECT_EQ(text.find('\x1b'), text.npos);
}

TEST(ExplanationJson, IsOneObject) {
  HostFacts host = old_nas();
  host.host = kHostile;
  const std::string text = explanation_json(explained("windows-10", host));
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  const auto object = nlohmann::json::parse(text);
  EXPECT_EQ(object["verdict"], "fails");
  EXPECT_EQ(object["steps"][1]["stage"], "dialect");
  EXPECT_EQ(text.find("\xe2\x80\xae"), text.npos);
}

}  // namespace
}  // namespace dozo::scan
