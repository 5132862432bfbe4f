// dozo.toml as facts.
#include <fmt/format.h>

#include <algorithm>

#include "cli/scan_self.h"
#include "scan/self_audit.h"
#include "scan/self_rules.h"

namespace dozo::cli {
namespace {

using scan::Fact;
using scan::State;

class Origins {
 public:
  explicit Origins(const server::LoadedConfig& loaded) : loaded_(loaded) {}
  // "dozo.toml:12: server.signing", or that it is the default.
  std::string of(const std::string& setting) const {
    const auto it = loaded_.origins.find(setting);
    return it == loaded_.origins.end() ? fmt::format("{} has its default", setting)
                                       : fmt::format("{}: {}", it->second, setting);
  }
  Fact fact(bool yes, const std::string& setting) const { return {yes ? State::yes : State::no, of(setting)}; }

 private:
  const server::LoadedConfig& loaded_;
};

void take_dialects(const server::ServerConfig& server, const Origins& origins, scan::HostFacts& host) {
  for (const char* name : {"2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"}) {
    const Dialect dialect = *dialect_from_string(name);
    const bool above = dialect > server.max_dialect;
    host.dialects[name] =
        origins.fact(!above && dialect >= server.min_dialect, above ? "server.max_dialect" : "server.min_dialect");
  }
  host.smb1 = host.dialects["NT LM 0.12"] = {State::no, "dozo has no SMB1"};
}

void take_shares(const server::Config& config, const Origins& origins, scan::HostFacts& host) {
  const Fact nobody{State::no, "a user and a password are needed"};
  bool all_encrypt = !config.shares.empty();
  for (const server::ShareConfig& share : config.shares) {
    all_encrypt &= config.encryption_required(share);
    host.shares.push_back(
        {.name = share.name, .type = "disk", .comment = share.comment, .read = nobody, .write = nobody});
  }
  const bool required = config.server.encryption == server::EncryptionPolicy::required;
  host.encryption_required = required || !all_encrypt ? origins.fact(required, "server.encryption")
                                                      : Fact{State::yes, "each share requires it"};
}

}  // namespace

scan::HostRecord audit_dozo(const server::LoadedConfig& loaded, std::string_view source) {
  const server::Config& config = loaded.config;
  const Origins origins(loaded);
  scan::HostRecord record;
  scan::HostFacts& host = record.facts;
  host.host = source;
  host.server_kind = "dozo";
  host.name = config.server.name;
  take_dialects(config.server, origins, host);
  host.signing_enabled = {State::yes, "dozo signs always when it is asked to"};
  host.signing_required = origins.fact(config.server.signing == server::SigningPolicy::required, "server.signing");
  host.encryption = origins.fact(config.server.encryption != server::EncryptionPolicy::off, "server.encryption");
  take_shares(config, origins, host);
  host.guest = host.anonymous = host.anonymous_ipc = host.anonymous_enumeration = {State::no, "dozo refuses them"};
  host.ntlm = origins.fact(config.auth.ntlm != server::NtlmPolicy::off, "auth.ntlm");
  host.spooler = {State::no, "dozo has none"};
  for (const std::uint16_t port : {std::uint16_t{445}, std::uint16_t{139}}) {
    const bool listens =
        std::ranges::find(config.server.listen, port, &server::ListenAddress::port) != config.server.listen.end();
    host.ports[fmt::format("{}/tcp", port)] = origins.fact(listens, "server.listen");
  }
  if (config.auth.failure_delay_ms == 0) {
    record.findings.push_back(scan::self_finding("guessing-not-slowed", origins.of("auth.failure_delay_ms")));
  }
  if (!config.server.sandbox)
    record.findings.push_back(scan::self_finding("sandbox-off", origins.of("server.sandbox")));
  scan::judge_into(record);
  return record;
}

}  // namespace dozo::cli
