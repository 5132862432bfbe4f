#include "crypto/signing.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <variant>

#include "base/assert.h"
#include "crypto/hash.h"
#include "crypto/openssl_cipher.h"

namespace dozo::crypto {
namespace {

// [MS-SMB2] 2.2.1: what the signature needs of the header.
constexpr std::size_t kHeaderSize = 64;
constexpr std::size_t kCommandAt = 12;
constexpr std::size_t kFlagsAt = 16;
constexpr std::size_t kMessageIdAt = 24;
constexpr std::size_t kSignatureAt = 48;
constexpr std::uint32_t kFlagServerToRedir = 0x1;
constexpr std::uint16_t kCommandCancel = 0x000C;

using Nonce = std::array<std::uint8_t, 12>;

// [MS-SMB2] 3.1.4.1: MessageId, then a bit for the server as sender and one for CANCEL.
Nonce gmac_nonce(const std::uint8_t* header) {
  Nonce nonce;
  std::memcpy(nonce.data(), header + kMessageIdAt, 8);
  std::uint32_t sender = load_le<std::uint32_t>(header + kFlagsAt) & kFlagServerToRedir;
  if (load_le<std::uint16_t>(header + kCommandAt) == kCommandCancel) sender |= 2;
  store_le(nonce.data() + 8, sender);
  return nonce;
}

int mac_size_as_int(std::size_t n) {
  DOZO_ASSERT(n <= 0x7FFFFFFF);
  return static_cast<int>(n);
}

// HMAC-SHA256 and AES-128-CMAC. Initialising without a key starts the next message with the one it has.
class KeyedMac {
 public:
  KeyedMac(EVP_MAC* mac, Bytes key, const char* parameter, std::string value) : context_(EVP_MAC_CTX_new(mac)) {
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(parameter, value.data(), 0),
                                     OSSL_PARAM_construct_end()};
    DOZO_ASSERT(context_ && EVP_MAC_init(context_.get(), key.data(), key.size(), parameters) == 1);
  }
  void begin(const std::uint8_t*) { DOZO_ASSERT(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1); }
  void update(Bytes piece) { DOZO_ASSERT(EVP_MAC_update(context_.get(), piece.data(), piece.size()) == 1); }
  // [MS-SMB2] 3.1.4.1: of HMAC-SHA256 the first 16 bytes.
  Signature finish() {
    std::array<std::uint8_t, 32> mac;
    std::size_t size = 0;
    DOZO_ASSERT(EVP_MAC_final(context_.get(), mac.data(), &size, mac.size()) == 1);
    Signature out;
    DOZO_ASSERT(size >= out.size());
    std::memcpy(out.data(), mac.data(), out.size());
    return out;
  }

 private:
  MacContext context_;
};

// RFC 4543: GCM with all of the message as additional data and nothing encrypted.
class AesGmac {
 public:
  explicit AesGmac(Bytes key) : context_(new_cipher_context()) {
    DOZO_ASSERT(key.size() == 16);
    DOZO_ASSERT(EVP_EncryptInit_ex2(context_.get(), algorithms().aes_128_gcm, key.data(), nullptr, nullptr) == 1);
  }
  void begin(const std::uint8_t* header) {
    const Nonce nonce = gmac_nonce(header);
    DOZO_ASSERT(EVP_EncryptInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), nullptr) == 1);
  }
  void update(Bytes piece) {
    int size = 0;
    DOZO_ASSERT(EVP_EncryptUpdate(context_.get(), nullptr, &size, piece.data(), mac_size_as_int(piece.size())) == 1);
  }
  Signature finish() {
    Signature out;
    int size = 0;
    DOZO_ASSERT(EVP_EncryptFinal_ex(context_.get(), out.data(), &size) == 1);
    DOZO_ASSERT(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, mac_size_as_int(out.size()), out.data()) ==
                1);
    return out;
  }

 private:
  CipherContext context_;
};

using Mac = std::variant<KeyedMac, AesGmac>;

Mac make_mac(SigningAlgorithm algorithm, Bytes key) {
  switch (algorithm) {
    case SigningAlgorithm::hmac_sha256:
      return KeyedMac(algorithms().hmac, key, OSSL_MAC_PARAM_DIGEST, "SHA256");
    case SigningAlgorithm::aes_cmac:
      return KeyedMac(algorithms().cmac, key, OSSL_MAC_PARAM_CIPHER, "AES-128-CBC");
    case SigningAlgorithm::aes_gmac:
      break;
  }
  return AesGmac(key);
}

template <class M>
Signature compute_with(M& mac, Bytes first, std::span<const Bytes> rest) {
  // The header is copied to have its Signature field zero; the message itself is left alone.
  std::array<std::uint8_t, kHeaderSize> header;
  std::memcpy(header.data(), first.data(), header.size());
  std::fill_n(header.data() + kSignatureAt, 16, std::uint8_t{0});

  mac.begin(header.data());
  mac.update(header);
  if (first.size() > kHeaderSize) mac.update(first.subspan(kHeaderSize));
  for (const Bytes part : rest) {
    if (!part.empty()) mac.update(part);
  }
  return mac.finish();
}

}  // namespace

std::string_view to_string(SigningAlgorithm algorithm) {
  switch (algorithm) {
    case SigningAlgorithm::hmac_sha256:
      return "HMAC-SHA256";
    case SigningAlgorithm::aes_cmac:
      return "AES-128-CMAC";
    case SigningAlgorithm::aes_gmac:
      return "AES-128-GMAC";
  }
  return "?";
}

struct Signer::Impl {
  SigningAlgorithm algorithm;
  Mac mac;

  Signature compute(Bytes first, std::span<const Bytes> rest) {
    DOZO_ASSERT(first.size() >= kHeaderSize);
    return std::visit([&](auto& m) { return compute_with(m, first, rest); }, mac);
  }
};

Signer::Signer(SigningAlgorithm algorithm, Bytes key)
    : impl_(std::make_unique<Impl>(Impl{algorithm, make_mac(algorithm, key)})) {}
Signer::~Signer() = default;
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;

SigningAlgorithm Signer::algorithm() const { return impl_->algorithm; }

Signature Signer::compute(std::span<const Bytes> parts) {
  DOZO_ASSERT(!parts.empty());
  return impl_->compute(parts.front(), parts.subspan(1));
}

void Signer::sign(MutableBytes first, std::span<const Bytes> rest) {
  const Signature signature = impl_->compute(first, rest);
  std::memcpy(first.data() + kSignatureAt, signature.data(), signature.size());
}

bool Signer::verify(std::span<const Bytes> parts) {
  if (parts.empty() || parts.front().size() < kHeaderSize) return false;
  const Signature expected = compute(parts);
  return constant_time_equal(expected, parts.front().subspan(kSignatureAt, expected.size()));
}

}  // namespace dozo::crypto
