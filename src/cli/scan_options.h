// What `dozo scan` is told: its targets, its pace, how far it goes, and who logs on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/credentials.h"
#include "scan/scan_run.h"

namespace dozo::cli {

inline constexpr OptionSpec kScanJson{"--json", "", "Print a JSON line for each host, as soon as it is known."};
inline constexpr OptionSpec kScanTargets{"--targets", "FILE",
                                         "Also scan the targets in the file; @FILE as a target does the same.", true};
inline constexpr OptionSpec kScanExclude{"--exclude", "TARGET", "Leave this out; it is what a target is.", true};
inline constexpr OptionSpec kNegotiateOnly{"--negotiate-only", "", "Ask nothing for which somebody has to log on."};
inline constexpr OptionSpec kDeep{
    "--deep", "", "Also bind the interfaces of pipes, read password policies, and ask SMB1 for MS17-010's patch."};
inline constexpr OptionSpec kExplain{"--explain", "", "Print what would be sent, and send nothing."};
inline constexpr OptionSpec kScanRate{"--rate", "N",
                                      "Begin at most so many connections a second; 5000 is the default, 0 no limit."};
inline constexpr OptionSpec kScanParallel{"--parallel", "N",
                                          "Have at most so many sockets at once; 2000 is the default."};
inline constexpr OptionSpec kScanTimeout{"--timeout", "SECONDS",
                                         "Wait this long for a connection, and for each answer; 2 is the default."};
inline constexpr OptionSpec kScanBudget{"--budget", "N",
                                        "Make at most so many connections to one host; 32 is the default."};
inline constexpr OptionSpec kScanSeed{"--seed", "N", "The order of the targets; a random one otherwise."};
inline constexpr OptionSpec kScanPort{"--port", "N", "Look for SMB on this TCP port instead of 445."};
inline constexpr OptionSpec kScanResume{
    "--resume", "FILE", "Remember in the file which hosts are done, and leave out those that it remembers."};
inline constexpr OptionSpec kScanAll{"--all", "", "Also print the hosts where nothing answers."};

struct ScanOrder {
  scan::TargetList targets;
  scan::RunSettings settings;
};

// Usage errors, and what stops a scan before it starts, are printed; then there is no value, and `exit` says which.
std::optional<ScanOrder> scan_order(const Arguments& arguments, Io& io, Exit& exit);

}  // namespace dozo::cli
