#include "server/transform.h"

#include <algorithm>

#include "wire/framing.h"
#include "wire/transform.h"

namespace dozo::server {
namespace {

constexpr std::size_t kFramePrefix = 4;

std::size_t total_size(const OutFrame& frame) {
  std::size_t n = 0;
  for (const OutMessage& message : frame.messages) n += message.size();
  return n;
}

void set_length(OutFrame& frame, std::size_t length) {
  store_be(frame.prefix.data(), static_cast<std::uint32_t>(length));
}

}  // namespace

void set_frame_length(OutFrame& frame) {
  frame.prefix_size = kFramePrefix;
  set_length(frame, total_size(frame));
}

bool seal(Channel& channel, OutFrame& frame) {
  Session& session = *channel.session;
  const std::optional<crypto::AeadNonce> nonce = session.valid().nonces.next();
  if (!nonce || channel.sealer() == nullptr) return false;

  wire::TransformHeader header;
  header.nonce = *nonce;
  header.original_message_size = static_cast<std::uint32_t>(total_size(frame));
  header.flags = wire::kTransformEncrypted;
  header.session_id = session.id;
  const auto store = [&] {
    const ByteVector bytes = wire::encode_plain(header);
    std::copy(bytes.begin(), bytes.end(), frame.prefix.begin() + kFramePrefix);
  };
  store();

  boost::container::small_vector<MutableBytes, 4> parts;
  for (OutMessage& message : frame.messages) parts.push_back(message.view());
  const Bytes aad = Bytes(frame.prefix).subspan(kFramePrefix + wire::kTransformAadOffset);
  header.signature = channel.sealer()->seal(*nonce, aad, std::span<const MutableBytes>(parts.data(), parts.size()));
  std::copy(header.signature.begin(), header.signature.end(), frame.prefix.begin() + kFramePrefix + 4);

  frame.prefix_size = kFramePrefix + wire::kTransformHeaderSize;
  set_length(frame, wire::kTransformHeaderSize + total_size(frame));
  return true;
}

Result<std::shared_ptr<Channel>> unseal(const Connection& connection, MutableBytes frame) {
  DOZO_TRY(const auto header, wire::decode_transform_header(frame));
  const MutableBytes message = frame.subspan(wire::kTransformHeaderSize);
  // [MS-SMB2] 3.3.5.2.1.1: Flags must be Encrypted, and the size what is there.
  if (header.flags != wire::kTransformEncrypted || header.original_message_size != message.size()) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  std::shared_ptr<Channel> channel = connection.find_channel(header.session_id);
  if (!channel || channel->unsealer() == nullptr) return fail(NtStatus::USER_SESSION_DELETED);
  const Bytes aad =
      Bytes(frame).subspan(wire::kTransformAadOffset, wire::kTransformHeaderSize - wire::kTransformAadOffset);
  if (!channel->unsealer()->open(header.nonce, aad, message, header.signature)) {
    return fail(NtStatus::ACCESS_DENIED);
  }
  return channel;
}

}  // namespace dozo::server
