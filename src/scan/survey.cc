#include "scan/survey.h"

#include "model/nt_status.h"

namespace dozo::scan {
namespace {

// A policy is read before anybody logs on with a password, so that no account is locked.
bool wants_policy(const ScanSettings& settings) { return settings.level == Level::deep || settings.logon != nullptr; }

}  // namespace

runtime::Task<IpcFacts> survey(Visit& visit) {
  IpcFacts facts;
  auto ipc = co_await visit.session.connect_tree("IPC$");
  if (!ipc) {
    facts.connected = facts.enumeration = refusal(ipc.error(), visit);
    co_return facts;
  }
  facts.connected = yes("connected as " + visit.who);
  facts.enumeration = co_await survey_shares(visit, **ipc);
  // [MS-SMB2] 3.3.5.15.11: of 3.0 and later.
  if (is_smb3(visit.session.connection().negotiated().dialect)) co_await survey_interfaces(visit, **ipc);
  const ScanSettings& settings = visit.probe.settings();
  if (wants_policy(settings)) co_await survey_policy(visit, **ipc);
  if (settings.level == Level::deep) co_await survey_pipes(visit, **ipc);
  static_cast<void>(co_await (*ipc)->disconnect());
  co_return facts;
}

}  // namespace dozo::scan
