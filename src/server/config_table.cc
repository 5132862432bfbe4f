#include "server/config_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/nearest.h"

namespace dozo::server {
namespace {

using Problem = std::optional<std::string>;

// ---- How each enumeration is spelt ----

template <class E>
struct Spelling {
  std::string_view name;
  E value;
};

template <class E>
constexpr std::array<Spelling<E>, 0> kSpellings{};
template <>
constexpr std::array kSpellings<SigningPolicy>{Spelling{"required", SigningPolicy::required},
                                               Spelling{"if-asked", SigningPolicy::if_asked}};
template <>
constexpr std::array kSpellings<EncryptionPolicy>{Spelling{"required", EncryptionPolicy::required},
                                                  Spelling{"offered", EncryptionPolicy::offered},
                                                  Spelling{"off", EncryptionPolicy::off}};
template <>
constexpr std::array kSpellings<ShareEncryption>{Spelling{"as-server", ShareEncryption::as_server},
                                                 Spelling{"required", ShareEncryption::required}};
template <>
constexpr std::array kSpellings<NtlmPolicy>{Spelling{"v2", NtlmPolicy::v2}, Spelling{"off", NtlmPolicy::off}};
template <>
constexpr std::array kSpellings<GuestPolicy>{Spelling{"refuse", GuestPolicy::refuse}};
template <>
constexpr std::array kSpellings<AnonymousPolicy>{Spelling{"refuse", AnonymousPolicy::refuse},
                                                 Spelling{"ipc", AnonymousPolicy::ipc}};
template <>
constexpr std::array kSpellings<RuntimeChoice>{Spelling{"auto", RuntimeChoice::automatic},
                                               Spelling{"io_uring", RuntimeChoice::io_uring},
                                               Spelling{"epoll", RuntimeChoice::epoll}};
template <>
constexpr std::array kSpellings<LogFormat>{Spelling{"text", LogFormat::text}, Spelling{"json", LogFormat::json}};
template <>
constexpr std::array kSpellings<LogLevel>{Spelling{"trace", LogLevel::trace}, Spelling{"debug", LogLevel::debug},
                                          Spelling{"info", LogLevel::info}, Spelling{"warning", LogLevel::warning},
                                          Spelling{"error", LogLevel::error}};
template <>
constexpr std::array kSpellings<Dialect>{Spelling{"2.0.2", Dialect::smb_2_0_2}, Spelling{"2.1", Dialect::smb_2_1},
                                         Spelling{"3.0", Dialect::smb_3_0}, Spelling{"3.0.2", Dialect::smb_3_0_2},
                                         Spelling{"3.1.1", Dialect::smb_3_1_1}};

template <class E>
  requires std::is_enum_v<E>
std::string spellings(std::string_view separator, std::string_view quote) {
  std::string all;
  for (const auto& s : kSpellings<E>) {
    if (!all.empty()) all += separator;
    all += fmt::format("{}{}{}", quote, s.name, quote);
  }
  return all;
}

// ---- One overload for each type a member can have ----

std::string found(const ConfigValue& value) {
  if (const auto* text = std::get_if<std::string>(&value.value)) return toml_quoted(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value.value)) return fmt::format("{}", *number);
  return std::string(kind_of(value));
}

template <class Row>
Problem store(const Row&, bool& member, const ConfigValue& value) {
  const auto* flag = std::get_if<bool>(&value.value);
  if (!flag) return fmt::format("must be true or false, not {}", found(value));
  member = *flag;
  return std::nullopt;
}

template <class Row>
Problem store(const Row& row, std::uint32_t& member, const ConfigValue& value) {
  const auto* number = std::get_if<std::int64_t>(&value.value);
  if (!number || *number < row.least || *number > row.most) {
    return fmt::format("must be a number from {} to {}, not {}", row.least, row.most, found(value));
  }
  member = static_cast<std::uint32_t>(*number);
  return std::nullopt;
}

template <class Row>
Problem store(const Row&, std::string& member, const ConfigValue& value) {
  const auto* text = std::get_if<std::string>(&value.value);
  if (!text) return fmt::format("must be a string, not {}", found(value));
  member = *text;
  return std::nullopt;
}

template <class Row, class E>
  requires std::is_enum_v<E>
Problem store(const Row&, E& member, const ConfigValue& value) {
  const auto* text = std::get_if<std::string>(&value.value);
  if (text) {
    for (const auto& s : kSpellings<E>) {
      if (s.name == *text) {
        member = s.value;
        return std::nullopt;
      }
    }
  }
  return fmt::format("must be {}, not {}", spellings<E>(" or ", "\""), found(value));
}

template <class Row>
Problem store(const Row&, std::vector<std::string>& member, const ConfigValue& value) {
  const auto* list = std::get_if<ConfigValue::List>(&value.value);
  if (!list) return fmt::format("must be a list of strings, not {}", found(value));
  member = *list;
  return std::nullopt;
}

template <class Row>
Problem store(const Row&, std::vector<ListenAddress>& member, const ConfigValue& value) {
  const auto* list = std::get_if<ConfigValue::List>(&value.value);
  if (!list) return fmt::format("must be a list of \"ADDR:PORT\", not {}", found(value));
  if (list->empty()) return "must name at least one address, for example \"0.0.0.0:445\"";
  std::vector<ListenAddress> addresses;
  for (const std::string& text : *list) {
    const auto address = listen_address_from_string(text);
    if (!address) return fmt::format("has {}, which is not \"ADDR:PORT\" or \"[ADDR6]:PORT\"", toml_quoted(text));
    addresses.push_back(*address);
  }
  member = std::move(addresses);
  return std::nullopt;
}

std::string show(bool member) { return member ? "true" : "false"; }
std::string show(std::uint32_t member) { return fmt::format("{}", member); }
std::string show(const std::string& member) { return toml_quoted(member); }
template <class E>
  requires std::is_enum_v<E>
std::string show(E member) {
  for (const auto& s : kSpellings<E>) {
    if (s.value == member) return toml_quoted(s.name);
  }
  DOZO_ASSERT(false);
  return {};
}
template <class T>
std::string show(const std::vector<T>& member) {
  std::string list;
  for (const T& item : member) {
    if (!list.empty()) list += ", ";
    if constexpr (std::same_as<T, std::string>) {
      list += toml_quoted(item);
    } else {
      list += toml_quoted(to_string(item));
    }
  }
  return fmt::format("[{}]", list);
}

template <class T, class Row>
std::string values(const Row& row) {
  if (!row.hint.empty()) return std::string(row.hint);
  if constexpr (std::is_enum_v<T>) return spellings<T>(" | ", "");
  if constexpr (std::same_as<T, bool>) return "true | false";
  if constexpr (std::same_as<T, std::uint32_t>) return fmt::format("{} to {}", row.least, row.most);
  return "text";
}

// ---- Rows ----

struct Text {
  std::string_view help;
  std::string_view hint = {};
  std::uint32_t least = 0;
  std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
};

template <class T>
struct MemberOf;
template <class T, class Owner>
struct MemberOf<T Owner::*> {
  using Type = T;
};
template <auto Member>
using MemberType = typename MemberOf<decltype(Member)>::Type;

template <auto Group, auto Member>
constexpr Setting<Config> row(std::string_view section, std::string_view key, Text text) {
  using Row = Setting<Config>;
  return {section,
          key,
          text.hint,
          text.least,
          text.most,
          text.help,
          [](const Row& self, Config& c, const ConfigValue& v) { return store(self, c.*Group.*Member, v); },
          [](const Config& c) { return show(c.*Group.*Member); },
          [](const Row& self) { return values<MemberType<Member>>(self); }};
}

template <auto Member>
constexpr Setting<ShareConfig> share_row(std::string_view key, Text text) {
  using Row = Setting<ShareConfig>;
  return {"share",
          key,
          text.hint,
          text.least,
          text.most,
          text.help,
          [](const Row& self, ShareConfig& c, const ConfigValue& v) { return store(self, c.*Member, v); },
          [](const ShareConfig& c) { return show(c.*Member); },
          [](const Row& self) { return values<MemberType<Member>>(self); }};
}

template <auto Member>
constexpr auto server(std::string_view key, Text text) {
  return row<&Config::server, Member>("server", key, text);
}
template <auto Member>
constexpr auto auth(std::string_view key, Text text) {
  return row<&Config::auth, Member>("auth", key, text);
}
template <auto Member>
constexpr auto limits(std::string_view key, Text text) {
  return row<&Config::limits, Member>("limits", key, text);
}
template <auto Member>
constexpr auto log(std::string_view key, Text text) {
  return row<&Config::log, Member>("log", key, text);
}

constexpr Setting<Config> kSettings[] = {
    server<&ServerConfig::listen>("listen", {"Addresses and ports to accept connections on.", "[\"ADDR:PORT\", …]"}),
    server<&ServerConfig::name>(
        "name", {"The name clients see; empty takes the host's name in upper case.", "up to 15 letters, digits and -"}),
    server<&ServerConfig::state_dir>("state_dir",
                                     {"Folder of users, identity and persistent state; mode 0700.", "absolute path"}),
    server<&ServerConfig::control_socket>("control_socket", {"Unix socket of dozo status, reload and kick; empty "
                                                             "takes control.sock in the state folder.",
                                                             "absolute path, up to 107 bytes"}),
    server<&ServerConfig::min_dialect>("min_dialect", {"The oldest SMB dialect that is spoken."}),
    server<&ServerConfig::max_dialect>("max_dialect", {"The newest SMB dialect that is spoken."}),
    server<&ServerConfig::signing>("signing", {"Whether every session has to sign, or only those whose client asks."}),
    server<&ServerConfig::encryption>("encryption", {"Whether sessions are encrypted always, where the client or a "
                                                     "share wants it, or never."}),
    server<&ServerConfig::threads>("threads", {"Event loops; 0 takes one for each core.", {}, 0, 1024}),
    server<&ServerConfig::runtime>("runtime", {"Kernel interface of the event loops; auto takes io_uring where it is "
                                               "permitted, else epoll."}),
    server<&ServerConfig::sandbox>("sandbox", {"Confine the process to its shares and state folder (Landlock) and to "
                                               "the system calls it uses (seccomp)."}),
    server<&ServerConfig::multichannel>("multichannel", {"Let one session have several connections (SMB 3), for speed "
                                                         "and to survive the loss of one."}),
    server<&ServerConfig::interfaces>("interfaces",
                                      {"Addresses of the host told to clients that look for more channels, "
                                       "each perhaps with speed=MEGABITS, rss, no-rss or rdma; empty tells "
                                       "those that are listened on, with what the host says of them.",
                                       "[\"ADDR rss speed=10000\", …]"}),
    server<&ServerConfig::torture_fsctls>("torture_fsctls",
                                          {"Let clients make their connection misbehave as smbtorture asks it to "
                                           "(FSCTL_SMBTORTURE_*); for test benches only."}),
    auth<&AuthConfig::failure_delay_ms>("failure_delay_ms", {"Wait before a failed logon is answered.", {}, 0, 10'000}),
    auth<&AuthConfig::ntlm>("ntlm",
                            {"NTLM version accepted; off is for servers with Kerberos, which does not exist yet."}),
    auth<&AuthConfig::guest>("guest", {"Guests are refused."}),
    auth<&AuthConfig::anonymous>("anonymous", {"Whether sessions without a name (null sessions) are refused, or may "
                                               "connect to IPC$, and ask there for what the server calls itself."}),
    limits<&LimitsConfig::connections_per_address_max>("connections_per_address_max",
                                                       {"Connections at one time from one address.", {}, 1, 1'000'000}),
    limits<&LimitsConfig::preauth_per_address_max>(
        "preauth_per_address_max",
        {"Connections at one time from one address that have no session yet.", {}, 1, 1'000'000}),
    limits<&LimitsConfig::channels_per_session_max>("channels_per_session_max",
                                                    {"Connections that one session can have.", {}, 1, 1024}),
    limits<&LimitsConfig::pre_auth_timeout_ms>(
        "pre_auth_timeout_ms", {"Time from accepting a connection to its first valid session.", {}, 1000, 600'000}),
    limits<&LimitsConfig::idle_timeout_ms>(
        "idle_timeout_ms",
        {"A connection without an open file and without a request for so long is closed; 0 is never.",
         {},
         0,
         604'800'000}),
    limits<&LimitsConfig::io_size_max>(
        "io_size_max", {"Largest read, write and transaction, in bytes; a multiple of 65536.", {}, 65'536, 8'388'608}),
    limits<&LimitsConfig::credits_max>("credits_max", {"Credits that one connection can hold.", {}, 1, 65'535}),
    limits<&LimitsConfig::preserved_opens_per_user_max>(
        "preserved_opens_per_user_max",
        {"Open files of one user that wait for their client after its connection was lost.", {}, 0, 1'000'000}),
    log<&LogConfig::format>("format", {"Log lines for people, or one JSON object a line."}),
    log<&LogConfig::level>("level", {"The least severity that is logged."}),
};

constexpr Setting<ShareConfig> kShareSettings[] = {
    share_row<&ShareConfig::name>("name",
                                  {"The name of the share, unique without regard to case.", "up to 80 characters"}),
    share_row<&ShareConfig::path>("path", {"The folder that is shared.", "absolute path"}),
    share_row<&ShareConfig::comment>("comment", {"Remark that clients show beside the name.", "up to 256 characters"}),
    share_row<&ShareConfig::read_only>("read_only", {"Refuse everything that changes the share."}),
    share_row<&ShareConfig::encryption>("encryption", {"Whether this share is only for encrypted sessions."}),
    share_row<&ShareConfig::allow>(
        "allow", {"Who may connect; empty is every user of this server.", "[\"user\", \"@group\", …]"}),
    share_row<&ShareConfig::continuously_available>(
        "continuously_available", {"Give persistent handles: open files and their locks outlive a restart of the "
                                   "server, and what is written is on the disk when it is answered."}),
    share_row<&ShareConfig::run_as>("run_as", {"Users without a system account of their name act as this one; empty "
                                               "is the folder's owner.",
                                               "name of a system account"}),
};

template <class Owner>
SettingDescription describe(const Setting<Owner>& row) {
  return {row.section, row.key, row.show(Owner{}), row.values(row), row.help};
}

}  // namespace

std::span<const Setting<Config>> server_settings() { return kSettings; }
std::span<const Setting<ShareConfig>> share_settings() { return kShareSettings; }

std::string nearest_setting(std::string_view section, std::string_view key) {
  std::vector<std::string_view> keys;
  std::string elsewhere;
  for (const SettingDescription& setting : describe_settings()) {
    if (setting.section == section) {
      keys.push_back(setting.key);
    } else if (setting.key == key && elsewhere.empty()) {
      elsewhere = fmt::format("{}.{}", setting.section, setting.key);
    }
  }
  return elsewhere.empty() ? nearest(key, keys) : elsewhere;
}

std::string nearest_section(std::string_view section) {
  return nearest(section, {"server", "auth", "limits", "log", "share"});
}

std::vector<SettingDescription> describe_settings() {
  std::vector<SettingDescription> all;
  for (const auto& row : kSettings) all.push_back(describe(row));
  for (const auto& row : kShareSettings) all.push_back(describe(row));
  for (SettingDescription& setting : all) {
    const bool has_to_be_given = setting.section == "share" && (setting.key == "name" || setting.key == "path");
    if (has_to_be_given) setting.default_value.clear();
  }
  return all;
}

}  // namespace dozo::server
