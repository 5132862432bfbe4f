// Who logs on to a server, and with what password; never from the command line, which others can read.
#pragma once

#include <expected>
#include <string>

#include "cli/command.h"
#include "client/session.h"
#include "client/url.h"

namespace dozo::cli {

inline constexpr OptionSpec kUserOption{"--user", "NAME", "Log on as this user, where the address names none."};
inline constexpr OptionSpec kRemotePasswordStdin{"--password-stdin", "",
                                                 "Read the password from standard input, one line."};
inline constexpr OptionSpec kPasswordFile{"--password-file", "FILE", "Read the password from the file's first line."};
inline constexpr OptionSpec kCredentials{
    "--credentials", "FILE",
    "Read user, domain and password from a file with lines such as \"username = alice\". Nobody else may be able to "
    "read it."};

// The user of the address, of --user, of --credentials, of DOZO_USER, or who runs this; the password of
// --password-stdin, --password-file, --credentials or DOZO_PASSWORD, else asked for. The error says what is wrong.
std::expected<client::Credentials, std::string> credentials_for(const Arguments& arguments, Io& io,
                                                                const client::Url& url);

// The text of a credentials file: "username", "password" and "domain", each at most once, '#' begins a comment line.
std::expected<client::Credentials, std::string> parse_credentials(std::istream& in);

}  // namespace dozo::cli
