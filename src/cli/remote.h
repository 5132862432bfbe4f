// Remote: a share of some server that a client command works on.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"
#include "client/files.h"
#include "client/url.h"

namespace dozo::cli {

// The options that every client command takes.
inline constexpr OptionSpec kUserOption{"--user", "NAME", "Log on as this user, where the address names none."};
inline constexpr OptionSpec kRemotePasswordStdin{"--password-stdin", "",
                                                 "Read the password from standard input, one line."};
inline constexpr OptionSpec kPasswordFile{"--password-file", "FILE", "Read the password from the file's first line."};
inline constexpr OptionSpec kEncrypt{"--encrypt", "", "Encrypt everything, whether the server asks for it or not."};
inline constexpr OptionSpec kMinDialect{
    "--min-dialect", "DIALECT", "Refuse to speak less than this: 2.0.2, 2.1, 3.0 (the default), 3.0.2 or 3.1.1."};

// While a command runs; all references outlive it.
struct Remote {
  const Arguments& arguments;
  Io& io;
  const client::Url& url;
  client::Tree& tree;
};
using RemoteWork = runtime::Task<Exit> (*)(Remote& remote);

// The address that was typed; a usage error is printed when it is none, or names no share.
std::optional<client::Url> share_address(const std::string& typed, Io& io);

// Connects, logs on, runs `work` on the share, and leaves. What goes wrong is printed.
Exit run_on_share(const Arguments& arguments, Io& io, const client::Url& url, RemoteWork work);

// "dozo: \\host\share\path: what went wrong" to io.err, and Exit::failed.
Exit failed_on(Remote& remote, const std::string& path, NtStatus status);

}  // namespace dozo::cli
