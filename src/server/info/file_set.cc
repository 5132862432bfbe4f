// What SET_INFO changes of a file's metadata and size. [MS-FSA] 2.1.5.15.
#include "wire/fscc/file_set.h"
#include "server/caches.h"
#include "server/checks.h"
#include "server/info/functions.h"
#include "server/pinned_times.h"
#include "server/request.h"
#include "server/session.h"
#include "wire/fscc/file_info.h"

namespace dozo::server {
namespace {

using runtime::Task;

constexpr std::uint64_t kOffsetMax = INT64_MAX;

// FileModeInformation, [MS-FSCC] 2.4.31.
constexpr std::uint32_t kWriteThrough = 0x02;
constexpr std::uint32_t kSequentialOnly = 0x04;
constexpr std::uint32_t kNoIntermediateBuffering = 0x08;
constexpr std::uint32_t kSynchronousAlert = 0x10;
constexpr std::uint32_t kSynchronousNonalert = 0x20;
constexpr std::uint32_t kSynchronous = kSynchronousAlert | kSynchronousNonalert;

// [MS-FSA] 2.1.5.15.2: "less than -2".
bool is_valid_time(FileTime time) { return time.ticks <= INT64_MAX || time.ticks >= kFileTimeThaw; }

bool is_moment(FileTime time) {
  return time.ticks != kFileTimeUnchanged && time.ticks != kFileTimeFreeze && time.ticks != kFileTimeThaw;
}

std::optional<FileTime> moment_or_none(FileTime time) {
  return is_moment(time) ? std::optional<FileTime>(time) : std::nullopt;
}

Result<> check_basic(const Open& open, const wire::FileBasicInformation& wanted) {
  const FileAttributes attributes = wanted.file_attributes;
  const bool times_valid = is_valid_time(wanted.creation_time) && is_valid_time(wanted.last_access_time) &&
                           is_valid_time(wanted.last_write_time) && is_valid_time(wanted.change_time);
  const bool fits_type =
      open.is_directory ? !attributes.has(FileAttribute::temporary) : !attributes.has(FileAttribute::directory);
  if (!times_valid || !fits_type) return fail(NtStatus::INVALID_PARAMETER);
  return {};
}

// [MS-FSA] 2.1.5.15.2, 2.1.4.17: a time that was set, or frozen with -1, is no longer touched by what this handle
// does; -2 gives it back.
void pin(std::optional<FileTime>& pinned, FileTime wanted, FileTime now) {
  if (is_moment(wanted)) pinned = wanted;
  if (wanted.ticks == kFileTimeFreeze) pinned = now;
  if (wanted.ticks == kFileTimeThaw) pinned.reset();
}

Task<Result<>> set_basic_attributes(Open& open, FileAttributes wanted, FileAttributes current) {
  if (wanted.empty()) co_return Result<>();
  FileAttributes settable = kSettableAttributes;
  if (open.path.empty()) settable = settable.without(FileAttribute::hidden | FileAttribute::system);
  const FileAttributes next = (wanted & settable) | (current & kSettableAttributes.without(settable));
  co_return co_await open.file->set_attributes(or_normal(next));
}

bool is_valid_mode(std::uint32_t wanted, std::uint32_t current) {
  if ((wanted & ~(kWriteThrough | kSequentialOnly | kSynchronous)) != 0) return false;
  if ((wanted & kSynchronous) == kSynchronous) return false;
  return ((wanted & kSynchronous) != 0) == ((current & kSynchronous) != 0);
}

}  // namespace

SetTask set_basic(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileBasicInformation>(set.input));
  DOZO_CO_CHECK(check_basic(set.open, wanted));
  DOZO_CO_CHECK(check_writable(*set.open.tree));

  auto info = co_await set.open.file->info();
  if (!info) co_return fail(info.error());
  auto attributes = co_await set_basic_attributes(set.open, wanted.file_attributes, info->attributes);
  if (!attributes) co_return fail(attributes.error());

  pin(set.open.pinned_write_time, wanted.last_write_time, info->last_write_time);
  pin(set.open.pinned_access_time, wanted.last_access_time, info->last_access_time);
  pin(set.open.pinned_change_time, wanted.change_time, info->change_time);
  set.open.pins_times = set.open.pinned_write_time || set.open.pinned_access_time || set.open.pinned_change_time;
  const vfs::TimesUpdate times{.creation = moment_or_none(wanted.creation_time),
                               .last_access = moment_or_none(wanted.last_access_time),
                               .last_write = moment_or_none(wanted.last_write_time),
                               .change = set.open.pinned_change_time};
  if (times.creation || times.last_access || times.last_write || times.change) {
    auto done = co_await set.open.file->set_times(times);
    if (!done) co_return fail(done.error());
  }
  entry_changed(set.request.server, set.open);
  co_return Result<>();
}

SetTask set_position(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FilePositionInformation>(set.input));
  // [MS-FSA] 2.1.5.15.10.
  if (wanted.current_byte_offset > kOffsetMax) co_return fail(NtStatus::INVALID_PARAMETER);
  set.open.position = wanted.current_byte_offset;
  co_return Result<>();
}

// [MS-FSA] 2.1.5.15.8.
SetTask set_mode(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileModeInformation>(set.input));
  const std::uint32_t current = set.open.mode;
  if (!is_valid_mode(wanted.mode, current)) co_return fail(NtStatus::INVALID_PARAMETER);
  std::uint32_t changeable = kSequentialOnly;
  if ((current & kNoIntermediateBuffering) == 0) changeable |= kWriteThrough;
  if ((current & kSynchronous) != 0) changeable |= kSynchronous;
  set.open.mode = (current & ~changeable) | (wanted.mode & changeable);
  co_return Result<>();
}

// [MS-FSA] 2.1.5.15.1.
SetTask set_allocation(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileAllocationInformation>(set.input));
  if (wanted.allocation_size > kOffsetMax) co_return fail(NtStatus::INVALID_PARAMETER);
  DOZO_CO_CHECK(check_writable(*set.open.tree));
  auto done = co_await with_breaks(set.request, set.open, share::CacheUse::set_size,
                                   set.open.file->set_allocation(wanted.allocation_size));
  if (!done) co_return fail(done.error());
  set.open.modified = true;
  entry_changed(set.request.server, set.open);
  co_return co_await keep_pinned_times(set.open);
}

// [MS-FSA] 2.1.5.15.5.
SetTask set_end_of_file(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileEndOfFileInformation>(set.input));
  if (wanted.end_of_file > kOffsetMax) co_return fail(NtStatus::INVALID_PARAMETER);
  DOZO_CO_CHECK(check_writable(*set.open.tree));
  auto done = co_await with_breaks(set.request, set.open, share::CacheUse::set_size,
                                   set.open.file->set_size(wanted.end_of_file));
  if (!done) co_return fail(done.error());
  set.open.modified = true;
  entry_changed(set.request.server, set.open);
  co_return co_await keep_pinned_times(set.open);
}

// [MS-FSA] 2.1.5.15.15: it takes the right to manage the volume. What lies below the end of a file is always valid here
// (holes are zeros), so that the only length it can have is its size.
SetTask set_valid_data_length(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileValidDataLengthInformation>(set.input));
  DOZO_CO_CHECK(check_writable(*set.open.tree));
  if (!set.request.session->valid().token->is_admin) co_return fail(NtStatus::PRIVILEGE_NOT_HELD);
  auto info = co_await set.open.file->info();
  if (!info) co_return fail(info.error());
  if (wanted.valid_data_length != info->size) co_return fail(NtStatus::INVALID_PARAMETER);
  co_return Result<>();
}

}  // namespace dozo::server
