// RpcPipe: an RPC interface behind a named pipe, from the client's side. C706 12; [MS-RPCE] 2.1.1.2.
#pragma once

#include <memory>
#include <string>

#include "client/file.h"
#include "wire/rpc_pdu.h"

namespace dozo::scan {

// Resource; one loop; outlived by its tree. What a peer may make it hold is bounded.
class RpcPipe {
 public:
  // Opens the pipe and binds the interface, and nothing else. STATUS_NOT_SUPPORTED: the pipe is there, and the
  // interface is not behind it.
  static runtime::Task<Result<std::unique_ptr<RpcPipe>>> bind(client::Tree& ipc, std::string pipe,
                                                              wire::RpcSyntax interface);
  // The stub of the answer. A fault is STATUS_ACCESS_DENIED where it says so, else STATUS_UNSUCCESSFUL.
  runtime::Task<Result<ByteVector>> call(std::uint16_t opnum, Bytes stub);
  runtime::Task<void> close();

 private:
  explicit RpcPipe(std::unique_ptr<client::File> file) : file_(std::move(file)) {}
  runtime::Task<Result<>> run_bind(wire::RpcSyntax interface);
  runtime::Task<Result<>> fill(std::size_t size);
  runtime::Task<Result<ByteVector>> next_fragment();
  runtime::Task<Result<>> send(ByteVector fragment);

  std::unique_ptr<client::File> file_;
  ByteVector received_;  // what has come and is not taken
  std::uint32_t call_id_ = 0;
};

}  // namespace dozo::scan
