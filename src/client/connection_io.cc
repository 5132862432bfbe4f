// Connection's reader and writer: frames to responses and back. [MS-SMB2] 3.2.5.1.
#include <algorithm>

#include "client/connection.h"
#include "client/pending_call.h"
#include "client/session_security.h"
#include "wire/transform.h"

namespace dozo::client {
namespace {

// The server may have forgotten the key with the session, so these come unprotected, or signed with nothing (Samba does
// that). They end a call, nothing else.
bool may_be_unprotected(const wire::Header& header) {
  // [MS-SMB2] 3.3.5.5.3: a reauthentication that fails ends the session.
  const bool refused = header.command == wire::Command::session_setup && is_error(header.status) &&
                       header.status != NtStatus::MORE_PROCESSING_REQUIRED;
  return refused || header.status == NtStatus::USER_SESSION_DELETED ||
         header.status == NtStatus::NETWORK_SESSION_EXPIRED;
}

}  // namespace

runtime::Task<void> Connection::run_writer() {
  std::vector<Outgoing> sending;
  while (!failure_) {
    if (outbox_.empty()) co_await outbox_filled_.wait();
    std::swap(sending, outbox_);
    for (const Outgoing& item : sending) {
      const auto sent = item.framed ? co_await raw_->send_frame(item.bytes) : co_await raw_->send_bytes(item.bytes);
      if (!sent) fail_with(sent.error());
      if (failure_) break;
    }
    sending.clear();
  }
}

runtime::Task<void> Connection::run_reader() {
  while (!failure_) {
    auto frame = co_await raw_->receive_frame(frame_max());
    if (!frame) {
      fail_with(frame.error());
      co_return;
    }
    heard_at_ = loop().now();
    const NtStatus verdict = on_frame(std::move(*frame));
    if (verdict != NtStatus::SUCCESS) fail_with(verdict);
  }
}

// Nothing that is asked for is longer: before NEGOTIATE is answered, tokens and contexts; then what the server said its
// largest answer is, with room for the rest of a compound.
std::size_t Connection::frame_max() const {
  constexpr std::size_t room = 64 * 1024;
  if (!was_negotiated_) return room;
  const std::size_t largest = std::max(negotiated_.max_read_size, negotiated_.max_transact_size);
  return std::min(RawConnection::kDefaultFrameMax, largest + room);
}

// What is not SUCCESS ends the connection.
NtStatus Connection::on_frame(runtime::Buffer frame) {
  const auto shared = std::make_shared<runtime::Buffer>(std::move(frame));
  Response response{.frame = shared, .message = shared->view(), .header = {}};
  if (wire::frame_kind(response.message) == wire::FrameKind::encrypted) {
    const auto transform = wire::decode_transform_header(response.message);
    if (!transform) return NtStatus::INVALID_NETWORK_RESPONSE;
    const auto session = sessions_.find(transform->session_id.value());
    if (session == sessions_.end() || !session->second->open(shared->mutable_view())) {
      return NtStatus::INVALID_SIGNATURE;
    }
    response.encrypted = true;
    response.sealed_by = transform->session_id;
    response.message = response.message.subspan(wire::kTransformHeaderSize);
  }
  // [MS-SMB2] 3.2.5.1.9: a compounded response.
  for (Bytes rest = response.message; !rest.empty() && !failure_;) {
    const auto element = wire::split_compound(rest);
    if (!element) return NtStatus::INVALID_NETWORK_RESPONSE;
    const auto header = wire::decode_header(element->message);
    if (!header || !header->is_response()) return NtStatus::INVALID_NETWORK_RESPONSE;
    response.message = element->message;
    response.header = *header;
    const NtStatus verdict = on_message(response);
    if (verdict != NtStatus::SUCCESS) return verdict;
    rest = element->rest;
  }
  return NtStatus::SUCCESS;
}

NtStatus Connection::on_message(Response response) {
  const wire::Header& header = response.header;
  if (header.message_id == wire::kUnsolicitedMessageId) return on_break(response);
  const auto found = pending_.find(header.message_id.value());
  if (found == pending_.end()) return on_late(header);
  PendingCall& call = *found->second;
  // [MS-SMB2] 3.2.5.1.2: a response is to the command that was asked.
  if (header.command != call.command) return NtStatus::INVALID_NETWORK_RESPONSE;
  const NtStatus verdict = check_protection(response, call);
  if (verdict != NtStatus::SUCCESS) return verdict;

  // [MS-SMB2] 3.2.5.1.5: an interim response; the final one will follow.
  if (header.is_async() && header.status == NtStatus::PENDING) {
    if (call.handle != nullptr) call.handle->async_id_ = header.async_id;
    // Once: who only says again and again that it is not done yet is not waited for.
    if (!std::exchange(call.was_interim, true)) call.arm_timer();
    credits_.grant(header.credits, 0);
    return NtStatus::SUCCESS;
  }
  const std::uint16_t charge = call.charge;
  forget(call);
  credits_.grant(header.credits, charge);
  call.outcome.set(std::move(response));
  return NtStatus::SUCCESS;
}

// A response that came after its call had given up.
NtStatus Connection::on_late(const wire::Header& header) {
  const auto found = abandoned_.find(header.message_id.value());
  if (found == abandoned_.end()) return NtStatus::INVALID_NETWORK_RESPONSE;
  const bool is_final = header.status != NtStatus::PENDING;
  const std::uint16_t charge = is_final ? found->second : std::uint16_t{0};
  if (is_final) abandoned_.erase(found);
  credits_.grant(header.credits, charge);
  return NtStatus::SUCCESS;
}

// [MS-SMB2] 3.2.5.1.3, and stricter: what our request was protected with, the response is protected with too.
NtStatus Connection::check_protection(Response& response, const PendingCall& call) {
  const wire::Header& header = response.header;
  if (response.encrypted) {
    // [MS-SMB2] 3.2.5.1.1.1: sealed by the session it speaks for.
    const bool right_session = call.session != nullptr && call.session->id() == response.sealed_by;
    return right_session ? NtStatus::SUCCESS : NtStatus::INVALID_SIGNATURE;
  }
  if (may_be_unprotected(header)) return NtStatus::SUCCESS;
  if (call.must_be_sealed) return NtStatus::INVALID_SIGNATURE;
  if (call.session == nullptr || header.status == NtStatus::PENDING) return NtStatus::SUCCESS;
  const bool is_signed = header.flags.has(wire::HeaderFlag::is_signed);
  if (!is_signed && !call.must_be_signed) return NtStatus::SUCCESS;
  if (!is_signed || !call.session->verify(response.message)) return NtStatus::INVALID_SIGNATURE;
  response.is_signed = true;
  return NtStatus::SUCCESS;
}

// [MS-SMB2] 3.2.5.19: a break the server sends of its own accord.
NtStatus Connection::on_break(const Response& response) {
  if (response.header.command != wire::Command::oplock_break) return NtStatus::INVALID_NETWORK_RESPONSE;
  const auto lease = response.decode<wire::LeaseBreakNotification>();
  const auto oplock = response.decode<wire::OplockBreak>();
  if (!lease && !oplock) return NtStatus::INVALID_NETWORK_RESPONSE;
  std::vector<BreakListener*> listeners = listeners_;
  if (options_.breaks != nullptr) listeners.push_back(options_.breaks);
  for (BreakListener* listener : listeners) {
    if (lease) listener->on_lease_break(*lease);
    if (!lease && oplock) listener->on_oplock_break(*oplock);
  }
  return NtStatus::SUCCESS;
}

}  // namespace dozo::client
