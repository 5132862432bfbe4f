// The lookup procedures of lsarpc: names to SIDs and back. [MS-LSAT] 3.1.4.5 to 3.1.4.11.
#pragma once

#include "rpc/call.h"

namespace dozo::rpc {

CallResult lsar_lookup_names(Call& call);
CallResult lsar_lookup_names2(Call& call);
CallResult lsar_lookup_names3(Call& call);
CallResult lsar_lookup_names4(Call& call);
CallResult lsar_lookup_sids(Call& call);
CallResult lsar_lookup_sids2(Call& call);
CallResult lsar_lookup_sids3(Call& call);

// How a client spells an account: "DOMAIN\name", "name@domain", or the bare name.
AccountName split_account_name(std::string_view text);

}  // namespace dozo::rpc
