// What a scan knows of one host: every fact is yes, no, or not tested with the reason. The JSON lines of `dozo scan`
// (docs/scan.md) are these values by these names, a contract with other people's scripts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dozo::scan {

enum class State : std::uint8_t { untested, no, yes };

// `why` says what the host answered, or why nothing is known ("connection refused", "no answer within 2 s").
struct Fact {
  State state = State::untested;
  std::string why = "not asked";

  bool operator==(const Fact&) const = default;
};

// Names within a family, sorted: "3.1.1", "AES-128-GCM", "LZNT1".
using FactsByName = std::map<std::string, Fact, std::less<>>;

struct ShareFacts {
  std::string name;
  std::string type;  // "disk" "ipc" "print" "device"; "special" is told by the name's `$`
  std::string comment;
  Fact read;
  Fact write;  // by the rights that a CREATE answers with, never by writing

  bool operator==(const ShareFacts&) const = default;
};

// A name that the host has registered in NetBIOS ([RFC 1002] 4.2.18).
struct NetbiosName {
  std::string name;
  std::uint8_t suffix = 0;
  bool group = false;

  bool operator==(const NetbiosName&) const = default;
};

struct HostFacts {
  std::string host;     // as the target says: an address or a name
  std::string address;  // what was connected to
  std::uint16_t port = 445;
  std::string name;  // its own, of the NTLM challenge or NetBIOS
  std::string dns_name;
  std::string os;  // "10.0 build 20348"
  std::string domain;
  std::string forest;
  std::optional<std::int64_t> clock_skew_s;  // its clock less ours, [MS-SMB2] 2.2.4 SystemTime
  std::string server_kind;                   // "windows" "samba" "ksmbd" "macos" "dozo" or "" where nothing decides
  std::string server_guid;
  std::string mac;  // of the node status answer
  std::vector<NetbiosName> netbios_names;
  std::vector<std::string> interfaces;  // addresses that FSCTL_QUERY_NETWORK_INTERFACE_INFO lets out

  FactsByName ports;  // "445/tcp" "139/tcp" "135/tcp" "137/udp" "443/udp"
  Fact smb1;
  FactsByName dialects;  // "NT LM 0.12" and older strings; "2.0.2" "2.1" "3.0" "3.0.2" "3.1.1"
  Fact signing_enabled;
  Fact signing_required;
  Fact encryption;
  Fact encryption_required;  // of the session, or of every share seen
  FactsByName ciphers;
  FactsByName signing_algorithms;
  FactsByName compression;
  std::map<std::string, FactsByName, std::less<>> capabilities;  // by dialect: "dfs" "leasing" "large_mtu" ...
  Fact guest;
  Fact anonymous;
  Fact anonymous_ipc;  // a tree connect to IPC$ of the anonymous session
  Fact anonymous_enumeration;
  Fact credentials;  // the user whose credentials were given is let in
  Fact netbios;
  Fact ntlm;
  Fact ms17_010;  // "yes" is: the patch is missing
  Fact smbghost;  // at most "yes: possible": 3.1.1 compression and a build of 18362 or 18363
  Fact spooler;
  FactsByName coercion_pipes;   // "efsrpc" "spoolss" ...: the interface can be bound
  FactsByName password_policy;  // "lockout": yes with the threshold in `why`
  std::vector<ShareFacts> shares;

  bool operator==(const HostFacts&) const = default;
};

enum class Severity : std::uint8_t { info, low, medium, high, critical };

// A judgement on a host, with what to do about it.
struct Finding {
  std::string id;  // "smb1-enabled": stable, greppable
  Severity severity = Severity::info;
  std::string title;
  std::string evidence;  // the facts that it follows from
  std::string why;       // why it matters
  std::string fix;       // the command or setting, for the server's kind

  bool operator==(const Finding&) const = default;
};

// As the JSON lines spell them.
std::string_view state_name(State state);
std::string_view severity_name(Severity severity);

}  // namespace dozo::scan
