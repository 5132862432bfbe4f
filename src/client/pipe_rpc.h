// PipeRpc: remote procedure calls over a named pipe of a share IPC$. [MS-RPCE] 2.1.1.2 (ncacn_np); C706 chapter 12.
#pragma once

#include <memory>
#include <string>

#include "client/file.h"
#include "client/rpc_answer.h"

namespace dozo::client {

struct PipeRpcOptions {
  Duration timeout = std::chrono::seconds(30);  // of a bind, and of each call, with all fragments of its answer
  std::size_t answer_max = 8u << 20;            // bytes of an answer's stub
};

// Resource; one loop; one call at a time; outlived by its tree. Not closed by its destructor: await close(), or let the
// session end it. No security context of its own: the server knows the caller by the session.
class PipeRpc {
 public:
  // Opens the pipe ("srvsvc", without a path) and binds to the interface, in NDR 2.0. Errors: CREATE's
  // (STATUS_OBJECT_NAME_NOT_FOUND: there is no such pipe); RPC_NT_UNKNOWN_IF: the pipe does not offer the
  // interface; RPC_NT_UNSUPPORTED_TRANS_SYN; RPC_NT_CALL_FAILED: the bind is refused for another reason;
  // STATUS_INVALID_NETWORK_RESPONSE: what came is no answer.
  static runtime::Task<Result<std::unique_ptr<PipeRpc>>> bind(Tree& ipc, std::string pipe, wire::RpcSyntax interface,
                                                              PipeRpcOptions options = {});
  PipeRpc(std::unique_ptr<File> file, PipeRpcOptions options) : file_(std::move(file)), options_(options) {}
  PipeRpc(const PipeRpc&) = delete;
  PipeRpc& operator=(const PipeRpc&) = delete;

  // Calls the procedure with a stub in NDR 2.0; the answer's stub. Errors: those of bind(), and those that
  // status_of_fault() knows.
  runtime::Task<Result<ByteVector>> call(std::uint16_t opnum, ByteVector stub);
  runtime::Task<Result<>> close() { return file_->close(); }

 private:
  runtime::Task<Result<>> bind_to(wire::RpcSyntax interface);
  runtime::Task<Result<>> send_beginning(std::uint16_t opnum, Bytes& stub);
  runtime::Task<Result<RpcAnswer>> exchange(ByteVector fragment);
  runtime::Task<Result<>> transceive(Bytes fragment, RpcAnswer& answer);
  runtime::Task<Result<>> read_more(RpcAnswer& answer);
  Result<CallOptions> time_left() const;

  std::unique_ptr<File> file_;
  PipeRpcOptions options_;
  std::uint32_t call_id_ = 0;
  std::size_t fragment_max_ = wire::kRpcDefaultFragment;  // that we send
  Instant end_{};                                         // of the exchange under way
};

}  // namespace dozo::client
