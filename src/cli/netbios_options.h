// What nbtstat, netview and resolve have in common: options, and how addresses and times are read from them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "netbios/exchange.h"

namespace dozo::cli {

inline constexpr OptionSpec kTimeoutOption{"--timeout", "SECONDS", "Wait this long for each answer; 1 is the default."};
inline constexpr OptionSpec kInterfaceOption{"--interface", "NAME", "Ask on this network interface alone."};
inline constexpr OptionSpec kWinsOption{"--wins", "ADDRESS", "A WINS server to ask.", true};

// Usage errors are printed; then there is no value. --timeout is between 0.05 and 60 seconds.
std::optional<netbios::Patience> patience_from(const Arguments& arguments, Io& io);
std::optional<std::vector<runtime::Endpoint>> endpoints_from(const Arguments& arguments, std::string_view option,
                                                             std::uint16_t port, Io& io);
// The links to ask on; a usage error when --interface names none.
std::optional<std::vector<netbios::Link>> links_from(const Arguments& arguments, Io& io);

std::string file_text(const std::string& path);  // empty when it cannot be read; cut at 1 MiB
double milliseconds(Duration duration);
// ["a","b"]
std::string json_list(const std::vector<std::string>& texts);

}  // namespace dozo::cli
