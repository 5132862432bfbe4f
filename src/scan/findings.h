// The judgement on a host: one row for each rule, and a finding for each row whose facts are known and bad. What was
// not tested is never a finding.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scan/facts.h"

namespace dozo::scan {

// What to do, for each kind of server. `device` is for whoever can only click: a NAS, a printer; also for kinds without
// a column or whose text is empty.
struct Fixes {
  std::string_view windows;  // PowerShell, as administrator
  std::string_view samba;    // lines of smb.conf, or a command
  std::string_view ksmbd;    // lines of ksmbd.conf
  std::string_view macos;
  std::string_view dozo;  // lines of dozo.toml
  std::string_view device;
};

struct Rule {
  std::string_view id;  // stable
  Severity severity;
  std::string_view title;
  std::string_view why;
  // What of the facts breaks the rule; nothing when they do not, or when one of them is not known.
  std::optional<std::string> (*evidence)(const HostFacts& host);
  Fixes fixes;
};

// In the order of the documentation.
std::vector<Rule> rules();
std::span<const Rule> protocol_rules();  // dialects, signing, encryption
std::span<const Rule> access_rules();    // who gets in, and to what
std::span<const Rule> exposure_rules();  // what is reachable, missing patches

// The text for this server_kind; for one that is not known, each text by its name.
std::string fix_for(const Fixes& fixes, std::string_view server_kind);

// The worst first, those of one severity in the order of rules().
std::vector<Finding> judge(const HostFacts& host);

}  // namespace dozo::scan
