// Security descriptors. [MS-SMB2] 3.3.5.20.3, 3.3.5.21.3.
#include "server/security.h"

#include "server/caches.h"
#include "server/checks.h"
#include "server/info/functions.h"
#include "server/request.h"
#include "server/session.h"
#include "server/stored_security.h"

namespace dozo::server {
namespace {

using runtime::Task;

// [MS-SMB2] 2.2.37 AdditionalInformation: other bits are ignored.
constexpr SecurityInformation kKnownParts = SecurityInformation::from_wire(0x0001007F);

const identity::AccessToken& viewer_of(Request& request) { return *request.tree->token; }

// [MS-FSA] 2.1.5.14 has the rights; the system's own part is told to nobody without the privilege.
Result<> check_query_access(const Open& open, SecurityInformation what) {
  if (what.has(SecurityInfoBit::sacl)) DOZO_CHECK(check_access(open, Access::access_system_security));
  const SecurityInformation readable =
      SecurityInfoBit::owner | SecurityInfoBit::group | SecurityInformation(SecurityInfoBit::dacl);
  if (what.has_any(readable | SecurityInfoBit::label)) DOZO_CHECK(check_access(open, Access::read_control));
  return {};
}

// [MS-SMB2] 3.3.5.21.3.
Result<> check_set_access(const Open& open, SecurityInformation what) {
  struct Rule {
    SecurityInfoBit part;
    AccessMask rights;
  };
  constexpr Rule kRules[] = {
      {SecurityInfoBit::sacl, Access::access_system_security},
      {SecurityInfoBit::dacl, Access::write_dac},
      {SecurityInfoBit::owner, Access::write_owner},
      {SecurityInfoBit::group, Access::write_owner},
      {SecurityInfoBit::label, Access::write_owner},
      {SecurityInfoBit::attribute, Access::write_dac},
      {SecurityInfoBit::scope, Access::access_system_security},
      {SecurityInfoBit::backup, Access::write_dac | Access::write_owner | Access::access_system_security},
  };
  for (const Rule& rule : kRules) {
    if (what.has(rule.part) && !open.granted.mask().has_all(rule.rights)) return fail(NtStatus::ACCESS_DENIED);
  }
  return {};
}

// [MS-FSA] 2.1.5.17: a backup has to see it. Where no attributes are kept it sees what it can.
Task<void> mark_for_archive(Open& open, const vfs::NodeInfo& before) {
  const bool marked = before.type == vfs::NodeType::directory || before.attributes.has(FileAttribute::archive);
  if (marked) co_return;
  auto set = co_await open.file->set_attributes((before.attributes & kSettableAttributes) | FileAttribute::archive);
  static_cast<void>(set);
}

// As the file system can keep it: a descriptor, or else what a mode can say.
Task<Result<>> store_security(InfoSet& set, const SecurityDescriptor& wanted, SecurityInformation what,
                              const vfs::NodeInfo& info) {
  const identity::AccessToken& setter = viewer_of(set.request);
  DOZO_CO_TRY(const auto update, security_update(wanted, what, info, setter));
  auto done = co_await set.open.file->set_ownership(set.open.tree->caller, update);
  if (done || done.error() != NtStatus::NOT_SUPPORTED) co_return done;
  DOZO_CO_TRY(const auto narrower, mode_from_security(wanted, what, info, setter));
  co_return co_await set.open.file->set_ownership(set.open.tree->caller, narrower);
}

}  // namespace

QueryTask query_security(InfoQuery& query) {
  const auto what = SecurityInformation::from_wire(query.additional_information) & kKnownParts;
  DOZO_CO_CHECK(check_query_access(query.open, what));
  auto info = co_await query.open.file->info();
  if (!info) co_return fail(info.error());
  const SecurityDescriptor whole = descriptor_of(*info, viewer_of(query.request));
  co_return InfoAnswer{NtStatus::SUCCESS, encode_security_descriptor(parts_of(whole, what))};
}

SetTask set_security(InfoSet& set) {
  const auto what = SecurityInformation::from_wire(set.additional_information) & kKnownParts;
  DOZO_CO_CHECK(check_set_access(set.open, what));
  DOZO_CO_TRY(const SecurityDescriptor wanted, decode_security_descriptor(set.input));
  const SecurityInformation kept =
      SecurityInfoBit::owner | SecurityInfoBit::group | SecurityInformation(SecurityInfoBit::dacl);
  // What is not kept is refused, not dropped.
  if (!what.without(kept).empty()) co_return fail(NtStatus::NOT_SUPPORTED);

  auto info = co_await set.open.file->info();
  if (!info) co_return fail(info.error());
  // What cannot be set breaks nothing.
  DOZO_CO_CHECK(security_update(wanted, what, *info, viewer_of(set.request)));
  // [MS-FSA] 2.1.5.17, 2.1.4.12 SET_SECURITY.
  auto broken = co_await break_caches(set.request, set.open, share::CacheUse::set_security);
  if (!broken) co_return fail(broken.error());
  auto stored = co_await store_security(set, wanted, what, *info);
  if (stored) co_await mark_for_archive(set.open, *info);
  co_return stored;
}

}  // namespace dozo::server
