// WRITE and FLUSH. [MS-SMB2] 3.3.5.13, 3.3.5.11.
#include "wire/write.h"

#include "server/caches.h"
#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/pinned_times.h"
#include "server/pipe_host.h"
#include "server/server.h"
#include "wire/flush.h"

namespace dozo::server {
namespace {

Result<> check_write(const Request& request, const Open& open, const wire::WriteRequest& in) {
  if (in.channel != wire::Channel::none) return fail(NtStatus::INVALID_PARAMETER);  // no RDMA
  // [MS-SMB2] 3.3.5.13: DataOffset beyond 0x100.
  constexpr std::ptrdiff_t kDataOffsetMax = 0x100;
  if (!in.data.empty() && in.data.data() - request.message.data() > kDataOffsetMax) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  DOZO_CHECK(check_credit_charge(request, in.data.size()));
  DOZO_CHECK(check_io_size(request, in.data.size()));
  // [MS-SMB2] 3.3.5.13: what a pipe does not have.
  const bool to_disk = in.flags.has_any(wire::WriteFlag::write_through | wire::WriteFlag::unbuffered);
  if (open.is_pipe()) return to_disk ? Result<>(fail(NtStatus::INVALID_PARAMETER)) : Result<>();
  if (open.is_directory) return fail(NtStatus::INVALID_DEVICE_REQUEST);
  DOZO_CHECK(check_file_range(in.offset, in.data.size()));
  return check_any_access(open, Access::write_data | Access::append_data);
}

Reply write_reply(std::size_t count) {
  return Reply::of(wire::WriteResponse{.count = static_cast<std::uint32_t>(count)});
}

Result<Reply> write_pipe(Request& request, Open& open, Bytes data) {
  PipeHost host(request.server, *request.session);
  DOZO_CHECK(open.pipe->pipe.write(data, host));
  if (open.pipe->reader != nullptr && open.pipe->pipe.readable()) open.pipe->reader->set(NtStatus::SUCCESS);
  return write_reply(data.size());
}

// [MS-FSA] 2.1.5.4: with FILE_APPEND_DATA alone a write goes to the end of the file.
runtime::Task<Result<std::uint64_t>> offset_for(Open& open, std::uint64_t asked) {
  if (open.granted.has(Access::write_data)) co_return asked;
  auto info = co_await open.file->info();
  if (!info) co_return fail(info.error());
  co_return std::max(asked, info->size);
}

runtime::Task<Result<Reply>> write_file(Request& request, OpenRef open, wire::WriteRequest in) {
  DOZO_CO_CHECK(request.server.engine().check_io(open->share_id, in.offset, in.data.size(), share::IoKind::write));
  auto offset = co_await offset_for(*open, in.offset);
  if (!offset) co_return fail(offset.error());
  if (!in.data.empty()) {
    // [MS-FSA] 2.1.5.4: nobody else goes on reading what it has cached.
    auto written = co_await with_breaks(request, *open, share::CacheUse::write, open->file->write_at(*offset, in.data));
    if (!written) co_return fail(written.error());
    open->modified = true;
    auto kept = co_await keep_pinned_times(*open);
    if (!kept) co_return fail(kept.error());
    open->position = *offset + in.data.size();
  }
  // [MS-SMB2] 3.3.5.13: SMB2_WRITEFLAG_WRITE_THROUGH, or an open that was made so.
  const bool through = in.flags.has(wire::WriteFlag::write_through) || open->options.has(CreateOption::write_through);
  if (through) {
    auto flushed = co_await open->file->flush();
    if (!flushed) co_return fail(flushed.error());
  }
  co_return write_reply(in.data.size());
}

}  // namespace

runtime::Task<Result<Reply>> handle_write(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::WriteRequest>());
  DOZO_CO_TRY(const OpenRef open, find_open(request, in.file_id));
  DOZO_CO_CHECK(check_write(request, *open, in));
  if (open->is_pipe()) co_return write_pipe(request, *open, in.data);
  co_return co_await write_file(request, open, in);
}

runtime::Task<Result<Reply>> handle_flush(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::FlushRequest>());
  DOZO_CO_TRY(const OpenRef open, find_open(request, in.file_id));
  if (open->is_pipe()) co_return Reply::of(wire::FlushResponse{});
  // [MS-SMB2] 3.3.5.11: a right to change something; for a directory to add to it.
  DOZO_CO_CHECK(check_any_access(*open, Access::write_data | Access::append_data));

  auto flushed = co_await open->file->flush();
  if (!flushed) co_return fail(flushed.error());
  co_return Reply::of(wire::FlushResponse{});
}

}  // namespace dozo::server
