// One NEGOTIATE: what is offered, and what the answer says. Pure. [MS-SMB2] 2.2.3, 2.2.4.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/dialect.h"
#include "model/guid.h"
#include "scan/trouble.h"
#include "wire/negotiate.h"

namespace dozo::scan {

// One dialect, and of each kind of context at most one thing, so that the answer is about that alone.
struct NegotiateOffer {
  Dialect dialect = Dialect::smb_3_1_1;
  std::vector<wire::Cipher> ciphers;
  std::vector<wire::SigningAlgorithm> signing;
  std::vector<wire::CompressionAlgorithm> compression;
};
// The message: header and body. `nonce` is the client's GUID and its preauthentication salt.
ByteVector encode_offer(const NegotiateOffer& offer, const Guid& nonce);

// What the server chose. The lists are empty where its answer has no such context.
struct NegotiateAnswer {
  std::uint16_t dialect = 0;
  wire::SecurityMode security_mode;
  wire::Capabilities capabilities;
  Guid server_guid;
  std::uint32_t max_transact_size = 0;
  std::uint32_t max_read_size = 0;
  std::uint32_t max_write_size = 0;
  FileTime system_time;
  FileTime start_time;
  ByteVector token;  // its SPNEGO hint
  std::vector<wire::Cipher> ciphers;
  std::vector<wire::SigningAlgorithm> signing;
  std::vector<wire::CompressionAlgorithm> compression;
};
// A refusal is an outcome; what is no answer to a NEGOTIATE, Trouble.
struct NegotiateOutcome {
  std::optional<NegotiateAnswer> answer;
  NtStatus status{};               // without an answer
  std::optional<Dialect> instead;  // it answered in a dialect that was not offered
};
Probed<NegotiateOutcome> read_negotiate(Bytes frame, const NegotiateOffer& offer);

// Names as the facts have them, in the order they are asked for.
template <class T>
struct Named {
  T value;
  std::string_view name;
};
inline constexpr Named<wire::Cipher> kCiphers[] = {{wire::Cipher::aes_128_gcm, "AES-128-GCM"},
                                                   {wire::Cipher::aes_128_ccm, "AES-128-CCM"},
                                                   {wire::Cipher::aes_256_gcm, "AES-256-GCM"},
                                                   {wire::Cipher::aes_256_ccm, "AES-256-CCM"}};
inline constexpr Named<wire::SigningAlgorithm> kSigningAlgorithms[] = {
    {wire::SigningAlgorithm::aes_gmac, "AES-GMAC"},
    {wire::SigningAlgorithm::aes_cmac, "AES-CMAC"},
    {wire::SigningAlgorithm::hmac_sha256, "HMAC-SHA256"}};
inline constexpr Named<wire::CompressionAlgorithm> kCompressionAlgorithms[] = {
    {wire::CompressionAlgorithm::lz77, "LZ77"},
    {wire::CompressionAlgorithm::lznt1, "LZNT1"},
    {wire::CompressionAlgorithm::lz77_huffman, "LZ77+Huffman"},
    {wire::CompressionAlgorithm::lz4, "LZ4"},
    {wire::CompressionAlgorithm::pattern_v1, "Pattern_V1"}};
inline constexpr Named<wire::Capability> kCapabilities[] = {
    {wire::Capability::dfs, "dfs"},
    {wire::Capability::leasing, "leasing"},
    {wire::Capability::large_mtu, "large_mtu"},
    {wire::Capability::multi_channel, "multi_channel"},
    {wire::Capability::persistent_handles, "persistent_handles"},
    {wire::Capability::directory_leasing, "directory_leasing"},
    {wire::Capability::encryption, "encryption"},
    {wire::Capability::notifications, "notifications"}};

}  // namespace dozo::scan
