// What dozo has none of, answered as the specifications ask of such a server.
#include "server/connection.h"
#include "server/fsctl/functions.h"
#include "server/request.h"
#include "wire/fscc/fsctl.h"

namespace dozo::server {
namespace {

constexpr std::uint16_t kCompressionFormatNone = 0;  // [MS-FSCC] 2.3.18

}  // namespace

FsctlTask dfs_get_referrals(FsctlCall&) {
  // [MS-SMB2] 3.3.5.15.2: IsDfsCapable is false.
  co_return fail(NtStatus::FS_DRIVER_REQUIRED);
}

FsctlTask srv_enumerate_snapshots(FsctlCall&) {
  // [MS-SMB2] 2.2.32.2: 12 bytes, and 4 that clients expect behind them also where the list is empty.
  FsctlAnswer answer = fsctl_answer(wire::SrvSnapshotArray());
  answer.output.resize(16);
  co_return answer;
}

FsctlTask get_compression(FsctlCall&) { co_return fsctl_answer(wire::CompressionState{kCompressionFormatNone}); }

FsctlTask set_compression(FsctlCall& call) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::CompressionState>(call.input));
  if (wanted.compression_state != kCompressionFormatNone) co_return fail(NtStatus::NOT_SUPPORTED);
  co_return FsctlAnswer();
}

}  // namespace dozo::server
