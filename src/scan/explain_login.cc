#include "scan/explain_login.h"

#include <fmt/format.h>

#include <algorithm>

#include "scan/evidence.h"
#include "scan/fact_fields.h"
#include "scan/findings.h"
#include "scan/summary.h"

namespace dozo::scan {
namespace {

using Outcome = LoginStep::Outcome;
using Guests = ClientProfile::Guests;

constexpr std::string_view kSmb1 = "NT LM 0.12";
constexpr std::int64_t kKerberosSkewMax = 300;  // seconds, RFC 4120 1.6

LoginStep step(std::string_view stage, Outcome outcome, std::string text, std::string fix = {}) {
  return {.stage = stage, .outcome = outcome, .text = std::move(text), .fix = std::move(fix)};
}

// The fix of a rule of the findings, for this server: said in one place.
std::string server_fix(std::string_view rule_id, const HostFacts& host) {
  for (const Rule& rule : rules()) {
    if (rule.id == rule_id) return fix_for(rule.fixes, host.server_kind);
  }
  return {};
}

const Fact& dialect_fact(const HostFacts& host, std::string_view dialect) {
  const Fact& listed = fact_of(host.dialects, dialect);
  return dialect == kSmb1 && listed.state == State::untested ? host.smb1 : listed;
}

struct Agreement {
  std::string_view best;     // of those both speak; empty: none
  bool may_be_more = false;  // a better one was not tested
  bool known = true;         // whether any was
};

Agreement agree(const ClientProfile& client, const HostFacts& host) {
  Agreement agreement;
  for (auto it = client.dialects.rbegin(); it != client.dialects.rend(); ++it) {
    const Fact& fact = dialect_fact(host, *it);
    if (is_yes(fact)) {
      agreement.best = *it;
      return agreement;
    }
    agreement.may_be_more |= fact.state == State::untested;
  }
  agreement.known = !agreement.may_be_more;
  return agreement;
}

bool encrypts(std::string_view dialect) { return dialect.starts_with('3'); }

std::string spoken_by(const ClientProfile& client) {
  std::string out;
  for (const std::string_view dialect : client.dialects) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", dialect == kSmb1 ? "SMB1" : dialect);
  }
  return out;
}

LoginStep reach(const HostFacts& host) {
  const Fact& direct = fact_of(host.ports, "445/tcp");
  if (is_yes(direct) || speaks_smb(host)) return step("reach", Outcome::works, "the server answers");
  if (is_yes(fact_of(host.ports, "139/tcp"))) {
    return step("reach", Outcome::fails, "only port 139 answers, which needs NetBIOS on the client",
                "Let the server listen on port 445, and let firewalls pass it.");
  }
  if (is_no(direct)) {
    return step("reach", Outcome::fails, because("port 445 does not answer", direct),
                "Start the server, and let firewalls on the way pass TCP port 445.");
  }
  return step("reach", Outcome::unknown, because("whether port 445 answers is not known", direct));
}

// What to change when nothing is spoken by both.
std::string dialect_fix(const ClientProfile& client, const HostFacts& host) {
  const bool client_is_old = client.dialects.back() == kSmb1;
  if (!client_is_old && is_yes(host.smb1)) {
    const std::string server = server_fix("smb1-only", host);
    return client.old_dialects_fix.empty() ? server : fmt::format("{}\n{}", server, client.old_dialects_fix);
  }
  if (!client.old_dialects_fix.empty()) return std::string(client.old_dialects_fix);
  return client_is_old ? "Replace or upgrade the client. To switch SMB1 on at the server would put everybody at risk; "
                         "for a device that cannot be replaced, give it a server of its own that holds nothing else."
                       : "Let the server accept one of the client's dialects, or upgrade the client.";
}

LoginStep dialect_step(const ClientProfile& client, const HostFacts& host, const Agreement& agreement) {
  if (!agreement.best.empty()) {
    const std::string_view best = agreement.best == kSmb1 ? "SMB1" : agreement.best;
    return step("dialect", Outcome::works,
                fmt::format("both speak {}{}", best, agreement.may_be_more ? ", and maybe newer" : ""));
  }
  if (!agreement.known) return step("dialect", Outcome::unknown, "the client's dialects were not tested at the server");
  return step(
      "dialect", Outcome::fails,
      fmt::format("no dialect in common: the client speaks {}, the server {}", spoken_by(client), dialects_text(host)),
      dialect_fix(client, host));
}

LoginStep signing_step(const ClientProfile& client, const HostFacts& host, std::string_view dialect) {
  const bool server_requires = is_yes(host.signing_required);
  // [MS-SMB2] 3.2.5.2, 3.3.5.4: with SMB2 both can sign always; SMB1 can be without.
  const bool server_signs = dialect != kSmb1 || !is_no(host.signing_enabled) || server_requires;
  if (server_requires && !client.signs) {
    return step("signing", Outcome::fails, "the server requires signing, which the client cannot",
                "Upgrade or replace the client. Not requiring signing would let logons be relayed to this server.");
  }
  if (client.signing_required && !server_signs) {
    return step("signing", Outcome::fails, "the client requires signing, which the server cannot",
                server_fix("signing-off", host));
  }
  if (server_requires || client.signing_required) {
    return step("signing", Outcome::works,
                fmt::format("everything is signed: the {} requires it", server_requires ? "server" : "client"));
  }
  if (host.signing_required.state == State::untested) {
    return step("signing", client.signs ? Outcome::works : Outcome::unknown,
                "whether the server requires signing was not tested");
  }
  return step("signing", Outcome::works, "nobody requires signing, so nothing is signed");
}

bool has_common_cipher(const ClientProfile& client, const HostFacts& host) {
  return std::ranges::any_of(client.ciphers,
                             [&](std::string_view cipher) { return !is_no(fact_of(host.ciphers, cipher)); });
}

LoginStep encryption_step(const ClientProfile& client, const HostFacts& host, std::string_view dialect) {
  if (!is_yes(host.encryption_required)) {
    return step("encryption", Outcome::works,
                is_no(host.encryption_required) ? "the server does not require encryption"
                                                : "nothing says that the server requires encryption");
  }
  if (!encrypts(dialect)) {
    return step(
        "encryption", Outcome::fails,
        fmt::format("the server requires encryption, which SMB {} does not have", dialect == kSmb1 ? "1" : dialect),
        "Upgrade the client to one with SMB 3. Where that cannot be, require encryption of the shares that need "
        "it and not of the whole server.");
  }
  if (dialect == "3.1.1" && !has_common_cipher(client, host)) {
    return step("encryption", Outcome::fails, "the server requires encryption, and refuses every cipher of the client",
                "Allow AES-128-GCM at the server: " + server_fix("cipher-ccm-only", host));
  }
  return step("encryption", Outcome::works, "everything is encrypted: the server requires it");
}

// Whether NTLMv1 is taken cannot be asked without a user's password.
LoginStep old_ntlm_step(const HostFacts& host) {
  constexpr std::string_view kFix =
      "Make the client send NTLMv2 (Windows XP: LmCompatibilityLevel 3 below HKLM\\SYSTEM\\CurrentControlSet\\Control\\"
      "Lsa), or replace it.";
  if (host.server_kind == "dozo" || host.server_kind == "samba" || host.server_kind == "ksmbd") {
    return step("logon", Outcome::fails,
                fmt::format("the client sends NTLMv1, which {} refuses unless it is told otherwise",
                            server_text(host.server_kind)),
                std::string(kFix));
  }
  return step("logon", Outcome::unknown, "the client sends NTLMv1; whether the server takes it cannot be tested",
              std::string(kFix));
}

LoginStep logon_step(const ClientProfile& client, const HostFacts& host) {
  const bool skewed =
      host.clock_skew_s && (*host.clock_skew_s > kKerberosSkewMax || *host.clock_skew_s < -kKerberosSkewMax);
  if (is_no(host.ntlm)) {
    if (!client.kerberos) {
      return step("logon", Outcome::fails, "the server takes Kerberos alone, which the client does not have",
                  "Use a client of the domain, or let the server accept NTLM as well.");
    }
    if (skewed) {
      return step("logon", Outcome::fails, "the server takes Kerberos alone, and the clocks are too far apart for it",
                  server_fix("clock-skew", host));
    }
    return step("logon", Outcome::warning,
                "the server takes Kerberos alone: it works for users of the domain, by the "
                "server's name and not by its address",
                "Log on as a user of the domain, and use the name that the domain knows.");
  }
  if (client.logon == ClientProfile::Logon::ntlm_v1) return old_ntlm_step(host);
  if (skewed && client.kerberos) {
    return step("logon", Outcome::warning,
                "the clocks are too far apart for Kerberos; NTLM is used where it is allowed",
                server_fix("clock-skew", host));
  }
  return step("logon", Outcome::works, "a user with a password can log on");
}

LoginStep guest_step(const ClientProfile& client, const HostFacts& host) {
  if (!is_yes(host.guest)) {
    return step("guest", Outcome::works,
                is_no(host.guest) ? "the server lets no guests in: a user and a password are needed"
                                  : "whether the server lets guests in was not tested");
  }
  if (client.guests == Guests::refused || client.signing_required) {
    return step(
        "guest", Outcome::warning,
        "whoever the server does not know is let in as a guest, and the client refuses that: such a session can "
        "be neither signed nor encrypted. Windows says that the organisation's policies block it",
        client.guest_fix.empty() ? "Give the user an account on the server." : std::string(client.guest_fix));
  }
  return step("guest", Outcome::warning,
              "a wrong user's name is not an error here: it is let in as a guest, who may see "
              "less, or other, shares",
              server_fix("guest-accepted", host));
}

int badness(Outcome outcome) {
  switch (outcome) {
    case Outcome::fails:
      return 3;
    case Outcome::unknown:
      return 2;
    case Outcome::warning:
      return 1;
    case Outcome::works:
      break;
  }
  return 0;
}

}  // namespace

LoginExplanation explain_login(const ClientProfile& client, const HostFacts& host) {
  LoginExplanation out{.host = host_text(host), .client = std::string(client.title)};
  const Agreement agreement = agree(client, host);
  out.dialect = agreement.best;
  out.steps.push_back(reach(host));
  if (out.steps.back().outcome != Outcome::fails) out.steps.push_back(dialect_step(client, host, agreement));
  // Without a dialect there is nothing to sign, encrypt or log on to.
  if (!agreement.best.empty()) {
    out.steps.push_back(signing_step(client, host, agreement.best));
    out.steps.push_back(encryption_step(client, host, agreement.best));
    out.steps.push_back(logon_step(client, host));
    out.steps.push_back(guest_step(client, host));
  }
  for (const LoginStep& one : out.steps) {
    if (badness(one.outcome) > badness(out.verdict)) out.verdict = one.outcome;
  }
  return out;
}

}  // namespace dozo::scan
