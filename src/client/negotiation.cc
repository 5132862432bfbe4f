// Connection's NEGOTIATE. [MS-SMB2] 3.2.4.2.2.2, 3.2.5.2.
#include <algorithm>

#include "base/unicode.h"
#include "client/connection.h"
#include "crypto/random.h"

namespace dozo::client {
namespace {

constexpr std::size_t salt_size = 32;

template <class To, class From>
std::vector<To> as_wire(const std::vector<From>& list) {
  std::vector<To> out;
  for (const From value : list) out.push_back(static_cast<To>(value));
  return out;
}

template <class M>
ByteVector encoded(const M& value) {
  return wire::encode_plain(value);
}

// How many contexts of a type there are, and the last of them.
const wire::NegotiateContext* find_only(const std::vector<wire::NegotiateContext>& list,
                                        wire::NegotiateContextType type, std::size_t& count) {
  const wire::NegotiateContext* found = nullptr;
  count = 0;
  for (const auto& context : list) {
    if (context.type != type) continue;
    found = &context;
    ++count;
  }
  return found;
}

std::unexpected<NtStatus> bad_response() { return fail(NtStatus::INVALID_NETWORK_RESPONSE); }

}  // namespace

std::vector<std::uint16_t> Connection::offered_dialects() const {
  std::vector<std::uint16_t> out;
  for (const Dialect d : kAllDialects) {
    if (d >= options_.dialect_min && d <= options_.dialect_max) out.push_back(static_cast<std::uint16_t>(d));
  }
  return out;
}

wire::SecurityMode Connection::client_security_mode() const {
  wire::SecurityMode mode = wire::SecurityModeBit::signing_enabled;
  if (options_.require_signing) mode |= wire::SecurityModeBit::signing_required;
  return mode;
}

runtime::Task<Result<>> Connection::run_negotiate() {
  client_capabilities_ = wire::Capability::large_mtu | wire::Capability::leasing;
  // [MS-SMB2] 3.2.4.2.2.2: in 3.1.1 encryption is a context, before it a capability.
  if (is_smb3(options_.dialect_max)) client_capabilities_ |= wire::Capability::encryption;

  const auto salt = crypto::random_bytes<salt_size>();
  const ByteVector preauth = encoded(
      wire::PreauthIntegrityCapabilities{.hash_algorithms = {wire::HashAlgorithm::sha_512}, .salt = Bytes(salt)});
  const ByteVector ciphers = encoded(wire::EncryptionCapabilities{as_wire<wire::Cipher>(options_.ciphers)});
  const ByteVector signing =
      encoded(wire::SigningCapabilities{as_wire<wire::SigningAlgorithm>(options_.signing_algorithms)});
  const ByteVector netname = encoded(wire::NetnameContext{utf8_to_utf16_lossy(options_.server_name)});

  wire::NegotiateRequest body{.security_mode = client_security_mode(),
                              .capabilities = client_capabilities_,
                              .client_guid = options_.client_guid,
                              .negotiate_contexts = {},
                              .dialects = offered_dialects()};
  if (body.offers(Dialect::smb_3_1_1)) {
    using Type = wire::NegotiateContextType;
    body.negotiate_contexts.push_back({Type::preauth_integrity, preauth});
    if (!options_.ciphers.empty()) body.negotiate_contexts.push_back({Type::encryption, ciphers});
    if (!options_.signing_algorithms.empty()) body.negotiate_contexts.push_back({Type::signing, signing});
    if (!options_.server_name.empty()) body.negotiate_contexts.push_back({Type::netname, netname});
  }
  Request request = make_request(wire::Command::negotiate, body);
  auto response = co_await call(std::move(request), {.preauth = &preauth_});
  if (!response) co_return fail(response.error());
  co_return accept_negotiate_response(*response);
}

Result<> Connection::accept_negotiate_response(const Response& response) {
  if (response.header.status != NtStatus::SUCCESS) return fail(response.header.status);
  DOZO_TRY(const auto body, response.decode<wire::NegotiateResponse>());
  const auto dialect = dialect_from_wire(body.dialect_revision);
  const auto offered = offered_dialects();
  // [MS-SMB2] 3.2.5.2: one of those that were offered; the wildcard answers a multi-protocol negotiate only.
  if (!dialect || std::find(offered.begin(), offered.end(), body.dialect_revision) == offered.end()) {
    return bad_response();
  }
  if (std::min({body.max_transact_size, body.max_read_size, body.max_write_size}) < 65536) return bad_response();
  negotiated_.dialect = *dialect;
  negotiated_.server_guid = body.server_guid;
  negotiated_.server_capabilities = body.capabilities;
  negotiated_.server_security_mode = body.security_mode;
  negotiated_.max_transact_size = body.max_transact_size;
  negotiated_.max_read_size = body.max_read_size;
  negotiated_.max_write_size = body.max_write_size;
  negotiated_.security_token.assign(body.security_buffer.begin(), body.security_buffer.end());
  negotiated_.system_time = body.system_time;
  negotiated_.supports_multi_credit =
      *dialect >= Dialect::smb_2_1 && body.capabilities.has(wire::Capability::large_mtu);
  if (*dialect == Dialect::smb_3_1_1) {
    preauth_.update(response.message);
    return accept_contexts(body);
  }
  if (is_smb3(*dialect)) {
    negotiated_.signing_algorithm = crypto::SigningAlgorithm::aes_cmac;
    if (body.capabilities.has(wire::Capability::encryption)) negotiated_.cipher = crypto::Cipher::aes_128_ccm;
  }
  return {};
}

// [MS-SMB2] 3.2.5.2: the contexts; each at most once, the preauthentication hash exactly once.
Result<> Connection::accept_contexts(const wire::NegotiateResponse& response) {
  using Type = wire::NegotiateContextType;
  const auto& list = response.negotiate_contexts;
  std::size_t count = 0;
  const auto* preauth = find_only(list, Type::preauth_integrity, count);
  if (count != 1) return bad_response();
  const auto hashes = wire::decode_plain<wire::PreauthIntegrityCapabilities>(preauth->data);
  if (!hashes || hashes->hash_algorithms != std::vector{wire::HashAlgorithm::sha_512}) return bad_response();

  // Without the context the algorithm is the one of 3.0. [MS-SMB2] 3.2.5.2
  negotiated_.signing_algorithm = crypto::SigningAlgorithm::aes_cmac;
  const auto* signing = find_only(list, Type::signing, count);
  if (count > 1) return bad_response();
  if (signing != nullptr) DOZO_CHECK(accept_signing(signing->data));

  const auto* encryption = find_only(list, Type::encryption, count);
  if (count > 1) return bad_response();
  if (encryption != nullptr) DOZO_CHECK(accept_encryption(encryption->data));
  // Compression was not offered.
  find_only(list, Type::compression, count);
  return count == 0 ? Result<>{} : bad_response();
}

Result<> Connection::accept_signing(Bytes data) {
  const auto chosen = wire::decode_plain<wire::SigningCapabilities>(data);
  if (!chosen || chosen->signing_algorithms.size() != 1) return bad_response();
  const auto algorithm = static_cast<crypto::SigningAlgorithm>(chosen->signing_algorithms[0]);
  const auto& offered = options_.signing_algorithms;
  if (std::find(offered.begin(), offered.end(), algorithm) == offered.end()) return bad_response();
  negotiated_.signing_algorithm = algorithm;
  return {};
}

Result<> Connection::accept_encryption(Bytes data) {
  const auto chosen = wire::decode_plain<wire::EncryptionCapabilities>(data);
  if (!chosen || chosen->ciphers.size() != 1) return bad_response();
  if (chosen->ciphers[0] == wire::Cipher::none) return {};
  const auto cipher = static_cast<crypto::Cipher>(chosen->ciphers[0]);
  const auto& offered = options_.ciphers;
  if (std::find(offered.begin(), offered.end(), cipher) == offered.end()) return bad_response();
  negotiated_.cipher = cipher;
  return {};
}

}  // namespace dozo::client
