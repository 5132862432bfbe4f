#include "server/commands/negotiate.h"

#include <algorithm>

#include "crypto/random.h"
#include "guard/audit.h"
#include "identity/authenticator.h"
#include "server/commands/commands.h"
#include "server/commands/negotiate_contexts.h"
#include "server/connection.h"
#include "server/server.h"
#include "wire/negotiate.h"
#include "wire/smb1_negotiate.h"

namespace dozo::server {
namespace {

constexpr std::uint32_t kIoSizeMax202 = 65536;  // [MS-SMB2] 3.3.5.4: without multi-credit

// The greatest common dialect within the configured range.
std::optional<Dialect> select_dialect(const wire::NegotiateRequest& request, const ServerConfig& config) {
  std::optional<Dialect> best;
  for (const Dialect d : kAllDialects) {
    if (d >= config.min_dialect && d <= config.max_dialect && request.offers(d)) best = d;
  }
  return best;
}

wire::SecurityMode security_mode(const ServerConfig& config) {
  wire::SecurityMode mode = wire::SecurityModeBit::signing_enabled;
  if (config.signing == SigningPolicy::required) mode |= wire::SecurityModeBit::signing_required;
  return mode;
}

// [MS-SMB2] 3.3.5.4: the capabilities of the dialect that the client has too.
wire::Capabilities capabilities(const Negotiated& n, const Config& config) {
  wire::Capabilities out;
  if (n.dialect >= Dialect::smb_2_1) out |= wire::Capability::large_mtu | wire::Capability::leasing;
  const bool directories = n.client_capabilities.has(wire::Capability::directory_leasing);
  if (is_smb3(n.dialect) && directories) out |= wire::Capability::directory_leasing;
  if (is_smb3(n.dialect) && config.server.multichannel && n.client_capabilities.has(wire::Capability::multi_channel)) {
    out |= wire::Capability::multi_channel;
  }
  const bool by_capability = n.dialect == Dialect::smb_3_0 || n.dialect == Dialect::smb_3_0_2;  // 3.1.1: by context
  if (by_capability && n.cipher) out |= wire::Capability::encryption;
  const bool asked = n.client_capabilities.has(wire::Capability::persistent_handles);
  if (is_smb3(n.dialect) && asked && config.has_persistent_handles()) out |= wire::Capability::persistent_handles;
  return out;
}

Negotiated negotiated_with(const wire::NegotiateRequest& request, Dialect dialect, const Config& config) {
  Negotiated n;
  n.dialect = dialect;
  n.client_guid = request.client_guid;
  n.client_dialects = request.dialects;
  n.client_capabilities = request.capabilities;
  n.client_security_mode = request.security_mode;
  n.server_security_mode = security_mode(config.server);
  n.io_size_max = dialect == Dialect::smb_2_0_2 ? kIoSizeMax202 : config.limits.io_size_max;
  n.signing_algorithm = is_smb3(dialect) ? crypto::SigningAlgorithm::aes_cmac : crypto::SigningAlgorithm::hmac_sha256;
  const bool may_encrypt = config.server.encryption != EncryptionPolicy::off;
  // [MS-SMB2] 3.3.5.4: 3.0 and 3.0.2 know one cipher, and a capability for it.
  if ((dialect == Dialect::smb_3_0 || dialect == Dialect::smb_3_0_2) && may_encrypt &&
      request.capabilities.has(wire::Capability::encryption)) {
    n.cipher = crypto::Cipher::aes_128_ccm;
  }
  return n;
}

wire::NegotiateResponse response_of(const Server& server, const Negotiated& n, Bytes hint) {
  wire::NegotiateResponse response;
  response.security_mode = n.server_security_mode;
  response.dialect_revision = static_cast<std::uint16_t>(n.dialect);
  response.server_guid = server.guid();
  response.capabilities = n.server_capabilities;
  response.max_transact_size = n.io_size_max;
  response.max_read_size = n.io_size_max;
  response.max_write_size = n.io_size_max;
  response.system_time = FileTime::from_wall(server.clock().wall_now());
  response.security_buffer = hint;
  return response;
}

void audit_dialects(Connection& connection, const wire::NegotiateRequest& request) {
  std::string offered;
  for (const std::uint16_t d : request.dialects) offered += fmt::format(" {:#06x}", d);
  guard::emit({.event = guard::AuditEvent::dialect_refused,
               .address = connection.peer_address(),
               .reason = "it offers only" + offered});
}

void audit_weak_peer(Connection& connection, const Negotiated& n) {
  if (!n.client_security_mode.has_any(wire::SecurityModeBit::signing_enabled |
                                      wire::SecurityModeBit::signing_required)) {
    guard::emit(
        {.event = guard::AuditEvent::peer_without_signing, .address = connection.peer_address(), .dialect = n.dialect});
  }
  if (!n.cipher) {
    guard::emit({.event = guard::AuditEvent::peer_without_encryption,
                 .address = connection.peer_address(),
                 .dialect = n.dialect});
  }
}

}  // namespace

runtime::Task<Result<Reply>> handle_negotiate(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::NegotiateRequest>());
  // [MS-SMB2] 3.3.5.4: DialectCount 0.
  if (in.dialects.empty()) co_return fail(NtStatus::INVALID_PARAMETER);

  Connection& connection = request.connection;
  const std::shared_ptr<const Config> config = request.server.config();
  const std::optional<Dialect> dialect = select_dialect(in, config->server);
  if (!dialect) {
    audit_dialects(connection, in);
    co_return fail(NtStatus::NOT_SUPPORTED);
  }

  Negotiated n = negotiated_with(in, *dialect, *config);
  NegotiatedContexts contexts;
  if (n.dialect == Dialect::smb_3_1_1) {
    DOZO_CO_TRY(contexts, negotiate_contexts(in.negotiate_contexts, config->server));
    n.cipher = contexts.cipher;
    n.signing_algorithm = contexts.signing_algorithm.value_or(crypto::SigningAlgorithm::aes_cmac);
    n.preauth.update(request.message);
  }
  n.server_capabilities = capabilities(n, *config);
  audit_weak_peer(connection, n);
  connection.negotiated = std::move(n);

  const ByteVector hint = identity::spnego_hint({identity::oid_ntlmssp()});
  wire::NegotiateResponse response = response_of(request.server, *connection.negotiated, hint);
  const ContextStorage storage = encode_contexts(contexts);
  response.negotiate_contexts = storage.views();
  Reply reply = Reply::of(response);
  if (connection.negotiated->dialect == Dialect::smb_3_1_1) reply.hash_into = Reply::HashInto::connection;
  co_return reply;
}

Result<Reply> answer_multi_protocol_negotiate(Connection& connection, Bytes frame) {
  const auto in = wire::decode_smb1_negotiate(frame);
  if (!in || in->is_smb1_only()) return fail(NtStatus::NOT_SUPPORTED);
  Server& server = connection.server();
  const std::shared_ptr<const Config> config = server.config();

  Negotiated n = negotiated_with({}, Dialect::smb_2_0_2, *config);
  const ByteVector hint = identity::spnego_hint({identity::oid_ntlmssp()});
  wire::NegotiateResponse response = response_of(server, n, hint);
  if (in->offers_smb2_wildcard()) {
    // [MS-SMB2] 3.3.5.3.2: an SMB2 NEGOTIATE will follow.
    response.dialect_revision = kDialectWildcard;
    connection.multi_protocol_negotiated = true;
  } else if (config->server.min_dialect == Dialect::smb_2_0_2) {
    connection.negotiated = std::move(n);  // [MS-SMB2] 3.3.5.3.1
  } else {
    return fail(NtStatus::NOT_SUPPORTED);
  }
  // The SMB1 request stands for message id 0, and its answer grants the next.
  if (!connection.credits.take(MessageId(0), 1)) return fail(NtStatus::INVALID_PARAMETER);
  Reply reply = Reply::of(response);
  wire::Header header;
  header.command = wire::Command::negotiate;
  header.flags = wire::HeaderFlag::server_to_redir;
  header.credits = connection.credits.grant(1);
  wire::store_header(header, reply.message.view());
  return reply;
}

}  // namespace dozo::server
