#include "crypto/kdf.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "crypto/hash.h"

namespace dozo::crypto {
namespace {

struct Purpose {
  std::string_view label;
  std::string_view context;  // unused by 3.1.1, where it is the preauth hash
};

// Labels and contexts include a terminating zero. [MS-SMB2] 3.3.5.5.3.
struct Purposes {
  Purpose signing;
  Purpose application;
  Purpose server_to_client;
  Purpose client_to_server;
};

template <std::size_t N>
constexpr std::string_view with_zero(const char (&text)[N]) {
  return {text, N};
}

constexpr Purposes kPurposes30{
    .signing = {with_zero("SMB2AESCMAC"), with_zero("SmbSign")},
    .application = {with_zero("SMB2APP"), with_zero("SmbRpc")},
    .server_to_client = {with_zero("SMB2AESCCM"), with_zero("ServerOut")},
    .client_to_server = {with_zero("SMB2AESCCM"), with_zero("ServerIn ")},  // the blank is part of it
};
constexpr Purposes kPurposes311{
    .signing = {with_zero("SMBSigningKey"), {}},
    .application = {with_zero("SMBAppKey"), {}},
    .server_to_client = {with_zero("SMBS2CCipherKey"), {}},
    .client_to_server = {with_zero("SMBC2SCipherKey"), {}},
};

const Purposes& purposes(Dialect dialect) { return dialect == Dialect::smb_3_1_1 ? kPurposes311 : kPurposes30; }

DerivedKey derive(const KeyInputs& in, Bytes key, const Purpose& purpose, std::size_t length) {
  const Bytes context = in.dialect == Dialect::smb_3_1_1 ? in.preauth_hash : as_bytes(purpose.context);
  return derive_key(key, as_bytes(purpose.label), context, length);
}

SessionKey derive16(const KeyInputs& in, Bytes key, const Purpose& purpose) {
  return SessionKey(derive(in, key, purpose, 16).bytes());
}

}  // namespace

DerivedKey derive_key(Bytes key, Bytes label, Bytes context, std::size_t length) {
  DOZO_ASSERT(length == 16 || length == 32);  // one round of the PRF yields 32 bytes
  // SP800-108 5.1: PRF(K, [i]_32 || Label || 0x00 || Context || [L]_32).
  std::array<std::uint8_t, 4> counter;
  store_be(counter.data(), std::uint32_t{1});
  constexpr std::uint8_t kSeparator[] = {0};
  std::array<std::uint8_t, 4> bits;
  store_be(bits.data(), static_cast<std::uint32_t>(length * 8));
  const Bytes parts[] = {counter, label, kSeparator, context, bits};
  Digest256 prf = hmac_sha256(key, parts);
  DerivedKey out(Bytes(prf).first(length));
  wipe(prf);
  return out;
}

SessionKey session_key_from(Bytes mechanism_key) {
  SessionKey out;
  const MutableBytes to = out.resize(16);
  std::copy_n(mechanism_key.begin(), std::min(mechanism_key.size(), to.size()), to.begin());
  return out;
}

SessionKeys derive_session_keys(const KeyInputs& in, Side side) {
  const SessionKey session_key = session_key_from(in.mechanism_key);
  if (!is_smb3(in.dialect))
    return {.signing = session_key, .application = session_key, .encryption = {}, .decryption = {}};

  // [MS-SMB2] 3.1.4.2: L is the length of the key derived. Signing and application keys stay at 128 bits beside an
  // AES-256 cipher (their algorithms take no more; deployed peers agree), cipher keys follow the cipher.
  const Purposes& purpose = purposes(in.dialect);
  SessionKeys keys{.signing = derive16(in, session_key.bytes(), purpose.signing),
                   .application = derive16(in, session_key.bytes(), purpose.application),
                   .encryption = {},
                   .decryption = {}};
  if (!in.cipher) return keys;

  // [MS-SMB2] 3.3.5.5.3: AES-256 keys come from Session.FullSessionKey.
  const Bytes cipher_base = is_256_bit(*in.cipher) ? in.mechanism_key : session_key.bytes();
  keys.encryption = derive(in, cipher_base, purpose.server_to_client, key_size(*in.cipher));
  keys.decryption = derive(in, cipher_base, purpose.client_to_server, key_size(*in.cipher));
  if (side == Side::client) std::swap(keys.encryption, keys.decryption);
  return keys;
}

SessionKey derive_signing_key(Dialect dialect, Bytes mechanism_key, Bytes preauth_hash) {
  const SessionKey session_key = session_key_from(mechanism_key);
  if (!is_smb3(dialect)) return session_key;
  const KeyInputs in{.dialect = dialect, .cipher = {}, .mechanism_key = mechanism_key, .preauth_hash = preauth_hash};
  return derive16(in, session_key.bytes(), purposes(dialect).signing);
}

}  // namespace dozo::crypto
