// What a server says of its shares. [MS-SRVS].
#pragma once

#include <string>
#include <vector>

#include "client/pipe_rpc.h"

namespace dozo::client {

extern const wire::RpcSyntax kSrvsvcInterface;  // [MS-SRVS] 1.9

// [MS-SRVS] 2.2.2.4 STYPE_*, in the lower half of the type.
enum class ListedKind : std::uint16_t { disk = 0, print_queue = 1, device = 2, ipc = 3 };

struct ListedShare {
  std::string name;
  std::string comment;
  std::uint32_t type = 0;  // as the server says it; [MS-SRVS] 2.2.2.4

  ListedKind kind() const { return static_cast<ListedKind>(type & 0xFFFF); }
  bool is_special() const { return (type & 0x80000000) != 0; }  // for administration: IPC$, C$
  bool is_temporary() const { return (type & 0x40000000) != 0; }
};

// NetrShareEnum at level 1, in the server's order. Errors: those of PipeRpc; STATUS_ACCESS_DENIED when the caller may
// not list; STATUS_NOT_SUPPORTED when the server does not know the level; STATUS_INVALID_NETWORK_RESPONSE for an answer
// that is none, for names that are none, and for more than 65,536 shares.
runtime::Task<Result<std::vector<ListedShare>>> list_shares(Tree& ipc, PipeRpcOptions options = {});

// One answer of NetrShareEnum. Pure.
struct ShareEnumAnswer {
  std::vector<ListedShare> shares;
  std::optional<std::uint32_t> resume;
  std::uint32_t status = 0;  // [MS-ERREF] 2.2 Win32 error
};
Result<ShareEnumAnswer> decode_share_enum(Bytes stub);

}  // namespace dozo::client
