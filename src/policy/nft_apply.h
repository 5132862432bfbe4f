// Applying to the firewall of this machine, and going back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/applied_states.h"
#include "policy/nft_run.h"

namespace dozo::policy {

inline constexpr std::string_view kStatesFolder = "/run/dozo-policy";

// SMB and NetBIOS closed to everybody, both ways and through this machine; open connections end. `quic`: UDP 443, too.
NftTable lockdown_table(bool quic);

enum class Change : std::uint8_t { none, made };  // none: it was so before

// In one transaction; what was there before is kept for go_back(). Whom the server cut off stays so. With
// `confirm_within_s` it is taken back after so many seconds unless confirm() comes first.
Nft<Change> apply_table(const NftTable& table, const AppliedStates& states, std::int64_t confirm_within_s = 0);

enum class Confirmed : std::uint8_t { nothing_waits, confirmed };
Confirmed confirm(const AppliedStates& states);

// To what was there before the last change. What waits for a confirmation waits no longer. Without any change that is
// remembered our table is removed: none when there is none.
Nft<Change> go_back(const AppliedStates& states);

}  // namespace dozo::policy
