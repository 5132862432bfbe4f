// Named pipes. [MS-FSCC] 2.4.37 to 2.4.39.
#include "server/info/functions.h"
#include "wire/fscc/file_info.h"

namespace dozo::server {
namespace {

constexpr std::uint32_t kMessageMode = 1;        // FILE_PIPE_MESSAGE_MODE, FILE_PIPE_MESSAGE_TYPE
constexpr std::uint32_t kCompleteOperation = 1;  // FILE_PIPE_COMPLETE_OPERATION: a read does not wait
constexpr std::uint32_t kFullDuplex = 2;         // FILE_PIPE_FULL_DUPLEX
constexpr std::uint32_t kConnectedState = 3;     // FILE_PIPE_CONNECTED_STATE
constexpr std::uint32_t kUnlimitedInstances = 0xFFFFFFFF;
constexpr std::uint32_t kQuota = 4096;  // bytes; what Windows reports for its RPC pipes

}  // namespace

QueryTask query_pipe(InfoQuery&) { co_return answer_with(wire::FilePipeInformation{kMessageMode, 0}); }

QueryTask query_pipe_local(InfoQuery& query) {
  wire::FilePipeLocalInformation out;
  out.named_pipe_type = kMessageMode;
  out.named_pipe_configuration = kFullDuplex;
  out.maximum_instances = kUnlimitedInstances;
  out.current_instances = 1;
  out.inbound_quota = kQuota;
  out.read_data_available = static_cast<std::uint32_t>(query.open.pipe->pipe.peek().available);
  out.outbound_quota = kQuota;
  out.write_quota_available = kQuota;
  out.named_pipe_state = kConnectedState;
  out.named_pipe_end = 0;  // FILE_PIPE_CLIENT_END
  co_return answer_with(out);
}

QueryTask query_pipe_remote(InfoQuery&) { co_return answer_with(wire::FilePipeRemoteInformation()); }

SetTask set_pipe(InfoSet& set) {
  const auto wanted = wire::decode_plain<wire::FilePipeInformation>(set.input);
  if (!wanted) co_return fail(wanted.error());
  if (wanted->read_mode > kMessageMode || wanted->completion_mode > kCompleteOperation) {
    co_return fail(NtStatus::INVALID_PARAMETER);
  }
  // RPC pipes are read message by message; a client that wants bytes, or reads that fail when there is nothing yet,
  // is told so rather than surprised.
  if (wanted->read_mode != kMessageMode || wanted->completion_mode != 0) co_return fail(NtStatus::NOT_SUPPORTED);
  co_return Result<>();
}

}  // namespace dozo::server
