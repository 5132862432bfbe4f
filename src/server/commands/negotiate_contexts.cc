#include "server/commands/negotiate_contexts.h"

#include <algorithm>
#include <array>

#include "crypto/random.h"

namespace dozo::server {
namespace {

using wire::NegotiateContextType;

// Our order: what is fastest and strong first.
constexpr std::array kCiphers = {wire::Cipher::aes_128_gcm, wire::Cipher::aes_256_gcm, wire::Cipher::aes_128_ccm,
                                 wire::Cipher::aes_256_ccm};
constexpr std::array kSigning = {wire::SigningAlgorithm::aes_gmac, wire::SigningAlgorithm::aes_cmac,
                                 wire::SigningAlgorithm::hmac_sha256};

// The context of a type. [MS-SMB2] 3.3.5.4: more than one of these is STATUS_INVALID_PARAMETER.
Result<const wire::NegotiateContext*> find_only(const std::vector<wire::NegotiateContext>& list,
                                                NegotiateContextType type) {
  const wire::NegotiateContext* found = nullptr;
  for (const wire::NegotiateContext& context : list) {
    if (context.type != type) continue;
    if (found != nullptr) return fail(NtStatus::INVALID_PARAMETER);
    found = &context;
  }
  return found;
}

template <class T, std::size_t N>
std::optional<T> first_common(const std::array<T, N>& ours, const std::vector<T>& theirs) {
  for (const T candidate : ours) {
    if (std::find(theirs.begin(), theirs.end(), candidate) != theirs.end()) return candidate;
  }
  return std::nullopt;
}

Result<> check_preauth(const std::vector<wire::NegotiateContext>& offered) {
  DOZO_TRY(const auto* context, find_only(offered, NegotiateContextType::preauth_integrity));
  if (context == nullptr) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_TRY(const auto preauth, wire::decode_plain<wire::PreauthIntegrityCapabilities>(context->data));
  if (preauth.hash_algorithms.empty()) return fail(NtStatus::INVALID_PARAMETER);
  const auto& algorithms = preauth.hash_algorithms;
  if (std::find(algorithms.begin(), algorithms.end(), wire::HashAlgorithm::sha_512) == algorithms.end()) {
    return fail(NtStatus::SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP);
  }
  return {};
}

Result<> select_cipher(const std::vector<wire::NegotiateContext>& offered, const ServerConfig& config,
                       NegotiatedContexts& out) {
  DOZO_TRY(const auto* context, find_only(offered, NegotiateContextType::encryption));
  if (context == nullptr) return {};
  DOZO_TRY(const auto encryption, wire::decode_plain<wire::EncryptionCapabilities>(context->data));
  if (encryption.ciphers.empty()) return fail(NtStatus::INVALID_PARAMETER);
  out.has_encryption = true;
  if (config.encryption == EncryptionPolicy::off) return {};
  if (const auto cipher = first_common(kCiphers, encryption.ciphers)) {
    out.cipher = crypto::cipher_from_wire(static_cast<std::uint16_t>(*cipher));
  }
  return {};
}

Result<> select_signing(const std::vector<wire::NegotiateContext>& offered, NegotiatedContexts& out) {
  DOZO_TRY(const auto* context, find_only(offered, NegotiateContextType::signing));
  if (context == nullptr) return {};
  DOZO_TRY(const auto signing, wire::decode_plain<wire::SigningCapabilities>(context->data));
  if (signing.signing_algorithms.empty()) return fail(NtStatus::INVALID_PARAMETER);
  const auto algorithm = first_common(kSigning, signing.signing_algorithms).value_or(wire::SigningAlgorithm::aes_cmac);
  out.signing_algorithm = crypto::signing_algorithm_from_wire(static_cast<std::uint16_t>(algorithm));
  return {};
}

Result<> look_at_compression(const std::vector<wire::NegotiateContext>& offered, NegotiatedContexts& out) {
  DOZO_TRY(const auto* context, find_only(offered, NegotiateContextType::compression));
  if (context == nullptr) return {};
  DOZO_TRY(const auto compression, wire::decode_plain<wire::CompressionCapabilities>(context->data));
  if (compression.compression_algorithms.empty()) return fail(NtStatus::INVALID_PARAMETER);
  out.has_compression = true;
  return {};
}

// Contexts that ask for nothing we have are read all the same: a malformed one is an error, not absent.
Result<> check_others(const std::vector<wire::NegotiateContext>& offered) {
  DOZO_TRY(const auto* transport, find_only(offered, NegotiateContextType::transport));
  if (transport != nullptr) DOZO_CHECK(wire::decode_plain<wire::TransportCapabilities>(transport->data));
  DOZO_TRY(const auto* rdma, find_only(offered, NegotiateContextType::rdma_transform));
  if (rdma != nullptr) {
    DOZO_TRY(const auto transforms, wire::decode_plain<wire::RdmaTransformCapabilities>(rdma->data));
    if (transforms.rdma_transform_ids.empty()) return fail(NtStatus::INVALID_PARAMETER);
  }
  return {};
}

}  // namespace

Result<NegotiatedContexts> negotiate_contexts(const std::vector<wire::NegotiateContext>& offered,
                                              const ServerConfig& config) {
  NegotiatedContexts out;
  DOZO_CHECK(check_preauth(offered));
  DOZO_CHECK(select_cipher(offered, config, out));
  DOZO_CHECK(look_at_compression(offered, out));
  DOZO_CHECK(select_signing(offered, out));
  DOZO_CHECK(check_others(offered));
  return out;
}

void ContextStorage::add(NegotiateContextType type, ByteVector data) { entries_.push_back({type, std::move(data)}); }

std::vector<wire::NegotiateContext> ContextStorage::views() const {
  std::vector<wire::NegotiateContext> out;
  for (const Entry& entry : entries_) out.push_back({entry.type, entry.data});
  return out;
}

ContextStorage encode_contexts(const NegotiatedContexts& contexts) {
  ContextStorage out;
  const auto salt = crypto::random_bytes<32>();
  out.add(NegotiateContextType::preauth_integrity,
          wire::encode_plain(wire::PreauthIntegrityCapabilities{.hash_algorithms = {wire::HashAlgorithm::sha_512},
                                                                .salt = salt}));
  if (contexts.has_encryption) {
    const auto cipher = contexts.cipher ? static_cast<wire::Cipher>(*contexts.cipher) : wire::Cipher::none;
    out.add(NegotiateContextType::encryption, wire::encode_plain(wire::EncryptionCapabilities{.ciphers = {cipher}}));
  }
  if (contexts.has_compression) {
    out.add(NegotiateContextType::compression,
            wire::encode_plain(wire::CompressionCapabilities{
                .flags = 0, .compression_algorithms = {wire::CompressionAlgorithm::none}}));
  }
  if (contexts.signing_algorithm) {
    const auto algorithm = static_cast<wire::SigningAlgorithm>(*contexts.signing_algorithm);
    out.add(NegotiateContextType::signing,
            wire::encode_plain(wire::SigningCapabilities{.signing_algorithms = {algorithm}}));
  }
  return out;
}

}  // namespace dozo::server
