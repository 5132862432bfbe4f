#include "wire/messages.h"

#include "wire/cancel.h"
#include "wire/change_notify.h"
#include "wire/close.h"
#include "wire/codec_of.h"
#include "wire/create.h"
#include "wire/echo.h"
#include "wire/error.h"
#include "wire/flush.h"
#include "wire/ioctl.h"
#include "wire/lock.h"
#include "wire/logoff.h"
#include "wire/negotiate.h"
#include "wire/oplock_break.h"
#include "wire/query_directory.h"
#include "wire/query_info.h"
#include "wire/read.h"
#include "wire/session_setup.h"
#include "wire/set_info.h"
#include "wire/tree_connect.h"
#include "wire/tree_disconnect.h"
#include "wire/write.h"

namespace dozo::wire {
namespace {

template <class M>
MessageCodec request(Command command) {
  return {command, false, message_codec<M>()};
}
template <class M>
MessageCodec response(Command command) {
  return {command, true, message_codec<M>()};
}

const MessageCodec kMessages[] = {
    request<NegotiateRequest>(Command::negotiate),
    response<NegotiateResponse>(Command::negotiate),
    request<SessionSetupRequest>(Command::session_setup),
    response<SessionSetupResponse>(Command::session_setup),
    request<LogoffRequest>(Command::logoff),
    response<LogoffResponse>(Command::logoff),
    request<TreeConnectRequest>(Command::tree_connect),
    response<TreeConnectResponse>(Command::tree_connect),
    request<TreeDisconnectRequest>(Command::tree_disconnect),
    response<TreeDisconnectResponse>(Command::tree_disconnect),
    request<CreateRequest>(Command::create),
    response<CreateResponse>(Command::create),
    request<CloseRequest>(Command::close),
    response<CloseResponse>(Command::close),
    request<FlushRequest>(Command::flush),
    response<FlushResponse>(Command::flush),
    request<ReadRequest>(Command::read),
    response<ReadResponse>(Command::read),
    request<WriteRequest>(Command::write),
    response<WriteResponse>(Command::write),
    request<LockRequest>(Command::lock),
    response<LockResponse>(Command::lock),
    request<IoctlRequest>(Command::ioctl),
    response<IoctlResponse>(Command::ioctl),
    request<CancelRequest>(Command::cancel),
    request<EchoRequest>(Command::echo),
    response<EchoResponse>(Command::echo),
    request<QueryDirectoryRequest>(Command::query_directory),
    response<QueryDirectoryResponse>(Command::query_directory),
    request<ChangeNotifyRequest>(Command::change_notify),
    response<ChangeNotifyResponse>(Command::change_notify),
    request<QueryInfoRequest>(Command::query_info),
    response<QueryInfoResponse>(Command::query_info),
    request<SetInfoRequest>(Command::set_info),
    response<SetInfoResponse>(Command::set_info),
    request<OplockBreak>(Command::oplock_break),
    request<LeaseBreak>(Command::oplock_break),
    response<OplockBreak>(Command::oplock_break),
    response<LeaseBreakNotification>(Command::oplock_break),
    response<LeaseBreak>(Command::oplock_break),
};

// [MS-SMB2] 2.2.23 to 2.2.25: the forms of OPLOCK_BREAK differ by StructureSize.
std::string_view oplock_break_form(Bytes message) {
  switch (structure_size_of(message)) {
    case 24:
      return OplockBreak::kName;
    case 36:
      return LeaseBreak::kName;
    case 44:
      return LeaseBreakNotification::kName;
    default:
      return "";
  }
}

bool has_structure_size_9(Command command) {
  return command == Command::session_setup || command == Command::query_directory ||
         command == Command::change_notify || command == Command::query_info;
}

}  // namespace

std::span<const MessageCodec> message_codecs() { return kMessages; }

const Codec& error_response_codec() {
  static const Codec codec = message_codec<ErrorResponse>();
  return codec;
}

bool is_error_form(const Header& header, Bytes message) {
  if (!header.is_response() || header.status == NtStatus::SUCCESS) return false;
  // [MS-SMB2] 3.3.4.4: IOCTL and others may fail in their own form; then StructureSize tells.
  if (structure_size_of(message) != 9) return false;
  if (!has_structure_size_9(header.command)) return true;
  return header.status != NtStatus::MORE_PROCESSING_REQUIRED && header.status != NtStatus::BUFFER_OVERFLOW &&
         header.status != NtStatus::NOTIFY_ENUM_DIR;
}

const Codec* find_codec(const Header& header, Bytes message) {
  if (is_error_form(header, message)) return &error_response_codec();
  const bool by_form = header.command == Command::oplock_break;
  const std::string_view form = by_form ? oplock_break_form(message) : "";
  for (const MessageCodec& entry : kMessages) {
    if (entry.command != header.command || entry.is_response != header.is_response()) continue;
    if (!by_form || entry.codec.name == form) return &entry.codec;
  }
  return nullptr;
}

std::string message_to_text(Bytes message) {
  const auto header = decode_header(message);
  if (!header) return "malformed header";
  std::string out = to_text(*header);
  out += ' ';
  const Codec* codec = find_codec(*header, message);
  if (codec == nullptr) return out + "unknown command";
  const auto body = codec->to_text(message);
  return out + (body ? *body : "malformed " + std::string(codec->name));
}

}  // namespace dozo::wire
