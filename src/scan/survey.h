// What somebody who is logged on may see: IPC$, the shares and the rights to them, interfaces, policies, pipes.
#pragma once

#include <array>
#include <string_view>

#include "scan/visit.h"

namespace dozo::scan {

// Of IPC$, for whoever is logged on.
struct IpcFacts {
  Fact connected;
  Fact enumeration;
};
// Everything of the scan's level; the shares' facts are those of the last visitor who could list them.
runtime::Task<IpcFacts> survey(Visit& visit);

// The names of the facts that a deep scan finds.
inline constexpr std::array<std::string_view, 6> kCoercionPipes = {"efsrpc",      "efsrpc-lsarpc", "netdfs",
                                                                   "fssagentrpc", "spoolss",       "eventlog"};
inline constexpr std::array<std::string_view, 4> kPasswordLimits = {"lockout", "minimum_length", "complexity",
                                                                    "history"};

// One file for each.
runtime::Task<Fact> survey_shares(Visit& visit, client::Tree& ipc);
runtime::Task<void> survey_interfaces(Visit& visit, client::Tree& ipc);
runtime::Task<void> survey_policy(Visit& visit, client::Tree& ipc);
runtime::Task<void> survey_pipes(Visit& visit, client::Tree& ipc);

}  // namespace dozo::scan
