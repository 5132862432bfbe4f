#include "server/testing/blocking_peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "base/unicode.h"
#include "identity/authenticator.h"
#include "identity/ntlm_client.h"
#include "server/testing/world.h"
#include "wire/cancel.h"
#include "wire/close.h"
#include "wire/framing.h"
#include "wire/negotiate.h"
#include "wire/read.h"
#include "wire/session_setup.h"
#include "wire/tree_connect.h"
#include "wire/write.h"

namespace dozo::server::testing {
namespace {

constexpr int kRoundsMax = 4;
constexpr std::uint16_t kCredits = 64;

}  // namespace

void BlockingPeer::hang_up() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void BlockingPeer::send_bytes(MutableBytes message) {
  if (signer_) {
    auto header = wire::decode_header(message).value_or(wire::Header{});
    header.flags |= wire::HeaderFlag::is_signed;
    wire::store_header(header, message);
    signer_->sign(message);
  }
  const auto prefix = wire::encode_frame_prefix(message.size());
  ByteVector frame(prefix.begin(), prefix.end());
  frame.insert(frame.end(), message.begin(), message.end());
  // That the connection is gone shows when the answer is received.
  for (std::size_t sent = 0; sent < frame.size();) {
    const ssize_t n = ::send(socket_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<std::size_t>(n);
  }
}

MessageId BlockingPeer::send_message(wire::Command command, ByteVector message) {
  wire::Header header{.command = command, .credits = kCredits};
  header.credit_charge = 1;
  header.message_id = MessageId(next_message_id_++);
  header.session_id = session_;
  header.tree_id = tree_;
  wire::store_header(header, message);
  send_bytes(message);
  return header.message_id;
}

void BlockingPeer::send_cancel(const wire::Header& interim) {
  wire::Header header{.command = wire::Command::cancel, .flags = wire::HeaderFlag::async_command};
  header.message_id = interim.message_id;
  header.async_id = interim.async_id;
  header.session_id = session_;
  ByteWriter out;
  wire::encode_header(header, out);
  wire::encode(wire::CancelRequest{}, out);
  ByteVector message = std::move(out).take();
  send_bytes(message);
}

BlockingPeer::Answer BlockingPeer::receive() {
  const auto receive_all = [this](MutableBytes into) {
    for (std::size_t got = 0; got < into.size();) {
      const ssize_t n = ::recv(socket_, into.data() + got, into.size() - got, 0);
      if (n <= 0) return false;
      got += static_cast<std::size_t>(n);
    }
    return true;
  };
  std::array<std::uint8_t, wire::kFramePrefixSize> prefix{};
  if (!receive_all(prefix)) return {};
  Answer answer;
  answer.bytes.resize(wire::decode_frame_prefix(prefix).value_or(0));
  if (!receive_all(answer.bytes)) return {};
  answer.header = wire::decode_header(answer.bytes).value_or(wire::Header{});
  return answer;
}

bool BlockingPeer::negotiate() {
  wire::NegotiateRequest request;
  request.security_mode = wire::SecurityModeBit::signing_enabled;
  request.capabilities = wire::Capability::large_mtu | wire::Capability::multi_channel;
  request.client_guid.bytes[0] = 0xB1;
  request.dialects = {static_cast<std::uint16_t>(Dialect::smb_3_0_2)};
  return call(wire::Command::negotiate, request).status() == NtStatus::SUCCESS;
}

bool BlockingPeer::set_up_session(const std::string& user, const BlockingPeer* bind_to) {
  const SystemClock clock;
  auto credentials = identity::NtlmCredentials::from_password(user, "", password_of(user));
  identity::SpnegoInitiator initiator(identity::make_ntlm_initiator(std::move(*credentials), {}, clock));
  using crypto::SigningAlgorithm::aes_cmac;
  if (bind_to != nullptr) {
    session_ = bind_to->session_;
    session_key_ = bind_to->session_key_;
    signer_ = std::make_unique<crypto::Signer>(aes_cmac, session_key_.bytes());
  }
  ByteVector token;
  for (int round = 0; round < kRoundsMax; ++round) {
    const auto step = initiator.step(token);
    if (!step) return false;
    wire::SessionSetupRequest request{.security_buffer = step->token};
    if (bind_to != nullptr) request.flags = wire::kSessionBinding;
    const Answer answer = call(wire::Command::session_setup, request);
    const auto said = answer.as<wire::SessionSetupResponse>();
    session_ = answer.header.session_id;
    token.assign(said.security_buffer.begin(), said.security_buffer.end());
    if (answer.status() == NtStatus::MORE_PROCESSING_REQUIRED) continue;
    if (answer.status() != NtStatus::SUCCESS || !initiator.step(token)) return false;
    const auto key = crypto::derive_signing_key(Dialect::smb_3_0_2, initiator.session_key().bytes(), {});
    if (bind_to == nullptr) session_key_ = key;
    signer_ = std::make_unique<crypto::Signer>(aes_cmac, key.bytes());
    return signer_->verify(answer.bytes);
  }
  return false;
}

bool BlockingPeer::log_on(const std::string& user, const std::string& share) {
  if (!negotiate() || !set_up_session(user, nullptr)) return false;
  wire::TreeConnectRequest request;
  request.path = utf8_to_utf16_lossy("\\\\files\\" + share);
  const Answer answer = call(wire::Command::tree_connect, request);
  tree_ = answer.header.tree_id;
  return answer.status() == NtStatus::SUCCESS;
}

bool BlockingPeer::bind(const BlockingPeer& of, const std::string& user) {
  if (!negotiate() || !set_up_session(user, &of)) return false;
  tree_ = of.tree_;
  return true;
}

FileId BlockingPeer::open(const std::string& name, CreateOptions options) {
  return call(wire::Command::create,
              create_request(name, {.disposition = CreateDisposition::open_if, .options = options}))
      .as<wire::CreateResponse>()
      .file_id;
}

NtStatus BlockingPeer::close(FileId id) {
  return call(wire::Command::close, wire::CloseRequest{.file_id = id}).status();
}

NtStatus BlockingPeer::write(FileId id, std::uint64_t offset, Bytes data) {
  return call(wire::Command::write, wire::WriteRequest{.data = data, .offset = offset, .file_id = id}).status();
}

ByteVector BlockingPeer::read(FileId id, std::uint64_t offset, std::uint32_t length) {
  const Answer answer = call(wire::Command::read, wire::ReadRequest{.length = length, .offset = offset, .file_id = id});
  const Bytes data = answer.as<wire::ReadResponse>().data;
  return {data.begin(), data.end()};
}

}  // namespace dozo::server::testing
