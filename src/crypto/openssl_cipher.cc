#include "crypto/openssl_cipher.h"

#include "base/assert.h"

namespace dozo::crypto {
namespace {

EVP_CIPHER* fetch(const char* name) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  DOZO_ASSERT(cipher != nullptr);  // an OpenSSL without AES
  return cipher;
}

EVP_MAC* fetch_mac(const char* name) {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, name, nullptr);
  DOZO_ASSERT(mac != nullptr);
  return mac;
}

}  // namespace

const Algorithms& algorithms() {
  static const Algorithms instance{
      .aes_128_ccm = fetch("AES-128-CCM"),
      .aes_128_gcm = fetch("AES-128-GCM"),
      .aes_256_ccm = fetch("AES-256-CCM"),
      .aes_256_gcm = fetch("AES-256-GCM"),
      .hmac = fetch_mac("HMAC"),
      .cmac = fetch_mac("CMAC"),
  };
  return instance;
}

CipherContext new_cipher_context() {
  CipherContext context(EVP_CIPHER_CTX_new());
  DOZO_ASSERT(context != nullptr);
  return context;
}

}  // namespace dozo::crypto
