// FSCTL_SMBTORTURE_*: what smbtorture has of a server on its test bench, so that it can see how clients bear it. They
// are in no specification; without [server] torture_fsctls = true they do not exist. Each concerns the connection it
// comes on and nobody else.
#include "server/connection.h"
#include "server/fsctl/functions.h"
#include "server/request.h"
#include "server/server.h"

namespace dozo::server {
namespace {

constexpr std::uint8_t kPadding = 8;

}  // namespace

bool is_torture_control(wire::Fsctl code) {
  constexpr std::uint32_t kDevice = 0x8384;
  return static_cast<std::uint32_t>(code) >> 16 == kDevice;
}

bool answers_torture_controls(const Request& request) { return request.server.config()->server.torture_fsctls; }

bool is_torture_request(const Request& request) {
  constexpr std::size_t kCtlCodeAt = wire::kHeaderSize + 4;  // [MS-SMB2] 2.2.31
  if (request.header.command != wire::Command::ioctl || request.session_id.value() != 0) return false;
  if (request.message.size() < kCtlCodeAt + 4) return false;
  const auto code = load_le<std::uint32_t>(&request.message[kCtlCodeAt]);
  return is_torture_control(static_cast<wire::Fsctl>(code)) && answers_torture_controls(request);
}

FsctlTask smbtorture_control(FsctlCall& call) {
  if (!call.input.empty()) co_return fail(NtStatus::INVALID_PARAMETER);
  TortureState& state = call.request.connection.torture;
  FsctlAnswer answer;
  switch (call.code) {
    case wire::Fsctl::smbtorture_force_unacked_timeout:
      state.acknowledges_nothing = true;
      break;
    case wire::Fsctl::smbtorture_read_response_padding:
      state.read_padding = kPadding;
      break;
    default:  // smbtorture_ioctl_response_padding: of this answer alone, as many eights as fit
      answer.output.assign(call.output_max, 8);
      answer.padding = kPadding;
      break;
  }
  co_return answer;
}

}  // namespace dozo::server
