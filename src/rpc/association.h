// Association: the server's side of one DCE/RPC connection, as seen inside a pipe. C706 chapter 9 and 12.6; [MS-RPCE]
// 3.3. Fragments in, fragments out. Security contexts are not offered: the caller is who the SMB session says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "rpc/call.h"
#include "rpc/pipe.h"
#include "rpc/services.h"

namespace dozo::rpc {

class Association {
 public:
  Association(const PipeInfo& info, const PipeLimits& limits) : info_(info), limits_(limits) {}

  struct Answer {
    std::vector<ByteVector> fragments;
    bool broken = false;  // the peer broke the protocol; nothing more is to be taken from it
  };

  // The answer to a header that is refused before its length is believed; nullopt when it is good.
  std::optional<Answer> refuse(const wire::RpcHeader& header) const;
  // One whole fragment whose header was not refused.
  Answer receive(Bytes fragment, Host& host);

 private:
  // A call of which fragments are still to come.
  struct Pending {
    std::uint32_t call_id = 0;
    std::uint16_t context_id = 0;
    std::uint16_t opnum = 0;
    ByteVector stub;
  };

  Answer bind(const wire::RpcFragment& fragment, Host& host);
  Answer alter_context(const wire::RpcFragment& fragment);
  Answer request(const wire::RpcFragment& fragment, Host& host);
  Answer orphaned(const wire::RpcFragment& fragment);
  bool take_stub(const wire::RpcFragment& fragment, const wire::RpcRequest& part);
  Answer dispatch(const Pending& call, Host& host);
  Answer respond(const Pending& call, Bytes stub) const;
  wire::RpcContextResult negotiate(const wire::RpcContext& context);
  std::vector<wire::RpcContextResult> negotiate_all(const std::vector<wire::RpcContext>& contexts);
  const Interface* find_interface(const wire::RpcSyntax& abstract) const;

  const PipeInfo& info_;
  PipeLimits limits_;
  bool bound_ = false;
  std::uint16_t max_transmit_ = wire::kRpcDefaultFragment;
  std::uint16_t max_receive_ = UINT16_MAX;  // until bound: a bind may be long
  std::uint32_t group_ = 0;
  std::map<std::uint16_t, const Interface*> contexts_;
  std::optional<Pending> pending_;
  ContextHandles handles_;
};

}  // namespace dozo::rpc
