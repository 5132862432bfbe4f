#include "scan/line.h"

#include <fmt/format.h>

#include "model/nt_status.h"
#include "netbios/name.h"
#include "wire/framing.h"

namespace dozo::scan {
namespace {

constexpr std::size_t kAnswerMax = 64 * 1024;  // no answer to what is asked here is longer
constexpr std::uint8_t kEncodedNameSize = 32;

void append_name(ByteWriter& out, const netbios::Name& name) {
  out.u8(kEncodedNameSize);
  out.bytes(as_bytes(netbios::encode_first_level(name)));
  out.u8(0);
}

// [MS-SMB] 2.1 and RFC 1002 4.3.2: every server answers to *SMBSERVER.
ByteVector session_request() {
  ByteWriter names;
  append_name(names, {"*SMBSERVER", netbios::kFileServer, ""});
  append_name(names, {"DOZO", netbios::kWorkstation, ""});
  ByteWriter out;
  out.bytes(wire::encode_session_packet(
      {.type = wire::SessionPacketType::session_request, .length = static_cast<std::uint32_t>(names.size())}));
  out.bytes(names.view());
  return std::move(out).take();
}

}  // namespace

Trouble Line::why(NtStatus status, const Watch& watch) const {
  return trouble_of(watch.passed() ? NtStatus::IO_TIMEOUT : status, timeout_);
}

runtime::Task<Probed<runtime::Buffer>> Line::ask(Bytes message) {
  Watch watch(*raw_, raw_->loop().now() + timeout_);
  const auto sent = co_await raw_->send_frame(message);
  if (!sent) co_return std::unexpected(why(sent.error(), watch));
  auto frame = co_await raw_->receive_frame(kAnswerMax);
  if (!frame) co_return std::unexpected(why(frame.error(), watch));
  co_return std::move(*frame);
}

runtime::Task<Result<>> Line::exchange_session_request(ByteVector request, MutableBytes answer) {
  DOZO_CO_CHECK(co_await raw_->send_bytes(request));
  DOZO_CO_CHECK(co_await raw_->receive_bytes(answer));
  co_return Result<>{};
}

runtime::Task<Probed<bool>> Line::request_session() {
  Watch watch(*raw_, raw_->loop().now() + timeout_);
  std::array<std::uint8_t, wire::kFramePrefixSize> answer{};
  const auto exchanged = co_await exchange_session_request(session_request(), answer);
  if (!exchanged) co_return std::unexpected(why(exchanged.error(), watch));
  const auto packet = wire::decode_session_packet(answer);
  const bool granted = packet && packet->type == wire::SessionPacketType::positive_response && packet->length == 0;
  if (granted) co_return true;
  co_return trouble(Trouble::Kind::malformed, "the NetBIOS session service does not answer to *SMBSERVER");
}

}  // namespace dozo::scan
