#include "scan/visit.h"

#include <fmt/format.h>

#include "model/nt_status.h"

namespace dozo::scan {
namespace {

using End = LogonOutcome::End;

// Servers let those wait whose logon fails: Windows Server 2025 and dozo two seconds.
constexpr Duration kLogonDelay = std::chrono::seconds(4);
constexpr int kVisitTimeouts = 10;  // the whole visit, in times that one answer is waited for
constexpr std::uint16_t kCredits = 8;

bool is_transport(NtStatus status) {
  switch (status) {
    case NtStatus::CONNECTION_DISCONNECTED:
    case NtStatus::CONNECTION_RESET:
    case NtStatus::IO_TIMEOUT:
    case NtStatus::INVALID_NETWORK_RESPONSE:
    case NtStatus::INVALID_SIGNATURE:
      return true;
    default:
      return false;
  }
}

// Nothing is demanded that the server does not: it is to be seen as it is. What is read may be forged by whoever sits
// between, as with every scan.
client::ConnectionOptions options_for(HostProbe& probe) {
  client::ConnectionOptions options;
  options.server_name = probe.target().host;
  options.client_guid = probe.nonce();
  options.require_signing = false;
  // What it speaks is known; a server of 2.x need not prove that nobody has taken away what it does not have.
  options.dialect_max = probe.best_dialect.value_or(Dialect::smb_3_1_1);
  options.credits_wanted = kCredits;
  options.timeout = probe.settings().timeout + kLogonDelay;
  return options;
}

LogonOutcome unknown(std::string why) { return {.end = End::unknown, .why = std::move(why)}; }

LogonOutcome failed_with(NtStatus status, HostProbe& probe, const Watch& watch) {
  const Duration patience = probe.settings().timeout + kLogonDelay;
  if (watch.passed()) return unknown(trouble_of(NtStatus::IO_TIMEOUT, patience).text);
  if (is_transport(status)) return unknown(trouble_of(status, patience).text);
  return {.end = End::turned_away, .status = status};
}

runtime::Task<LogonOutcome> log_on(HostProbe& probe, client::Connection& connection, Visitor& visitor,
                                   const Watch& watch, VisitWork work) {
  auto session = co_await client::Session::log_on_as(connection, visitor.logon, {.allow_guest = visitor.keyless});
  if (!session) co_return failed_with(session.error(), probe, watch);
  LogonOutcome outcome{.end = End::let_in, .guest = (*session)->is_guest()};
  outcome.encrypts = (*session)->flags().has(wire::SessionFlag::encrypt_data);
  Visit visit{.probe = probe, .session = **session, .who = visitor.who};
  co_await work(visit);
  static_cast<void>(co_await (*session)->log_off());
  co_return outcome;
}

}  // namespace

runtime::Task<LogonOutcome> visit(HostProbe& probe, Visitor visitor, VisitWork work) {
  auto line = co_await probe.connect_smb();
  if (!line) co_return unknown(line.error().text);
  auto raw = (*line)->release();
  // Told to end the connection while somebody waits on it; both are gone when this returns.
  Watch watch(*raw, probe.loop().now() + kVisitTimeouts * (probe.settings().timeout + kLogonDelay));
  auto connection = co_await client::Connection::negotiate(std::move(raw), options_for(probe));
  if (!connection) co_return failed_with(connection.error(), probe, watch);
  LogonOutcome outcome = co_await log_on(probe, **connection, visitor, watch, work);
  co_await (*connection)->close();
  co_return outcome;
}

Fact refusal(NtStatus status, const Visit& visit) {
  if (is_transport(status)) return untested(trouble_of(status, visit.probe.settings().timeout + kLogonDelay).text);
  return no(fmt::format("{} as {}", status_text(status), visit.who));
}

}  // namespace dozo::scan
