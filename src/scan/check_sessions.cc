// Who is let in: nobody, a guest, and the user whose credentials were given.
#include <fmt/format.h>

#include "base/assert.h"
#include "crypto/random.h"
#include "identity/ntlm_client.h"
#include "model/nt_status.h"
#include "scan/checks.h"
#include "scan/survey.h"

namespace dozo::scan {
namespace {

using End = LogonOutcome::End;

constexpr std::uint16_t kLockoutTooNear = 3;  // failed logons

Fact fact_of(const LogonOutcome& outcome, std::string let_in) {
  if (outcome.end == End::let_in) return yes(std::move(let_in));
  if (outcome.end == End::turned_away) return no(fmt::format("refused with {}", status_text(outcome.status)));
  return untested(outcome.why);
}

// What it takes to have a session at all, where the dialects were refused: nothing to try then.
bool speaks_smb2(HostProbe& probe) { return probe.best_answer.has_value(); }

runtime::Task<void> survey_as_nobody(Visit& visit) {
  const IpcFacts found = co_await survey(visit);
  visit.probe.facts().anonymous_ipc = found.connected;
  visit.probe.facts().anonymous_enumeration = found.enumeration;
}

runtime::Task<void> survey_as_somebody(Visit& visit) { static_cast<void>(co_await survey(visit)); }

// A user that no server has.
std::shared_ptr<const client::Logon> unlikely_logon() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  std::string user;
  for (const std::uint8_t byte : crypto::random_bytes<14>()) user += kLetters[byte % kLetters.size()];
  auto hashed = identity::NtlmCredentials::from_password(user, "", "");
  DOZO_ASSERT(hashed);
  return client::ntlm_logon(std::move(*hashed));
}

void judge_encryption(HostProbe& probe, const LogonOutcome& outcome) {
  Fact& fact = probe.facts().encryption_required;
  if (outcome.end != End::let_in) {
    fact = untested("only a user's session says");
  } else if (outcome.encrypts) {
    fact = yes("the session must be encrypted");
  } else {
    fact =
        probe.every_share_encrypts ? yes("every share must be encrypted") : no("neither the session nor every share");
  }
}

std::optional<std::string> why_not_to_log_on(HostProbe& probe) {
  const auto threshold = probe.lockout_threshold;
  if (threshold && *threshold != 0 && *threshold <= kLockoutTooNear) {
    return fmt::format("{} failed logons lock an account here; none was risked", *threshold);
  }
  if (!probe.caution().refused_by.empty()) {
    return fmt::format("{} has refused these credentials; trying on could lock the account",
                       probe.caution().refused_by);
  }
  return std::nullopt;
}

runtime::Task<void> log_on_as_user(HostProbe& probe) {
  if (auto why = why_not_to_log_on(probe)) {
    probe.facts().credentials = probe.facts().encryption_required = untested(std::move(*why));
    co_return;
  }
  const ScanSettings& settings = probe.settings();
  const LogonOutcome outcome =
      co_await visit(probe, {.logon = *settings.logon, .who = settings.user}, survey_as_somebody);
  Caution& caution = probe.caution();
  if (outcome.end == End::let_in) caution.accepted = true;
  if (outcome.end == End::turned_away && caution.refused_by.empty()) caution.refused_by = probe.target().host;
  probe.facts().credentials = fact_of(outcome, fmt::format("{} is let in", settings.user));
  judge_encryption(probe, outcome);
}

}  // namespace

runtime::Task<void> check_anonymous(HostProbe& probe) {
  if (!speaks_smb2(probe)) co_return;
  HostFacts& facts = probe.facts();
  const auto nobody = client::anonymous_logon();
  const LogonOutcome outcome =
      co_await visit(probe, {.logon = *nobody, .who = "nobody", .keyless = true}, survey_as_nobody);
  facts.anonymous = fact_of(outcome, "nobody is let in");
  if (outcome.end != End::let_in) facts.anonymous_ipc = facts.anonymous_enumeration = untested("no anonymous session");
}

runtime::Task<void> check_guest(HostProbe& probe) {
  if (!speaks_smb2(probe)) co_return;
  const auto unlikely = unlikely_logon();
  const LogonOutcome outcome =
      co_await visit(probe, {.logon = *unlikely, .who = "a guest", .keyless = true}, survey_as_somebody);
  probe.facts().guest = fact_of(
      outcome, outcome.guest ? "a user that is not there is let in as a guest" : "a user that is not there is let in");
}

// One logon at a time until one has worked, so that wrong credentials are tried once, not once for each host.
runtime::Task<void> check_user(HostProbe& probe) {
  if (!speaks_smb2(probe)) co_return;
  Caution& caution = probe.caution();
  if (caution.accepted) {
    co_await log_on_as_user(probe);
    co_return;
  }
  co_await caution.lane.acquire(1);
  co_await log_on_as_user(probe);
  caution.lane.release(1);
}

}  // namespace dozo::scan
