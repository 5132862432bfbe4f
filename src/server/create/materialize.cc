// CREATE, phase materialize: the file, opened or made.
#include "server/connection.h"
#include "server/create/create.h"
#include "server/stored_security.h"

namespace dozo::server {

vfs::OpenFor use_of(AccessMask granted, CreateOptions options) {
  vfs::OpenFor use;
  use.read_data = granted.has_any(Access::read_data | Access::execute);
  use.write_data = granted.has_any(Access::write_data | Access::append_data);
  use.write_through = options.has(CreateOption::write_through);
  return use;
}

namespace {

vfs::OpenFor use_of(const CreateParameters& parameters, AccessMask granted) {
  return server::use_of(granted, parameters.request.create_options);
}

vfs::StreamMode stream_mode(CreateDisposition disposition) {
  switch (disposition) {
    case CreateDisposition::open:
      return vfs::StreamMode::open_existing;
    case CreateDisposition::create:
      return vfs::StreamMode::create_new;
    case CreateDisposition::open_if:
      return vfs::StreamMode::open_or_create;
    case CreateDisposition::overwrite:
      return vfs::StreamMode::truncate_existing;
    case CreateDisposition::overwrite_if:
    case CreateDisposition::supersede:
      return vfs::StreamMode::create_or_truncate;
  }
  return vfs::StreamMode::open_existing;
}

CreateAction action_of(CreateDisposition disposition) {
  switch (disposition) {
    case CreateDisposition::supersede:
      return CreateAction::superseded;
    case CreateDisposition::overwrite:
    case CreateDisposition::overwrite_if:
      return CreateAction::overwritten;
    default:
      return CreateAction::opened;
  }
}

// Whether a stream of this name is there; a failure means no.
runtime::Task<bool> stream_exists(vfs::Volume& volume, vfs::CallerRef caller, vfs::Resolved target,
                                  std::string stream) {
  auto probe = co_await volume.open_stream(caller, target, stream, vfs::StreamMode::open_existing, {});
  co_return probe.has_value();
}

runtime::Task<Result<Materialized>> open_stream(Request& request, const CreateParameters& parameters,
                                                GrantedAccess granted, const vfs::Resolved& target) {
  vfs::Volume& volume = *request.tree->share->volume;
  const bool existed = co_await stream_exists(volume, request.tree->caller, target, parameters.name.stream);
  auto file = co_await volume.open_stream(request.tree->caller, target, parameters.name.stream,
                                          stream_mode(parameters.disposition), use_of(parameters, granted.mask()));
  if (!file) co_return fail(file.error() == NtStatus::NOT_SUPPORTED ? NtStatus::OBJECT_NAME_INVALID : file.error());
  Materialized out{.file = *file, .where = target};
  auto info = co_await out.file->info();
  if (!info) co_return fail(info.error());
  out.info = *info;
  out.action = existed ? action_of(parameters.disposition) : CreateAction::created;
  co_return out;
}

}  // namespace

runtime::Task<Result<Materialized>> open_existing(Request& request, const CreateParameters& parameters,
                                                  const CreatePlan& plan, GrantedAccess granted,
                                                  const vfs::Resolved& target) {
  if (!parameters.name.stream.empty()) co_return co_await open_stream(request, parameters, granted, target);
  vfs::Volume& volume = *request.tree->share->volume;
  vfs::OpenFor use = use_of(parameters, granted.mask());
  use.write_data = use.write_data || plan.overwrites;
  auto file = co_await volume.open(request.tree->caller, target, use);
  if (!file) co_return fail(file.error());
  Materialized out{.file = *file, .where = target, .info = target.info, .action = action_of(parameters.disposition)};
  if (plan.overwrites) {
    auto emptied = co_await volume.overwrite(request.tree->caller, *out.file, plan.attributes | FileAttribute::archive);
    if (!emptied) co_return fail(emptied.error());
    auto info = co_await out.file->info();
    if (!info) co_return fail(info.error());
    out.info = *info;
  }
  co_return out;
}

runtime::Task<Result<Materialized>> create_new(Request& request, const CreateParameters& parameters,
                                               const CreatePlan& plan, GrantedAccess granted,
                                               const vfs::Resolved& target) {
  vfs::Volume& volume = *request.tree->share->volume;
  vfs::CreateSpec spec;
  // A stream of a file that does not exist makes the file. [MS-FSA] 2.1.5.1.1.
  const bool stream = !parameters.name.stream.empty();
  spec.type = plan.wants_directory && !stream ? vfs::NodeType::directory : vfs::NodeType::file;
  spec.use = use_of(parameters, granted.mask());
  spec.attributes = plan.attributes;
  if (spec.type == vfs::NodeType::file) spec.attributes |= FileAttribute::archive;
  auto file = co_await volume.create(request.tree->caller, target, spec);
  if (!file) co_return fail(file.error());

  // The name as it is stored now, and the node behind it.
  vfs::Path path = target.path;
  auto where = co_await volume.resolve(request.tree->caller, path, {.follow_final_symlink = false});
  if (!where) co_return fail(where.error());
  if (!where->exists() || where->info.id != (*file)->id()) co_return fail(NtStatus::RETRY);
  if (stream) {
    auto made = co_await open_stream(request, parameters, granted, *where);
    if (made) made->action = CreateAction::created;
    co_return made;
  }
  co_return Materialized{.file = *file, .where = *where, .info = where->info, .action = CreateAction::created};
}

namespace {

// [MS-SMB2] 3.3.5.9.2, [MS-FSA] 2.1.5.1.1: the descriptor of what was made. Whether there was anything to do.
runtime::Task<Result<bool>> secure_new(Request& request, const CreateContexts& contexts,
                                       const Authorization& authorization, const Materialized& made) {
  // A stream that was made of a file that was there leaves the file's.
  if (!authorization.is_new || (!authorization.parent && !contexts.security)) co_return false;
  const identity::AccessToken& token = *request.tree->token;
  DOZO_CO_TRY(const auto update, security_of_new(authorization.parent, contexts.security, made.info, token));
  if (!update) co_return false;
  auto set = co_await made.file->set_ownership(request.tree->caller, *update);
  // Where no descriptors are kept, only what a client insists on fails.
  const bool ignored = !set && set.error() == NtStatus::NOT_SUPPORTED && !contexts.security;
  if (!set && !ignored) co_return fail(set.error());
  co_return true;
}

}  // namespace

runtime::Task<Result<>> apply_contexts(Request& request, const CreateParameters& parameters,
                                       const Authorization& authorization, Materialized& made) {
  const CreateContexts& contexts = parameters.contexts;
  // [MS-SMB2] 3.3.5.9.1, 3.3.5.9.2, 3.3.5.9.5: they say how to make a file; for one that was there they mean nothing.
  if (made.action == CreateAction::opened) co_return Result<>();
  bool changed = false;
  for (const vfs::ExtendedAttribute& ea : contexts.extended_attributes) {
    auto set = co_await made.file->set_extended_attribute(ea.name, ea.value);
    if (!set) co_return fail(set.error());
    changed = true;
  }
  auto secured = co_await secure_new(request, contexts, authorization, made);
  if (!secured) co_return fail(secured.error());
  changed = changed || *secured;
  if (contexts.allocation_size && made.info.type == vfs::NodeType::file) {
    auto set = co_await made.file->set_allocation(*contexts.allocation_size);
    if (!set) co_return fail(set.error());
    changed = true;
  }
  if (changed) {
    auto info = co_await made.file->info();
    if (!info) co_return fail(info.error());
    made.info = *info;
  }
  co_return Result<>();
}

}  // namespace dozo::server
