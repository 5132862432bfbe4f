// Which program a server is, by what it says without being asked. Pure.
#pragma once

#include <optional>
#include <string>

#include "scan/challenge_facts.h"
#include "scan/negotiate_probe.h"

namespace dozo::scan {

// "windows" "samba" "ksmbd" "macos" "dozo"; empty where nothing decides. A NAS is named after the program it runs, for
// it says nothing else.
std::string server_kind_of(const std::optional<NegotiateAnswer>& answer,
                           const std::optional<ChallengeFacts>& challenge);

}  // namespace dozo::scan
