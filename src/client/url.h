// Where a share is: smb://[user@]host[:port]/share/path and \\host\share\path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dozo::client {

// Value. Texts are UTF-8 and decoded (no %XX).
struct Url {
  std::string domain;  // before a ';' or a '\' in the user part; may be empty
  std::string user;    // may be empty
  std::string host;    // a name, an IPv4 address, or an IPv6 address without brackets
  std::uint16_t port = 445;
  std::string share;  // may be empty: the server itself
  std::string path;   // below the share, separated by '\', without one at either end; may be empty

  std::string unc() const;  // \\host\share, as TREE_CONNECT wants it
};

// nullopt, and `error` says why, when `text` is neither form: another scheme, no host, a port that is none, a
// password in it (which a process list would show), a "." or ".." or an empty component, a control character.
std::optional<Url> parse_url(std::string_view text, std::string& error);

}  // namespace dozo::client
