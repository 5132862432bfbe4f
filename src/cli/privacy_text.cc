// What an outsider learns from a host, and how that ends.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "cli/json_text.h"
#include "cli/netbios_text.h"

namespace dozo::cli {
namespace {

using netbios::OwnedName;

constexpr std::string_view kNetbiosOff =
    "turn NetBIOS over TCP/IP off (Windows: adapter, IPv4, WINS; Samba: disable netbios = yes and no nmbd), or let "
    "UDP port 137 through from nowhere";
constexpr std::string_view kMdnsOff = "stop the mDNS responder (Avahi, Bonjour) or let UDP port 5353 stay on its link";
constexpr std::string_view kWsdOff = "stop the function discovery service (wsdd), or close UDP port 3702";

struct SuffixFact {
  std::uint8_t suffix;
  bool group;
  std::string_view what, matters;
};
constexpr SuffixFact kSuffixFacts[] = {
    {netbios::kWorkstation, false, "computer name", "names often tell owner, place and purpose"},
    {netbios::kWorkstation, true, "workgroup or domain", "the domain to attack, and to name in a logon"},
    {netbios::kFileServer, false, "serves files", "there are shares to look for"},
    {netbios::kDomainControllers, true, "domain controller", "the most valuable host of the network"},
    {netbios::kDomainMaster, false, "domain master browser", "the primary domain controller"},
    {netbios::kLocalMaster, false, "master browser", "it keeps the list of the network's hosts"},
    {0x06, false, "remote access server", "a way into the network"},
    {0x22, false, "mail server (Exchange)", "a service worth attacking"},
    {0x87, false, "mail server (Exchange MTA)", "a service worth attacking"},
};

void add_suffix_facts(const netbios::NodeStatus& status, std::vector<PrivacyFact>& facts) {
  for (const SuffixFact& known : kSuffixFacts) {
    for (const OwnedName& owned : status.names) {
      if (owned.name.suffix != known.suffix || owned.flags.group != known.group) continue;
      facts.push_back({std::string(known.what), netbios::printable(owned.name), "NetBIOS node status",
                       std::string(known.matters), std::string(kNetbiosOff)});
    }
  }
}

// A messenger name that is not the computer's is that of whoever is logged on.
void add_users(const netbios::NodeStatus& status, std::vector<PrivacyFact>& facts) {
  std::set<std::string> computers;
  for (const OwnedName& owned : status.names) {
    if (owned.name.suffix == netbios::kWorkstation) computers.insert(owned.name.text);
  }
  for (const OwnedName& owned : status.names) {
    const bool messenger = owned.name.suffix == netbios::kMessenger && !owned.flags.group;
    if (!messenger || computers.contains(owned.name.text)) continue;
    facts.push_back({"user who is logged on", netbios::printable(owned.name), "NetBIOS node status",
                     "half of a logon is known", "stop the Messenger service"});
  }
}

void add_mac(const netbios::NodeStatus& status, std::vector<PrivacyFact>& facts) {
  const bool known = std::ranges::any_of(status.unit_id, [](std::uint8_t byte) { return byte != 0; });
  if (!known) return;
  facts.push_back({"network card's address", netbios::mac_text(status.unit_id), "NetBIOS node status",
                   "it tells the maker, and follows the computer to other networks", std::string(kNetbiosOff)});
}

}  // namespace

std::vector<PrivacyFact> privacy_facts(const PrivacyEvidence& evidence) {
  std::vector<PrivacyFact> facts;
  if (evidence.status) {
    add_suffix_facts(evidence.status->status, facts);
    add_users(evidence.status->status, facts);
    add_mac(evidence.status->status, facts);
  }
  for (const std::string& type : evidence.service_types) {
    facts.push_back({"service", type, "multicast DNS, asked from outside the link's group", "a list of what runs there",
                     std::string(kMdnsOff)});
  }
  for (const netbios::DeviceAnswer& device : evidence.devices) {
    facts.push_back({"device", fmt::format("{} {}", fmt::join(device.match.types, " "), device.match.endpoint),
                     "WS-Discovery", "a number that stays the same for ever, and where its metadata are",
                     std::string(kWsdOff)});
  }
  return facts;
}

std::string privacy_text(const PrivacyEvidence& evidence) {
  const std::vector<PrivacyFact> facts = privacy_facts(evidence);
  std::string out = fmt::format("What {} tells whoever asks, without a logon:\n\n", evidence.address);
  for (const PrivacyFact& fact : facts) {
    out += fmt::format("  {}: {}\n      learned by {}; {}\n", fact.what, on_one_line(fact.value), fact.source,
                       fact.matters);
  }
  if (facts.empty()) out += "  nothing: no question was answered\n";
  if (!evidence.status) out += fmt::format("\nNetBIOS: {}\n", on_one_line(evidence.netbios_silence));
  std::set<std::string> remedies;
  for (const PrivacyFact& fact : facts) remedies.insert(fact.remedy);
  if (!remedies.empty()) out += "\nTo end it:\n";
  for (const std::string& remedy : remedies) out += fmt::format("  {}\n", remedy);
  return out;
}

std::string privacy_json(const PrivacyEvidence& evidence) {
  std::string list;
  for (const PrivacyFact& fact : privacy_facts(evidence)) {
    list += fmt::format("{}{{\"what\":{},\"value\":{},\"source\":{},\"matters\":{},\"remedy\":{}}}",
                        list.empty() ? "" : ",", json_quoted(fact.what), json_quoted(fact.value),
                        json_quoted(fact.source), json_quoted(fact.matters), json_quoted(fact.remedy));
  }
  return fmt::format("{{\"address\":{},\"netbios\":{},\"facts\":[{}]}}\n", json_quoted(evidence.address),
                     json_quoted(evidence.status ? "answers" : evidence.netbios_silence), list);
}

}  // namespace dozo::cli
