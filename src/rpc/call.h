// What a procedure of an RPC service is given: its parameters, the host, and the context handles of its client.
#pragma once

#include <cstdint>
#include <vector>

#include "model/guid.h"
#include "rpc/host.h"
#include "wire/ndr.h"

namespace dozo::rpc {

// Status of a fault PDU. C706 appendix E; [MS-RPCE] 2.2.2.8; [MS-ERREF] 2.2. `none`: the call was answered.
enum class Fault : std::uint32_t {
  none = 0,
  access_denied = 0x00000005,
  bad_stub_data = 0x000006F7,      // RPC_X_BAD_STUB_DATA
  context_mismatch = 0x1C00001A,   // nca_s_fault_context_mismatch: a context handle nobody gave out
  op_range_error = 0x1C010002,     // nca_s_op_rng_error
  unknown_interface = 0x1C010003,  // nca_s_unk_if: a presentation context that was not accepted
  protocol_error = 0x1C01000B,     // nca_s_proto_error
  too_large = 0x1C00001B,          // nca_s_fault_remote_no_memory: a call beyond our bounds
};
using CallResult = Fault;

// [MS-ERREF] 2.2 and [MS-SRVS] 2.2.2.10: what the return value of a net call may be.
enum class NetError : std::uint32_t {
  success = 0,
  access_denied = 5,
  not_supported = 50,
  invalid_parameter = 87,
  invalid_name = 123,
  invalid_level = 124,
  more_data = 234,
  buffer_too_small = 2123,  // NERR_BufTooSmall
  user_not_found = 2221,    // NERR_UserNotFound
  share_not_found = 2310,   // NERR_NetNameNotFound
  client_not_found = 2312,  // NERR_ClientNameNotFound
  file_not_found = 2314,    // NERR_FileIdNotFound
};

// The context handles of one association. C706 6.1.6; on the wire 20 bytes, attributes and a UUID.
class ContextHandles {
 public:
  static constexpr std::size_t kMax = 128;

  // The new handle's identity; nullopt when there are kMax already.
  std::optional<Guid> open(Host& host);
  bool valid(const Guid& id) const;
  bool close(const Guid& id);
  std::size_t size() const { return open_.size(); }

 private:
  std::vector<Guid> open_;
};

Guid read_handle(wire::NdrReader& in);
void write_handle(wire::NdrWriter& out, const Guid& id);

struct Call {
  wire::NdrReader& in;
  wire::NdrWriter& out;
  Host& host;
  ContextHandles& handles;
};

}  // namespace dozo::rpc
