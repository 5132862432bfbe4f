#include "crypto/aead.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/secret.h"
#include "crypto/openssl_cipher.h"

namespace dozo::crypto {
namespace {

const EVP_CIPHER* algorithm_of(Cipher cipher) {
  switch (cipher) {
    case Cipher::aes_128_ccm:
      return algorithms().aes_128_ccm;
    case Cipher::aes_128_gcm:
      return algorithms().aes_128_gcm;
    case Cipher::aes_256_ccm:
      return algorithms().aes_256_ccm;
    case Cipher::aes_256_gcm:
      return algorithms().aes_256_gcm;
  }
  return nullptr;
}

int as_int(std::size_t n) {
  DOZO_ASSERT(n <= 0x7FFFFFFF);
  return static_cast<int>(n);
}

constexpr int kTagSize = 16;

}  // namespace

std::string_view to_string(Cipher cipher) {
  switch (cipher) {
    case Cipher::aes_128_ccm:
      return "AES-128-CCM";
    case Cipher::aes_128_gcm:
      return "AES-128-GCM";
    case Cipher::aes_256_ccm:
      return "AES-256-CCM";
    case Cipher::aes_256_gcm:
      return "AES-256-GCM";
  }
  return "?";
}

struct Aead::Impl {
  Cipher cipher;
  Secret<32> key;
  // OpenSSL's CCM chooses its inner loop with the key, so each direction has its own context, made when first used.
  CipherContext sealing;
  CipherContext opening;
  ByteVector scratch;  // AES-CCM of several parts only

  Impl(Cipher c, Bytes k) : cipher(c), key(k) { DOZO_ASSERT(k.size() == key_size(c)); }

  CipherContext make_context(int encrypt) const {
    CipherContext context = new_cipher_context();
    EVP_CIPHER_CTX* c = context.get();
    const int nonce = as_int(nonce_size(cipher));
    DOZO_ASSERT(EVP_CipherInit_ex2(c, algorithm_of(cipher), nullptr, nullptr, encrypt, nullptr) == 1);
    DOZO_ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, nonce, nullptr) == 1);
    if (!is_gcm(cipher)) DOZO_ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, kTagSize, nullptr) == 1);
    DOZO_ASSERT(EVP_CipherInit_ex2(c, nullptr, key.bytes().data(), nullptr, encrypt, nullptr) == 1);
    return context;
  }

  EVP_CIPHER_CTX* start(const AeadNonce& nonce, int encrypt) {
    CipherContext& context = encrypt != 0 ? sealing : opening;
    if (!context) context = make_context(encrypt);
    DOZO_ASSERT(EVP_CipherInit_ex2(context.get(), nullptr, nullptr, nonce.data(), encrypt, nullptr) == 1);
    return context.get();
  }

  // CCM wants the length of the message before anything else.
  void add_aad(EVP_CIPHER_CTX* context, Bytes aad, std::size_t message_size) const {
    int size = 0;
    if (!is_gcm(cipher)) {
      DOZO_ASSERT(EVP_CipherUpdate(context, nullptr, &size, nullptr, as_int(message_size)) == 1);
    }
    if (aad.empty()) return;
    DOZO_ASSERT(EVP_CipherUpdate(context, nullptr, &size, aad.data(), as_int(aad.size())) == 1);
  }

  static bool run(EVP_CIPHER_CTX* context, MutableBytes data) {
    int size = 0;
    return EVP_CipherUpdate(context, data.data(), &size, data.data(), as_int(data.size())) == 1;
  }

  static AeadTag finish_seal(EVP_CIPHER_CTX* context) {
    AeadTag tag;
    int size = 0;
    DOZO_ASSERT(EVP_CipherFinal_ex(context, tag.data(), &size) == 1);
    DOZO_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) == 1);
    return tag;
  }

  AeadTag seal_contiguous(const AeadNonce& nonce, Bytes aad, MutableBytes message) {
    EVP_CIPHER_CTX* context = start(nonce, 1);
    add_aad(context, aad, message.size());
    DOZO_ASSERT(run(context, message));
    return finish_seal(context);
  }

  AeadTag seal_gcm(const AeadNonce& nonce, Bytes aad, std::span<const MutableBytes> parts) {
    EVP_CIPHER_CTX* context = start(nonce, 1);
    add_aad(context, aad, 0);
    for (const MutableBytes part : parts) {
      if (!part.empty()) DOZO_ASSERT(run(context, part));
    }
    return finish_seal(context);
  }

  // OpenSSL takes the whole message of AES-CCM in one call, so parts are gathered and scattered again.
  AeadTag seal_ccm_parts(const AeadNonce& nonce, Bytes aad, std::span<const MutableBytes> parts) {
    scratch.clear();
    for (const MutableBytes part : parts) scratch.insert(scratch.end(), part.begin(), part.end());
    const AeadTag tag = seal_contiguous(nonce, aad, scratch);
    auto from = scratch.begin();
    for (const MutableBytes part : parts) {
      std::copy_n(from, part.size(), part.begin());
      from += static_cast<std::ptrdiff_t>(part.size());
    }
    return tag;
  }

  bool open(const AeadNonce& nonce, Bytes aad, MutableBytes message, AeadTag tag) {
    EVP_CIPHER_CTX* context = start(nonce, 0);
    DOZO_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1);
    add_aad(context, aad, message.size());
    if (!run(context, message)) return false;  // where CCM verifies
    if (!is_gcm(cipher)) return true;
    int size = 0;
    AeadTag unused;
    return EVP_CipherFinal_ex(context, unused.data(), &size) == 1;
  }
};

Aead::Aead(Cipher cipher, Bytes key) : impl_(std::make_unique<Impl>(cipher, key)) {}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

Cipher Aead::cipher() const { return impl_->cipher; }

AeadTag Aead::seal(const AeadNonce& nonce, Bytes aad, std::span<const MutableBytes> parts) {
  if (is_gcm(impl_->cipher)) return impl_->seal_gcm(nonce, aad, parts);
  if (parts.size() == 1) return impl_->seal_contiguous(nonce, aad, parts.front());
  return impl_->seal_ccm_parts(nonce, aad, parts);
}

bool Aead::open(const AeadNonce& nonce, Bytes aad, MutableBytes message, const AeadTag& tag) {
  if (impl_->open(nonce, aad, message, tag)) return true;
  // What was decrypted without proof must not be read by anybody.
  wipe(message);
  return false;
}

std::optional<AeadNonce> NonceCounter::next() {
  // Compare and exchange rather than add: an exhausted counter must not wrap however often it is asked.
  std::uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used >= limit_) return std::nullopt;
  } while (!used_.compare_exchange_weak(used, used + 1, std::memory_order_relaxed));
  AeadNonce nonce{};
  store_le(nonce.data(), used);
  return nonce;
}

}  // namespace dozo::crypto
