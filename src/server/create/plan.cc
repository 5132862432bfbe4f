// CREATE, phase plan: what to do, or the error, from the request alone. Pure. [MS-SMB2] 3.3.5.9; [MS-FSA] 2.1.5.1.
#include "server/create/contexts.h"

namespace dozo::server {
namespace {

// [MS-FSA] 2.1.5.1: what FILE_DIRECTORY_FILE may be joined with.
Result<> check_options(CreateOptions options, CreateDisposition disposition) {
  const bool directory = options.has(CreateOption::directory_file);
  if (directory && options.has(CreateOption::non_directory_file)) return fail(NtStatus::INVALID_PARAMETER);
  const bool overwriting = disposition == CreateDisposition::supersede || disposition == CreateDisposition::overwrite ||
                           disposition == CreateDisposition::overwrite_if;
  if (directory && overwriting) return fail(NtStatus::INVALID_PARAMETER);
  // [MS-SMB2] 3.3.5.9, note 284: FILE_OPEN_BY_FILE_ID, FILE_RESERVE_OPFILTER and FILE_CREATE_TREE_CONNECTION are not
  // supported, bits that mean nothing are an error; the rest is accepted, and ignored where it asks for nothing here.
  constexpr std::uint32_t kCreateTreeConnection = 0x00000080;
  constexpr std::uint32_t kReservedOptions = 0xFF000000;
  if ((options.bits() & kReservedOptions) != 0) return fail(NtStatus::INVALID_PARAMETER);
  if (options.has_any(CreateOption::open_by_file_id | CreateOption::reserve_opfilter) ||
      (options.bits() & kCreateTreeConnection) != 0) {
    return fail(NtStatus::NOT_SUPPORTED);
  }
  return {};
}

// [MS-SMB2] 3.3.5.9; [MS-FSA] 2.1.5.1 phase 1.
Result<> check_desired_access(AccessMask desired, CreateOptions options) {
  if (desired.empty() || !desired.without(kValidAccessBits).empty()) return fail(NtStatus::ACCESS_DENIED);
  // Nobody has SeSecurityPrivilege here.
  if (desired.has(Access::access_system_security)) return fail(NtStatus::PRIVILEGE_NOT_HELD);
  const AccessMask mapped = map_generic(desired);
  const bool may_delete = mapped.has_any(Access::delete_object | Access::maximum_allowed);
  if (options.has(CreateOption::delete_on_close) && !may_delete) return fail(NtStatus::ACCESS_DENIED);
  // Without intermediate buffering nothing can be appended alone.
  if (options.has(CreateOption::no_intermediate_buffering) && mapped.has(Access::append_data) &&
      !mapped.has(Access::write_data) && !mapped.has(Access::maximum_allowed)) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  return {};
}

// [MS-FSA] 2.1.5.1: attributes nobody can ask for.
Result<> check_attributes(const CreateParameters& p) {
  constexpr std::uint32_t kValidAttributes = 0x00007FB7;
  if ((p.request.file_attributes.bits() & ~kValidAttributes) != 0) return fail(NtStatus::INVALID_PARAMETER);
  if (p.request.file_attributes.has(FileAttribute::encrypted)) return fail(NtStatus::ACCESS_DENIED);
  const bool temporary_directory = p.request.file_attributes.has(FileAttribute::temporary) &&
                                   p.request.create_options.has(CreateOption::directory_file);
  return temporary_directory ? Result<>(fail(NtStatus::INVALID_PARAMETER)) : Result<>();
}

Result<> check_names(const CreateParameters& p) {
  const CreateOptions options = p.request.create_options;
  // A path that says "directory" and options that say "file".
  if ((p.name.ends_with_separator || p.name.names_index) && options.has(CreateOption::non_directory_file)) {
    return fail(NtStatus::OBJECT_NAME_INVALID);
  }
  if (!p.name.stream.empty() && options.has(CreateOption::directory_file)) return fail(NtStatus::NOT_A_DIRECTORY);
  // No snapshots: the file of another day does not exist.
  if (p.contexts.timewarp && p.contexts.timewarp->ticks != 0) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  return {};
}

Result<> check_tree(const CreateParameters& p, const CreatePlan& plan, const Tree& tree) {
  const AccessMask changes = kFileGenericWrite.without(kFileGenericRead | kFileGenericExecute) | Access::delete_object |
                             Access::delete_child | Access::write_dac | Access::write_owner;
  const bool read_only = !tree.maximal_access.has(Access::write_data);
  if (!read_only) return {};
  if (p.disposition == CreateDisposition::create || plan.overwrites) return fail(NtStatus::ACCESS_DENIED);
  if (plan.delete_on_close || plan.desired.has_any(changes)) return fail(NtStatus::ACCESS_DENIED);
  return {};
}

}  // namespace

Result<CreatePlan> plan_create(const Request& request, const CreateParameters& p) {
  const CreateOptions options = p.request.create_options;
  DOZO_CHECK(check_options(options, p.disposition));
  DOZO_CHECK(check_desired_access(p.request.desired_access, options));
  DOZO_CHECK(check_attributes(p));
  DOZO_CHECK(check_names(p));
  // [MS-SMB2] 2.2.13: only the three sharing bits.
  if ((p.request.share_access.bits() & ~7u) != 0) return fail(NtStatus::INVALID_PARAMETER);

  CreatePlan plan;
  plan.desired = map_generic(p.request.desired_access);
  plan.may_create = p.disposition != CreateDisposition::open && p.disposition != CreateDisposition::overwrite;
  plan.may_open = p.disposition != CreateDisposition::create;
  plan.overwrites = p.disposition == CreateDisposition::supersede || p.disposition == CreateDisposition::overwrite ||
                    p.disposition == CreateDisposition::overwrite_if;
  plan.wants_directory = options.has(CreateOption::directory_file) || p.name.names_index ||
                         (p.name.ends_with_separator && p.name.stream.empty());
  plan.refuses_directory = options.has(CreateOption::non_directory_file);
  plan.delete_on_close = options.has(CreateOption::delete_on_close);
  plan.follow_symlink = !options.has(CreateOption::open_reparse_point);
  plan.attributes = p.request.file_attributes & kSettableAttributes;
  DOZO_CHECK(check_tree(p, plan, *request.tree));
  DOZO_CHECK(plan_contexts(request, p, plan));
  return plan;
}

namespace {

// [MS-FSA] 2.1.5.1.2.1: overwriting keeps HIDDEN and SYSTEM from vanishing by accident.
Result<> check_overwrite(const CreatePlan& plan, const vfs::NodeInfo& info) {
  if (info.type == vfs::NodeType::directory) return fail(NtStatus::FILE_IS_A_DIRECTORY);
  for (const FileAttribute kept : {FileAttribute::hidden, FileAttribute::system}) {
    if (info.attributes.has(kept) && !plan.attributes.has(kept)) return fail(NtStatus::ACCESS_DENIED);
  }
  if (info.attributes.has(FileAttribute::read_only)) return fail(NtStatus::ACCESS_DENIED);
  return {};
}

// [MS-FSA] 2.1.5.1.2: what a read-only file refuses.
Result<> check_read_only(const CreatePlan& plan, const vfs::NodeInfo& info) {
  if (!info.attributes.has(FileAttribute::read_only)) return {};
  if (plan.delete_on_close) return fail(NtStatus::CANNOT_DELETE);
  if (info.type == vfs::NodeType::directory) return {};
  const bool writes = plan.desired.has_any(Access::write_data | Access::append_data);
  return writes ? Result<>(fail(NtStatus::ACCESS_DENIED)) : Result<>();
}

Result<> check_existing(const CreatePlan& plan, const CreateParameters& p, const vfs::NodeInfo& info) {
  const bool is_directory = info.type == vfs::NodeType::directory;
  // The stream's own disposition counts where one is named; its file only has to be there.
  if (p.name.stream.empty()) {
    if (!plan.may_open) return fail(NtStatus::OBJECT_NAME_COLLISION);
    if (is_directory && plan.refuses_directory) return fail(NtStatus::FILE_IS_A_DIRECTORY);
    if (plan.overwrites) DOZO_CHECK(check_overwrite(plan, info));
  }
  if (!is_directory && plan.wants_directory) return fail(NtStatus::NOT_A_DIRECTORY);
  // "dir:$DATA" or "dir::$DATA" names a data stream a directory does not have.
  if (is_directory && p.name.stream.empty() && p.name.has_stream_syntax && !p.name.names_index) {
    return fail(plan.wants_directory ? NtStatus::NOT_A_DIRECTORY : NtStatus::FILE_IS_A_DIRECTORY);
  }
  // Devices, pipes and sockets of the host are no files to a client.
  if (info.type != vfs::NodeType::file && info.type != vfs::NodeType::directory &&
      info.type != vfs::NodeType::symlink) {
    return fail(NtStatus::ACCESS_DENIED);
  }
  return check_read_only(plan, info);
}

}  // namespace

Result<> check_target(const CreatePlan& plan, const CreateParameters& p, const vfs::Resolved& target) {
  // The root of a share exists, is nobody's to delete, and has no other name.
  if (p.name.path.empty() && plan.delete_on_close) return fail(NtStatus::CANNOT_DELETE);
  if (target.exists()) return check_existing(plan, p, target.info);
  if (!plan.may_create) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  // [MS-FSA] 2.1.5.1.1: a new file cannot be read-only and go when it is closed.
  if (plan.delete_on_close && plan.attributes.has(FileAttribute::read_only)) return fail(NtStatus::CANNOT_DELETE);
  return {};
}

}  // namespace dozo::server
