// READ. [MS-SMB2] 3.3.5.12.
#include "wire/read.h"

#include <algorithm>

#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/pipe_host.h"
#include "server/server.h"

namespace dozo::server {
namespace {

constexpr std::size_t kDataOffset = wire::kHeaderSize + wire::kReadResponseFixedSize;

Result<> check_read(const Request& request, const Open& open, const wire::ReadRequest& in) {
  if (in.channel != wire::Channel::none) return fail(NtStatus::INVALID_PARAMETER);  // no RDMA
  DOZO_CHECK(check_credit_charge(request, in.length));
  DOZO_CHECK(check_io_size(request, in.length));
  // [MS-SMB2] 3.3.5.12: what a pipe does not have.
  if (open.is_pipe()) {
    return in.flags.has(wire::ReadFlag::unbuffered) ? Result<>(fail(NtStatus::INVALID_PARAMETER)) : Result<>();
  }
  // [MS-FSA] 2.1.5.3: a directory has no data.
  if (open.is_directory) return fail(NtStatus::INVALID_DEVICE_REQUEST);
  DOZO_CHECK(check_file_range(in.offset, in.length));
  return check_any_access(open, Access::read_data | Access::execute);
}

runtime::Task<Result<Reply>> read_file(Request& request, OpenRef open, wire::ReadRequest in) {
  DOZO_CO_CHECK(request.server.engine().check_io(open->share_id, in.offset, in.length, share::IoKind::read));
  const std::uint8_t padding = request.connection.torture.read_padding;
  const std::size_t data_offset = kDataOffset + padding;
  runtime::Buffer buffer = runtime::Buffer::allocate(data_offset + in.length);
  buffer.resize(data_offset + in.length);
  std::ranges::fill(buffer.mutable_view().subspan(kDataOffset, padding), std::uint8_t{0});
  const MutableBytes data = buffer.mutable_view().subspan(data_offset);
  auto n = co_await open->file->read_at(in.offset, data);
  if (!n) co_return fail(n.error());
  // [MS-SMB2] 3.3.5.12: nothing at the end of the file, or less than the client can use.
  if ((*n == 0 && in.length > 0) || *n < in.minimum_count) co_return fail(NtStatus::END_OF_FILE);
  open->position = in.offset + *n;
  buffer.resize(data_offset + *n);
  wire::store_read_response(static_cast<std::uint32_t>(*n), buffer.mutable_view().subspan(wire::kHeaderSize), padding);
  Reply reply;
  reply.message = OutMessage(std::move(buffer));
  co_return reply;
}

Reply pipe_reply(const rpc::PipeRead& read) {
  return Reply::of(wire::ReadResponse{.data = read.data}, read.more ? NtStatus::BUFFER_OVERFLOW : NtStatus::SUCCESS);
}

// Waits until a write has made an answer, the pipe is closed, or the client gives up.
runtime::Task<Result<Reply>> read_pipe(Request& request, OpenRef open, std::uint32_t length) {
  auto read = open->pipe->pipe.read(length);
  if (!read && read.error() == NtStatus::PIPE_EMPTY) {
    if (open->pipe->reader != nullptr) co_return fail(NtStatus::PIPE_BUSY);
    runtime::OneShot<NtStatus> readable;
    DOZO_CO_CHECK(request.begin_wait([&readable] { readable.set(NtStatus::CANCELLED); }));
    open->pipe->reader = &readable;
    const NtStatus status = co_await readable;
    open->pipe->reader = nullptr;
    request.end_wait();
    if (status != NtStatus::SUCCESS) co_return fail(status);
    read = open->pipe->pipe.read(length);
  }
  if (!read) co_return fail(read.error());
  co_return pipe_reply(*read);
}

}  // namespace

runtime::Task<Result<Reply>> handle_read(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::ReadRequest>());
  DOZO_CO_TRY(const OpenRef open, find_open(request, in.file_id));
  DOZO_CO_CHECK(check_read(request, *open, in));
  if (open->is_pipe()) co_return co_await read_pipe(request, open, in.length);
  co_return co_await read_file(request, open, in);
}

}  // namespace dozo::server
