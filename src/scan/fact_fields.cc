#include "scan/fact_fields.h"

#include <fmt/format.h>

namespace dozo::scan {
namespace {

constexpr Field<std::string> kTexts[] = {
    {"host", "Target", &HostFacts::host},
    {"address", "Address", &HostFacts::address},
    {"name", "Name", &HostFacts::name},
    {"dns_name", "DNS name", &HostFacts::dns_name},
    {"os", "System", &HostFacts::os},
    {"domain", "Domain", &HostFacts::domain},
    {"forest", "Forest", &HostFacts::forest},
    {"server_kind", "Server", &HostFacts::server_kind},
    {"server_guid", "Server GUID", &HostFacts::server_guid},
    {"mac", "MAC address", &HostFacts::mac},
};

constexpr Field<Fact> kFacts[] = {
    {"smb1", "SMB1", &HostFacts::smb1},
    {"signing_enabled", "Signing enabled", &HostFacts::signing_enabled},
    {"signing_required", "Signing required", &HostFacts::signing_required},
    {"encryption", "Encryption", &HostFacts::encryption},
    {"encryption_required", "Encryption required", &HostFacts::encryption_required},
    {"guest", "Guest logon", &HostFacts::guest},
    {"anonymous", "Anonymous session", &HostFacts::anonymous},
    {"anonymous_ipc", "Anonymous IPC$", &HostFacts::anonymous_ipc},
    {"anonymous_enumeration", "Anonymous enumeration", &HostFacts::anonymous_enumeration},
    {"credentials", "Credentials accepted", &HostFacts::credentials},
    {"netbios", "NetBIOS names", &HostFacts::netbios},
    {"ntlm", "NTLM", &HostFacts::ntlm},
    {"ms17_010", "MS17-010 patch missing", &HostFacts::ms17_010},
    {"smbghost", "SMBGhost possible", &HostFacts::smbghost},
    {"spooler", "Print spooler", &HostFacts::spooler},
};

constexpr Field<FactsByName> kFamilies[] = {
    {"ports", "Ports", &HostFacts::ports},
    {"dialects", "Dialects", &HostFacts::dialects},
    {"ciphers", "Ciphers", &HostFacts::ciphers},
    {"signing_algorithms", "Signing algorithms", &HostFacts::signing_algorithms},
    {"compression", "Compression", &HostFacts::compression},
    {"coercion_pipes", "Interfaces used for coercion", &HostFacts::coercion_pipes},
    {"password_policy", "Password policy", &HostFacts::password_policy},
};

const Fact kNotAsked;

}  // namespace

std::span<const Field<std::string>> text_fields() { return kTexts; }
std::span<const Field<Fact>> fact_fields() { return kFacts; }
std::span<const Field<FactsByName>> family_fields() { return kFamilies; }

std::vector<NamedFact> all_facts(const HostFacts& host) {
  std::vector<NamedFact> facts;
  for (const auto& field : kFacts) facts.push_back({std::string(field.name), &(host.*field.member)});
  for (const auto& field : kFamilies) {
    for (const auto& [name, fact] : host.*field.member)
      facts.push_back({fmt::format("{}.{}", field.name, name), &fact});
  }
  for (const auto& [dialect, family] : host.capabilities) {
    for (const auto& [name, fact] : family) facts.push_back({fmt::format("capabilities.{}.{}", dialect, name), &fact});
  }
  for (const ShareFacts& share : host.shares) {
    facts.push_back({fmt::format("shares.{}.read", share.name), &share.read});
    facts.push_back({fmt::format("shares.{}.write", share.name), &share.write});
  }
  return facts;
}

const Fact& fact_of(const FactsByName& facts, std::string_view name) {
  const auto it = facts.find(name);
  return it == facts.end() ? kNotAsked : it->second;
}

std::vector<std::string> names_in(const FactsByName& facts, State state) {
  std::vector<std::string> names;
  for (const auto& [name, fact] : facts) {
    if (fact.state == state) names.push_back(name);
  }
  return names;
}

}  // namespace dozo::scan
