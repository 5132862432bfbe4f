// What administrators paste from Windows.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/unicode.h"
#include "scan/evidence.h"
#include "scan/self_audit.h"
#include "scan/self_rules.h"
#include "scan/smb_conf.h"

namespace dozo::scan {
namespace {

// Names in lower case.
using Values = std::map<std::string, std::string, std::less<>>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// PowerShell's redirection writes UTF-16 with a byte order mark.
std::string as_utf8(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!text.starts_with("\xFF\xFE")) return std::string(text);
  return utf8_from_le(as_bytes(text).subspan(2));
}

std::vector<std::string_view> settings_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// "Name : Value"; a line without a name goes on with the value above, as `sc qc` lists dependencies.
Values values_in_list(std::string_view text) {
  Values values;
  std::string last;
  for (const std::string_view line : settings_lines(text)) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    const std::string name = lower(trimmed(line.substr(0, colon)));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name.empty() && !last.empty()) {
      values[last] += fmt::format(" {}", value);
    } else if (!name.empty()) {
      last = name;
      values[last] = value;
    }
  }
  return values;
}

std::string text_of(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  return value.is_number_integer() ? std::to_string(value.get<std::int64_t>()) : "";
}

Values values_in_json(const std::string& text) {
  nlohmann::json object = nlohmann::json::parse(text, nullptr, false);
  if (object.is_array() && object.size() == 1) object = nlohmann::json(object.front());
  Values values;
  if (!object.is_object()) return values;
  for (const auto& [name, value] : object.items()) values[lower(name)] = text_of(value);
  return values;
}

class Settings {
 public:
  Settings(Values values, std::string_view source) : values_(std::move(values)), source_(source) {}

  bool has(std::string_view name) const { return values_.contains(lower(name)); }
  std::string value(std::string_view name) const {
    const auto it = values_.find(lower(name));
    return it == values_.end() ? "" : it->second;
  }
  bool is(std::string_view name, std::string_view wanted) const {
    return has(name) && lower(value(name)) == lower(wanted);
  }
  std::string origin(std::string_view name) const { return fmt::format("{}: {} is {}", source_, name, shown(name)); }
  // True, False; a setting that is not there is not known.
  Fact fact(std::string_view name) const {
    if (is(name, "true")) return {State::yes, origin(name)};
    if (is(name, "false")) return {State::no, origin(name)};
    return {State::untested, fmt::format("{}: {} is not in it", source_, name)};
  }

 private:
  std::string shown(std::string_view name) const { return value(name).empty() ? "empty" : value(name); }

  Values values_;
  std::string_view source_;
};

// Set-SmbServerConfiguration: SMB202 … SMB311, in JSON the number of the dialect; None is no limit.
struct WindowsDialect {
  std::string_view name;
  std::string_view number;
  std::string_view dialect;
};
constexpr WindowsDialect kDialects[] = {{"smb202", "514", "2.0.2"},
                                        {"smb210", "528", "2.1"},
                                        {"smb300", "768", "3.0"},
                                        {"smb302", "770", "3.0.2"},
                                        {"smb311", "785", "3.1.1"}};

std::size_t place_of(std::string_view value, std::size_t otherwise) {
  for (std::size_t i = 0; i < std::size(kDialects); ++i) {
    if (lower(value) == kDialects[i].name || value == kDialects[i].number) return i;
  }
  return otherwise;
}

void take_dialects(const Settings& settings, HostFacts& host) {
  host.smb1 = settings.fact("EnableSMB1Protocol");
  host.dialects["NT LM 0.12"] = host.smb1;
  const Fact smb2 = settings.fact("EnableSMB2Protocol");
  // Without these two settings Windows is older than 24H2, and which dialects it has follows from its version.
  const bool limits = settings.has("Smb2DialectMin") && settings.has("Smb2DialectMax");
  const std::size_t first = place_of(settings.value("Smb2DialectMin"), 0);
  const std::size_t last = place_of(settings.value("Smb2DialectMax"), std::size(kDialects) - 1);
  for (std::size_t i = 0; i < std::size(kDialects); ++i) {
    Fact& fact = host.dialects[std::string(kDialects[i].dialect)];
    if (smb2.state != State::yes) {
      fact = smb2;
    } else if (limits) {
      const bool within = first <= i && i <= last;
      fact = {within ? State::yes : State::no, settings.origin(i > last ? "Smb2DialectMax" : "Smb2DialectMin")};
    } else {
      fact = {State::untested, "the version of Windows decides"};
    }
  }
}

void take_ciphers(const Settings& settings, HostFacts& host) {
  if (!settings.has("EncryptionCiphers")) return;
  const std::string listed = settings.value("EncryptionCiphers");
  for (const std::string_view cipher : {"AES_128_GCM", "AES_128_CCM", "AES_256_GCM", "AES_256_CCM"}) {
    std::string name(cipher);
    std::ranges::replace(name, '_', '-');
    host.ciphers[name] = {listed.contains(cipher) ? State::yes : State::no, settings.origin("EncryptionCiphers")};
  }
}

void take_server(const Settings& settings, HostRecord& record) {
  HostFacts& host = record.facts;
  take_dialects(settings, host);
  take_ciphers(settings, host);
  host.signing_required = settings.fact("RequireSecuritySignature");
  const Fact encrypts = settings.fact("EncryptData");
  host.encryption_required = encrypts;
  if (is_yes(encrypts)) host.encryption = encrypts;
  if (is_yes(encrypts) && settings.is("RejectUnencryptedAccess", "false")) {
    host.encryption_required = {State::no, settings.origin("RejectUnencryptedAccess")};
    record.findings.push_back(self_finding("unencrypted-allowed", settings.origin("RejectUnencryptedAccess")));
  }
  if (settings.is("InvalidAuthenticationDelayTimeInMs", "0")) {
    record.findings.push_back(
        self_finding("guessing-not-slowed", settings.origin("InvalidAuthenticationDelayTimeInMs")));
  }
  if (settings.has("NullSessionPipes")) {
    const bool open = !settings.value("NullSessionPipes").empty();
    host.anonymous_ipc = {open ? State::yes : State::no, settings.origin("NullSessionPipes")};
  }
}

void take_client(const Settings& settings, HostRecord& record) {
  if (settings.is("EnableInsecureGuestLogons", "true")) {
    record.findings.push_back(self_finding("client-guest-logons", settings.origin("EnableInsecureGuestLogons")));
  }
  if (settings.is("RequireSecuritySignature", "false")) {
    record.findings.push_back(self_finding("client-signing-optional", settings.origin("RequireSecuritySignature")));
  }
}

void take_service(const Settings& settings, HostRecord& record) {
  const std::string dependencies = settings.value("DEPENDENCIES");
  if (lower(dependencies).contains("mrxsmb10")) {
    record.findings.push_back(self_finding("smb1-client", settings.origin("DEPENDENCIES")));
  }
}

}  // namespace

std::expected<HostRecord, std::string> audit_windows(std::string_view text, std::string_view source) {
  const std::string utf8 = as_utf8(text);
  const std::string_view body = trimmed(utf8);
  // "[SC] QueryServiceConfig" begins as JSON may.
  Values values = values_in_json(std::string(body));
  if (values.empty()) values = values_in_list(body);
  const Settings settings(std::move(values), source);
  HostRecord record;
  record.facts.host = source;
  record.facts.server_kind = "windows";
  if (settings.has("EnableSMB2Protocol") || settings.has("RejectUnencryptedAccess")) {
    take_server(settings, record);
  } else if (settings.has("EnableInsecureGuestLogons")) {
    take_client(settings, record);
  } else if (settings.is("SERVICE_NAME", "lanmanworkstation")) {
    take_service(settings, record);
  } else {
    return std::unexpected(
        fmt::format("{}: neither the output of Get-SmbServerConfiguration, Get-SmbClientConfiguration, nor of sc qc "
                    "lanmanworkstation",
                    source));
  }
  judge_into(record);
  return record;
}

}  // namespace dozo::scan
