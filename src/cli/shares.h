// The shares of servers: of one that is named, and of whoever is in the neighbourhood.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/remote.h"
#include "client/srvsvc.h"
#include "netbios/browse.h"

namespace dozo::cli {

// Lists the shares of the server; with --json as JSON. What goes wrong is printed.
Exit list_shares_of(const Arguments& arguments, Io& io, client::Url server);

std::string shares_text(const std::vector<client::ListedShare>& shares);
// [{"name":"data","type":"disk","special":false,"comment":""}]
std::string shares_json(const std::vector<client::ListedShare>& shares);

// What a host said of its shares, or why it said nothing.
struct HostShares {
  std::vector<client::ListedShare> shares;
  std::string why;  // empty: `shares` are all there are
};
using SharesByAddress = std::map<std::string, HostShares>;

// Asks everybody for their shares, as nobody: no password goes to who is not named.
runtime::Task<SharesByAddress> ask_for_shares(runtime::Loop& loop, std::vector<netbios::Neighbour> hosts,
                                              Duration timeout);

}  // namespace dozo::cli
