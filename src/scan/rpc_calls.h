// The calls of samr that a scan makes: what is sent, and what the answer says. Pure. [MS-SAMR].
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/sid.h"
#include "wire/rpc_pdu.h"

namespace dozo::scan {

// [MS-SRVS] 2.2.2.4: "disk" "print" "device" "ipc".
std::string_view share_type_name(std::uint32_t type);

// --- [MS-SAMR] 3.1.5: the policy of the server's accounts

extern const wire::RpcSyntax kSamr;
inline constexpr std::uint16_t kSamrCloseHandle = 1, kSamrLookupDomain = 5, kSamrEnumerateDomains = 6,
                               kSamrOpenDomain = 7, kSamrQueryDomain = 8, kSamrConnect2 = 57;
using SamrHandle = std::array<std::uint8_t, 20>;

ByteVector encode_samr_connect(std::string_view server);
ByteVector encode_samr_enumerate(const SamrHandle& server);
ByteVector encode_samr_lookup(const SamrHandle& server, std::string_view domain);
ByteVector encode_samr_open_domain(const SamrHandle& server, const Sid& domain);
enum class DomainLevel : std::uint16_t { password = 1, lockout = 12 };
ByteVector encode_samr_query(const SamrHandle& domain, DomainLevel level);
ByteVector encode_samr_close(const SamrHandle& handle);

Result<SamrHandle> decode_samr_handle(Bytes stub);
Result<std::vector<std::string>> decode_samr_domains(Bytes stub);
Result<Sid> decode_samr_sid(Bytes stub);
struct PasswordPolicy {
  std::uint16_t minimum_length = 0;
  std::uint16_t history = 0;
  std::uint32_t properties = 0;  // [MS-SAMR] 2.2.1.9: 1 is complexity
};
Result<PasswordPolicy> decode_samr_password(Bytes stub);
Result<std::uint16_t> decode_samr_lockout_threshold(Bytes stub);

}  // namespace dozo::scan
