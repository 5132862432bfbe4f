#include "scan/rpc_pipe.h"

#include <algorithm>

#include "model/nt_status.h"

namespace dozo::scan {
namespace {

constexpr std::size_t kStubMax = 1 << 20;
constexpr int kFragmentsMax = 1024;
constexpr std::uint32_t kFaultAccessDenied = 5;  // ERROR_ACCESS_DENIED, [MS-ERREF] 2.2

// What a client of a pipe asks for: to write what it says and read what comes.
constexpr AccessMask kPipeAccess = AccessMask::from_wire(0x0012019F);

std::unexpected<NtStatus> malformed() { return fail(NtStatus::INVALID_NETWORK_RESPONSE); }

Result<> judge_bind(Bytes bytes) {
  DOZO_TRY(const auto fragment, wire::decode_rpc_fragment(bytes));
  if (fragment.header.is(wire::RpcType::bind_nak)) return fail(NtStatus::NOT_SUPPORTED);
  if (!fragment.header.is(wire::RpcType::bind_ack)) return malformed();
  DOZO_TRY(const auto ack, wire::decode_rpc_bind_ack(fragment.body));
  if (ack.results.size() != 1) return malformed();
  return ack.results[0].result == wire::RpcBindResult::acceptance ? Result<>{} : fail(NtStatus::NOT_SUPPORTED);
}

NtStatus status_of_fault(Bytes body) {
  const auto fault = wire::decode_rpc_fault(body);
  if (!fault) return NtStatus::INVALID_NETWORK_RESPONSE;
  return fault->status == kFaultAccessDenied ? NtStatus::ACCESS_DENIED : NtStatus::UNSUCCESSFUL;
}

// Appends the stub of a fragment; whether it was the last.
Result<bool> take_fragment(Bytes bytes, std::uint32_t call_id, ByteVector& stub) {
  DOZO_TRY(const auto fragment, wire::decode_rpc_fragment(bytes));
  if (fragment.header.is(wire::RpcType::fault)) return fail(status_of_fault(fragment.body));
  if (!fragment.header.is(wire::RpcType::response) || fragment.header.call_id != call_id) return malformed();
  DOZO_TRY(const auto response, wire::decode_rpc_response(fragment.body));
  if (stub.size() + response.stub.size() > kStubMax) return malformed();
  stub.insert(stub.end(), response.stub.begin(), response.stub.end());
  return fragment.header.flags.has(wire::RpcFlag::last_frag);
}

}  // namespace

runtime::Task<Result<std::unique_ptr<RpcPipe>>> RpcPipe::bind(client::Tree& ipc, std::string pipe,
                                                              wire::RpcSyntax interface) {
  client::OpenOptions options;
  options.path = std::move(pipe);
  options.access = kPipeAccess;
  options.share = ShareFlag::read | ShareFlag::write;
  auto file = co_await ipc.open(std::move(options));
  if (!file) co_return fail(file.error());
  std::unique_ptr<RpcPipe> bound(new RpcPipe(std::move(*file)));
  const auto answered = co_await bound->run_bind(interface);
  if (answered) co_return bound;
  co_await bound->close();
  co_return fail(answered.error());
}

// [MS-SMB2] 2.2.31: FSCTL_PIPE_TRANSCEIVE writes and reads; what does not fit is read later.
runtime::Task<Result<>> RpcPipe::send(ByteVector fragment) {
  auto answer = co_await file_->ioctl(wire::Fsctl::pipe_transceive, std::move(fragment), wire::kRpcDefaultFragment);
  if (!answer) co_return fail(answer.error());
  received_ = std::move(*answer);
  co_return Result<>{};
}

runtime::Task<Result<>> RpcPipe::run_bind(wire::RpcSyntax interface) {
  const wire::RpcBind body{.contexts = {{.id = 0, .abstract = interface, .transfers = {wire::kNdr20}}}};
  const auto sent = co_await send(wire::encode_rpc_bind(wire::RpcType::bind, ++call_id_, body));
  if (!sent) co_return fail(sent.error());
  const auto fragment = co_await next_fragment();
  if (!fragment) co_return fail(fragment.error());
  co_return judge_bind(*fragment);
}

// Until so many bytes have come.
runtime::Task<Result<>> RpcPipe::fill(std::size_t size) {
  while (received_.size() < size) {
    ByteVector more(wire::kRpcDefaultFragment);
    const auto got = co_await file_->read_at(0, more);
    if (!got) co_return fail(got.error());
    if (*got == 0) co_return malformed();
    received_.insert(received_.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  co_return Result<>{};
}

runtime::Task<Result<ByteVector>> RpcPipe::next_fragment() {
  DOZO_CO_CHECK(co_await fill(wire::kRpcHeaderSize));
  const auto header = wire::decode_rpc_header(received_);
  if (!header || header->fragment_length < wire::kRpcHeaderSize) co_return malformed();
  DOZO_CO_CHECK(co_await fill(header->fragment_length));
  const auto end = received_.begin() + header->fragment_length;
  ByteVector fragment(received_.begin(), end);
  received_.erase(received_.begin(), end);
  co_return fragment;
}

runtime::Task<Result<ByteVector>> RpcPipe::call(std::uint16_t opnum, Bytes stub) {
  const wire::RpcRequest request{.alloc_hint = static_cast<std::uint32_t>(stub.size()), .opnum = opnum, .stub = stub};
  DOZO_CO_CHECK(co_await send(wire::encode_rpc_request(wire::kRpcWhole, ++call_id_, request)));
  ByteVector out;
  for (int i = 0; i < kFragmentsMax; ++i) {
    const auto fragment = co_await next_fragment();
    if (!fragment) co_return fail(fragment.error());
    const auto last = take_fragment(*fragment, call_id_, out);
    if (!last) co_return fail(last.error());
    if (*last) co_return out;
  }
  co_return malformed();
}

runtime::Task<void> RpcPipe::close() { static_cast<void>(co_await file_->close()); }

}  // namespace dozo::scan
