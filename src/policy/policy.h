// Policy: what one file says about who may speak SMB to whom. A plain value, every name in it resolved to addresses.
// docs/policy.md describes the file.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model.h"
#include "policy/problem.h"

namespace dozo::policy {

// A zone, an object, the members of a role, or a host.
struct Place {
  enum class Kind : std::uint8_t { zone, object, role, host };
  Kind kind = Kind::object;
  AddressSpace addresses;
  std::string azure_tag;  // when that tag is all it is
  std::uint32_t line = 0;
  bool operator==(const Place&) const = default;
};

// `from` or `to` of a rule.
struct End {
  AddressMatch::Kind kind = AddressMatch::Kind::any;
  AddressSpace addresses;  // of what is named, whether it is meant or its complement
  std::string name;        // of a set of these; empty with any
  std::string azure_tag;
  bool operator==(const End&) const = default;
};

struct PolicyRule {
  std::string id;
  std::string name;
  std::uint32_t line = 0;
  std::vector<std::string> on;  // roles and hosts whose firewall has it
  Direction direction = Direction::in;
  std::vector<Service> services;
  End from, to;
  Profiles profiles = Profiles::all();
  std::string macs;
  Action action = Action::block;
  bool overrides_blocks = false;
  EdgeTraversal edge = EdgeTraversal::unset;
  bool log = false;
  bool operator==(const PolicyRule&) const = default;
};

struct RoleSettings {
  std::uint32_t line = 0;
  AddressSpace members;  // less those of roles with narrower networks; each address is of one role
  Profile profile = Profile::domain;
  std::vector<std::string> serves;  // places that have to reach it by SMB
  bool stop_server = false;
  bool stop_workstation = false;
  std::uint32_t stop_server_line = 0, stop_workstation_line = 0;
  bool windows_rules_off = false;  // Windows' predefined inbound rules over SMB pipes and shares
  bool domain_member = false;
  bool ipsec = false;
  bool operator==(const RoleSettings&) const = default;
};

struct HostSettings {
  std::uint32_t line = 0;
  Role role = Role::client;
  AddressSpace addresses;
  std::optional<Profile> profile;    // else the role's
  std::vector<std::string> without;  // ids of rules of its role that it has not
  bool operator==(const HostSettings&) const = default;
};

struct IpsecSettings {
  enum class Mode : std::uint8_t { off, request, require_in, require };
  Mode mode = Mode::off;
  bool user = true;
  bool null_encapsulation = true;
  std::uint32_t line = 0;
  bool operator==(const IpsecSettings&) const = default;
};

struct Policy {
  std::string file;
  std::string name;
  std::map<std::string, Place> places;  // by name, each in one of the four kinds; "internet" among them
  std::map<std::string, std::vector<Mac>> mac_sets;
  std::vector<Service> services;  // the known ones first
  std::map<Role, RoleSettings> roles;
  std::map<std::string, HostSettings> hosts;
  IpsecSettings ipsec;
  Bans bans;
  std::vector<PolicyRule> rules;
  bool operator==(const Policy&) const = default;

  // A host or a role of this name.
  bool has_machine(std::string_view name) const;
  std::vector<std::string> machines() const;
  std::optional<Role> role_of(std::string_view machine) const;
  // The host with this address, else the role whose member it is; nothing when it is nobody's.
  std::optional<std::string> machine_at(const Address& address) const;
  // The zone with this address; "internet" when it is in none.
  std::string zone_at(const Address& address) const;
  // Whether there is an allow-list for IPsec on it.
  bool has_ipsec(std::string_view machine) const;
};

// What a policy file stands on besides its text.
struct ReadOptions {
  std::int64_t now = 0;  // seconds since 1970: block-lists expire, service tags grow old
  // Reads a file that the policy names (service tags), relative names from the policy's folder. The error is for
  // people.
  std::expected<std::string, std::string> (*read_file)(const std::string& path) = nullptr;
};

// A whole file, for ReadOptions::read_file. The error says why not.
std::expected<std::string, std::string> file_text(const std::string& path);

struct ReadPolicy {
  Policy policy;
  Problems warnings;
};

// Every problem is reported, not the first, each with its line.
std::expected<ReadPolicy, Problems> parse_policy(std::string_view text, std::string_view file,
                                                 const ReadOptions& options);
std::expected<ReadPolicy, Problems> load_policy(const std::string& path, std::int64_t now);

}  // namespace dozo::policy
