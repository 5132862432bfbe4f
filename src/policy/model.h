// The model of the firewall policy: what one machine (or one gateway) is to let through, as an ordered list of rules
// that every backend compiles and that evaluate() (policy/evaluate.h) answers from. Plain values.
//
// A rule speaks of connections, not of packets: who starts it is the source, and a port is always a port of the
// responder. So `in` means that others connect to this host (Windows' LocalPort, nftables' input and dport), `out` that
// this host connects to others (RemotePort, output and dport), `forward` that a gateway stands between the two.
// For UDP a conversation is what a stateful firewall takes for one.
//
// What a RuleSet does not speak of is not ours: the verdict is then `pass`, and foreign rules decide.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/address.h"

namespace dozo::policy {

enum class Protocol : std::uint8_t { tcp, udp };
enum class Direction : std::uint8_t { in, out, forward };
enum class Mode : std::uint8_t { host, perimeter };  // rules are all in/out, or all forward
enum class Role : std::uint8_t { client, laptop, fileserver, domain_controller, nas, printer, gateway };

// Windows' network profiles. A machine without them (every backend but Windows) is in one at a time all the same:
// RuleSet::narrowed_to() says what holds there.
enum class Profile : std::uint8_t { domain, priv, pub };
inline constexpr Profile kProfiles[] = {Profile::domain, Profile::priv, Profile::pub};
class Profiles {
 public:
  constexpr Profiles() = default;
  constexpr Profiles(std::initializer_list<Profile> list) {
    for (const Profile p : list) bits_ |= bit(p);
  }
  static constexpr Profiles all() { return {Profile::domain, Profile::priv, Profile::pub}; }
  constexpr bool contains(Profile p) const { return (bits_ & bit(p)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr Profiles with(Profile p) const {
    Profiles more = *this;
    more.bits_ |= bit(p);
    return more;
  }
  constexpr bool operator==(const Profiles&) const = default;

 private:
  static constexpr std::uint8_t bit(Profile p) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(p)); }
  std::uint8_t bits_ = 0;
};

// `reject` answers with a reset or an ICMP error where the backend can, else it is `block`.
// `log` writes a line and decides nothing.
enum class Action : std::uint8_t { allow, allow_if_secure, block, reject, log };

// May an inbound connection arrive through a tunnel across NAT (Teredo)? Windows knows it, and on inbound rules alone.
enum class EdgeTraversal : std::uint8_t { unset, block, allow };

using PortSet = IntervalSet<std::uint16_t>;

struct Service {
  std::string name;
  Protocol protocol = Protocol::tcp;
  PortSet ports;
  bool operator==(const Service&) const = default;
};
// smb 445/tcp, nbt-ns 137/udp, nbt-dgm 138/udp, nbt-ssn 139/tcp, smb-quic 443/udp.
const std::vector<Service>& known_services();

// One end of a connection. `in` and `not_in` name one set of RuleSet::sets; an empty set is nobody, never everybody.
struct AddressMatch {
  enum class Kind : std::uint8_t { any, in, not_in };
  Kind kind = Kind::any;
  std::string set;
  bool operator==(const AddressMatch&) const = default;
};

struct Rule {
  std::string id;    // [a-z0-9-]{1,40}, unique in the set; what a backend's tag is made of: "o2", "fileserver-smb"
  std::string name;  // one line for people, printable ASCII without quotes, backslashes and '$'
  std::uint32_t line = 0;  // in the policy file; 0: of no line
  Direction direction = Direction::in;
  Profiles profiles = Profiles::all();  // all() when forward
  Protocol protocol = Protocol::tcp;
  PortSet ports;      // of the responder; never empty
  AddressMatch from;  // who starts the connection
  AddressMatch to;    // who is connected to
  std::string macs;  // a set of RuleSet::mac_sets that the source's has to be in; empty: whatever it is. Not with `out`
  Action action = Action::block;
  bool overrides_blocks = false;  // with allow_if_secure alone: holds against every block (Windows: OverrideBlockRules)
  EdgeTraversal edge = EdgeTraversal::unset;  // other than unset with `in` alone
  bool log = false;                           // what it decides is also logged
  bool operator==(const Rule&) const = default;

  bool requires_ipsec() const { return action == Action::allow_if_secure; }
};

// A set's name is [a-z][a-z0-9_]{0,24}: a word in every backend.
struct NamedSet {
  AddressSpace addresses;
  std::string azure_tag;   // "Storage.WestEurope", when the set is that service tag and nothing else
  std::uint32_t line = 0;  // in the policy file
  bool operator==(const NamedSet&) const = default;
};

// IPsec between hosts (Windows: a connection security rule; elsewhere a note of what has to be set up). Without it on
// both ends nothing is ever "secure", and allow_if_secure never holds.
struct ConnectionSecurity {
  std::string id;
  std::string name;
  std::uint32_t line = 0;
  bool require_in = false;          // else it is requested
  bool require_out = false;         // else it is requested
  bool user_too = true;             // second authentication: the user's Kerberos, besides the computer's
  bool null_encapsulation = false;  // authenticated and left readable
  Profiles profiles = Profiles::all();
  AddressMatch remote;
  bool operator==(const ConnectionSecurity&) const = default;
};

// Who is cut off: ahead of everything, connections that are open included. `services` are those that are closed to
// them.
struct Bans {
  struct Entry {
    AddressRange range;
    std::optional<std::int64_t> until;  // seconds since 1970
    bool operator==(const Entry&) const = default;
  };
  std::vector<Entry> entries;  // what is known when compiling; a running server adds more where the backend can
  std::vector<Service> services;
  bool operator==(const Bans&) const = default;

  AddressSpace addresses() const;
};

// A service of the operating system that answers or speaks SMB.
enum class SystemService : std::uint8_t { server, workstation };  // Windows: LanmanServer, LanmanWorkstation
struct ServiceState {
  SystemService service = SystemService::server;
  bool stop = false;  // and keep it from starting; else it is left alone
  std::string why;    // for people, one line
  bool operator==(const ServiceState&) const = default;
};

// Predefined rules of Windows that are switched off, by name, for their display names are translated.
struct BuiltinRule {
  std::string name;     // "FPS-SMB-In-TCP"
  std::string display;  // "File and Printer Sharing (SMB-In)"
  bool operator==(const BuiltinRule&) const = default;
};

struct RuleSet {
  std::string host;   // a name for it, [a-z0-9-]{1,40}
  std::string title;  // "fileserver fs1, from policy.toml"; as Rule::name
  Mode mode = Mode::host;
  Role role = Role::client;
  std::vector<Rule> rules;
  std::map<std::string, NamedSet> sets;
  std::map<std::string, std::vector<Mac>> mac_sets;  // sorted
  std::vector<ConnectionSecurity> connection_security;
  Bans bans;
  std::vector<ServiceState> services;
  std::vector<BuiltinRule> builtin_off;
  bool operator==(const RuleSet&) const = default;

  // The addresses that a match means.
  AddressSpace addresses_of(const AddressMatch& match) const;
  // What holds in one profile, as rules for all of them: for a backend that knows no profiles.
  RuleSet narrowed_to(Profile profile) const;
};

// What is wrong with a set of rules as such, one line each: ids and names that are not of their alphabet or twice
// there, sets that are not there, overrides_blocks without allow_if_secure, edge on other than `in`, macs with `out`,
// no ports, a direction against the mode. A backend may rely on there being nothing.
std::vector<std::string> problems_of(const RuleSet& rules);

// A connection, as the firewall on one machine sees it.
struct Flow {
  Direction direction = Direction::in;
  Address source;
  Address destination;
  Protocol protocol = Protocol::tcp;
  std::uint16_t source_port = 49152;
  std::uint16_t port = 445;  // of the responder
  Profile profile = Profile::domain;
  bool ipsec = false;        // authenticated by IPsec
  bool established = false;  // it was let in before; the question is whether it goes on
  std::optional<Mac> mac;    // of the source, when it is on the same link
  bool operator==(const Flow&) const = default;
};

enum class Decision : std::uint8_t { pass, allow, block, reject };  // pass: no rule of ours speaks of it
struct Verdict {
  Decision decision = Decision::pass;
  std::string rule;    // the id of what decided; "bans", "established", "loopback"; empty with pass
  std::string reason;  // for people
};
constexpr bool is_refused(Decision d) { return d == Decision::block || d == Decision::reject; }

// Verdict::rule where no Rule decided.
inline constexpr std::string_view kBansRule = "bans";
inline constexpr std::string_view kEstablishedRule = "established";
inline constexpr std::string_view kLoopbackRule = "loopback";

// As they are spelt in the policy file and in output: "domain-controller", "allow-if-secure", "private", …
std::string_view to_string(Protocol value);
std::string_view to_string(Direction value);
std::string_view to_string(Mode value);
std::string_view to_string(Role value);
std::string_view to_string(Profile value);
std::string_view to_string(Action value);
std::string_view to_string(Decision value);
std::string to_string(const PortSet& ports);      // "139,445,5000-5010"
std::string to_string(const Profiles& profiles);  // "domain, private", "any"
std::optional<Protocol> protocol_from_string(std::string_view text);
std::optional<Role> role_from_string(std::string_view text);
std::optional<Profile> profile_from_string(std::string_view text);
std::optional<Action> action_from_string(std::string_view text);

}  // namespace dozo::policy
