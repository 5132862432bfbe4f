#include "client/session_security.h"

#include "wire/transform.h"

namespace dozo::client {

SessionSecurity::SessionSecurity(Connection& connection, const Settings& settings)
    : connection_(connection), settings_(settings) {
  connection_.sessions_[settings_.id.value()] = this;
  const Negotiated& negotiated = connection_.negotiated();
  if (!settings_.has_keys) return;
  signer_.emplace(negotiated.signing_algorithm, settings_.keys.signing.bytes());
  if (!negotiated.cipher || settings_.keys.encryption.empty()) return;
  sealer_.emplace(*negotiated.cipher, settings_.keys.encryption.bytes());
  opener_.emplace(*negotiated.cipher, settings_.keys.decryption.bytes());
}

SessionSecurity::~SessionSecurity() {
  const auto found = connection_.sessions_.find(settings_.id.value());
  if (found != connection_.sessions_.end() && found->second == this) connection_.sessions_.erase(found);
}

std::optional<ByteVector> SessionSecurity::seal(Bytes message) {
  const auto nonce = nonces_.next();
  if (!nonce) return std::nullopt;
  wire::TransformHeader header{
      .nonce = *nonce, .original_message_size = static_cast<std::uint32_t>(message.size()), .session_id = settings_.id};
  ByteWriter out;
  out.reserve(wire::kTransformHeaderSize + message.size());
  wire::encode_transform_header(header, out);
  out.bytes(message);
  const MutableBytes all = out.mutable_view();
  const Bytes aad =
      Bytes(all).subspan(wire::kTransformAadOffset, wire::kTransformHeaderSize - wire::kTransformAadOffset);
  const crypto::AeadTag tag = sealer_->seal(*nonce, aad, all.subspan(wire::kTransformHeaderSize));
  std::copy(tag.begin(), tag.end(), all.begin() + sizeof(wire::kTransformProtocolId));
  return std::move(out).take();
}

bool SessionSecurity::open(MutableBytes frame) {
  const auto header = wire::decode_transform_header(frame);
  // [MS-SMB2] 3.2.5.1.1.1: Flags/EncryptionAlgorithm other than 0x0001 is discarded.
  if (!header || header->flags != wire::kTransformEncrypted || !opener_) return false;
  const Bytes aad =
      Bytes(frame).subspan(wire::kTransformAadOffset, wire::kTransformHeaderSize - wire::kTransformAadOffset);
  return opener_->open(header->nonce, aad, frame.subspan(wire::kTransformHeaderSize), header->signature);
}

}  // namespace dozo::client
