// Config: what one TOML file (and the command line over it) says about a server. A plain value, immutable once the
// server has it; a reload makes a new one.
//
// A setting has one name, one default and one place: the member and its initialiser here. Its row in
// server/config_table.cc gives name, allowed values and description; parsing, `dozo config show`, the man page and the
// documentation are made from the row.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/dialect.h"

namespace dozo::server {

inline constexpr std::string_view kDefaultConfigFile = "/etc/dozo/dozo.toml";
inline constexpr std::uint16_t kSmbPort = 445;
inline constexpr std::uint16_t kUnprivilegedPort = 1445;  // where binding 445 is not permitted and nobody asked for 445

enum class SigningPolicy { required, if_asked };
enum class EncryptionPolicy { off, offered, required };
enum class ShareEncryption { as_server, required };
enum class NtlmPolicy { off, v2 };
enum class GuestPolicy { refuse };
enum class AnonymousPolicy { refuse, ipc };
enum class RuntimeChoice { automatic, io_uring, epoll };
enum class LogFormat { text, json };
enum class LogLevel { trace, debug, info, warning, error };

// A numeric address and a port; `host` is without brackets ("::", "127.0.0.1").
struct ListenAddress {
  std::string host;
  std::uint16_t port = kSmbPort;
  bool is_ipv6() const { return host.find(':') != std::string::npos; }
  bool operator==(const ListenAddress&) const = default;
};
std::string to_string(const ListenAddress& address);  // "[::]:445"
// "ADDR:PORT", "[ADDR6]:PORT" or an address alone, which means port 445; nothing when it is none of these.
std::optional<ListenAddress> listen_address_from_string(std::string_view text);

struct ServerConfig {
  std::vector<ListenAddress> listen = {{"0.0.0.0", kSmbPort}, {"::", kSmbPort}};
  std::string name;  // NetBIOS name, at most 15 characters; empty: the host's name, upper case
  std::string state_dir = "/var/lib/dozo";
  std::string control_socket;  // empty: <state_dir>/control.sock; read it with control_socket_path()
  Dialect min_dialect = Dialect::smb_3_0;
  Dialect max_dialect = Dialect::smb_3_1_1;
  SigningPolicy signing = SigningPolicy::required;
  EncryptionPolicy encryption = EncryptionPolicy::offered;
  std::uint32_t threads = 0;                         // event loops; 0: one per core
  RuntimeChoice runtime = RuntimeChoice::automatic;  // automatic: io_uring where permitted, else epoll
  bool sandbox = true;                               // Landlock and seccomp
  bool multichannel = true;                          // several connections to a session; 3.x
  std::vector<std::string> interfaces;               // FSCTL_QUERY_NETWORK_INTERFACE_INFO; empty: those of the host
  bool torture_fsctls = false;                       // smbtorture's own controls: fsctl/smbtorture.cc
};

struct AuthConfig {
  std::uint32_t failure_delay_ms = 2000;  // 0 to 10,000
  NtlmPolicy ntlm = NtlmPolicy::v2;
  GuestPolicy guest = GuestPolicy::refuse;
  AnonymousPolicy anonymous = AnonymousPolicy::refuse;
};

struct LimitsConfig {
  std::uint32_t connections_per_address_max = 2048;
  std::uint32_t preauth_per_address_max = 128;  // of those, without a valid session yet
  std::uint32_t channels_per_session_max = 32;  // as Windows has it
  std::uint32_t pre_auth_timeout_ms = 30'000;   // accept to first valid session
  std::uint32_t idle_timeout_ms = 900'000;      // a connection without an open file and without a request; 0: never
  std::uint32_t io_size_max = 8 * 1024 * 1024;  // MaxReadSize, MaxWriteSize, MaxTransactSize, in bytes
  std::uint32_t credits_max = 8192;             // per connection
  std::uint32_t preserved_opens_per_user_max = 4096;  // whose connection is gone and which wait for their client
};

struct LogConfig {
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::info;
};

struct ShareConfig {
  std::string name;
  std::string path;
  std::string comment;
  bool read_only = false;
  ShareEncryption encryption = ShareEncryption::as_server;
  std::vector<std::string> allow;  // "user" or "@group"; empty: every user of this server
  // Persistent handles: opens that outlive the server. Every write goes to the disk before it is answered.
  bool continuously_available = false;
  std::string run_as;  // a system account, for users who have none of their own; empty: the folder's owner
  bool operator==(const ShareConfig&) const = default;
};

struct Config {
  ServerConfig server;
  AuthConfig auth;
  LimitsConfig limits;
  LogConfig log;
  std::vector<ShareConfig> shares;

  std::string control_socket_path() const;
  // Whether a request on this share must arrive encrypted: the share's setting or the server's.
  bool encryption_required(const ShareConfig& share) const;
  // Whether any share gives persistent handles.
  bool has_persistent_handles() const;
};

// What is wrong with a configuration, for a person: where, what, and what to do. Line and column count from 1; 0 when
// the problem has no place in a file (a command-line argument, an unreadable file).
struct ConfigProblem {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string message;
};
std::string to_string(const ConfigProblem& problem);  // "/etc/dozo/dozo.toml:3:1: unknown key …"
using ConfigProblems = std::vector<ConfigProblem>;

struct LoadedConfig {
  Config config;
  // Where a value came from: "server.listen" or "share.projects.path" -> "/etc/dozo/dozo.toml:12" or "--listen".
  // A setting that is absent here has its default.
  std::map<std::string, std::string> origins;
};

using ConfigResult = std::expected<LoadedConfig, ConfigProblems>;

// Every problem is reported, not the first. Nothing on disk is looked at but the file itself.
ConfigResult load_config(const std::string& path);
ConfigResult parse_config(std::string_view text, std::string_view file_name);

// Rules over more than one setting (dialect minimum and maximum, duplicate shares, names, paths); also run by
// parse_config. For a Config that was made or changed by program (`dozo serve FOLDER`).
ConfigProblems check_config(const LoadedConfig& loaded);

// What a valid configuration opens that is closed as installed, one sentence for each.
std::vector<std::string> config_warnings(const Config& config);

// The whole effective configuration as TOML that parse_config accepts, each line with its origin as a comment.
std::string show_config(const LoadedConfig& loaded);

// One setting as the documentation needs it.
struct SettingDescription {
  std::string_view section;   // "server", "auth", "limits", "log", "share"
  std::string_view key;       // "min_dialect"
  std::string default_value;  // as TOML; empty when the setting has to be given
  std::string values;         // "required | if-asked"
  std::string_view help;      // a sentence
};
std::vector<SettingDescription> describe_settings();

// What is wrong with `name` as the name of a share ([MS-FSCC] 2.1.6, and the names that the protocol keeps for itself:
// IPC$, ADMIN$, PRINT$, drive letters with $, pipe, mailslot, global); nothing when it is fine.
std::optional<std::string> share_name_problem(std::string_view name);

}  // namespace dozo::server
