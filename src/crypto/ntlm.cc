#include "crypto/ntlm.h"

#include <cstring>
#include <string>

#include "base/assert.h"
#include "base/unicode.h"

namespace dozo::crypto {
namespace {

// The constants are hashed with their terminating zero. [MS-NLMP] 3.4.5.2, 3.4.5.3.
constexpr char kClientSigning[] = "session key to client-to-server signing key magic constant";
constexpr char kServerSigning[] = "session key to server-to-client signing key magic constant";
constexpr char kClientSealing[] = "session key to client-to-server sealing key magic constant";
constexpr char kServerSealing[] = "session key to server-to-client sealing key magic constant";

NtlmKey md5_of(Bytes key, const char* constant) {
  ByteVector text(key.begin(), key.end());
  const Bytes tail = as_bytes(std::string_view(constant, std::strlen(constant) + 1));
  text.insert(text.end(), tail.begin(), tail.end());
  const NtlmKey out(md5(text));
  wipe(text);
  return out;
}

}  // namespace

std::optional<NtHash> nt_hash(std::string_view password_utf8) {
  std::optional<std::u16string> password = utf8_to_utf16(password_utf8);
  if (!password) return std::nullopt;
  ByteVector bytes = utf16_to_le(*password);
  const NtHash out(md4(bytes));
  wipe(bytes);
  std::fill(password->begin(), password->end(), u'\0');
  return out;
}

NtlmKey ntowf_v2(const NtHash& hash, std::u16string_view user, std::u16string_view domain) {
  const ByteVector name = utf16_to_le(upcase(user));
  const ByteVector domain_bytes = utf16_to_le(domain);
  const Bytes parts[] = {name, domain_bytes};
  return NtlmKey(hmac_md5(hash.bytes(), parts));
}

Digest128 nt_proof(const NtlmKey& response_key, const NtlmChallenge& server_challenge, Bytes temp) {
  const Bytes parts[] = {server_challenge, temp};
  return hmac_md5(response_key.bytes(), parts);
}

std::array<std::uint8_t, 24> lm_v2_response(const NtlmKey& response_key, const NtlmChallenge& server_challenge,
                                            const NtlmChallenge& client_challenge) {
  const Bytes parts[] = {server_challenge, client_challenge};
  const Digest128 proof = hmac_md5(response_key.bytes(), parts);
  std::array<std::uint8_t, 24> out;
  std::memcpy(out.data(), proof.data(), proof.size());
  std::memcpy(out.data() + proof.size(), client_challenge.data(), client_challenge.size());
  return out;
}

NtlmKey session_base_key(const NtlmKey& response_key, const Digest128& proof) {
  return NtlmKey(hmac_md5(response_key.bytes(), Bytes(proof)));
}

NtlmKey exchange_key(const NtlmKey& key_exchange_key, Bytes key16) {
  DOZO_ASSERT(key16.size() == 16);
  NtlmKey out;
  Rc4(key_exchange_key.bytes()).apply(key16, out.resize(16));
  return out;
}

Digest128 ntlm_mic(const NtlmKey& exported_session_key, Bytes negotiate, Bytes challenge,
                   std::span<const Bytes> authenticate_with_zero_mic) {
  std::array<Bytes, 8> parts{negotiate, challenge};
  std::size_t count = 2;
  DOZO_ASSERT(authenticate_with_zero_mic.size() <= parts.size() - count);
  for (const Bytes part : authenticate_with_zero_mic) parts[count++] = part;
  return hmac_md5(exported_session_key.bytes(), std::span<const Bytes>(parts.data(), count));
}

NtlmKey ntlm_sign_key(const NtlmKey& exported_session_key, NtlmDirection direction) {
  const bool client = direction == NtlmDirection::client_to_server;
  return md5_of(exported_session_key.bytes(), client ? kClientSigning : kServerSigning);
}

NtlmKey ntlm_seal_key(const NtlmKey& exported_session_key, int key_bits, NtlmDirection direction) {
  const std::size_t size = key_bits == 128 ? 16 : key_bits == 56 ? 7 : 5;
  const bool client = direction == NtlmDirection::client_to_server;
  return md5_of(exported_session_key.bytes().first(size), client ? kClientSealing : kServerSealing);
}

NtlmMessageSigner::NtlmMessageSigner(const NtlmKey& exported_session_key, NtlmDirection direction, Options options)
    : sign_key_(ntlm_sign_key(exported_session_key, direction)),
      seal_stream_(ntlm_seal_key(exported_session_key, options.key_bits, direction).bytes()),
      key_exchange_(options.key_exchange) {}

NtlmSignature NtlmMessageSigner::finish(const Digest128& mac) {
  // [MS-NLMP] 2.2.2.9.2: version 1, eight bytes of checksum, the sequence number.
  NtlmSignature out;
  store_le(out.data(), std::uint32_t{1});
  const MutableBytes checksum = MutableBytes(out).subspan(4, 8);
  const Bytes head = Bytes(mac).first(8);
  // [MS-NLMP] 3.4.4.2: with a key exchange the checksum is encrypted.
  if (key_exchange_) {
    seal_stream_.apply(head, checksum);
  } else {
    std::memcpy(checksum.data(), head.data(), head.size());
  }
  store_le(out.data() + 12, sequence_++);
  return out;
}

NtlmSignature NtlmMessageSigner::sign(Bytes message) {
  std::array<std::uint8_t, 4> sequence;
  store_le(sequence.data(), sequence_);
  const Bytes parts[] = {sequence, message};
  return finish(hmac_md5(sign_key_.bytes(), parts));
}

bool NtlmMessageSigner::verify(Bytes message, Bytes signature) {
  NtlmMessageSigner next = *this;
  if (!constant_time_equal(next.sign(message), signature)) return false;
  *this = next;
  return true;
}

NtlmSignature NtlmMessageSigner::seal(MutableBytes message) {
  // The signature is of the plain text, but its checksum takes the stream after the message. [MS-NLMP] 3.4.3.
  std::array<std::uint8_t, 4> sequence;
  store_le(sequence.data(), sequence_);
  const Bytes parts[] = {sequence, message};
  const Digest128 mac = hmac_md5(sign_key_.bytes(), parts);
  seal_stream_.apply(message, message);
  return finish(mac);
}

}  // namespace dozo::crypto
