// CREATE, phase authorize: the access granted. [MS-FSA] 2.1.5.1.2; [MS-SMB2] 3.3.5.9.
#include "server/connection.h"
#include "server/create/create.h"
#include "server/stored_security.h"

namespace dozo::server {
namespace {

// POSIX permissions as file rights. Whoever may read may execute: Windows programs are started from shares whose files
// have no execute bit.
AccessMask rights_of(const vfs::Volume::Permissions& permissions) {
  AccessMask mask = Access::read_attributes | Access::read_control | Access::synchronize;
  if (permissions.read) mask |= Access::read_data | Access::read_ea | Access::execute;
  if (permissions.execute) mask |= Access::execute;
  if (permissions.write) mask |= Access::write_data | Access::append_data | Access::write_ea | Access::write_attributes;
  // Of a file it means nothing, and clients that ask for "all" ask for it too.
  if (permissions.write) mask |= Access::delete_child;
  if (permissions.owner) mask |= Access::write_dac | Access::write_owner | Access::write_attributes;
  if (permissions.delete_child) mask |= Access::delete_object;
  return mask;
}

const identity::AccessToken& token_of(const Request& request) { return *request.tree->token; }

// What the descriptors of clients leave of it. [MS-FSA] 2.1.5.1.2.1: its own, and for two rights its directory's too.
AccessMask rights_left(AccessMask rights, const vfs::Volume::Permissions& permissions, const vfs::Resolved& target,
                       const identity::AccessToken& token) {
  const auto parent = stored_descriptor(permissions.parent_security);
  const AccessMask by_parent = parent ? allowed_access(*parent, token) : kFileAllAccess;
  // Who has no descriptor of a client's is deleted by who may delete in its directory.
  AccessMask allowed = kFileAllAccess.without(Access::delete_object);
  if (target.info.security) allowed = allowed_access(descriptor_of(target.info, token), token);
  if (by_parent.has(Access::delete_child)) allowed |= Access::delete_object;
  if (by_parent.has(Access::read_data)) allowed |= Access::read_attributes;
  return rights & allowed;
}

// [MS-FSA] 2.1.5.1.1: what is made belongs to its maker, who gets what was asked for, as far as the share allows it;
// whether anything may be made in that directory the file system decides, and the descriptor stored with it.
runtime::Task<Result<Authorization>> authorize_new(Request& request, const CreateParameters& parameters,
                                                   const CreatePlan& plan, const vfs::Resolved& target) {
  const AccessMask maximal = request.tree->maximal_access & kFileAllAccess;
  DOZO_CO_TRY(const GrantedAccess granted, AccessGrantor::grant(plan.desired, maximal));
  const identity::AccessToken& token = token_of(request);
  if (const auto& security = parameters.contexts.security) {
    // Nobody has SeSecurityPrivilege here.
    if (security->sacl) co_return fail(NtStatus::PRIVILEGE_NOT_HELD);
    DOZO_CO_CHECK(check_owner_and_group(*security, token));
  }
  const bool directory = plan.wants_directory && parameters.name.stream.empty();
  auto parent = co_await check_may_add(*request.tree, target.parent, directory);
  if (!parent) co_return fail(parent.error());
  co_return Authorization{granted, maximal, true, std::move(*parent)};
}

}  // namespace

AccessMask AccessGrantor::maximal(const vfs::Volume::Permissions& permissions, const Tree& tree, bool read_only_file,
                                  bool is_directory) {
  AccessMask mask = rights_of(permissions) & tree.maximal_access;
  // [MS-FSA] 2.1.5.1.2: the READONLY attribute of a file takes the right to write its data, and to delete it.
  if (read_only_file && !is_directory) mask = mask.without(Access::write_data | Access::append_data);
  return mask;
}

Result<GrantedAccess> AccessGrantor::grant(AccessMask desired, AccessMask maximal) {
  AccessMask granted = desired;
  if (desired.has(Access::maximum_allowed)) {
    granted = desired.without(Access::maximum_allowed) | maximal;
  }
  if (!maximal.has_all(granted)) return fail(NtStatus::ACCESS_DENIED);
  return GrantedAccess(granted);
}

GrantedAccess AccessGrantor::everything() { return GrantedAccess(kFileAllAccess); }

runtime::Task<Result<Authorization>> authorize_create(Request& request, const CreateParameters& parameters,
                                                      const CreatePlan& plan, const vfs::Resolved& target) {
  if (!target.exists()) co_return co_await authorize_new(request, parameters, plan, target);
  auto permissions = co_await request.tree->share->volume->permissions(request.tree->caller, target);
  if (!permissions) co_return fail(permissions.error());
  const bool is_directory = target.info.type == vfs::NodeType::directory;
  const AccessMask by_mode = AccessGrantor::maximal(*permissions, *request.tree,
                                                    target.info.attributes.has(FileAttribute::read_only), is_directory);
  const bool by_descriptor = target.info.security || permissions->parent_security;
  const AccessMask maximal = by_descriptor ? rights_left(by_mode, *permissions, target, token_of(request)) : by_mode;
  // Overwriting needs what writing needs, whatever access is asked for (Samba CVE-2023-4091).
  if (plan.overwrites && !maximal.has(Access::write_data)) co_return fail(NtStatus::ACCESS_DENIED);
  DOZO_CO_TRY(const GrantedAccess granted, AccessGrantor::grant(plan.desired, maximal));
  if (plan.delete_on_close && !granted.has(Access::delete_object)) co_return fail(NtStatus::ACCESS_DENIED);
  co_return Authorization{granted, maximal, false, std::nullopt};
}

}  // namespace dozo::server
