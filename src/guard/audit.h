// Audit records: what an administrator asks about afterwards. A record is a value; render() makes its line, emit()
// logs it under its event's name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "model/dialect.h"
#include "model/ids.h"
#include "model/nt_status.h"

namespace dozo::guard {

// X(enumerator, level): names are stable; programs match them.
#define DOZO_AUDIT_EVENTS(X)              \
  X(logon_succeeded, info)                \
  X(logon_refused, warning)               \
  X(logoff, info)                         \
  X(anonymous_logon_accepted, info)       \
  X(anonymous_logon_refused, warning)     \
  X(guest_logon_refused, warning)         \
  X(ntlm_refused, warning)                \
  X(smb1_client_refused, warning)         \
  X(dialect_refused, warning)             \
  X(peer_without_signing, warning)        \
  X(peer_without_encryption, warning)     \
  X(unsigned_request_refused, warning)    \
  X(unencrypted_request_refused, warning) \
  X(bad_signature, warning)               \
  X(negotiate_tampered, error)            \
  X(share_connected, info)                \
  X(share_refused, warning)               \
  X(session_kicked, info)                 \
  X(connection_refused, warning)          \
  X(connection_dropped, warning)          \
  X(protocol_violation, warning)

enum class AuditEvent {
#define DOZO_X(name, level) name,
  DOZO_AUDIT_EVENTS(DOZO_X)
#undef DOZO_X
};

std::string_view to_string(AuditEvent event);
log::Level level_of(AuditEvent event);

// What is empty is left out of the line. Text may come from the wire; it is quoted and escaped.
struct AuditRecord {
  AuditEvent event = AuditEvent::logon_succeeded;
  std::string address;
  std::string user = {};
  std::string domain = {};
  std::string workstation = {};
  std::string share = {};
  std::string mechanism = {};  // "ntlm", "kerberos"
  std::string reason = {};     // a word of ours, or a sentence
  std::optional<NtStatus> status = std::nullopt;
  std::optional<Dialect> dialect = std::nullopt;
  std::optional<SessionId> session = std::nullopt;
};

// address="192.0.2.1" user="alice" status=STATUS_LOGON_FAILURE
std::string render(const AuditRecord& record);
void emit(const AuditRecord& record);

}  // namespace dozo::guard
