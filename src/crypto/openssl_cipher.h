// OpenSSL's contexts as owned values. Only for sources of this layer: no header that others include names OpenSSL.
#pragma once

#include <openssl/evp.h>

#include <memory>

namespace dozo::crypto {

struct CipherContextDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextDeleter>;

struct MacContextDeleter {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, MacContextDeleter>;

// The algorithms, fetched once for the process; never freed, since contexts may outlive main's statics.
struct Algorithms {
  EVP_CIPHER* aes_128_ccm;
  EVP_CIPHER* aes_128_gcm;
  EVP_CIPHER* aes_256_ccm;
  EVP_CIPHER* aes_256_gcm;
  EVP_MAC* hmac;
  EVP_MAC* cmac;
};
const Algorithms& algorithms();

CipherContext new_cipher_context();

}  // namespace dozo::crypto
