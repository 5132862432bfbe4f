#include "policy/templates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace dozo::policy {
namespace {

using Words = std::vector<std::string>;

constexpr TemplateInput kInputs[] = {
    {"lan", "The networks of your own computers", "10.0.0.0/16 fd00::/16"},
    {"servers", "The addresses of the file servers", "10.0.1.10 fd00:1::10"},
    {"controllers", "The addresses of the domain controllers", "10.0.1.2 fd00:1::2"},
    {"vpn", "The networks that VPN clients get addresses of", "10.8.0.0/24 fd08::/64"},
    {"dmz", "The networks of the DMZ", "192.0.2.0/24"},
    {"nas", "The addresses of the NAS", "192.168.1.20"},
    {"azure", "The service tags of Azure Files that you use", "Storage.WestEurope"},
    {"service-tags", "The file of Azure's service tags", "ServiceTags_Public_20261116.json"},
};

std::string in_quotes(std::string_view word) {
  std::string text = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') text += '\\';
    text += c < ' ' ? '?' : c;
  }
  return text + '"';
}

std::string list(const Words& words) {
  Words all;
  for (const std::string& word : words) all.push_back(in_quotes(word));
  return fmt::format("[{}]", fmt::join(all, ", "));
}

// One file while it is written.
class Draft {
 public:
  Draft(std::string_view name, std::string_view about, const TemplateValues& values) : values_(values) {
    text_ = fmt::format(
        "# dozo policy, template {0}: {1}\n"
        "#\n"
        "# Change it, then:  dozo policy check --policy FILE\n"
        "#                   dozo policy simulate --policy FILE --from ADDRESS --to ADDRESS\n"
        "#                   dozo policy compile --policy FILE --for BACKEND --host ROLE\n"
        "# Of rules that speak of one connection, allow-if-secure with overrides_blocks wins over block, and block "
        "over\n"
        "# allow, whatever their order. What no rule speaks of is left to the rules that are there already.\n\n"
        "[policy]\nname = \"{0}\"\n",
        name, about);
  }

  bool has(std::string_view key) const {
    const auto found = values_.find(key);
    return found != values_.end() && !found->second.empty();
  }
  Words given(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? Words() : found->second;
  }

  // Before the next section.
  Draft& say(std::string_view comment) {
    comment_ = fmt::format("# {}\n", comment);
    return *this;
  }
  Draft& section(std::string_view name) {
    text_ += fmt::format("\n{}[{}]\n", std::exchange(comment_, {}), name);
    return *this;
  }
  Draft& line(std::string_view key, const Words& words) {
    text_ += fmt::format("{} = {}\n", key, list(words));
    return *this;
  }
  Draft& line(std::string_view text) {
    text_ += fmt::format("{}\n", text);
    return *this;
  }

  struct RuleText {
    std::string_view id, name, why;
    Words on;
    std::string_view direction;
    Words services;
    std::string_view end;  // "from" or "to"; empty: anybody
    Words places;
    Words profiles;
    std::string_view action;
    std::string_view more = "";
  };
  Draft& rule(const RuleText& r) {
    if (!r.why.empty()) text_ += fmt::format("\n# {}", r.why);
    text_ += fmt::format("\n[[rule]]\nid = \"{}\"\nname = \"{}\"\non = {}\n", r.id, r.name, list(r.on));
    if (!r.direction.empty()) text_ += fmt::format("direction = \"{}\"\n", r.direction);
    line("services", r.services);
    if (!r.end.empty()) line(r.end, r.places);
    if (!r.profiles.empty()) line("profiles", r.profiles);
    text_ += fmt::format("action = \"{}\"\n{}", r.action, r.more);
    return *this;
  }

  // [roles.fileserver] and [roles.domain-controller], as far as there are any; their names.
  Words server_roles() {
    Words roles;
    if (has("servers")) roles.push_back("fileserver");
    if (has("controllers")) roles.push_back("domain-controller");
    for (const std::string& role : roles) {
      section("roles." + role).line("members", given(role == "fileserver" ? "servers" : "controllers"));
    }
    return roles;
  }

  std::string text() { return std::move(text_); }

 private:
  const TemplateValues& values_;
  std::string text_, comment_;
};

const Words kSmb = {"smb"};
const Words kNetbios = {"nbt-ns", "nbt-dgm", "nbt-ssn"};
const Words kAll = {"smb", "nbt-ns", "nbt-dgm", "nbt-ssn"};
const Words kKnown = {"domain", "private"};
const Words kPublic = {"public"};

Words without(const Words& places) {
  Words words;
  for (const std::string& place : places) words.push_back("!" + place);
  return words;
}

Words joined(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string perimeter(const TemplateValues& values) {
  Draft draft("perimeter", "SMB neither comes in from the internet nor goes out to it", values);
  draft.say("Everything that is yours. The internet is what is in no zone.");
  draft.section("zones").line("domain", draft.given("lan"));
  if (draft.has("dmz")) draft.line("dmz", draft.given("dmz"));
  Words outside = draft.has("dmz") ? Words{"!domain", "!dmz"} : Words{"!domain"};
  const bool azure = draft.has("azure") && draft.has("service-tags");
  if (azure) {
    draft.say("New ranges are used a week after they are published: get the file every week.");
    draft.section("azure").line(fmt::format("service_tags = {}", in_quotes(draft.given("service-tags")[0])));
    Words tags;
    for (const std::string& tag : draft.given("azure")) tags.push_back("azure:" + tag);
    draft.section("objects").line("azure-files", tags);
    outside.push_back("!azure-files");
  }
  draft.section("roles.gateway").line("# The router or firewall between you and the internet.");
  const Words gateway = {"gateway"}, inside = draft.has("dmz") ? Words{"domain", "dmz"} : Words{"domain"};
  draft.rule({"from-internet",
              "No SMB and NetBIOS from the internet",
              "TCP 445 and 139, UDP 137 and 138.",
              gateway,
              "",
              kAll,
              "from",
              {"internet"},
              {},
              "block",
              "log = true\n"});
  draft.rule({"to-internet",
              "No NetBIOS to the internet",
              "",
              gateway,
              "",
              kNetbios,
              "to",
              {"internet"},
              {},
              "block",
              "log = true\n"});
  draft.rule({"smb-to-internet",
              "No SMB to the internet",
              azure ? "But to Azure Files, with SMB 3 and encryption: see the next rule." : "",
              gateway,
              "",
              kSmb,
              "to",
              outside,
              {},
              "block",
              "log = true\n"});
  if (azure) {
    draft.rule({"azure-files",
                "Azure Files over SMB 3 with AES",
                "",
                gateway,
                "",
                kSmb,
                "to",
                {"azure-files"},
                {},
                "allow",
                fmt::format("from = {}\n", list(inside))});
  }
  return draft.text();
}

// What clients and laptops have in common: inbound closed, outbound to servers alone.
void client_rules(Draft& draft, const Words& on, const Words& servers, const Words& also) {
  draft.rule({"i5",
              "Block all inbound SMB",
              "Who shares nothing is asked for nothing.",
              on,
              "in",
              kAll,
              "",
              {},
              {},
              "block",
              "edge_traversal = \"block\"\n"});
  draft.rule({"o1",
              "Block outbound Guest/Public SMB",
              "No SMB on networks that are not known.",
              on,
              "out",
              kAll,
              "",
              {},
              kPublic,
              "block"});
  draft.rule({"o2", "Allow outbound Domain/Private SMB", "To servers, when IPsec says that they are who they are.", on,
              "out", kSmb, "to", servers, kKnown, "allow-if-secure", "overrides_blocks = true\n"});
  draft.rule({"o3", "Block outbound Domain/Private SMB", "Everything else.", on, "out", kAll, also.empty() ? "" : "to",
              without(also), kKnown, "block"});
}

void ipsec(Draft& draft, const Words& on) {
  draft.say("Authentication of computers and users by Kerberos; the payload stays readable for intrusion detection.");
  draft.section("ipsec")
      .line("mode = \"request\"")
      .line("on", on)
      .line("user = true")
      .line("null_encapsulation = true");
}

std::string client(const TemplateValues& values) {
  Draft draft("client", "a workstation of a domain, as KB 3185535 has it", values);
  draft.section("zones").line("domain", draft.given("lan"));
  draft.section("roles.client").line("members", {"domain"}).line("server_service = \"stop\"");
  draft.line("windows_rules_off = true");
  const Words servers = draft.server_roles();
  ipsec(draft, joined({"client"}, servers));
  client_rules(draft, {"client"}, servers, {});
  return draft.text();
}

std::string laptop(const TemplateValues& values) {
  Draft draft("laptop", "a computer that travels: SMB at work and at home, nowhere else", values);
  draft.section("zones").line("domain", draft.given("lan"));
  if (draft.has("vpn")) draft.line("vpn", draft.given("vpn"));
  if (draft.has("nas")) {
    draft.say("At home, on private networks.");
    draft.section("objects").line("home-nas", draft.given("nas"));
  }
  draft.section("roles.laptop").line("members", draft.has("vpn") ? Words{"domain", "vpn"} : Words{"domain"});
  draft.line("profile = \"public\"").line("server_service = \"stop\"").line("windows_rules_off = true");
  const Words servers = draft.server_roles();
  ipsec(draft, joined({"laptop"}, servers));
  client_rules(draft, {"laptop"}, servers, draft.has("nas") ? Words{"home-nas"} : Words{});
  return draft.text();
}

void server_rules(Draft& draft, const Words& on, const Words& trusted) {
  draft.rule({"trusted", "SMB from trusted networks", "", on, "in", kSmb, "from", trusted, kKnown, "allow"});
  draft.rule({"others", "No SMB from elsewhere", "", on, "in", kSmb, "from", without(trusted), kKnown, "block",
              "log = true\n"});
  draft.rule({"public", "No SMB on public networks", "", on, "in", kSmb, "", {}, kPublic, "block"});
  draft.rule(
      {"netbios", "No NetBIOS", "Nothing since Windows 2000 needs it.", on, "in", kNetbios, "", {}, {}, "block"});
  draft.rule({"out-internet",
              "No SMB to the internet",
              "A server that connects out by SMB to strangers gives its hashes away.",
              on,
              "out",
              kAll,
              "to",
              {"internet"},
              {},
              "block",
              "log = true\n"});
}

std::string fileserver(const TemplateValues& values) {
  Draft draft("fileserver", "a server of shares, for trusted networks alone", values);
  draft.section("zones").line("domain", draft.given("lan"));
  if (draft.has("vpn")) draft.line("vpn", draft.given("vpn"));
  const Words trusted = draft.has("vpn") ? Words{"domain", "vpn"} : Words{"domain"};
  draft.section("roles.client").line("members", trusted);
  draft.server_roles();
  server_rules(draft, {"fileserver"}, trusted);
  return draft.text();
}

std::string domain_controller(const TemplateValues& values) {
  Draft draft("domain-controller", "every member reaches SYSVOL and NETLOGON, nobody else does", values);
  draft.section("zones").line("domain", draft.given("lan"));
  if (draft.has("vpn")) draft.line("vpn", draft.given("vpn"));
  const Words trusted = draft.has("vpn") ? Words{"domain", "vpn"} : Words{"domain"};
  draft.section("roles.client").line("members", trusted);
  draft.server_roles();
  server_rules(draft, {"domain-controller"}, trusted);
  return draft.text();
}

std::string dmz(const TemplateValues& values) {
  Draft draft("dmz", "SMB crosses the DMZ's edges to its file servers alone", values);
  draft.section("zones").line("domain", draft.given("lan")).line("dmz", draft.given("dmz"));
  draft.section("roles.client").line("members", {"domain"});
  draft.section("roles.gateway");
  if (draft.has("servers")) draft.section("roles.fileserver").line("members", draft.given("servers"));
  const Words gateway = {"gateway"};
  const Words kept = draft.has("servers") ? Words{"domain", "fileserver"} : Words{"domain"};
  draft.rule({"dmz-to-inside",
              "No SMB from the DMZ inwards",
              "What is taken over in the DMZ gets no further.",
              gateway,
              "",
              kAll,
              "from",
              {"dmz"},
              {},
              "block",
              "to = [\"!dmz\"]\nlog = true\n"});
  draft.rule({"inside-out",
              "No SMB from inside but to the servers of the DMZ",
              "",
              gateway,
              "",
              kSmb,
              "to",
              without(kept),
              {},
              "block",
              "from = [\"domain\"]\nlog = true\n"});
  draft.rule({"internet-to-dmz", "No SMB from the internet", "", gateway, "", kSmb, "from", {"internet"}, {}, "block"});
  draft.rule({"netbios-to-dmz",
              "No NetBIOS into the DMZ",
              "",
              gateway,
              "",
              kNetbios,
              "to",
              {"dmz"},
              {},
              "block",
              "from = [\"!dmz\"]\n"});
  if (draft.has("servers")) {
    draft.rule({"dmz-servers",
                "SMB from inside to the servers of the DMZ",
                "",
                gateway,
                "",
                kSmb,
                "to",
                {"fileserver"},
                {},
                "allow",
                "from = [\"domain\"]\n"});
  }
  return draft.text();
}

std::string no_lateral(const TemplateValues& values) {
  Draft draft("no-lateral", "workstations speak SMB to servers, never to each other; without IPsec", values);
  draft.section("zones").line("domain", draft.given("lan"));
  draft.section("roles.client").line("members", {"domain"}).line("server_service = \"stop\"");
  draft.line("windows_rules_off = true");
  const Words servers = draft.server_roles();
  draft.rule({"in",
              "Block all inbound SMB",
              "One that is taken over finds no other.",
              {"client"},
              "in",
              kAll,
              "",
              {},
              {},
              "block",
              "edge_traversal = \"block\"\n"});
  draft.rule(
      {"out-known", "SMB to servers alone", "", {"client"}, "out", kSmb, "to", without(servers), kKnown, "block"});
  draft.rule({"out-netbios", "No NetBIOS", "", {"client"}, "out", kNetbios, "", {}, kKnown, "block"});
  draft.rule({"out-public", "No SMB on public networks", "", {"client"}, "out", kAll, "", {}, kPublic, "block"});
  return draft.text();
}

std::string vpn_only(const TemplateValues& values) {
  Draft draft("vpn-only", "the file servers answer those who come through the VPN, and nobody else", values);
  draft.section("zones").line("domain", draft.given("lan")).line("vpn", draft.given("vpn"));
  draft.section("roles.laptop").line("members", {"vpn"});
  draft.server_roles();
  const Words trusted = draft.has("controllers") ? Words{"vpn", "domain-controller"} : Words{"vpn"};
  server_rules(draft, {"fileserver"}, trusted);
  return draft.text();
}

std::string home_nas(const TemplateValues& values) {
  Draft draft("home-nas", "the NAS is there for the house, and unseen from outside", values);
  draft.section("zones").line("private", draft.given("lan"));
  draft.section("roles.client").line("members", {"private"}).line("domain_member = false");
  draft.section("roles.nas").line("members", draft.given("nas")).line("profile = \"private\"");
  draft.section("roles.gateway").line("# The router.");
  draft.rule({"house", "SMB from the house", "", {"nas"}, "in", kSmb, "from", {"private"}, {}, "allow"});
  draft.rule({"strangers",
              "No SMB from elsewhere",
              "",
              {"nas"},
              "in",
              kSmb,
              "from",
              {"!private"},
              {},
              "block",
              "log = true\n"});
  draft.rule(
      {"netbios", "No NetBIOS", "Nothing since Windows 2000 needs it.", {"nas"}, "in", kNetbios, "", {}, {}, "block"});
  draft.rule({"router-in", "No SMB from the internet", "", {"gateway"}, "", kAll, "from", {"internet"}, {}, "block"});
  draft.rule({"router-out", "No SMB to the internet", "", {"gateway"}, "", kAll, "to", {"internet"}, {}, "block"});
  return draft.text();
}

std::string lockdown(const TemplateValues& values) {
  Draft draft("lockdown", "no SMB at all, and what is open ends", values);
  draft.section("roles.client").line("# This computer, whatever it is otherwise.");
  draft.say("Everybody is banned from SMB and NetBIOS: a ban comes before everything, and ends open connections.");
  draft.section("[blocklist]").line("name = \"everybody\"").line("addresses", {"0.0.0.0/0", "::/0"});
  draft.section("bans").line("services", kAll);
  return draft.text();
}

const std::vector<Template>& table() {
  static const std::vector<Template> rows = {
      {"perimeter",
       "The gateway to the internet: no SMB in or out, Azure Files apart.",
       {"lan"},
       {"dmz", "azure", "service-tags"},
       perimeter},
      {"client",
       "A workstation of a domain: the rules of KB 3185535, with IPsec.",
       {"lan", "servers", "controllers"},
       {},
       client},
      {"laptop",
       "A computer that travels: SMB at work and at home, nowhere else.",
       {"lan", "servers", "controllers"},
       {"vpn", "nas"},
       laptop},
      {"fileserver", "A file server: trusted networks alone.", {"lan", "servers"}, {"vpn", "controllers"}, fileserver},
      {"domain-controller",
       "A domain controller: members alone.",
       {"lan", "controllers"},
       {"vpn", "servers"},
       domain_controller},
      {"dmz", "The gateway of a DMZ: SMB from inside to its servers alone.", {"lan", "dmz"}, {"servers"}, dmz},
      {"no-lateral",
       "Workstations speak SMB to servers, never to each other.",
       {"lan", "servers"},
       {"controllers"},
       no_lateral},
      {"vpn-only",
       "File servers for those who come through the VPN alone.",
       {"lan", "vpn", "servers"},
       {"controllers"},
       vpn_only},
      {"home-nas", "A NAS for the house.", {"lan", "nas"}, {}, home_nas},
      {"lockdown", "No SMB at all; open connections end.", {}, {}, lockdown},
  };
  return rows;
}

}  // namespace

std::span<const TemplateInput> template_inputs() { return kInputs; }
std::span<const Template> templates() { return table(); }

const Template* find_template(std::string_view name) {
  const auto row = std::ranges::find(table(), name, &Template::name);
  return row == table().end() ? nullptr : &*row;
}

std::expected<std::string, std::string> write_template(const Template& chosen, const TemplateValues& values) {
  for (const std::string_view key : chosen.needed) {
    const auto found = values.find(key);
    if (found == values.end() || found->second.empty()) {
      const auto input = std::ranges::find(kInputs, key, &TemplateInput::key);
      return std::unexpected(fmt::format("the template {} needs --{} ({}, for example {})", chosen.name, key,
                                         input->question, input->example));
    }
  }
  return chosen.write(values);
}

}  // namespace dozo::policy
