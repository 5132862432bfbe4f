#include "client/pipe_rpc.h"

#include <algorithm>

#include "model/rpc_status.h"
#include "wire/ioctl.h"
#include "wire/read.h"
#include "wire/write.h"

namespace dozo::client {
namespace {

constexpr std::uint32_t kAnswerPiece = 65536;  // one credit's worth

NtStatus status_of(const wire::RpcContextResult& result) {
  if (result.result == wire::RpcBindResult::acceptance) {
    return result.transfer == wire::kNdr20 ? NtStatus::SUCCESS : NtStatus::INVALID_NETWORK_RESPONSE;
  }
  switch (static_cast<wire::RpcBindReason>(result.reason)) {
    case wire::RpcBindReason::abstract_syntax_not_supported:
      return kRpcUnknownInterface;
    case wire::RpcBindReason::transfer_syntaxes_not_supported:
      return kRpcUnsupportedTransferSyntax;
    default:
      return kRpcCallFailed;
  }
}

std::unexpected<NtStatus> no_answer() { return fail(NtStatus::INVALID_NETWORK_RESPONSE); }

Result<> check_fault(const RpcAnswer& answer) {
  if (answer.type() != wire::RpcType::fault) return {};
  const auto fault = wire::decode_rpc_fault(answer.body());
  return fault ? fail(status_of_fault(fault->status)) : no_answer();
}

}  // namespace

runtime::Task<Result<std::unique_ptr<PipeRpc>>> PipeRpc::bind(Tree& ipc, std::string pipe, wire::RpcSyntax interface,
                                                              PipeRpcOptions options) {
  OpenOptions open{.path = std::move(pipe),
                   .access = kFileGenericRead | kFileGenericWrite,
                   .share = ShareFlag::read | ShareFlag::write,
                   .options = CreateOption::non_directory_file,
                   .attributes = {},
                   .contexts = {}};
  auto file = co_await ipc.open(std::move(open));
  if (!file) co_return fail(file.error());
  auto made = std::make_unique<PipeRpc>(std::move(*file), options);
  const auto bound = co_await made->bind_to(interface);
  if (bound) co_return made;
  const auto closed = co_await made->close();
  static_cast<void>(closed);
  co_return fail(bound.error());
}

runtime::Task<Result<>> PipeRpc::bind_to(wire::RpcSyntax interface) {
  wire::RpcBind body;
  body.contexts = {{.id = 0, .abstract = interface, .transfers = {wire::kNdr20}}};
  end_ = file_->tree().connection().loop().now() + options_.timeout;
  const auto answer = co_await exchange(wire::encode_rpc_bind(wire::RpcType::bind, ++call_id_, body));
  if (!answer) co_return fail(answer.error());
  DOZO_CO_CHECK(check_fault(*answer));
  if (answer->type() == wire::RpcType::bind_nak) co_return fail(kRpcCallFailed);
  if (answer->type() != wire::RpcType::bind_ack) co_return no_answer();
  const auto ack = wire::decode_rpc_bind_ack(answer->body());
  // C706 12.6.3.1: one result for each context, and fragments no shorter than everybody must take.
  if (!ack || ack->results.size() != 1 || ack->max_receive < wire::kRpcMinFragment) co_return no_answer();
  const NtStatus status = status_of(ack->results.front());
  if (status != NtStatus::SUCCESS) co_return fail(status);
  fragment_max_ = std::min(wire::kRpcDefaultFragment, ack->max_receive);
  co_return Result<>{};
}

runtime::Task<Result<ByteVector>> PipeRpc::call(std::uint16_t opnum, ByteVector stub) {
  end_ = file_->tree().connection().loop().now() + options_.timeout;
  ++call_id_;
  Bytes rest = stub;
  const bool in_pieces = rest.size() > fragment_max_ - wire::kRpcRequestHeaderSize;
  if (in_pieces) DOZO_CO_CHECK(co_await send_beginning(opnum, rest));
  wire::RpcFlags flags = wire::RpcFlag::last_frag;
  if (!in_pieces) flags |= wire::RpcFlag::first_frag;
  const wire::RpcRequest last{.alloc_hint = static_cast<std::uint32_t>(rest.size()),
                              .context_id = 0,
                              .opnum = opnum,
                              .object = std::nullopt,
                              .stub = rest};
  auto answer = co_await exchange(wire::encode_rpc_request(flags, call_id_, last));
  if (!answer) co_return fail(answer.error());
  DOZO_CO_CHECK(check_fault(*answer));
  if (answer->type() != wire::RpcType::response) co_return no_answer();
  co_return std::move(*answer).take_body();
}

// Every fragment but the last, one WRITE each; `stub` becomes what is left.
runtime::Task<Result<>> PipeRpc::send_beginning(std::uint16_t opnum, Bytes& stub) {
  const std::size_t part_max = fragment_max_ - wire::kRpcRequestHeaderSize;
  wire::RpcFlags flags = wire::RpcFlag::first_frag;
  while (stub.size() > part_max) {
    const wire::RpcRequest part{.alloc_hint = static_cast<std::uint32_t>(stub.size()),
                                .context_id = 0,
                                .opnum = opnum,
                                .object = std::nullopt,
                                .stub = stub.first(part_max)};
    const ByteVector fragment = wire::encode_rpc_request(flags, call_id_, part);
    const auto sent = co_await file_->write_at(0, fragment);
    if (!sent) co_return fail(sent.error());
    if (*sent != fragment.size()) co_return no_answer();
    stub = stub.subspan(part_max);
    flags = {};
  }
  co_return Result<>{};
}

// One fragment, and the whole answer to it.
runtime::Task<Result<RpcAnswer>> PipeRpc::exchange(ByteVector fragment) {
  RpcAnswer answer(call_id_, options_.answer_max);
  DOZO_CO_CHECK(co_await transceive(fragment, answer));
  while (!answer.is_whole()) DOZO_CO_CHECK(co_await read_more(answer));
  co_return answer;
}

Result<CallOptions> PipeRpc::time_left() const {
  const Duration left = end_ - file_->tree().connection().loop().now();
  if (left <= Duration{}) return fail(NtStatus::IO_TIMEOUT);
  return CallOptions{.timeout = left};
}

// [MS-SMB2] 3.2.4.20.4: what does not fit into the answer comes with STATUS_BUFFER_OVERFLOW, and the rest is read.
runtime::Task<Result<>> PipeRpc::transceive(Bytes fragment, RpcAnswer& answer) {
  DOZO_CO_TRY(const auto options, time_left());
  const wire::IoctlRequest body{.ctl_code = wire::Fsctl::pipe_transceive,
                                .file_id = file_->id(),
                                .input = fragment,
                                .output = {},
                                .max_output_response = kAnswerPiece};
  const auto response = co_await file_->tree().call(wire::Command::ioctl, body, kAnswerPiece, options);
  if (!response) co_return fail(response.error());
  DOZO_CO_TRY(const auto output, response->decode<wire::IoctlResponse>());
  co_return answer.take(output.output);
}

runtime::Task<Result<>> PipeRpc::read_more(RpcAnswer& answer) {
  DOZO_CO_TRY(const auto options, time_left());
  const wire::ReadRequest body{.length = kAnswerPiece, .offset = 0, .file_id = file_->id(), .read_channel_info = {}};
  const auto response = co_await file_->tree().call(wire::Command::read, body, kAnswerPiece, options);
  if (!response) co_return fail(response.error());
  DOZO_CO_TRY(const auto data, response->decode<wire::ReadResponse>());
  co_return answer.take(data.data);
}

}  // namespace dozo::client
