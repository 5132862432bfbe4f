// What a client and a server would agree on, and why a logon fails: told from what is known of both, without trying.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scan/facts.h"
#include "scan/report_table.h"

namespace dozo::scan {

// A client as it comes, before anybody changes a setting.
struct ClientProfile {
  std::string_view id;                         // "windows-11-24h2": what --explain-login takes
  std::string_view title;                      // "Windows 11 24H2 (Pro, Enterprise, Education)"
  std::span<const std::string_view> dialects;  // best last; "NT LM 0.12" is SMB1
  std::span<const std::string_view> ciphers;   // of 3.1.1; with 3.0 and 3.0.2 there is AES-128-CCM alone
  bool signs = true;
  bool signing_required = false;
  enum class Guests : std::uint8_t { accepted, refused } guests = Guests::accepted;
  enum class Logon : std::uint8_t { ntlm_v1, ntlm_v2 } logon = Logon::ntlm_v2;
  bool kerberos = true;
  std::string_view old_dialects_fix;  // how it is made to speak what it does not by itself; empty: it cannot
  std::string_view guest_fix;         // how it is made to accept guests
};

std::span<const ClientProfile> client_profiles();
// By id; case does not matter, blanks are as '-'. Nothing when there is none.
const ClientProfile* find_client(std::string_view id);

// A step of a logon.
struct LoginStep {
  enum class Outcome : std::uint8_t { works, fails, unknown, warning };  // warning: works, but not for everybody

  std::string_view stage;  // "reach" "dialect" "signing" "encryption" "logon" "guest"
  Outcome outcome = Outcome::works;
  std::string text;
  std::string fix;  // empty where nothing is to be done

  bool operator==(const LoginStep&) const = default;
};

struct LoginExplanation {
  std::string host;
  std::string client;
  LoginStep::Outcome verdict = LoginStep::Outcome::works;  // the worst of the steps
  std::string dialect;                                     // what would be agreed on; empty: none, or not known
  std::vector<LoginStep> steps;
};

LoginExplanation explain_login(const ClientProfile& client, const HostFacts& host);

std::string explanation_text(const LoginExplanation& explanation, const TableStyle& style);
std::string explanation_json(const LoginExplanation& explanation);  // one object and a line feed

}  // namespace dozo::scan
