#include "rpc/wkssvc.h"

#include "rpc/info_row.h"

namespace dozo::rpc {
namespace {

constexpr std::uint32_t kWorkstationPlatformNt = 500;  // [MS-WKST] 2.2.5.1
constexpr std::uint32_t kUserLevels[] = {0, 1};
// [MS-WKST] 2.2.3.1 NETSETUP_JOIN_STATUS.
constexpr std::uint32_t kJoinedWorkgroup = 2;
constexpr std::uint32_t kJoinedDomain = 3;

// [MS-WKST] 2.2.5.1 to 2.2.5.3.
InfoRow workstation_row(const Host& host, std::uint32_t level) {
  const ServerInfo server = host.server();
  InfoRow row;
  row.number(kWorkstationPlatformNt).text(server.netbios_name).text(server.workgroup);
  row.number(server.version_major).number(server.version_minor);
  if (level == 100) return row;
  row.text("");  // lanroot: unused
  if (level == 101) return row;
  return row.number(static_cast<std::uint32_t>(host.sessions().size()));
}

// [MS-WKST] 3.2.4.1: how many users there are (102) is for administrators.
CallResult get_info(Call& call) {
  call.in.unique_string();
  const std::uint32_t level = call.in.u32();
  if (!call.in.ok()) return Fault::bad_stub_data;
  if (level < 100 || level > 102) {
    write_info_error(call.out, level, NetError::invalid_level);
  } else if (level == 102 && !call.host.caller().is_admin) {
    write_info_error(call.out, level, NetError::access_denied);
  } else {
    write_info(call.out, level, workstation_row(call.host, level));
  }
  return Fault::none;
}

// [MS-WKST] 2.2.5.9 and 2.2.5.10.
InfoRow user_row(const SessionInfo& session, const ServerInfo& server, std::uint32_t level) {
  InfoRow row;
  row.text(session.user);
  if (level == 0) return row;
  return row.text(server.domain_joined ? server.workgroup : server.netbios_name).text("").text(server.netbios_name);
}

// [MS-WKST] 3.2.4.3.
CallResult user_enum(Call& call) {
  call.in.unique_string();
  const EnumRequest request = read_enum(call.in, kUserLevels);
  if (!call.in.ok()) return Fault::bad_stub_data;
  if (!request.level_known) {
    write_enum_error(call.out, request, NetError::invalid_level);
    return Fault::none;
  }
  if (!call.host.caller().is_admin) {
    write_enum_error(call.out, request, NetError::access_denied);
    return Fault::none;
  }
  const ServerInfo server = call.host.server();
  std::vector<InfoRow> rows;
  for (const SessionInfo& s : call.host.sessions()) rows.push_back(user_row(s, server, request.level));
  write_enum(call.out, request, rows);
  return Fault::none;
}

// [MS-WKST] 3.2.4.12.
CallResult get_join_information(Call& call) {
  call.in.unique_string();
  call.in.unique_string();  // NameBuffer, in: not used
  if (!call.in.ok()) return Fault::bad_stub_data;
  const ServerInfo server = call.host.server();
  call.out.unique_string(server.workgroup);
  call.out.u32(server.domain_joined ? kJoinedDomain : kJoinedWorkgroup);
  call.out.u32(static_cast<std::uint32_t>(NetError::success));
  return Fault::none;
}

// [MS-WKST] 3.2.4.
constexpr Procedure kWkssvcProcedures[] = {
    {0, "NetrWkstaGetInfo", get_info, For::everybody},
    {1, "NetrWkstaSetInfo"},
    {2, "NetrWkstaUserEnum", user_enum},
    {3, "Opnum3NotUsedOnWire"},
    {4, "Opnum4NotUsedOnWire"},
    {5, "NetrWkstaTransportEnum"},
    {6, "NetrWkstaTransportAdd"},
    {7, "NetrWkstaTransportDel"},
    {8, "NetrUseAdd"},
    {9, "NetrUseGetInfo"},
    {10, "NetrUseDel"},
    {11, "NetrUseEnum"},
    {12, "Opnum12NotUsedOnWire"},
    {13, "NetrWorkstationStatisticsGet"},
    {14, "Opnum14NotUsedOnWire"},
    {15, "Opnum15NotUsedOnWire"},
    {16, "Opnum16NotUsedOnWire"},
    {17, "Opnum17NotUsedOnWire"},
    {18, "Opnum18NotUsedOnWire"},
    {19, "Opnum19NotUsedOnWire"},
    {20, "NetrGetJoinInformation", get_join_information},
    {21, "Opnum21NotUsedOnWire"},
    {22, "NetrJoinDomain2"},
    {23, "NetrUnjoinDomain2"},
    {24, "NetrRenameMachineInDomain2"},
    {25, "NetrValidateName2"},
    {26, "NetrGetJoinableOUs2"},
    {27, "NetrAddAlternateComputerName"},
    {28, "NetrRemoveAlternateComputerName"},
    {29, "NetrSetPrimaryComputerName"},
    {30, "NetrEnumerateComputerNames"},
    {31, "NetrJoinDomain3"},
    {32, "NetrUnjoinDomain3"},
    {33, "NetrRenameMachineInDomain3"},
    {34, "NetrValidateName3"},
    {35, "NetrAddAlternateComputerName2"},
    {36, "NetrRemoveAlternateComputerName2"},
    {37, "NetrSetPrimaryComputerName2"},
};

}  // namespace

// [MS-WKST] 1.9.
constinit const Interface kWkssvc{"wkssvc", {uuid("6bffd098-a112-3610-9833-46c3f87e345a"), 1, 0}, kWkssvcProcedures};

}  // namespace dozo::rpc
