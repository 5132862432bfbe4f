// Symbolic links as reparse points. [MS-FSCC] 2.1.2.4, 2.3.81; [MS-FSA] 2.1.5.10.14, 2.1.5.10.37.
#include "wire/fscc/reparse.h"

#include <algorithm>

#include "base/unicode.h"
#include "server/checks.h"
#include "server/fsctl/functions.h"
#include "server/request.h"
#include "server/settling.h"

namespace dozo::server {
namespace {

using runtime::Task;

Task<Result<vfs::Resolved>> resolve_link(const Open& open) {
  const Tree& tree = *open.tree;
  co_return co_await tree.share->volume->resolve(tree.caller, open.path, {.follow_final_symlink = false});
}

wire::SymlinkData data_of(std::string target) {
  const bool relative = !target.starts_with('/');
  std::ranges::replace(target, '/', '\\');
  const std::u16string name = utf8_to_utf16_lossy(target);
  return {name, name, relative};
}

// A target in the share: relative, with the separators of the file system.
Result<std::string> target_of(Bytes input) {
  DOZO_TRY(const auto buffer, wire::decode_plain<wire::ReparseDataBuffer>(input));
  if (buffer.reparse_tag != wire::kReparseTagSymlink) return fail(NtStatus::NOT_SUPPORTED);
  const auto link = wire::decode_symlink_data(buffer.data);
  if (!link || link->substitute_name.empty()) return fail(NtStatus::IO_REPARSE_DATA_INVALID);
  // An absolute one names a drive of a Windows machine.
  if (!link->relative) return fail(NtStatus::IO_REPARSE_DATA_INVALID);
  std::string target = utf16_to_utf8(link->substitute_name);
  if (target.find('\0') != std::string::npos || target.starts_with('/')) {
    return fail(NtStatus::IO_REPARSE_DATA_INVALID);
  }
  std::ranges::replace(target, '\\', '/');
  return target;
}

}  // namespace

FsctlTask get_reparse_point(FsctlCall& call) {
  const Open& open = *call.open;
  if (open.file->type() != vfs::NodeType::symlink) co_return fail(NtStatus::NOT_A_REPARSE_POINT);
  auto resolved = co_await resolve_link(open);
  if (!resolved) co_return fail(settled(resolved.error()));
  if (!resolved->exists()) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  auto target = co_await open.tree->share->volume->read_symlink(open.tree->caller, *resolved);
  if (!target) co_return fail(settled(target.error()));
  FsctlAnswer answer{NtStatus::SUCCESS, wire::encode_symlink_reparse(data_of(std::move(*target)))};
  if (answer.output.size() > call.output_max) {
    answer.output.resize(call.output_max);
    answer.status = NtStatus::BUFFER_OVERFLOW;
  }
  co_return answer;
}

FsctlTask set_reparse_point(FsctlCall& call) {
  Open& open = *call.open;
  DOZO_CO_CHECK(check_writable(*open.tree));
  DOZO_CO_TRY(const std::string target, target_of(call.input));
  if (open.path.empty() || !open.stream.empty()) co_return fail(NtStatus::INVALID_PARAMETER);
  const Tree& tree = *open.tree;
  const vfs::Location where = open.location;  // as it is now: a rename may move the open while this waits
  auto made = co_await tree.share->volume->make_symlink(tree.caller, where, open.node, target);
  if (!made && made.error() == NtStatus::NOT_SUPPORTED) co_return fail(NtStatus::INVALID_DEVICE_REQUEST);
  if (!made) co_return fail(settled(made.error()));
  // The name now means the link: what the client does by this handle next (removing it) concerns that.
  auto resolved = co_await resolve_link(open);
  if (resolved && resolved->exists()) open.node = resolved->info.id;
  co_return FsctlAnswer();
}

FsctlTask delete_reparse_point(FsctlCall& call) {
  // A link without its target would be an empty file, which no file system makes of one.
  const bool is_link = call.open->file->type() == vfs::NodeType::symlink;
  co_return fail(is_link ? NtStatus::NOT_SUPPORTED : NtStatus::NOT_A_REPARSE_POINT);
}

}  // namespace dozo::server
