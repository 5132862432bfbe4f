// Remote: a share of some server that a client command works on.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/credentials.h"
#include "client/files.h"
#include "client/link.h"
#include "client/url.h"

namespace dozo::cli {

// With those of cli/credentials.h, the options that every client command takes.
inline constexpr OptionSpec kEncrypt{"--encrypt", "", "Encrypt everything, whether the server asks for it or not."};
inline constexpr OptionSpec kMinDialect{
    "--min-dialect", "DIALECT", "Refuse to speak less than this: 2.0.2, 2.1, 3.0 (the default), 3.0.2 or 3.1.1."};
inline constexpr OptionSpec kAnonymous{"--anonymous", "",
                                       "Log on as nobody; what is told then is neither signed nor encrypted."};

// While a command runs; all references outlive it.
struct Remote {
  const Arguments& arguments;
  Io& io;
  const client::Url& url;
  client::Link& link;  // for what takes long: it goes on when the connection is lost
  client::Tree& tree;  // of the first connection, for what is done in a moment
};
using RemoteWork = runtime::Task<Exit> (*)(Remote& remote);

// The address that was typed, of a share or of the server itself; a usage error is printed when it is none.
std::optional<client::Url> server_address(const std::string& typed, Io& io);
// The same of a share; that it names none is another usage error.
std::optional<client::Url> share_address(const std::string& typed, Io& io);

// What it takes to reach the share, as the options say; what goes wrong is printed.
struct Reach {
  client::LinkTarget target;
  std::string user;
};
std::expected<Reach, Exit> reach_of(const Arguments& arguments, Io& io, const client::Url& url);

// What was tried when it did not come any further.
std::string doing(const client::Url& url, const std::string& user, client::Stage reached);

// Connects, logs on, runs `work` on the share, and leaves. What goes wrong is printed.
Exit run_on_share(const Arguments& arguments, Io& io, const client::Url& url, RemoteWork work);

// "dozo: \\host\share\path: what went wrong" to io.err, and Exit::failed.
Exit failed_on(Remote& remote, const std::string& path, NtStatus status);

// The last name of a path with '\' between names.
std::string last_name(const std::string& path);
// `folder` and a name in it; the share's own folder is "".
std::string joined(const std::string& folder, const std::string& name);

}  // namespace dozo::cli
