#include "scan/rpc_calls.h"

#include <algorithm>

#include "base/assert.h"
#include "base/unicode.h"
#include "model/nt_status.h"
#include "wire/ndr.h"

namespace dozo::scan {
namespace {

using wire::NdrReader;
using wire::NdrWriter;

// [MS-SAMR] 2.2.1.3, 2.2.1.4: the least that the calls below need.
constexpr std::uint32_t kEnumerateAndLookUp = 0x00000030;
constexpr std::uint32_t kReadPasswordParameters = 0x00000001;
constexpr std::uint32_t kAnySize = 0xFFFFFFFF;
constexpr std::size_t kDomainsMax = 64;

std::unexpected<NtStatus> malformed() { return fail(NtStatus::INVALID_NETWORK_RESPONSE); }

wire::RpcSyntax syntax(std::string_view uuid, std::uint16_t major) {
  return {.uuid = guid_from_string(uuid).value_or(Guid{}), .major = major, .minor = 0};
}

// A context handle: the first of every request and answer that has one, so that it needs no alignment.
SamrHandle take_handle(NdrReader& in) {
  SamrHandle handle{};
  for (std::uint8_t& byte : handle) byte = in.u8();
  return handle;
}

// The NTSTATUS that every call of samr ends with.
Result<> take_status(NdrReader& in) {
  const auto status = static_cast<NtStatus>(in.u32());
  if (!in.ok()) return malformed();
  return is_error(status) ? Result<>(fail(status)) : Result<>{};
}

// What a union of [MS-SAMR] 2.2.3.17 begins with: its pointer, and its tag.
bool take_union(NdrReader& in, DomainLevel level) {
  return in.pointer() && in.u16() == static_cast<std::uint16_t>(level) && in.ok();
}

}  // namespace

const wire::RpcSyntax kSamr = syntax("12345778-1234-abcd-ef00-0123456789ac", 1);

std::string_view share_type_name(std::uint32_t type) {
  constexpr std::array<std::string_view, 4> kNames{"disk", "print", "device", "ipc"};
  return kNames.at(type & 3);
}

ByteVector encode_samr_connect(std::string_view server) {
  NdrWriter out;
  out.unique_string("\\\\" + std::string(server));
  out.u32(kEnumerateAndLookUp);
  return std::move(out).take();
}

ByteVector encode_samr_enumerate(const SamrHandle& server) {
  NdrWriter out;
  out.bytes(server);
  out.u32(0);  // EnumerationContext
  out.u32(kAnySize);
  return std::move(out).take();
}

ByteVector encode_samr_lookup(const SamrHandle& server, std::string_view domain) {
  NdrWriter out;
  out.bytes(server);
  out.unicode_header(domain);
  out.unicode_body(domain);
  return std::move(out).take();
}

ByteVector encode_samr_open_domain(const SamrHandle& server, const Sid& domain) {
  NdrWriter out;
  out.bytes(server);
  out.u32(kReadPasswordParameters);
  out.sid(domain);
  return std::move(out).take();
}

ByteVector encode_samr_query(const SamrHandle& domain, DomainLevel level) {
  NdrWriter out;
  out.bytes(domain);
  out.u16(static_cast<std::uint16_t>(level));
  return std::move(out).take();
}

ByteVector encode_samr_close(const SamrHandle& handle) { return {handle.begin(), handle.end()}; }

Result<SamrHandle> decode_samr_handle(Bytes stub) {
  NdrReader in(stub);
  const SamrHandle handle = take_handle(in);
  DOZO_CHECK(take_status(in));
  return handle;
}

Result<std::vector<std::string>> decode_samr_domains(Bytes stub) {
  NdrReader in(stub);
  in.u32();  // EnumerationContext
  std::vector<NdrReader::UnicodeHeader> headers;
  const bool has_buffer = in.pointer();
  if (has_buffer) in.u32();  // EntriesRead: the array says it again
  if (has_buffer && in.pointer()) {
    const std::uint32_t count = in.conformant_count(12);
    if (count > kDomainsMax) in.set_bad();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
      in.u32();  // RelativeId
      headers.push_back(in.unicode_header());
    }
  }
  std::vector<std::string> names;
  for (const auto& header : headers) names.push_back(utf16_to_utf8(in.unicode_body(header)));
  in.u32();  // CountReturned
  DOZO_CHECK(take_status(in));
  return names;
}

Result<Sid> decode_samr_sid(Bytes stub) {
  NdrReader in(stub);
  std::optional<Sid> sid;
  if (in.pointer()) sid = in.sid();
  DOZO_CHECK(take_status(in));
  return sid ? Result<Sid>(*sid) : malformed();
}

Result<PasswordPolicy> decode_samr_password(Bytes stub) {
  NdrReader in(stub);
  if (!take_union(in, DomainLevel::password)) return malformed();
  // [MS-SAMR] 2.2.3.5: two lengths, aligned as the structure is; the ages are pairs of 32 bits.
  const std::uint32_t lengths = in.u32();
  PasswordPolicy policy{.minimum_length = static_cast<std::uint16_t>(lengths & 0xFFFF),
                        .history = static_cast<std::uint16_t>(lengths >> 16)};
  policy.properties = in.u32();
  for (int i = 0; i < 4; ++i) in.u32();
  DOZO_CHECK(take_status(in));
  return policy;
}

Result<std::uint16_t> decode_samr_lockout_threshold(Bytes stub) {
  NdrReader in(stub);
  if (!take_union(in, DomainLevel::lockout)) return malformed();
  in.u64();  // LockoutDuration
  in.u64();  // LockoutObservationWindow
  const std::uint16_t threshold = in.u16();
  DOZO_CHECK(take_status(in));
  return threshold;
}

}  // namespace dozo::scan
