// FSCTL_PIPE_TRANSCEIVE, FSCTL_PIPE_PEEK, FSCTL_PIPE_WAIT. [MS-SMB2] 3.3.5.15.3, 3.3.5.15.4, 3.3.5.15.10.
#include "base/unicode.h"
#include "rpc/services.h"
#include "server/fsctl/functions.h"
#include "server/pipe_host.h"
#include "server/request.h"
#include "wire/fscc/fsctl.h"

namespace dozo::server {
namespace {

using runtime::Task;

constexpr std::uint32_t kConnectedState = 3;  // FILE_PIPE_CONNECTED_STATE, [MS-FSCC] 2.3.46

FsctlAnswer answer_of(rpc::PipeRead read) {
  return {read.more ? NtStatus::BUFFER_OVERFLOW : NtStatus::SUCCESS, std::move(read.data)};
}

// The call is not complete yet: its rest comes with a later write, and this read gets the answer.
Task<Result<FsctlAnswer>> read_later(FsctlCall& call) {
  PipeEnd& end = *call.open->pipe;
  if (end.reader != nullptr) co_return fail(NtStatus::PIPE_BUSY);
  runtime::OneShot<NtStatus> readable;
  DOZO_CO_CHECK(call.request.begin_wait([&readable] { readable.set(NtStatus::CANCELLED); }));
  end.reader = &readable;
  const NtStatus status = co_await readable;
  end.reader = nullptr;
  call.request.end_wait();
  if (status != NtStatus::SUCCESS) co_return fail(status);
  DOZO_CO_TRY(rpc::PipeRead read, end.pipe.read(call.output_max));
  co_return answer_of(std::move(read));
}

}  // namespace

FsctlTask pipe_transceive(FsctlCall& call) {
  PipeHost host(call.request.server, *call.request.session);
  auto read = call.open->pipe->pipe.transceive(call.input, call.output_max, host);
  if (!read && read.error() == NtStatus::PIPE_EMPTY) co_return co_await read_later(call);
  if (!read) co_return fail(read.error());
  co_return answer_of(std::move(*read));
}

FsctlTask pipe_peek(FsctlCall& call) {
  const rpc::PipePeek peek = call.open->pipe->pipe.peek();
  wire::PipePeekReply reply;
  reply.named_pipe_state = kConnectedState;
  reply.read_data_available = static_cast<std::uint32_t>(peek.available);
  reply.number_of_messages = static_cast<std::uint32_t>(peek.messages);
  reply.message_length = static_cast<std::uint32_t>(peek.message_length);
  // [MS-SMB2] 3.3.5.15.4: no room at all is allowed; otherwise the counts have to fit. What is in the pipe is told by
  // its length alone: the data stays for a read.
  if (call.output_max == 0) co_return FsctlAnswer();
  FsctlAnswer answer = fsctl_answer(reply, peek.available == 0 ? NtStatus::SUCCESS : NtStatus::BUFFER_OVERFLOW);
  if (call.output_max < answer.output.size()) co_return fail(NtStatus::BUFFER_TOO_SMALL);
  co_return answer;
}

FsctlTask pipe_wait(FsctlCall& call) {
  if (!call.request.tree->share->is_ipc()) co_return fail(NtStatus::INVALID_DEVICE_REQUEST);
  const auto wait = wire::decode_plain<wire::PipeWaitRequest>(call.input);
  if (!wait) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  // Every pipe of dozo has another instance for whoever comes: nobody ever has to wait.
  if (rpc::find_pipe(utf16_to_utf8(wait->name)) == nullptr) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  co_return FsctlAnswer();
}

}  // namespace dozo::server
