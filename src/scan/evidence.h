// What the rules of findings.h ask of facts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scan/facts.h"

namespace dozo::scan {

using Evidence = std::optional<std::string>;

// SMB 2 and 3.
inline constexpr std::string_view kModernDialects[] = {"2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"};

inline bool is_yes(const Fact& fact) { return fact.state == State::yes; }
inline bool is_no(const Fact& fact) { return fact.state == State::no; }

// "SMB1 is accepted (the answer names NT LM 0.12)": `what`, and why it is known.
std::string because(std::string_view what, const Fact& fact);
// That, when the fact is yes, or no; else nothing.
Evidence when_yes(std::string_view what, const Fact& fact);
Evidence when_no(std::string_view what, const Fact& fact);

std::string joined(const std::vector<std::string>& names);  // "a, b"

bool is_modern(std::string_view dialect);        // one of kModernDialects
bool speaks_modern(const HostFacts& host);       // any of SMB 2 and 3
bool refuses_all_modern(const HostFacts& host);  // each of them was asked for and refused
bool lets_anybody_in(const HostFacts& host);     // guests or anonymous sessions

// Whether everybody on the internet could reach such an address. False for text that is not one.
bool is_public_address(std::string_view address);

// "10.0 build 20348" and longer: version and build; nothing when it does not start so.
struct WindowsVersion {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned build = 0;
};
std::optional<WindowsVersion> windows_version(std::string_view os);

}  // namespace dozo::scan
