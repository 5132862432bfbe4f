// FileDispositionInformation: deletion. [MS-FSA] 2.1.5.15.3, 2.1.5.15.4.
#include "server/caches.h"
#include "server/checks.h"
#include "server/commands/notify_queue.h"
#include "server/connection.h"
#include "server/durable/persist.h"
#include "server/info/functions.h"
#include "server/request.h"
#include "server/server.h"
#include "wire/fscc/file_set.h"

namespace dozo::server {
namespace {

using runtime::Task;
using wire::DispositionFlag;

constexpr std::uint32_t kKnownDispositionFlags = 0x1F;  // [MS-FSCC] 2.4.12

// "." and ".." are in every directory.
class EntriesOfItsOwn final : public vfs::NameFilter {
 public:
  bool matches(std::string_view name) const override { return name != "." && name != ".."; }
};

Task<Result<>> check_empty_directory(Open& open) {
  auto reader = co_await open.file->read_directory(open.tree->caller);
  if (!reader) co_return fail(reader.error());
  auto entries = co_await (*reader)->next(EntriesOfItsOwn(), 1);
  if (!entries) co_return fail(entries.error());
  if (!entries->empty()) co_return fail(NtStatus::DIRECTORY_NOT_EMPTY);
  co_return Result<>();
}

Task<Result<>> check_deletable(Open& open, bool ignore_read_only) {
  DOZO_CO_CHECK(check_writable(*open.tree));
  // The share's root has no name that could be removed.
  if (open.path.empty() && open.stream.empty()) co_return fail(NtStatus::CANNOT_DELETE);
  auto info = co_await open.file->info();
  if (!info) co_return fail(info.error());
  if (info->attributes.has(FileAttribute::read_only) && !ignore_read_only) co_return fail(NtStatus::CANNOT_DELETE);
  if (open.is_directory && open.stream.empty()) {
    auto empty = co_await check_empty_directory(open);
    if (!empty) co_return fail(empty.error());
  }
  co_return Result<>();
}

Task<Result<>> change_disposition(InfoSet& set, bool remove, bool ignore_read_only) {
  Open& open = set.open;
  if (remove) {
    auto deletable = co_await check_deletable(open, ignore_read_only);
    if (!deletable) co_return fail(deletable.error());
    auto broken = co_await break_caches(set.request, open, share::CacheUse::set_delete);
    if (!broken) co_return fail(broken.error());
  }
  const share::Effects effects = set.request.server.apply(share::SetDeletePending{open.share_id, remove});
  DOZO_CO_CHECK(effects.result());
  // What cannot be stored is logged: the file goes when the handles do, but not after a crash.
  co_await persist_states(set.request.server, open.key.file());
  if (remove && open.is_directory) end_notifies(set.request.server, open.key.file());
  co_return Result<>();
}

}  // namespace

SetTask set_disposition(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileDispositionInformation>(set.input));
  co_return co_await change_disposition(set, wanted.delete_pending, false);
}

SetTask set_disposition_ex(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileDispositionInformationEx>(set.input));
  const auto flags = wanted.flags;
  if ((flags.bits() & ~kKnownDispositionFlags) != 0) co_return fail(NtStatus::NOT_SUPPORTED);
  const bool remove = flags.has(DispositionFlag::delete_file);
  // [MS-SMB2] 3.3.5.20.2 tells clients that there is no FILE_SUPPORTS_POSIX_UNLINK_RENAME here. ON_CLOSE changes a
  // delete-on-close handle, and dozo's keep what they were opened with.
  if (remove && flags.has_any(DispositionFlag::posix_semantics | DispositionFlag::on_close)) {
    co_return fail(NtStatus::NOT_SUPPORTED);
  }
  const bool ignore_read_only =
      flags.has(DispositionFlag::ignore_read_only_attribute) && set.open.granted.has(Access::write_attributes);
  co_return co_await change_disposition(set, remove, ignore_read_only);
}

}  // namespace dozo::server
