#include "rpc/lsarpc.h"

#include "base/unicode.h"
#include "model/access_mask.h"
#include "model/nt_status.h"
#include "rpc/lsa_lookup.h"

namespace dozo::rpc {
namespace {

// [MS-LSAD] 2.2.1.1.2: what everybody may ask of the policy: POLICY_VIEW_LOCAL_INFORMATION, POLICY_LOOKUP_NAMES,
// READ_CONTROL, MAXIMUM_ALLOWED, GENERIC_READ, GENERIC_EXECUTE.
constexpr std::uint32_t kRightsOfAll = 0x00000001 | 0x00000800 | 0x00020000 | 0x02000000 | 0x80000000 | 0x20000000;

// [MS-LSAD] 2.2.4.1 POLICY_INFORMATION_CLASS, those answered.
enum class PolicyClass : std::uint16_t {
  primary_domain = 3,
  account_domain = 5,
  dns_domain = 12,
  dns_domain_int = 13,
  local_account_domain = 14,
};

void put_status(Call& call, NtStatus status) { call.out.u32(static_cast<std::uint32_t>(status)); }

// [MS-LSAD] 2.2.2.4 LSAPR_OBJECT_ATTRIBUTES: all of it is to be ignored, except that RootDirectory must be null.
struct Attributes {
  bool has_root = false;
};
Attributes read_object_attributes(wire::NdrReader& in) {
  Attributes attributes;
  in.u32();  // Length
  attributes.has_root = in.pointer();
  const bool has_name = in.pointer();
  in.u32();  // Attributes
  const bool has_security = in.pointer();
  const bool has_quality = in.pointer();
  // Nobody sends these two; their absolute-form descriptor is not worth a decoder to throw its value away.
  if (has_name || has_security) in.set_bad();
  if (attributes.has_root) in.u8();
  if (has_quality) {
    in.u32();  // [MS-LSAD] 2.2.3.7 SECURITY_QUALITY_OF_SERVICE
    in.u16();
    in.u8();
    in.u8();
  }
  return attributes;
}

CallResult open_policy_for(Call& call, const Attributes& attributes) {
  const std::uint32_t access = call.in.u32();
  if (!call.in.ok()) return Fault::bad_stub_data;
  NtStatus status = NtStatus::SUCCESS;
  std::optional<Guid> handle;
  if (attributes.has_root) {
    status = NtStatus::INVALID_PARAMETER;
  } else if ((access & ~kRightsOfAll) != 0 && !call.host.caller().is_admin) {
    status = NtStatus::ACCESS_DENIED;
  } else if (handle = call.handles.open(call.host); !handle) {
    status = NtStatus::INSUFFICIENT_RESOURCES;
  }
  write_handle(call.out, handle.value_or(Guid{}));
  put_status(call, status);
  return Fault::none;
}

// [MS-LSAD] 3.1.4.4.2: SystemName is one character, as the interface has it.
CallResult open_policy(Call& call) {
  if (call.in.pointer()) call.in.u16();
  return open_policy_for(call, read_object_attributes(call.in));
}

// [MS-LSAD] 3.1.4.4.1.
CallResult open_policy2(Call& call) {
  call.in.unique_string();
  return open_policy_for(call, read_object_attributes(call.in));
}

// [MS-LSAD] 3.1.4.9.4: the handle given back is null.
CallResult close(Call& call) {
  const Guid handle = read_handle(call.in);
  if (!call.in.ok()) return Fault::bad_stub_data;
  if (!call.handles.close(handle)) return Fault::context_mismatch;
  write_handle(call.out, Guid{});
  put_status(call, NtStatus::SUCCESS);
  return Fault::none;
}

void put_name_and_sid(wire::NdrWriter& out, const std::string& name, const std::optional<Sid>& sid) {
  out.unicode_header(name);
  out.pointer(sid.has_value());
  out.unicode_body(name);
  if (sid) out.sid(*sid);
}

// [MS-LSAD] 2.2.4.14. The forest is taken to be the domain's own; the domain's GUID is not known here.
void put_dns_domain(wire::NdrWriter& out, const ServerInfo& server) {
  out.unicode_header(server.workgroup);
  out.unicode_header(server.dns_domain);
  out.unicode_header(server.dns_domain);
  out.guid(Guid{});
  out.pointer(server.domain_sid.has_value());
  out.unicode_body(server.workgroup);
  out.unicode_body(server.dns_domain);
  out.unicode_body(server.dns_domain);
  if (server.domain_sid) out.sid(*server.domain_sid);
}

// [MS-LSAD] 2.2.4.2 LSAPR_POLICY_INFORMATION behind its pointer; false, and nothing written, for other classes.
bool put_policy(wire::NdrWriter& out, PolicyClass info, const ServerInfo& server) {
  const auto begin = [&out, info] {
    out.pointer(true);
    out.u16(static_cast<std::uint16_t>(info));
    out.align(4);
  };
  switch (info) {
    case PolicyClass::primary_domain:
      begin();
      put_name_and_sid(out, server.workgroup, server.domain_sid);
      return true;
    case PolicyClass::account_domain:
    case PolicyClass::local_account_domain:
      begin();
      put_name_and_sid(out, server.netbios_name, server.machine_sid);
      return true;
    case PolicyClass::dns_domain:
    case PolicyClass::dns_domain_int:
      begin();
      put_dns_domain(out, server);
      return true;
  }
  return false;
}

// [MS-LSAD] 3.1.4.4.3 and 3.1.4.4.4.
CallResult query_information_policy(Call& call) {
  const Guid handle = read_handle(call.in);
  const auto info = static_cast<PolicyClass>(call.in.u16());
  if (!call.in.ok()) return Fault::bad_stub_data;
  if (!call.handles.valid(handle)) return Fault::context_mismatch;
  if (put_policy(call.out, info, call.host.server())) {
    put_status(call, NtStatus::SUCCESS);
  } else {
    call.out.pointer(false);
    put_status(call, NtStatus::INVALID_PARAMETER);
  }
  return Fault::none;
}

// [in, out] PRPC_UNICODE_STRING *: the in-direction's value is read over.
void skip_unicode_string(wire::NdrReader& in) {
  if (!in.pointer()) return;
  const auto header = in.unicode_header();
  in.unicode_body(header);
}

void put_unicode_string(wire::NdrWriter& out, std::string_view text) {
  out.pointer(true);
  out.unicode_header(text);
  out.unicode_body(text);
}

// [MS-LSAT] 3.1.4.4.
CallResult get_user_name(Call& call) {
  call.in.unique_string();
  skip_unicode_string(call.in);
  const bool wants_domain = call.in.pointer();
  if (wants_domain) skip_unicode_string(call.in);
  if (!call.in.ok()) return Fault::bad_stub_data;
  const Caller caller = call.host.caller();
  put_unicode_string(call.out, caller.user);
  call.out.pointer(wants_domain);
  if (wants_domain) put_unicode_string(call.out, caller.domain);
  put_status(call, NtStatus::SUCCESS);
  return Fault::none;
}

// [MS-LSAD] 3.1.4.7.7 and 3.1.4.7.8: a server that is no controller trusts no domain.
CallResult enumerate_trusted_domains(Call& call) {
  const Guid handle = read_handle(call.in);
  const std::uint32_t context = call.in.u32();
  call.in.u32();  // PreferedMaximumLength
  if (!call.in.ok()) return Fault::bad_stub_data;
  if (!call.handles.valid(handle)) return Fault::context_mismatch;
  call.out.u32(context);
  call.out.u32(0);
  call.out.pointer(false);
  put_status(call, NtStatus::NO_MORE_ENTRIES);
  return Fault::none;
}

// [MS-LSAD] 3.1.4 and [MS-LSAT] 3.1.4. Opnums without a name there are used locally or between controllers.
constexpr Procedure kLsarpcProcedures[] = {
    {0, "LsarClose", close},
    {1, "Opnum1NotUsedOnWire"},
    {2, "LsarEnumeratePrivileges"},
    {3, "LsarQuerySecurityObject"},
    {4, "LsarSetSecurityObject"},
    {5, "Opnum5NotUsedOnWire"},
    {6, "LsarOpenPolicy", open_policy},
    {7, "LsarQueryInformationPolicy", query_information_policy},
    {8, "LsarSetInformationPolicy"},
    {9, "Opnum9NotUsedOnWire"},
    {10, "LsarCreateAccount"},
    {11, "LsarEnumerateAccounts"},
    {12, "LsarCreateTrustedDomain"},
    {13, "LsarEnumerateTrustedDomains", enumerate_trusted_domains},
    {14, "LsarLookupNames", lsar_lookup_names},
    {15, "LsarLookupSids", lsar_lookup_sids},
    {16, "LsarCreateSecret"},
    {17, "LsarOpenAccount"},
    {18, "LsarEnumeratePrivilegesAccount"},
    {19, "LsarAddPrivilegesToAccount"},
    {20, "LsarRemovePrivilegesFromAccount"},
    {21, "Opnum21NotUsedOnWire"},
    {22, "Opnum22NotUsedOnWire"},
    {23, "LsarGetSystemAccessAccount"},
    {24, "LsarSetSystemAccessAccount"},
    {25, "LsarOpenTrustedDomain"},
    {26, "LsarQueryInfoTrustedDomain"},
    {27, "LsarSetInformationTrustedDomain"},
    {28, "LsarOpenSecret"},
    {29, "LsarSetSecret"},
    {30, "LsarQuerySecret"},
    {31, "LsarLookupPrivilegeValue"},
    {32, "LsarLookupPrivilegeName"},
    {33, "LsarLookupPrivilegeDisplayName"},
    {34, "LsarDeleteObject"},
    {35, "LsarEnumerateAccountsWithUserRight"},
    {36, "LsarEnumerateAccountRights"},
    {37, "LsarAddAccountRights"},
    {38, "LsarRemoveAccountRights"},
    {39, "LsarQueryTrustedDomainInfo"},
    {40, "LsarSetTrustedDomainInfo"},
    {41, "LsarDeleteTrustedDomain"},
    {42, "LsarStorePrivateData"},
    {43, "LsarRetrievePrivateData"},
    {44, "LsarOpenPolicy2", open_policy2},
    {45, "LsarGetUserName", get_user_name},
    {46, "LsarQueryInformationPolicy2", query_information_policy},
    {47, "LsarSetInformationPolicy2"},
    {48, "LsarQueryTrustedDomainInfoByName"},
    {49, "LsarSetTrustedDomainInfoByName"},
    {50, "LsarEnumerateTrustedDomainsEx", enumerate_trusted_domains},
    {51, "LsarCreateTrustedDomainEx"},
    {52, "Opnum52NotUsedOnWire"},
    {53, "LsarQueryDomainInformationPolicy"},
    {54, "LsarSetDomainInformationPolicy"},
    {55, "LsarOpenTrustedDomainByName"},
    {56, "Opnum56NotUsedOnWire"},
    {57, "LsarLookupSids2", lsar_lookup_sids2},
    {58, "LsarLookupNames2", lsar_lookup_names2},
    {59, "LsarCreateTrustedDomainEx2"},
    {60, "Opnum60NotUsedOnWire"},
    {61, "Opnum61NotUsedOnWire"},
    {62, "Opnum62NotUsedOnWire"},
    {63, "Opnum63NotUsedOnWire"},
    {64, "Opnum64NotUsedOnWire"},
    {65, "Opnum65NotUsedOnWire"},
    {66, "Opnum66NotUsedOnWire"},
    {67, "Opnum67NotUsedOnWire"},
    {68, "LsarLookupNames3", lsar_lookup_names3},
    {69, "Opnum69NotUsedOnWire"},
    {70, "Opnum70NotUsedOnWire"},
    {71, "Opnum71NotUsedOnWire"},
    {72, "Opnum72NotUsedOnWire"},
    {73, "LsarQueryForestTrustInformation"},
    {74, "LsarSetForestTrustInformation"},
    {75, "Opnum75NotUsedOnWire"},
    {76, "LsarLookupSids3", lsar_lookup_sids3},
    {77, "LsarLookupNames4", lsar_lookup_names4},
    {78, "Opnum78NotUsedOnWire"},
    {79, "Opnum79NotUsedOnWire"},
    {80, "Opnum80NotUsedOnWire"},
    {81, "Opnum81NotUsedOnWire"},
    {82, "Opnum82NotUsedOnWire"},
    {83, "Opnum83NotUsedOnWire"},
    {84, "Opnum84NotUsedOnWire"},
    {85, "Opnum85NotUsedOnWire"},
    {86, "Opnum86NotUsedOnWire"},
    {87, "Opnum87NotUsedOnWire"},
    {88, "Opnum88NotUsedOnWire"},
    {89, "Opnum89NotUsedOnWire"},
    {90, "Opnum90NotUsedOnWire"},
    {91, "Opnum91NotUsedOnWire"},
    {92, "Opnum92NotUsedOnWire"},
    {93, "Opnum93NotUsedOnWire"},
    {94, "Opnum94NotUsedOnWire"},
    {95, "Opnum95NotUsedOnWire"},
    {96, "Opnum96NotUsedOnWire"},
    {97, "Opnum97NotUsedOnWire"},
    {98, "Opnum98NotUsedOnWire"},
    {99, "Opnum99NotUsedOnWire"},
    {100, "Opnum100NotUsedOnWire"},
    {101, "Opnum101NotUsedOnWire"},
    {102, "Opnum102NotUsedOnWire"},
    {103, "Opnum103NotUsedOnWire"},
    {104, "Opnum104NotUsedOnWire"},
    {105, "Opnum105NotUsedOnWire"},
    {106, "Opnum106NotUsedOnWire"},
    {107, "Opnum107NotUsedOnWire"},
    {108, "Opnum108NotUsedOnWire"},
    {109, "Opnum109NotUsedOnWire"},
    {110, "Opnum110NotUsedOnWire"},
    {111, "Opnum111NotUsedOnWire"},
    {112, "Opnum112NotUsedOnWire"},
    {113, "Opnum113NotUsedOnWire"},
    {114, "Opnum114NotUsedOnWire"},
    {115, "Opnum115NotUsedOnWire"},
    {116, "Opnum116NotUsedOnWire"},
    {117, "Opnum117NotUsedOnWire"},
    {118, "Opnum118NotUsedOnWire"},
    {119, "Opnum119NotUsedOnWire"},
    {120, "Opnum120NotUsedOnWire"},
    {121, "Opnum121NotUsedOnWire"},
    {122, "Opnum122NotUsedOnWire"},
    {123, "Opnum123NotUsedOnWire"},
    {124, "Opnum124NotUsedOnWire"},
    {125, "Opnum125NotUsedOnWire"},
    {126, "Opnum126NotUsedOnWire"},
    {127, "Opnum127NotUsedOnWire"},
    {128, "Opnum128NotUsedOnWire"},
    {129, "LsarCreateTrustedDomainEx3"},
    {130, "LsarOpenPolicy3"},
    {131, "Opnum131NotUsedOnWire"},
    {132, "LsarQueryForestTrustInformation2"},
    {133, "LsarSetForestTrustInformation2"},
    {134, "Opnum134NotUsedOnWire"},
    {135, "LsarOpenPolicyWithCreds"},
    {136, "LsarOpenSecret2"},
    {137, "LsarCreateSecret2"},
    {138, "LsarSetSecret2"},
    {139, "LsarQuerySecret2"},
    {140, "LsarStorePrivateData2"},
    {141, "LsarRetrievePrivateData2"},
};

}  // namespace

// [MS-LSAD] 1.9.
constinit const Interface kLsarpc{"lsarpc", {uuid("12345778-1234-abcd-ef00-0123456789ab"), 0, 0}, kLsarpcProcedures};

}  // namespace dozo::rpc
