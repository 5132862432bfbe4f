// SMB2 NEGOTIATE and its contexts. [MS-SMB2] 2.2.3, 2.2.4.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/dialect.h"
#include "model/flags.h"
#include "wire/fields.h"

namespace dozo::wire {

enum class SecurityModeBit : std::uint16_t { signing_enabled = 0x0001, signing_required = 0x0002 };
using SecurityMode = Flags<SecurityModeBit>;
DOZO_FLAGS(SecurityModeBit)

enum class Capability : std::uint32_t {
  dfs = 0x00000001,
  leasing = 0x00000002,
  large_mtu = 0x00000004,
  multi_channel = 0x00000008,
  persistent_handles = 0x00000010,
  directory_leasing = 0x00000020,
  encryption = 0x00000040,
  notifications = 0x00000080,
};
using Capabilities = Flags<Capability>;
DOZO_FLAGS(Capability)

enum class NegotiateContextType : std::uint16_t {
  preauth_integrity = 0x0001,
  encryption = 0x0002,
  compression = 0x0003,
  netname = 0x0005,
  transport = 0x0006,
  rdma_transform = 0x0007,
  signing = 0x0008,
  posix_extensions = 0x0100,
};

// [MS-SMB2] 2.2.3.1: a context with its data as it came; decode_plain<PreauthIntegrityCapabilities>(data) etc.
struct NegotiateContext {
  NegotiateContextType type = NegotiateContextType::preauth_integrity;
  Bytes data;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("type", self.type);
    v.length_of(u16, self.data);
    v.reserved(4);
    v.sized("data", self.data);
  }
};

// A list of contexts, each 8-aligned behind the one before it.
template <>
struct VariableCodec<std::vector<NegotiateContext>> {
  static bool decode_count(Bytes in, std::size_t count, std::vector<NegotiateContext>& out);
  static void encode(ByteWriter& out, const std::vector<NegotiateContext>& list);
  static std::size_t size(const std::vector<NegotiateContext>& list);
};

enum class HashAlgorithm : std::uint16_t { sha_512 = 0x0001 };
enum class Cipher : std::uint16_t {
  none = 0,
  aes_128_ccm = 0x0001,
  aes_128_gcm = 0x0002,
  aes_256_ccm = 0x0003,
  aes_256_gcm = 0x0004,
};
enum class CompressionAlgorithm : std::uint16_t {
  none = 0x0000,
  lznt1 = 0x0001,
  lz77 = 0x0002,
  lz77_huffman = 0x0003,
  pattern_v1 = 0x0004,
  lz4 = 0x0005,
};
enum class SigningAlgorithm : std::uint16_t { hmac_sha256 = 0x0000, aes_cmac = 0x0001, aes_gmac = 0x0002 };
enum class RdmaTransform : std::uint16_t { none = 0, encryption = 1, signing = 2 };

// [MS-SMB2] 2.2.3.1.1.
struct PreauthIntegrityCapabilities {
  static constexpr std::string_view kName = "PreauthIntegrityCapabilities";
  std::vector<HashAlgorithm> hash_algorithms;
  Bytes salt;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.count_of(u16, self.hash_algorithms);
    v.length_of(u16, self.salt);
    v.array("hash_algorithms", self.hash_algorithms);
    v.sized("salt", self.salt);
  }
};

// [MS-SMB2] 2.2.3.1.2.
struct EncryptionCapabilities {
  static constexpr std::string_view kName = "EncryptionCapabilities";
  std::vector<Cipher> ciphers;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.count_of(u16, self.ciphers);
    v.array("ciphers", self.ciphers);
  }
};

// [MS-SMB2] 2.2.3.1.3.
struct CompressionCapabilities {
  static constexpr std::string_view kName = "CompressionCapabilities";
  static constexpr std::uint32_t kChained = 0x00000001;
  std::uint32_t flags = 0;
  std::vector<CompressionAlgorithm> compression_algorithms;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.count_of(u16, self.compression_algorithms);
    v.reserved(2);
    v("flags", self.flags);
    v.array("compression_algorithms", self.compression_algorithms);
  }
};

// [MS-SMB2] 2.2.3.1.4.
struct NetnameContext {
  static constexpr std::string_view kName = "NetnameContext";
  std::u16string net_name;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.rest("net_name", self.net_name);
  }
};

// [MS-SMB2] 2.2.3.1.5.
struct TransportCapabilities {
  static constexpr std::string_view kName = "TransportCapabilities";
  static constexpr std::uint32_t kAcceptTransportLevelSecurity = 0x00000001;
  std::uint32_t flags = 0;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("flags", self.flags);
  }
};

// [MS-SMB2] 2.2.3.1.6.
struct RdmaTransformCapabilities {
  static constexpr std::string_view kName = "RdmaTransformCapabilities";
  std::vector<RdmaTransform> rdma_transform_ids;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.count_of(u16, self.rdma_transform_ids);
    v.reserved(2);
    v.reserved(4);
    v.array("rdma_transform_ids", self.rdma_transform_ids);
  }
};

// [MS-SMB2] 2.2.3.1.7.
struct SigningCapabilities {
  static constexpr std::string_view kName = "SigningCapabilities";
  std::vector<SigningAlgorithm> signing_algorithms;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.count_of(u16, self.signing_algorithms);
    v.array("signing_algorithms", self.signing_algorithms);
  }
};

// The SMB 3.1.1 POSIX extensions' context data: one GUID-like tag.
inline constexpr std::array<std::uint8_t, 16> kPosixExtensionsTag = {0x93, 0xAD, 0x25, 0x50, 0x9C, 0xB4, 0x11, 0xE7,
                                                                     0xB4, 0x23, 0x83, 0xDE, 0x96, 0x8B, 0xCD, 0x7C};

// [MS-SMB2] 2.2.3. Dialects stay numbers: clients offer ones that do not exist yet.
struct NegotiateRequest {
  static constexpr std::string_view kName = "NegotiateRequest";
  SecurityMode security_mode;
  Capabilities capabilities;
  Guid client_guid;
  std::vector<NegotiateContext> negotiate_contexts;  // read and written only when 3.1.1 is offered
  std::vector<std::uint16_t> dialects;

  bool offers(Dialect d) const {
    return std::find(dialects.begin(), dialects.end(), static_cast<std::uint16_t>(d)) != dialects.end();
  }

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(36);
    v.count_of(u16, self.dialects);
    v("security_mode", self.security_mode);
    v.reserved(2);
    v("capabilities", self.capabilities);
    v("client_guid", self.client_guid);
    v.offset(u32);
    v.count_of(u16, self.negotiate_contexts);
    v.reserved(2);
    v.array("dialects", self.dialects);
    // [MS-SMB2] 2.2.3: without 3.1.1 these eight bytes are ClientStartTime, which is ignored.
    v.list_at_offset("negotiate_contexts", self.negotiate_contexts, self.offers(Dialect::smb_3_1_1));
  }
};

// [MS-SMB2] 2.2.4.
struct NegotiateResponse {
  static constexpr std::string_view kName = "NegotiateResponse";
  SecurityMode security_mode;
  std::uint16_t dialect_revision = 0;  // a Dialect, or kDialectWildcard
  Guid server_guid;
  Capabilities capabilities;
  std::uint32_t max_transact_size = 0;
  std::uint32_t max_read_size = 0;
  std::uint32_t max_write_size = 0;
  FileTime system_time;
  FileTime server_start_time;
  Bytes security_buffer;
  std::vector<NegotiateContext> negotiate_contexts;  // read and written only when the dialect is 3.1.1

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(65);
    v("security_mode", self.security_mode);
    v("dialect_revision", self.dialect_revision);
    v.count_of(u16, self.negotiate_contexts);
    v("server_guid", self.server_guid);
    v("capabilities", self.capabilities);
    v("max_transact_size", self.max_transact_size);
    v("max_read_size", self.max_read_size);
    v("max_write_size", self.max_write_size);
    v("system_time", self.system_time);
    v("server_start_time", self.server_start_time);
    v.offset(u16);
    v.length(u16, "security_buffer", self.security_buffer, {.when_empty = EmptyOffset::end_of_fixed_part});
    v.offset(u32);
    v.list_at_offset("negotiate_contexts", self.negotiate_contexts,
                     self.dialect_revision == static_cast<std::uint16_t>(Dialect::smb_3_1_1));
  }
};

}  // namespace dozo::wire
