// FSCTL_SRV_REQUEST_RESUME_KEY, FSCTL_SRV_COPYCHUNK, FSCTL_SRV_COPYCHUNK_WRITE. [MS-SMB2] 3.3.5.15.5, 3.3.5.15.6.
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
using wire::SrvCopychunk;

// [MS-SMB2] 3.3.3: ServerSideCopyMaxNumberofChunks, ServerSideCopyMaxChunkSize, ServerSideCopyMaxDataSize.
constexpr std::uint32_t kChunksMax = 256;
constexpr std::uint32_t kChunkSizeMax = 1 << 20;
constexpr std::uint32_t kDataSizeMax = 16 << 20;

constexpr std::size_t kAnswerSize = 12;
constexpr std::size_t kCopyHeaderSize = 32;  // SRV_COPYCHUNK_COPY without chunks
constexpr std::uint64_t kAtEnd = ~0ull;      // TargetOffset: behind the end of the file
constexpr std::uint64_t kOffsetMax = INT64_MAX;

// [MS-SMB2] 3.3.5.15.5: opaque to the client; good in the session that asked for it.
wire::ResumeKey key_of(const Open& open) {
  wire::ResumeKey key{};
  store_le(key.data(), open.id.persistent);
  store_le(key.data() + 8, open.id.volatile_id);
  return key;
}

OpenRef find_by_key(Request& request, const wire::ResumeKey& key) {
  return request.session->valid().opens.find({load_le<std::uint64_t>(key.data()), load_le<std::uint64_t>(&key[8])});
}

// [MS-SMB2] 3.3.5.15.6.2.
FsctlAnswer limits() {
  return fsctl_answer(wire::SrvCopychunkResponse{kChunksMax, kChunkSizeMax, kDataSizeMax}, NtStatus::INVALID_PARAMETER);
}

bool within_limits(const std::vector<SrvCopychunk>& chunks) {
  std::uint64_t total = 0;
  for (const SrvCopychunk& chunk : chunks) {
    total += chunk.length;
    if (chunk.length == 0 || chunk.length > kChunkSizeMax) return false;
    if (chunk.target_offset > kOffsetMax && chunk.target_offset != kAtEnd) return false;
  }
  return chunks.size() <= kChunksMax && total <= kDataSizeMax;
}

Result<> check_copy_access(const FsctlCall& call, const Open& source) {
  DOZO_CHECK(check_any_access(source, Access::read_data | Access::execute));
  if (call.code == wire::Fsctl::srv_copychunk) DOZO_CHECK(check_access(*call.open, Access::read_data));
  return check_writable(*call.open->tree);
}

// Within one file a chunk may overlap its target: it is read as a whole before anything is written.
Task<Result<std::uint64_t>> copy_within(vfs::File& file, vfs::ByteRange range, std::uint64_t to_offset) {
  ByteVector data(static_cast<std::size_t>(range.length));
  auto read = co_await file.read_at(range.offset, data);
  if (!read) co_return fail(read.error());
  auto written = co_await file.write_at(to_offset, Bytes(data).first(*read));
  if (!written) co_return fail(written.error());
  co_return *read;
}

Task<Result<std::uint64_t>> copy_one(FsctlCall& call, Open& source, const SrvCopychunk& chunk) {
  vfs::File& to = *call.open->file;
  auto source_info = co_await source.file->info();
  if (!source_info) co_return fail(source_info.error());
  // What Windows answers to a chunk that reaches past the end.
  if (!in_range(chunk.source_offset, chunk.length, source_info->size)) co_return fail(NtStatus::INVALID_VIEW_SIZE);
  std::uint64_t target = chunk.target_offset;
  if (target == kAtEnd) {
    auto info = co_await to.info();
    if (!info) co_return fail(info.error());
    target = info->size;
  }
  DOZO_CO_CHECK(check_file_range(target, chunk.length));

  share::ShardedEngine& engine = call.request.server.engine();
  DOZO_CO_CHECK(engine.check_io(source.share_id, chunk.source_offset, chunk.length, share::IoKind::read));
  DOZO_CO_CHECK(engine.check_io(call.open->share_id, target, chunk.length, share::IoKind::write));
  const vfs::ByteRange range{chunk.source_offset, chunk.length};
  auto copy = source.key == call.open->key ? copy_within(to, range, target) : to.copy_from(*source.file, range, target);
  co_return co_await with_breaks(call.request, *call.open, share::CacheUse::write, std::move(copy));
}

// [MS-SMB2] 3.3.5.15.6.1: also a failure tells how far it came.
Task<FsctlAnswer> copy_all(FsctlCall& call, Open& source, const std::vector<SrvCopychunk>& chunks) {
  wire::SrvCopychunkResponse done;
  for (const SrvCopychunk& chunk : chunks) {
    auto copied = co_await copy_one(call, source, chunk);
    if (!copied) co_return fsctl_answer(done, copied.error());
    done.total_bytes_written += static_cast<std::uint32_t>(*copied);
    call.open->modified = true;
    if (*copied < chunk.length) {
      done.chunk_bytes_written = static_cast<std::uint32_t>(*copied);
      co_return fsctl_answer(done, NtStatus::INVALID_VIEW_SIZE);
    }
    ++done.chunks_written;
  }
  co_return fsctl_answer(done);
}

}  // namespace

FsctlTask srv_request_resume_key(FsctlCall& call) {
  co_return fsctl_answer(wire::SrvRequestResumeKeyResponse{.resume_key = key_of(*call.open)});
}

FsctlTask srv_copychunk(FsctlCall& call) {
  if (call.input.size() < kCopyHeaderSize) co_return fail(NtStatus::INVALID_PARAMETER);
  wire::ResumeKey key;
  std::copy_n(call.input.begin(), key.size(), key.begin());
  const OpenRef source = find_by_key(call.request, key);
  if (!source) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  if (call.output_max < kAnswerSize) co_return fail(NtStatus::INVALID_PARAMETER);

  const auto copy = wire::decode_plain<wire::SrvCopychunkCopy>(call.input);
  const bool on_pipe = source->is_pipe() || call.open->is_pipe();
  if (!copy || on_pipe || !within_limits(copy->chunks)) co_return limits();
  if (source->is_directory || call.open->is_directory) co_return fail(NtStatus::INVALID_DEVICE_REQUEST);
  DOZO_CO_CHECK(check_copy_access(call, *source));
  FsctlAnswer answer = co_await copy_all(call, *source, copy->chunks);
  co_return answer;
}

}  // namespace dozo::server
