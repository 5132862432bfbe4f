// A server for the client's tests that says what its script tells it to, right or wrong.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "client/raw_connection.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/preauth.h"
#include "crypto/signing.h"
#include "identity/logon_for_tests.h"
#include "wire/cancel.h"
#include "wire/echo.h"
#include "wire/error.h"
#include "wire/fscc/fsctl.h"
#include "wire/ioctl.h"
#include "wire/negotiate.h"
#include "wire/oplock_break.h"
#include "wire/session_setup.h"
#include "wire/transform.h"
#include "wire/tree_connect.h"

namespace dozo::client::testing {

// How an answer is protected, whatever the request was.
enum class Protection { as_asked, none, broken_signature, broken_seal, wrong_key };

struct Script {
  // NEGOTIATE
  std::uint16_t dialect = static_cast<std::uint16_t>(Dialect::smb_3_1_1);
  NtStatus negotiate_status = NtStatus::SUCCESS;
  std::vector<wire::HashAlgorithm> hashes = {wire::HashAlgorithm::sha_512};
  int preauth_contexts = 1;
  std::vector<wire::Cipher> ciphers = {wire::Cipher::aes_128_gcm};
  std::vector<wire::SigningAlgorithm> signing = {wire::SigningAlgorithm::aes_gmac};
  std::uint32_t size_max = 1 << 20;
  // SESSION_SETUP
  Protection last_answer = Protection::as_asked;
  wire::SessionFlags session_flags;
  // TREE_CONNECT and VALIDATE_NEGOTIATE_INFO
  wire::ShareProperties share_flags;
  NtStatus validate_status = NtStatus::SUCCESS;
  Protection validate = Protection::as_asked;
  std::uint16_t validated_dialect = 0;  // 0: the truth
  // ECHO
  Protection echo = Protection::as_asked;
  NtStatus echo_status = NtStatus::SUCCESS;
  bool interim_first = false;
  bool never_finish = false;  // with interim_first: no final answer
  int more_interims = 0;      // with interim_first: so many more, two a second
  bool silent = false;
  bool hang_up = false;
  bool oplock_break_first = false;
  std::uint64_t id_offset = 0;  // added to the answer's message id
  wire::Command answer_command = wire::Command::echo;
  std::uint16_t credits = 1;
};

// What the client sent.
struct Heard {
  std::vector<wire::Header> headers;
  std::vector<bool> sealed;
  const wire::Header& last() const { return headers.back(); }
};

class ScriptedServer {
 public:
  ScriptedServer(std::unique_ptr<RawConnection> raw, Script& script) : raw_(std::move(raw)), script_(script) {
    std::vector<std::unique_ptr<identity::Mechanism>> mechanisms;
    mechanisms.push_back(logon_.acceptor());
    acceptor_.emplace(std::move(mechanisms));
  }

  const Heard& heard() const { return heard_; }

  runtime::Task<void> run() {
    for (;;) {
      auto frame = co_await raw_->receive_frame();
      if (!frame) break;
      ByteVector plain(frame->view().begin(), frame->view().end());
      const bool sealed = wire::frame_kind(plain) == wire::FrameKind::encrypted;
      if (sealed && !unseal(plain)) break;
      for (Bytes rest = plain; !rest.empty();) {
        const auto element = wire::split_compound(rest);
        if (!element) break;
        co_await answer(element->message, sealed);
        rest = element->rest;
      }
      if (hung_up_) break;
    }
    raw_->shutdown();
  }

 private:
  bool has_key() const { return signer_.has_value(); }

  bool unseal(ByteVector& frame) {
    const auto header = wire::decode_transform_header(frame);
    if (!header || !opener_) return false;
    ByteVector body(frame.begin() + wire::kTransformHeaderSize, frame.end());
    const Bytes aad =
        Bytes(frame).subspan(wire::kTransformAadOffset, wire::kTransformHeaderSize - wire::kTransformAadOffset);
    if (!opener_->open(header->nonce, aad, body, header->signature)) return false;
    frame = std::move(body);
    return true;
  }

  ByteVector seal(Bytes message) {
    const auto nonce = nonces_.next().value();
    ByteWriter out;
    wire::encode_transform_header({.nonce = nonce,
                                   .original_message_size = static_cast<std::uint32_t>(message.size()),
                                   .session_id = session_id_},
                                  out);
    out.bytes(message);
    const MutableBytes all = out.mutable_view();
    const Bytes aad =
        Bytes(all).subspan(wire::kTransformAadOffset, wire::kTransformHeaderSize - wire::kTransformAadOffset);
    const auto tag = sealer_->seal(nonce, aad, all.subspan(wire::kTransformHeaderSize));
    std::copy(tag.begin(), tag.end(), all.begin() + 4);
    return std::move(out).take();
  }

  template <class M>
  runtime::Task<void> send(wire::Header header, const M& body, Protection protection, bool sealed) {
    header.flags |= wire::HeaderFlag::server_to_redir;
    return send_message(make_message(header, body), header, protection, sealed);
  }

  runtime::Task<void> send_message(ByteVector message, wire::Header header, Protection protection, bool sealed) {
    const bool seals = sealed && sealer_ && protection != Protection::none;
    const bool signs = !sealed && has_key() && protection != Protection::none;
    if (signs) {
      header.flags |= wire::HeaderFlag::is_signed;
      wire::store_header(header, message);
      signer_->sign(message);
      if (protection == Protection::broken_signature) message[wire::kSignatureOffset] ^= 1;
      if (protection == Protection::wrong_key) {
        const std::array<std::uint8_t, 16> other_key{1, 2, 3};
        crypto::Signer(signer_->algorithm(), other_key).sign(message);
      }
    }
    if (seals) message = seal(message);
    if (seals && protection == Protection::broken_seal) message.back() ^= 1;
    if (header.command == wire::Command::negotiate) preauth_.update(message);
    if (header.status == NtStatus::MORE_PROCESSING_REQUIRED) session_preauth_.update(message);
    co_await raw_->send_frame(message);
  }

  runtime::Task<void> answer(Bytes message, bool sealed) {
    const auto header = wire::decode_header(message);
    if (!header) co_return;
    heard_.headers.push_back(*header);
    heard_.sealed.push_back(sealed);
    wire::Header reply{.command = header->command, .credits = script_.credits, .message_id = header->message_id};
    reply.session_id = session_id_;
    switch (header->command) {
      case wire::Command::negotiate:
        preauth_.update(message);
        co_await answer_negotiate(reply);
        break;
      case wire::Command::session_setup:
        co_await answer_session_setup(message, reply);
        break;
      case wire::Command::tree_connect:
        reply.tree_id = TreeId(7);
        co_await send(reply, wire::TreeConnectResponse{.share_flags = script_.share_flags}, Protection::as_asked,
                      sealed);
        break;
      case wire::Command::ioctl:
        co_await answer_validate(message, reply, sealed);
        break;
      case wire::Command::echo:
        co_await answer_echo(reply, sealed);
        break;
      case wire::Command::cancel:
        break;
      default:
        co_await send(reply, wire::EchoResponse{}, Protection::as_asked, sealed);
    }
  }

  runtime::Task<void> answer_negotiate(wire::Header reply) {
    reply.status = script_.negotiate_status;
    if (reply.status != NtStatus::SUCCESS)
      co_return co_await send(reply, wire::ErrorResponse{}, Protection::none, false);
    const ByteVector preauth =
        wire::encode_plain(wire::PreauthIntegrityCapabilities{.hash_algorithms = script_.hashes, .salt = {}});
    const ByteVector cipher = wire::encode_plain(wire::EncryptionCapabilities{script_.ciphers});
    const ByteVector signing = wire::encode_plain(wire::SigningCapabilities{script_.signing});
    const ByteVector hint = identity::spnego_hint({identity::oid_ntlmssp()});
    wire::NegotiateResponse body{.security_mode = mode(),
                                 .dialect_revision = script_.dialect,
                                 .capabilities = capabilities(),
                                 .max_transact_size = script_.size_max,
                                 .max_read_size = script_.size_max,
                                 .max_write_size = script_.size_max,
                                 .security_buffer = hint};
    using Type = wire::NegotiateContextType;
    for (int i = 0; i < script_.preauth_contexts; ++i) {
      body.negotiate_contexts.push_back({Type::preauth_integrity, preauth});
    }
    if (!script_.ciphers.empty()) body.negotiate_contexts.push_back({Type::encryption, cipher});
    if (!script_.signing.empty()) body.negotiate_contexts.push_back({Type::signing, signing});
    co_await send(reply, body, Protection::none, false);
  }

  wire::SecurityMode mode() const {
    return wire::SecurityModeBit::signing_enabled | wire::SecurityModeBit::signing_required;
  }
  wire::Capabilities capabilities() const { return wire::Capability::large_mtu | wire::Capability::encryption; }
  Dialect dialect() const { return dialect_from_wire(script_.dialect).value_or(Dialect::smb_2_0_2); }

  runtime::Task<void> answer_session_setup(Bytes message, wire::Header reply) {
    const auto body = wire::decode<wire::SessionSetupRequest>(message);
    if (!body) co_return;
    if (session_id_.value() == 0) session_preauth_ = preauth_;
    session_id_ = SessionId(0x1122);
    reply.session_id = session_id_;
    session_preauth_.update(message);
    const auto step = acceptor_->step(body->security_buffer);
    reply.status = !step ? step.error() : step->done ? NtStatus::SUCCESS : NtStatus::MORE_PROCESSING_REQUIRED;
    if (!step) co_return co_await send(reply, wire::ErrorResponse{}, Protection::none, false);
    if (step->done) make_keys();
    wire::SessionSetupResponse answer{.session_flags = script_.session_flags, .security_buffer = step->token};
    co_await send(reply, answer, step->done ? script_.last_answer : Protection::none, false);
  }

  void make_keys() {
    auto algorithm = crypto::SigningAlgorithm::hmac_sha256;
    std::optional<crypto::Cipher> cipher;
    if (is_smb3(dialect())) {
      algorithm = crypto::SigningAlgorithm::aes_cmac;
      cipher = crypto::Cipher::aes_128_ccm;
    }
    if (dialect() == Dialect::smb_3_1_1) {
      if (!script_.signing.empty()) algorithm = static_cast<crypto::SigningAlgorithm>(script_.signing[0]);
      cipher = script_.ciphers.empty() ? std::nullopt
                                       : crypto::cipher_from_wire(static_cast<std::uint16_t>(script_.ciphers[0]));
    }
    const auto keys = crypto::derive_session_keys({.dialect = dialect(),
                                                   .cipher = cipher,
                                                   .mechanism_key = acceptor_->session_key().bytes(),
                                                   .preauth_hash = session_preauth_.bytes()},
                                                  crypto::Side::server);
    signer_.emplace(algorithm, keys.signing.bytes());
    if (!cipher || !is_smb3(dialect())) return;
    sealer_.emplace(*cipher, keys.encryption.bytes());
    opener_.emplace(*cipher, keys.decryption.bytes());
  }

  runtime::Task<void> answer_validate(Bytes message, wire::Header reply, bool sealed) {
    const auto request = wire::decode<wire::IoctlRequest>(message);
    reply.status = script_.validate_status;
    if (!request || reply.status != NtStatus::SUCCESS) {
      co_return co_await send(reply, wire::ErrorResponse{}, script_.validate, sealed);
    }
    const std::uint16_t said = script_.validated_dialect != 0 ? script_.validated_dialect : script_.dialect;
    const ByteVector output = wire::encode_plain(wire::ValidateNegotiateInfoResponse{
        .capabilities = capabilities(), .guid = {}, .security_mode = mode(), .dialect = said});
    const wire::IoctlResponse body{
        .ctl_code = request->ctl_code, .file_id = request->file_id, .input = {}, .output = output};
    co_await send(reply, body, script_.validate, sealed);
  }

  runtime::Task<void> answer_echo(wire::Header reply, bool sealed) {
    hung_up_ = script_.hang_up;
    if (script_.silent || script_.hang_up) co_return;
    if (script_.oplock_break_first) {
      wire::Header notice{.command = wire::Command::oplock_break, .message_id = wire::kUnsolicitedMessageId};
      co_await send(notice, wire::OplockBreak{.oplock_level = OplockLevel::level_ii, .file_id = {1, 2}},
                    Protection::none, false);
    }
    if (script_.interim_first) {
      wire::Header interim = reply;
      interim.status = NtStatus::PENDING;
      interim.flags |= wire::HeaderFlag::async_command;
      interim.async_id = AsyncId(99);
      co_await send(interim, wire::ErrorResponse{}, sealed ? Protection::as_asked : Protection::none, sealed);
      reply.credits = 0;
      for (int i = 0; i < script_.more_interims; ++i) {
        co_await runtime::sleep_for(raw_->loop(), std::chrono::milliseconds(500));
        co_await send(interim, wire::ErrorResponse{}, sealed ? Protection::as_asked : Protection::none, sealed);
      }
      if (script_.never_finish) co_return;
      reply.flags |= wire::HeaderFlag::async_command;
      reply.async_id = AsyncId(99);
    }
    reply.status = script_.echo_status;
    reply.command = script_.answer_command;
    reply.message_id = MessageId(reply.message_id.value() + script_.id_offset);
    co_await send(reply, wire::EchoResponse{}, script_.echo, sealed);
  }

  std::unique_ptr<RawConnection> raw_;
  Script& script_;
  Heard heard_;
  bool hung_up_ = false;
  identity::testing::Logon logon_;
  std::optional<identity::SpnegoAcceptor> acceptor_;
  SessionId session_id_;
  crypto::PreauthHash preauth_;
  crypto::PreauthHash session_preauth_;
  std::optional<crypto::Signer> signer_;
  std::optional<crypto::Aead> sealer_;
  std::optional<crypto::Aead> opener_;
  crypto::NonceCounter nonces_;
};

}  // namespace dozo::client::testing
