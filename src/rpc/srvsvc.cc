#include "rpc/srvsvc.h"

#include <algorithm>

#include "base/unicode.h"
#include "rpc/info_row.h"

namespace dozo::rpc {
namespace {

constexpr std::uint32_t kPlatformNt = 500;          // [MS-SRVS] 2.2.2.6
constexpr std::uint32_t kTypeSpecial = 0x80000000;  // [MS-SRVS] 2.2.2.4 STYPE_SPECIAL
constexpr std::uint32_t kGuestFlag = 1;             // [MS-SRVS] 2.2.2.3 SESS_GUEST
constexpr std::size_t kQualifierUnitsMax = 1023;    // [MS-SRVS] 3.1.4.1: 1,024 with the terminator

constexpr std::uint32_t kShareLevels[] = {0, 1, 2, 501, 502, 503};
constexpr std::uint32_t kStickyLevels[] = {0, 1, 2, 502, 503};
constexpr std::uint32_t kSessionLevels[] = {0, 1, 2, 10, 502};
constexpr std::uint32_t kConnectionLevels[] = {0, 1};
constexpr std::uint32_t kFileLevels[] = {2, 3};

// [MS-SRVS] 3.1.4.8 and 3.1.4.10, behaviors: the levels that tell paths and descriptors are for administrators.
bool level_is_for_admins(std::uint32_t level) { return level == 2 || level == 502 || level == 503; }

std::uint32_t share_type(const ShareInfo& share) {
  return static_cast<std::uint32_t>(share.kind) | (share.special ? kTypeSpecial : 0);
}

// [MS-SRVS] 2.2.4.22 to 2.2.4.29.
InfoRow share_row(const ShareInfo& share, std::uint32_t level) {
  InfoRow row;
  if (level == 1005) return row.number(share.flags.bits());
  row.text(share.name);
  if (level == 0) return row;
  row.number(share_type(share)).text(share.comment);
  if (level == 1) return row;
  if (level == 501) return row.number(share.flags.bits());
  row.number(0).number(share.max_uses).number(share.current_uses).text(share.path).null();
  if (level == 2) return row;
  if (level == 503) row.text("*");  // [MS-SRVS] 2.2.4.27: no server name of its own
  return row.counted(share.security ? encode_security_descriptor(*share.security) : ByteVector{});
}

CallResult enumerate_shares(Call& call, std::span<const std::uint32_t> levels) {
  call.in.unique_string();  // ServerName: any name that reached us is ours
  const EnumRequest request = read_enum(call.in, levels);
  if (!call.in.ok()) return Fault::bad_stub_data;
  NetError error = NetError::success;
  if (!request.level_known) {
    error = NetError::invalid_level;
  } else if (level_is_for_admins(request.level) && !call.host.caller().is_admin) {
    error = NetError::access_denied;
  }
  if (error != NetError::success) {
    write_enum_error(call.out, request, error);
    return Fault::none;
  }
  std::vector<InfoRow> rows;
  for (const ShareInfo& share : call.host.shares()) rows.push_back(share_row(share, request.level));
  write_enum(call.out, request, rows);
  return Fault::none;
}

CallResult share_enum(Call& call) { return enumerate_shares(call, kShareLevels); }
// [MS-SRVS] 3.1.4.9: without level 501. All shares are persistent, for they come from the settings.
CallResult share_enum_sticky(Call& call) { return enumerate_shares(call, kStickyLevels); }

bool share_level_known(std::uint32_t level) {
  return level == 1005 || std::find(std::begin(kShareLevels), std::end(kShareLevels), level) != std::end(kShareLevels);
}

// [MS-SRVS] 3.1.4.10.
CallResult share_get_info(Call& call) {
  call.in.unique_string();
  const std::string name = utf16_to_utf8(call.in.string());
  const std::uint32_t level = call.in.u32();
  if (!call.in.ok()) return Fault::bad_stub_data;
  NetError error = NetError::success;
  std::optional<ShareInfo> share;
  if (name.empty()) {
    error = NetError::invalid_parameter;
  } else if (!share_level_known(level)) {
    error = NetError::invalid_level;
  } else if (level_is_for_admins(level) && !call.host.caller().is_admin) {
    error = NetError::access_denied;
  } else if (share = call.host.share(name); !share) {
    error = NetError::share_not_found;
  }
  if (error != NetError::success) {
    write_info_error(call.out, level, error);
  } else {
    write_info(call.out, level, share_row(*share, level));
  }
  return Fault::none;
}

// [MS-SRVS] 2.2.4.40 to 2.2.4.42.
InfoRow server_row(const ServerInfo& server, std::uint32_t level) {
  InfoRow row;
  row.number(kPlatformNt).text(server.netbios_name);
  if (level == 100) return row;
  row.number(server.version_major).number(server.version_minor).number(server.types.bits()).text(server.comment);
  if (level == 101) return row;
  row.number(server.max_users).number(static_cast<std::uint32_t>(server.idle_disconnect_minutes));
  row.number(0);                  // hidden: no
  row.number(240).number(3000);   // announce and its jitter, in s and ms; nothing is announced by broadcast
  return row.number(0).text("");  // licenses, user path: unused
}

// [MS-SRVS] 3.1.4.17.
CallResult server_get_info(Call& call) {
  call.in.unique_string();
  const std::uint32_t level = call.in.u32();
  if (!call.in.ok()) return Fault::bad_stub_data;
  if (level < 100 || level > 102) {
    write_info_error(call.out, level, NetError::invalid_level);
  } else if (level == 102 && !call.host.caller().is_admin) {
    write_info_error(call.out, level, NetError::access_denied);
  } else {
    write_info(call.out, level, server_row(call.host.server(), level));
  }
  return Fault::none;
}

// [MS-SRVS] 3.1.4.21; [MS-SRVS] 2.2.4.105. The clock's fields are UTC, the time zone tells the rest.
CallResult remote_tod(Call& call) {
  using namespace std::chrono;
  call.in.unique_string();
  if (!call.in.ok()) return Fault::bad_stub_data;
  const WallTime now = call.host.wall_now();
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss<Duration> clock(now - day);
  const auto put = [&call](auto v) { call.out.u32(static_cast<std::uint32_t>(v)); };
  call.out.pointer(true);
  put(floor<seconds>(now).time_since_epoch().count());
  put(duration_cast<milliseconds>(call.host.uptime()).count());
  put(clock.hours().count());
  put(clock.minutes().count());
  put(clock.seconds().count());
  put(duration_cast<milliseconds>(clock.subseconds()).count() / 10);
  put(call.host.minutes_west_of_utc());
  put(310);  // tinterval: the tick Windows has, in 0.1 ms
  put(static_cast<unsigned>(date.day()));
  put(static_cast<unsigned>(date.month()));
  put(static_cast<int>(date.year()));
  put(weekday(day).c_encoding());
  put(0);
  return Fault::none;
}

std::uint32_t whole_seconds(std::chrono::seconds s) { return static_cast<std::uint32_t>(s.count()); }

// [MS-SRVS] 2.2.4.11 to 2.2.4.15.
InfoRow session_row(const SessionInfo& s, std::uint32_t level) {
  InfoRow row;
  row.text(s.client);
  if (level == 0) return row;
  row.text(s.user);
  if (level == 10) return row.number(whole_seconds(s.connected)).number(whole_seconds(s.idle));
  row.number(s.open_files).number(whole_seconds(s.connected)).number(whole_seconds(s.idle));
  row.number(s.guest ? kGuestFlag : 0);
  if (level == 1) return row;
  row.text("");  // client type: not known over SMB2
  return level == 2 ? row : row.text("");
}

bool same(std::string_view a, std::string_view b) { return fold_name(a) == fold_name(b); }

std::optional<std::string> qualifier(wire::NdrReader& in) {
  const auto text = in.unique_string();
  if (!text || text->empty()) return std::nullopt;
  return utf16_to_utf8(*text);
}

std::string_view without_slashes(std::string_view computer) {
  return computer.starts_with("\\\\") ? computer.substr(2) : computer;
}

// What all three administrators' enumerations refuse.
NetError refuse_enum(const Call& call, const EnumRequest& request) {
  if (!request.level_known) return NetError::invalid_level;
  return call.host.caller().is_admin ? NetError::success : NetError::access_denied;
}

CallResult answer_enum(Call& call, const EnumRequest& request, NetError error, std::span<const InfoRow> rows) {
  if (error != NetError::success) {
    write_enum_error(call.out, request, error);
  } else {
    write_enum(call.out, request, rows);
  }
  return Fault::none;
}

// [MS-SRVS] 3.1.4.5.
CallResult session_enum(Call& call) {
  call.in.unique_string();
  const auto client = qualifier(call.in);
  const auto user = qualifier(call.in);
  const EnumRequest request = read_enum(call.in, kSessionLevels);
  if (!call.in.ok()) return Fault::bad_stub_data;
  NetError error = refuse_enum(call, request);
  if (error != NetError::success) return answer_enum(call, request, error, {});

  std::vector<InfoRow> rows;
  for (const SessionInfo& s : call.host.sessions()) {
    const bool wanted = (!client || same(without_slashes(*client), s.client)) && (!user || same(*user, s.user));
    if (wanted) rows.push_back(session_row(s, request.level));
  }
  if (rows.empty() && user) error = NetError::user_not_found;
  if (rows.empty() && client) error = NetError::client_not_found;
  return answer_enum(call, request, error, rows);
}

// [MS-SRVS] 2.2.4.1 and 2.2.4.2; netname is what was not asked for: the client of a share, or the share of a client.
InfoRow connection_row(const ConnectionInfo& c, std::uint32_t level, bool by_computer) {
  InfoRow row;
  row.number(c.id);
  if (level == 0) return row;
  row.number(static_cast<std::uint32_t>(c.kind)).number(c.open_files).number(c.users);
  return row.number(whole_seconds(c.connected)).text(c.user).text(by_computer ? c.share : c.client);
}

// [MS-SRVS] 3.1.4.1.
CallResult connection_enum(Call& call) {
  call.in.unique_string();
  const std::u16string asked = call.in.unique_string().value_or(std::u16string());
  const EnumRequest request = read_enum(call.in, kConnectionLevels);
  if (!call.in.ok()) return Fault::bad_stub_data;
  NetError error = refuse_enum(call, request);
  if (error == NetError::success && (asked.empty() || asked.size() > kQualifierUnitsMax)) {
    error = NetError::invalid_parameter;
  }
  if (error != NetError::success) return answer_enum(call, request, error, {});

  const std::string name = utf16_to_utf8(asked);
  const bool by_computer = name.starts_with("\\\\");
  std::vector<InfoRow> rows;
  for (const ConnectionInfo& c : call.host.connections()) {
    const bool wanted = by_computer ? same(without_slashes(name), c.client) : same(name, c.share);
    if (wanted) rows.push_back(connection_row(c, request.level, by_computer));
  }
  return answer_enum(call, request, error, rows);
}

// [MS-SRVS] 2.2.4.6 and 2.2.4.7: PERM_FILE_READ 1, PERM_FILE_WRITE 2, PERM_FILE_CREATE 4.
InfoRow file_row(const OpenFileInfo& f, std::uint32_t level) {
  InfoRow row;
  row.number(f.id);
  if (level == 2) return row;
  row.number((f.reads ? 1u : 0u) | (f.writes ? 2u : 0u) | (f.creates ? 4u : 0u));
  return row.number(f.locks).text(f.path).text(f.user);
}

// [MS-SRVS] 3.1.4.2: BasePath is a prefix of the paths wanted.
CallResult file_enum(Call& call) {
  call.in.unique_string();
  const auto base_path = qualifier(call.in);
  const auto user = qualifier(call.in);
  const EnumRequest request = read_enum(call.in, kFileLevels);
  if (!call.in.ok()) return Fault::bad_stub_data;
  const NetError error = refuse_enum(call, request);
  if (error != NetError::success) return answer_enum(call, request, error, {});

  std::vector<InfoRow> rows;
  const std::u16string prefix = fold_name(base_path.value_or(""));
  for (const OpenFileInfo& f : call.host.open_files()) {
    const bool wanted = fold_name(f.path).starts_with(prefix) && (!user || same(*user, f.user));
    if (wanted) rows.push_back(file_row(f, request.level));
  }
  return answer_enum(call, request, error, rows);
}

// [MS-SRVS] 2.2.2.8: the rules of the types of names that shares and accounts have; lengths in units.
struct NameRule {
  std::size_t shortest;
  std::size_t longest;
  std::u16string_view also_invalid;
  bool any_character = false;
};
constexpr NameRule kNameRules[] = {
    {1, 256, u""},        // 1 user
    {0, 256, u"", true},  // 2 password
    {1, 256, u""},        // 3 group
    {1, 260, u"*"},       // 4 computer
    {1, 16, u""},         // 5 event
    {1, 15, u"* "},       // 6 domain
    {1, 80, u""},         // 7 service
    {1, 260, u""},        // 8 net
    {1, 80, u""},         // 9 share
    {1, 15, u""},         // 10 message
    {1, 260, u""},        // 11 message destination
    {0, 8, u"", true},    // 12 share password
    {1, 15, u""},         // 13 workgroup
};

constexpr std::u16string_view kInvalidInNames = u"\"/\\[]:|<>+=;,?";

bool name_follows(const NameRule& rule, std::u16string_view name) {
  if (name.size() < rule.shortest || name.size() > rule.longest) return false;
  if (rule.any_character) return true;
  return std::none_of(name.begin(), name.end(), [&rule](char16_t c) {
    return c < 0x20 || kInvalidInNames.find(c) != kInvalidInNames.npos ||
           rule.also_invalid.find(c) != rule.also_invalid.npos;
  });
}

// [MS-SRVS] 3.1.4.32.
CallResult name_validate(Call& call) {
  call.in.unique_string();
  const std::u16string name = call.in.string();
  const std::uint32_t type = call.in.u32();
  const std::uint32_t flags = call.in.u32();
  if (!call.in.ok()) return Fault::bad_stub_data;
  NetError error = NetError::success;
  if (type < 1 || type > std::size(kNameRules) || flags != 0) {
    error = NetError::invalid_parameter;
  } else if (!name_follows(kNameRules[type - 1], name)) {
    error = NetError::invalid_name;
  }
  call.out.u32(static_cast<std::uint32_t>(error));
  return Fault::none;
}

// [MS-SRVS] 3.1.4.
constexpr Procedure kSrvsvcProcedures[] = {
    {0, "Opnum0NotUsedOnWire"},
    {1, "Opnum1NotUsedOnWire"},
    {2, "Opnum2NotUsedOnWire"},
    {3, "Opnum3NotUsedOnWire"},
    {4, "Opnum4NotUsedOnWire"},
    {5, "Opnum5NotUsedOnWire"},
    {6, "Opnum6NotUsedOnWire"},
    {7, "Opnum7NotUsedOnWire"},
    {8, "NetrConnectionEnum", connection_enum},
    {9, "NetrFileEnum", file_enum},
    {10, "NetrFileGetInfo"},
    {11, "NetrFileClose"},
    {12, "NetrSessionEnum", session_enum},
    {13, "NetrSessionDel"},
    {14, "NetrShareAdd"},
    {15, "NetrShareEnum", share_enum},
    {16, "NetrShareGetInfo", share_get_info},
    {17, "NetrShareSetInfo"},
    {18, "NetrShareDel"},
    {19, "NetrShareDelSticky"},
    {20, "NetrShareCheck"},
    {21, "NetrServerGetInfo", server_get_info, For::everybody},
    {22, "NetrServerSetInfo"},
    {23, "NetrServerDiskEnum"},
    {24, "NetrServerStatisticsGet"},
    {25, "NetrServerTransportAdd"},
    {26, "NetrServerTransportEnum"},
    {27, "NetrServerTransportDel"},
    {28, "NetrRemoteTOD", remote_tod, For::everybody},
    {29, "Opnum29NotUsedOnWire"},
    {30, "NetprPathType"},
    {31, "NetprPathCanonicalize"},
    {32, "NetprPathCompare"},
    {33, "NetprNameValidate", name_validate},
    {34, "NetprNameCanonicalize"},
    {35, "NetprNameCompare"},
    {36, "NetrShareEnumSticky", share_enum_sticky},
    {37, "NetrShareDelStart"},
    {38, "NetrShareDelCommit"},
    {39, "NetrpGetFileSecurity"},
    {40, "NetrpSetFileSecurity"},
    {41, "NetrServerTransportAddEx"},
    {42, "Opnum42NotUsedOnWire"},
    {43, "NetrDfsGetVersion"},
    {44, "NetrDfsCreateLocalPartition"},
    {45, "NetrDfsDeleteLocalPartition"},
    {46, "NetrDfsSetLocalVolumeState"},
    {47, "Opnum47NotUsedOnWire"},
    {48, "NetrDfsCreateExitPoint"},
    {49, "NetrDfsDeleteExitPoint"},
    {50, "NetrDfsModifyPrefix"},
    {51, "NetrDfsFixLocalVolume"},
    {52, "NetrDfsManagerReportSiteInfo"},
    {53, "NetrServerTransportDelEx"},
    {54, "NetrServerAliasAdd"},
    {55, "NetrServerAliasEnum"},
    {56, "NetrServerAliasDel"},
    {57, "NetrShareDelEx"},
};

}  // namespace

// [MS-SRVS] 1.9.
constinit const Interface kSrvsvc{"srvsvc", {uuid("4b324fc8-1670-01d3-1278-5a47bf6ee188"), 3, 0}, kSrvsvcProcedures};

}  // namespace dozo::rpc
