// Rules over values and over more than one setting, and the text forms of Config's small types.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/unicode.h"
#include "server/config.h"
#include "server/config_value.h"
#include "server/interface_setting.h"

namespace dozo::server {
namespace {

constexpr std::size_t kControlSocketPathMax = 107;  // sockaddr_un::sun_path with its terminator
constexpr std::size_t kShareNameMax = 80;           // [MS-FSCC] 2.1.6
constexpr std::size_t kCommentMax = 256;
constexpr std::size_t kNetbiosNameMax = 15;
constexpr std::uint32_t kCreditUnit = 65'536;  // [MS-SMB2] 3.1.5.2: a credit pays for 64 KiB

bool is_numeric_address(const std::string& text) {
  std::array<std::uint8_t, sizeof(in6_addr)> parsed;
  return inet_pton(AF_INET, text.c_str(), parsed.data()) == 1 || inet_pton(AF_INET6, text.c_str(), parsed.data()) == 1;
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_account_name(std::string_view name) {
  return !name.empty() && !has_control_character(name) && name.find_first_of(" \t/\\:\"[]<>+=;,*?|@") == name.npos;
}

bool is_netbios_name(std::string_view name) {
  return !name.empty() && name.size() <= kNetbiosNameMax &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '-'; });
}

// An absolute path in the form that leaves no question which folder is meant.
bool is_plain_absolute_path(std::string_view path) {
  return path.starts_with('/') && !has_control_character(path) && !path.ends_with("/..") &&
         path.find("/../") == path.npos;
}

std::string_view without_trailing_slash(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool is_at_or_below(std::string_view path, std::string_view folder) {
  folder = without_trailing_slash(folder);
  path = without_trailing_slash(path);
  return folder == "/" || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

class Checker {
 public:
  explicit Checker(const LoadedConfig& loaded) : loaded_(loaded), config_(loaded.config) {}

  ConfigProblems run() {
    check_server();
    require(config_.auth.ntlm != NtlmPolicy::off, "auth.ntlm",
            "ntlm = \"off\" leaves no way to log on: this version has no Kerberos yet; leave it at \"v2\"");
    // [MS-SMB2] 3.3.5.5.3: an anonymous session has no encryption keys.
    require(
        config_.auth.anonymous == AnonymousPolicy::refuse || config_.server.encryption != EncryptionPolicy::required,
        "auth.anonymous",
        "anonymous = \"ipc\" contradicts server.encryption = \"required\": nobody's session has no key to encrypt "
        "with");
    check_limits();
    for (std::size_t i = 0; i < config_.shares.size(); ++i) check_share(i);
    return std::move(problems_);
  }

 private:
  void require(bool rule, const std::string& setting, std::string message) {
    if (rule) return;
    const auto origin = loaded_.origins.find(setting);
    problems_.push_back({origin == loaded_.origins.end() ? std::string() : origin->second, 0, 0, std::move(message)});
  }

  void check_server() {
    const ServerConfig& server = config_.server;
    require(server.min_dialect <= server.max_dialect, "server.min_dialect",
            fmt::format("min_dialect \"{}\" is above max_dialect \"{}\"", to_string(server.min_dialect),
                        to_string(server.max_dialect)));
    require(server.name.empty() || is_netbios_name(server.name), "server.name",
            fmt::format("name {} is not a NetBIOS name: up to 15 letters, digits and -", toml_quoted(server.name)));
    require(is_plain_absolute_path(server.state_dir), "server.state_dir",
            fmt::format("state_dir {} is not an absolute path without ..", toml_quoted(server.state_dir)));
    const std::string socket = config_.control_socket_path();
    // Below a state folder that is wrong it is wrong too, and that is said already.
    const bool follows = server.control_socket.empty() && !is_plain_absolute_path(server.state_dir);
    require(follows || (is_plain_absolute_path(socket) && socket.size() <= kControlSocketPathMax),
            server.control_socket.empty() ? "server.state_dir" : "server.control_socket",
            fmt::format("control_socket {} is not an absolute path of at most {} bytes", toml_quoted(socket),
                        kControlSocketPathMax));
    for (const std::string& text : server.interfaces) {
      const auto setting = interface_from_string(text);
      require(setting && is_numeric_address(setting->address), "server.interfaces",
              fmt::format("interfaces has {}, which is not an address, or one with speed=MEGABITS, rss, no-rss or rdma "
                          "behind it",
                          toml_quoted(text)));
    }
    check_listen();
  }

  void check_listen() {
    const auto& listen = config_.server.listen;
    for (auto it = listen.begin(); it != listen.end(); ++it) {
      require(it->port == 0 || std::find(listen.begin(), it, *it) == it, "server.listen",
              fmt::format("listen names {} twice", to_string(*it)));
    }
  }

  void check_limits() {
    const LimitsConfig& limits = config_.limits;
    require(limits.io_size_max % kCreditUnit == 0, "limits.io_size_max",
            fmt::format("io_size_max {} is not a multiple of {}", limits.io_size_max, kCreditUnit));
    require(limits.credits_max >= limits.io_size_max / kCreditUnit, "limits.credits_max",
            fmt::format("credits_max {} does not pay for one request of io_size_max: that takes {}", limits.credits_max,
                        limits.io_size_max / kCreditUnit));
  }

  void check_share(std::size_t index) {
    const ShareConfig& share = config_.shares[index];
    const std::string setting = fmt::format("share.{}.", share.name);
    const std::string quoted = toml_quoted(share.name);
    if (const auto wrong = share_name_problem(share.name)) {
      require(false, setting + "name", fmt::format("share name {} {}", quoted, *wrong));
    }
    for (std::size_t i = 0; i < index; ++i) {
      require(fold_name(config_.shares[i].name) != fold_name(share.name), setting + "name",
              fmt::format("share {} is there twice; names differ in more than case", quoted));
    }
    require(is_plain_absolute_path(share.path), setting + "path",
            fmt::format("path {} of share {} is not an absolute path without ..", toml_quoted(share.path), quoted));
    require(!is_at_or_below(config_.server.state_dir, share.path), setting + "path",
            fmt::format("share {} would show the state folder {} to its users; move one of the two", quoted,
                        config_.server.state_dir));
    require(share.comment.size() <= kCommentMax && !has_control_character(share.comment), setting + "comment",
            fmt::format("comment of share {} is longer than {} bytes or has control characters", quoted, kCommentMax));
    check_share_access(share, setting, quoted);
  }

  void check_share_access(const ShareConfig& share, const std::string& setting, const std::string& quoted) {
    require(share.encryption != ShareEncryption::required || config_.server.encryption != EncryptionPolicy::off,
            setting + "encryption",
            fmt::format("share {} requires encryption, which server.encryption = \"off\" turns off", quoted));
    require(share.encryption != ShareEncryption::required || is_smb3(config_.server.max_dialect),
            setting + "encryption",
            fmt::format("share {} requires encryption, which dialects up to max_dialect \"{}\" do not have", quoted,
                        to_string(config_.server.max_dialect)));
    for (std::string_view who : share.allow) {
      const std::string shown = toml_quoted(who);
      if (who.starts_with('@')) who.remove_prefix(1);
      require(is_account_name(who), setting + "allow",
              fmt::format("allow of share {} has {}, which is neither a user nor a @group", quoted, shown));
    }
    require(share.run_as.empty() || is_account_name(share.run_as), setting + "run_as",
            fmt::format("run_as {} of share {} is not the name of an account", toml_quoted(share.run_as), quoted));
  }

  const LoadedConfig& loaded_;
  const Config& config_;
  ConfigProblems problems_;
};

}  // namespace

ConfigProblems check_config(const LoadedConfig& loaded) { return Checker(loaded).run(); }

std::vector<std::string> config_warnings(const Config& config) {
  std::vector<std::string> out;
  if (config.auth.anonymous == AnonymousPolicy::ipc) {
    out.emplace_back(
        "auth.anonymous = \"ipc\": whoever reaches this server may connect to IPC$ without a name, unsigned, and ask "
        "for its name, version and time; shares, users and sessions stay unlisted, and files closed");
  }
  if (config.server.torture_fsctls) {
    out.emplace_back(
        "server.torture_fsctls = true: whoever reaches this server may make their own connection misbehave; it is for "
        "test benches");
  }
  return out;
}

std::optional<std::string> share_name_problem(std::string_view name) {
  const auto utf16 = utf8_to_utf16(name);
  if (!utf16 || has_unpaired_surrogate(*utf16)) return "is not UTF-8";
  if (utf16->empty()) return "is empty";
  if (utf16->size() > kShareNameMax) return fmt::format("is longer than {} characters", kShareNameMax);
  if (has_control_character(name) || name.find_first_of("\"\\/[]:|<>+=;,*?") != name.npos) {
    return "has a character that share names cannot have: \" \\ / [ ] : | < > + = ; , * ? or a control character";
  }
  if (name.starts_with(' ') || name.ends_with(' ') || name.ends_with('.')) return "begins or ends with a space or dot";
  constexpr std::string_view kReserved[] = {"IPC$", "ADMIN$", "PRINT$", "PIPE", "MAILSLOT", "GLOBAL"};
  const std::u16string folded = fold_name(name);
  const bool drive = folded.size() == 2 && folded[0] >= u'A' && folded[0] <= u'Z' && folded[1] == u'$';
  if (drive || std::ranges::any_of(kReserved, [&](std::string_view r) { return fold_name(r) == folded; })) {
    return "is a name the protocol keeps for itself";
  }
  return std::nullopt;
}

std::string to_string(const ListenAddress& address) {
  return address.is_ipv6() ? fmt::format("[{}]:{}", address.host, address.port)
                           : fmt::format("{}:{}", address.host, address.port);
}

std::optional<ListenAddress> listen_address_from_string(std::string_view text) {
  ListenAddress address;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == text.npos) return std::nullopt;
    address.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!address.is_ipv6()) return std::nullopt;
  } else if (std::ranges::count(text, ':') > 1) {
    address.host = text;
  } else {
    address.host = text.substr(0, text.find(':'));
    port = text.substr(address.host.size());
  }
  if (!is_numeric_address(address.host)) return std::nullopt;
  if (port.empty()) return address;

  if (!port.starts_with(':')) return std::nullopt;
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  return address;
}

std::string to_string(const ConfigProblem& problem) {
  if (problem.file.empty()) return problem.message;
  if (problem.line == 0) return fmt::format("{}: {}", problem.file, problem.message);
  return fmt::format("{}:{}:{}: {}", problem.file, problem.line, problem.column, problem.message);
}

std::string Config::control_socket_path() const {
  if (!server.control_socket.empty()) return server.control_socket;
  return std::string(without_trailing_slash(server.state_dir)) + "/control.sock";
}

bool Config::has_persistent_handles() const {
  return std::ranges::any_of(shares, &ShareConfig::continuously_available);
}

bool Config::encryption_required(const ShareConfig& share) const {
  return share.encryption == ShareEncryption::required || server.encryption == EncryptionPolicy::required;
}

}  // namespace dozo::server
