// Sparse files, zeroed, shared and trimmed ranges. [MS-FSCC] 2.3.7, 2.3.13, 2.3.51, 2.3.83, 2.3.85; [MS-FSA] 2.1.5.10.
#include <algorithm>

#include "server/caches.h"
#include "server/checks.h"
#include "server/fsctl/functions.h"
#include "server/request.h"
#include "server/server.h"
#include "server/session.h"
#include "wire/fscc/fsctl.h"

namespace dozo::server {
namespace {

using runtime::Task;

constexpr std::uint64_t kOffsetMax = INT64_MAX;
constexpr std::size_t kRangeSize = 16;  // FILE_ALLOCATED_RANGE_BUFFER

bool is_file_range(std::uint64_t offset, std::uint64_t length) { return in_range(offset, length, kOffsetMax); }

// Zeroes what lies below the end of the file; the end stays. [MS-FSA] 2.1.5.10.39.
Task<Result<>> zero_below_end(FsctlCall& call, vfs::ByteRange range) {
  Open& open = *call.open;
  auto info = co_await open.file->info();
  if (!info) co_return fail(info.error());
  if (range.offset >= info->size || range.length == 0) co_return Result<>();
  range.length = std::min(range.length, info->size - range.offset);
  DOZO_CO_CHECK(call.request.server.engine().check_io(open.share_id, range.offset, range.length, share::IoKind::write));
  // [MS-FSA] 2.1.4.12: FSCTL_SET_ZERO_DATA is a write.
  open.modified = true;
  co_return co_await with_breaks(call.request, open, share::CacheUse::write, open.file->zero_range(range));
}

// As many ranges as fit. [MS-FSA] 2.1.5.10.22.
Result<FsctlAnswer> answer_ranges(const std::vector<vfs::ByteRange>& ranges, std::size_t output_max) {
  const std::size_t fit = output_max / kRangeSize;
  if (fit == 0 && !ranges.empty()) return fail(NtStatus::BUFFER_TOO_SMALL);
  ByteWriter out;
  for (std::size_t i = 0; i < std::min(fit, ranges.size()); ++i) {
    wire::encode_plain(wire::FileAllocatedRange{ranges[i].offset, ranges[i].length}, out);
  }
  const NtStatus status = fit < ranges.size() ? NtStatus::BUFFER_OVERFLOW : NtStatus::SUCCESS;
  return FsctlAnswer{status, std::move(out).take()};
}

Result<> check_clone(FsctlCall& call, const Open& source, const wire::DuplicateExtentsData& wanted) {
  if (source.is_pipe() || source.is_directory) return fail(NtStatus::INVALID_PARAMETER);
  if (source.tree->share->volume != call.open->tree->share->volume) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_CHECK(check_access(source, Access::read_data));
  DOZO_CHECK(check_writable(*call.open->tree));
  if (!is_file_range(wanted.source_file_offset, wanted.byte_count)) return fail(NtStatus::INVALID_PARAMETER);
  if (!is_file_range(wanted.target_file_offset, wanted.byte_count)) return fail(NtStatus::INVALID_PARAMETER);
  share::ShardedEngine& engine = call.request.server.engine();
  DOZO_CHECK(engine.check_io(source.share_id, wanted.source_file_offset, wanted.byte_count, share::IoKind::read));
  return engine.check_io(call.open->share_id, wanted.target_file_offset, wanted.byte_count, share::IoKind::write);
}

}  // namespace

FsctlTask set_sparse(FsctlCall& call) {
  DOZO_CO_CHECK(check_writable(*call.open->tree));
  // [MS-FSCC] 2.3.83: no buffer means "make it sparse".
  const bool sparse = call.input.empty() || call.input.front() != 0;
  auto done = co_await call.open->file->set_sparse(sparse);
  if (!done) co_return fail(done.error());
  co_return FsctlAnswer();
}

FsctlTask set_zero_data(FsctlCall& call) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileZeroDataInformation>(call.input));
  if (wanted.beyond_final_zero > kOffsetMax || wanted.file_offset > wanted.beyond_final_zero) {
    co_return fail(NtStatus::INVALID_PARAMETER);
  }
  DOZO_CO_CHECK(check_writable(*call.open->tree));
  auto done = co_await zero_below_end(call, {wanted.file_offset, wanted.beyond_final_zero - wanted.file_offset});
  if (!done) co_return fail(done.error());
  co_return FsctlAnswer();
}

FsctlTask query_allocated_ranges(FsctlCall& call) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileAllocatedRange>(call.input));
  if (!is_file_range(wanted.file_offset, wanted.length)) co_return fail(NtStatus::INVALID_PARAMETER);
  auto info = co_await call.open->file->info();
  if (!info) co_return fail(info.error());
  if (wanted.length == 0 || wanted.file_offset >= info->size) co_return FsctlAnswer();
  const std::uint64_t length = std::min(wanted.length, info->size - wanted.file_offset);
  auto ranges = co_await call.open->file->allocated_ranges({wanted.file_offset, length});
  if (!ranges) co_return fail(ranges.error());
  co_return answer_ranges(*ranges, call.output_max);
}

FsctlTask file_level_trim(FsctlCall& call) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileLevelTrimRequest>(call.input));
  // [MS-SMB2] 3.3.5.15.14; [MS-FSA] 2.1.5.10.6.
  if (wanted.key != 0 || wanted.ranges.empty()) co_return fail(NtStatus::INVALID_PARAMETER);
  DOZO_CO_CHECK(check_writable(*call.open->tree));
  wire::FileLevelTrimReply reply;
  for (const wire::FileLevelTrimRange& range : wanted.ranges) {
    if (!is_file_range(range.offset, range.length)) co_return fail(NtStatus::INVALID_PARAMETER);
    auto done = co_await zero_below_end(call, {range.offset, range.length});
    if (!done) co_return fail(done.error());
    ++reply.num_ranges_processed;
  }
  FsctlAnswer answer = fsctl_answer(reply);
  if (call.output_max < answer.output.size()) answer.output.clear();  // [MS-FSCC] 2.3.14: optional
  co_return answer;
}

FsctlTask duplicate_extents(FsctlCall& call) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::DuplicateExtentsData>(call.input));
  const OpenRef source = call.request.session->valid().opens.find(wanted.source_file_id);
  if (!source) co_return fail(NtStatus::INVALID_HANDLE);  // [MS-SMB2] 3.3.5.15.17
  DOZO_CO_CHECK(check_clone(call, *source, wanted));
  const vfs::ByteRange range{wanted.source_file_offset, wanted.byte_count};
  auto clone = call.open->file->clone_from(*source->file, range, wanted.target_file_offset);
  auto done = co_await with_breaks(call.request, *call.open, share::CacheUse::write, std::move(clone));
  // [MS-FSA] 2.1.5.10.4: a volume that cannot share blocks.
  if (!done && done.error() == NtStatus::NOT_SUPPORTED) co_return fail(NtStatus::INVALID_DEVICE_REQUEST);
  if (!done) co_return fail(done.error());
  call.open->modified = true;
  co_return FsctlAnswer();
}

}  // namespace dozo::server
