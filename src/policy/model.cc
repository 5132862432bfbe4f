#include "policy/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace dozo::policy {
namespace {

template <class E>
struct Spelling {
  E value;
  std::string_view text;
};

constexpr std::array kProtocols{Spelling{Protocol::tcp, "tcp"}, Spelling{Protocol::udp, "udp"}};
constexpr std::array kDirections{Spelling{Direction::in, "in"}, Spelling{Direction::out, "out"},
                                 Spelling{Direction::forward, "forward"}};
constexpr std::array kModes{Spelling{Mode::host, "host"}, Spelling{Mode::perimeter, "perimeter"}};
constexpr std::array kRoles{Spelling{Role::client, "client"},
                            Spelling{Role::laptop, "laptop"},
                            Spelling{Role::fileserver, "fileserver"},
                            Spelling{Role::domain_controller, "domain-controller"},
                            Spelling{Role::nas, "nas"},
                            Spelling{Role::printer, "printer"},
                            Spelling{Role::gateway, "gateway"}};
constexpr std::array kProfileNames{Spelling{Profile::domain, "domain"}, Spelling{Profile::priv, "private"},
                                   Spelling{Profile::pub, "public"}};
constexpr std::array kActions{Spelling{Action::allow, "allow"}, Spelling{Action::allow_if_secure, "allow-if-secure"},
                              Spelling{Action::block, "block"}, Spelling{Action::reject, "reject"},
                              Spelling{Action::log, "log"}};
constexpr std::array kDecisions{Spelling{Decision::pass, "pass"}, Spelling{Decision::allow, "allow"},
                                Spelling{Decision::block, "block"}, Spelling{Decision::reject, "reject"}};

template <class E, std::size_t N>
std::string_view spelt(const std::array<Spelling<E>, N>& table, E value) {
  return std::ranges::find(table, value, &Spelling<E>::value)->text;
}

template <class E, std::size_t N>
std::optional<E> read(const std::array<Spelling<E>, N>& table, std::string_view text) {
  const auto row = std::ranges::find(table, text, &Spelling<E>::text);
  if (row == table.end()) return std::nullopt;
  return row->value;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 40 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == text.npos;
}

bool is_set_name(std::string_view text) {
  return !text.empty() && text.size() <= 25 && text[0] >= 'a' && text[0] <= 'z' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == text.npos;
}

bool is_title(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return c >= ' ' && c <= '~' && std::string_view("\"'`\\$").find(c) == std::string_view::npos;
  });
}

class Checker {
 public:
  explicit Checker(const RuleSet& rules) : rules_(rules) {}

  std::vector<std::string> run() {
    if (!is_id(rules_.host)) wrong("host \"{}\" is no name", rules_.host);
    if (!is_title(rules_.title)) wrong("the title has characters that are not for titles");
    for (const auto& [name, set] : rules_.sets) {
      if (!is_set_name(name)) wrong("set \"{}\": not a name", name);
    }
    for (const auto& [name, macs] : rules_.mac_sets) {
      if (!is_set_name(name)) wrong("set \"{}\": not a name", name);
    }
    for (const Rule& rule : rules_.rules) check(rule);
    for (const ConnectionSecurity& security : rules_.connection_security) {
      identify(security.id, security.name);
      check(security.id, security.remote);
    }
    return std::move(wrong_);
  }

 private:
  template <class... T>
  void wrong(fmt::format_string<T...> format, T&&... values) {
    wrong_.push_back(fmt::format(format, std::forward<T>(values)...));
  }

  void identify(const std::string& id, const std::string& name) {
    if (!is_id(id) || id == kBansRule || id == kEstablishedRule || id == kLoopbackRule) wrong("\"{}\" is no id", id);
    if (!ids_.insert(id).second) wrong("rule {}: the id is there twice", id);
    if (!is_title(name)) wrong("rule {}: the name has characters that are not for names", id);
  }

  void check(const std::string& id, const AddressMatch& match) {
    if (match.kind != AddressMatch::Kind::any && !rules_.sets.contains(match.set)) {
      wrong("rule {}: there is no set \"{}\"", id, match.set);
    }
  }

  void check(const Rule& rule) {
    identify(rule.id, rule.name);
    check(rule.id, rule.from);
    check(rule.id, rule.to);
    if (rule.ports.empty()) wrong("rule {}: no port", rule.id);
    if (rule.profiles.empty()) wrong("rule {}: no profile", rule.id);
    if (rule.overrides_blocks && !rule.requires_ipsec()) wrong("rule {}: only allow-if-secure overrides", rule.id);
    if (rule.edge != EdgeTraversal::unset && rule.direction != Direction::in) {
      wrong("rule {}: edge traversal is for inbound rules", rule.id);
    }
    if (!rule.macs.empty() && !rules_.mac_sets.contains(rule.macs)) {
      wrong("rule {}: there is no set \"{}\"", rule.id, rule.macs);
    }
    if (!rule.macs.empty() && rule.direction == Direction::out) wrong("rule {}: its own MAC address", rule.id);
    if ((rule.direction == Direction::forward) != (rules_.mode == Mode::perimeter)) {
      wrong("rule {}: direction {} in mode {}", rule.id, to_string(rule.direction), to_string(rules_.mode));
    }
    if (rule.direction == Direction::forward && rule.profiles != Profiles::all()) {
      wrong("rule {}: a gateway has no profiles", rule.id);
    }
  }

  const RuleSet& rules_;
  std::set<std::string> ids_;
  std::vector<std::string> wrong_;
};

}  // namespace

const std::vector<Service>& known_services() {
  static const std::vector<Service> services = {
      {"smb", Protocol::tcp, {445, 445}},      {"nbt-ns", Protocol::udp, {137, 137}},
      {"nbt-dgm", Protocol::udp, {138, 138}},  {"nbt-ssn", Protocol::tcp, {139, 139}},
      {"smb-quic", Protocol::udp, {443, 443}},
  };
  return services;
}

AddressSpace Bans::addresses() const {
  std::vector<AddressRange> ranges;
  for (const Entry& entry : entries) ranges.push_back(entry.range);
  return AddressSpace::of(ranges);
}

AddressSpace RuleSet::addresses_of(const AddressMatch& match) const {
  if (match.kind == AddressMatch::Kind::any) return AddressSpace::everything();
  const auto set = sets.find(match.set);
  const AddressSpace addresses = set == sets.end() ? AddressSpace() : set->second.addresses;
  return match.kind == AddressMatch::Kind::in ? addresses : addresses.complement();
}

RuleSet RuleSet::narrowed_to(Profile profile) const {
  RuleSet narrow = *this;
  const auto elsewhere = [&](const auto& rule) { return !rule.profiles.contains(profile); };
  std::erase_if(narrow.rules, elsewhere);
  std::erase_if(narrow.connection_security, elsewhere);
  for (Rule& rule : narrow.rules) rule.profiles = Profiles::all();
  for (ConnectionSecurity& security : narrow.connection_security) security.profiles = Profiles::all();
  return narrow;
}

std::vector<std::string> problems_of(const RuleSet& rules) { return Checker(rules).run(); }

std::string_view to_string(Protocol value) { return spelt(kProtocols, value); }
std::string_view to_string(Direction value) { return spelt(kDirections, value); }
std::string_view to_string(Mode value) { return spelt(kModes, value); }
std::string_view to_string(Role value) { return spelt(kRoles, value); }
std::string_view to_string(Profile value) { return spelt(kProfileNames, value); }
std::string_view to_string(Action value) { return spelt(kActions, value); }
std::string_view to_string(Decision value) { return spelt(kDecisions, value); }

std::string to_string(const PortSet& ports) {
  std::vector<std::string> parts;
  for (const auto& [first, last] : ports.intervals()) {
    parts.push_back(first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string to_string(const Profiles& profiles) {
  if (profiles == Profiles::all()) return "any";
  std::vector<std::string_view> parts;
  for (const Profile p : kProfiles) {
    if (profiles.contains(p)) parts.push_back(to_string(p));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::optional<Protocol> protocol_from_string(std::string_view text) { return read(kProtocols, text); }
std::optional<Role> role_from_string(std::string_view text) { return read(kRoles, text); }
std::optional<Profile> profile_from_string(std::string_view text) { return read(kProfileNames, text); }
std::optional<Action> action_from_string(std::string_view text) { return read(kActions, text); }

}  // namespace dozo::policy
