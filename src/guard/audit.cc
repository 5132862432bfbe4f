#include "guard/audit.h"

namespace dozo::guard {
namespace {

// A quoted value cannot be ended, nor a line or field begun, by what is in it.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

void field(std::string& line, std::string_view name, std::string_view value) {
  if (!line.empty()) line += ' ';
  line += name;
  line += '=';
  line += value;
}

void text_field(std::string& line, std::string_view name, std::string_view value) {
  if (!value.empty()) field(line, name, quoted(value));
}

}  // namespace

std::string_view to_string(AuditEvent event) {
  switch (event) {
#define DOZO_X(name, level) \
  case AuditEvent::name:    \
    return #name;
    DOZO_AUDIT_EVENTS(DOZO_X)
#undef DOZO_X
  }
  return "?";
}

log::Level level_of(AuditEvent event) {
  switch (event) {
#define DOZO_X(name, level) \
  case AuditEvent::name:    \
    return log::Level::level;
    DOZO_AUDIT_EVENTS(DOZO_X)
#undef DOZO_X
  }
  return log::Level::error;
}

std::string render(const AuditRecord& record) {
  std::string line;
  text_field(line, "address", record.address);
  text_field(line, "user", record.user);
  text_field(line, "domain", record.domain);
  text_field(line, "workstation", record.workstation);
  text_field(line, "share", record.share);
  text_field(line, "mechanism", record.mechanism);
  text_field(line, "reason", record.reason);
  if (record.status) field(line, "status", to_string(*record.status));
  if (record.dialect) field(line, "dialect", to_string(*record.dialect));
  if (record.session) field(line, "session", fmt::format("{:#x}", record.session->value()));
  return line;
}

void emit(const AuditRecord& record) {
  const log::Level level = level_of(record.event);
  if (log::enabled(level)) log::write(level, to_string(record.event), render(record));
}

}  // namespace dozo::guard
