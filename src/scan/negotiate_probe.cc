#include "scan/negotiate_probe.h"

#include <algorithm>

#include "client/raw_connection.h"
#include "model/nt_status.h"
#include "wire/error.h"
#include "wire/header.h"

namespace dozo::scan {
namespace {

using Type = wire::NegotiateContextType;

constexpr auto kCapabilitiesOfSmb2 = wire::Capability::dfs | wire::Capability::leasing | wire::Capability::large_mtu;

std::unexpected<Trouble> no_answer(std::string_view what) {
  return trouble(Trouble::Kind::malformed, std::string(what));
}

// [MS-SMB2] 3.2.4.2.2.2: what came with 3.0 is asked for from there on, so that the server may say that it has it.
wire::Capabilities capabilities_for(Dialect dialect) {
  if (dialect == Dialect::smb_2_0_2) return {};
  wire::Capabilities all = kCapabilitiesOfSmb2;
  if (!is_smb3(dialect)) return all;
  all |= wire::Capability::multi_channel;
  all |= wire::Capability::persistent_handles;
  all |= wire::Capability::directory_leasing;
  all |= wire::Capability::encryption;
  if (dialect == Dialect::smb_3_1_1) all |= wire::Capability::notifications;
  return all;
}

bool has_pattern(const NegotiateOffer& offer) {
  return std::ranges::find(offer.compression, wire::CompressionAlgorithm::pattern_v1) != offer.compression.end();
}

// The first context of a type, decoded; an empty value when there is none.
template <class C>
Result<C> context_of(const wire::NegotiateResponse& body, Type type) {
  for (const auto& context : body.negotiate_contexts) {
    if (context.type == type) return wire::decode_plain<C>(context.data);
  }
  return C{};
}

Result<> read_contexts(const wire::NegotiateResponse& body, NegotiateAnswer& answer) {
  DOZO_TRY(const auto ciphers, context_of<wire::EncryptionCapabilities>(body, Type::encryption));
  DOZO_TRY(const auto signing, context_of<wire::SigningCapabilities>(body, Type::signing));
  DOZO_TRY(const auto compression, context_of<wire::CompressionCapabilities>(body, Type::compression));
  answer.ciphers = ciphers.ciphers;
  answer.signing = signing.signing_algorithms;
  answer.compression = compression.compression_algorithms;
  return {};
}

NegotiateAnswer answer_of(const wire::NegotiateResponse& body) {
  return {.dialect = body.dialect_revision,
          .security_mode = body.security_mode,
          .capabilities = body.capabilities,
          .server_guid = body.server_guid,
          .max_transact_size = body.max_transact_size,
          .max_read_size = body.max_read_size,
          .max_write_size = body.max_write_size,
          .system_time = body.system_time,
          .start_time = body.server_start_time,
          .token = {body.security_buffer.begin(), body.security_buffer.end()},
          .ciphers = {},
          .signing = {},
          .compression = {}};
}

}  // namespace

ByteVector encode_offer(const NegotiateOffer& offer, const Guid& nonce) {
  wire::NegotiateRequest body{.security_mode = wire::SecurityModeBit::signing_enabled,
                              .capabilities = capabilities_for(offer.dialect),
                              .client_guid = nonce,
                              .negotiate_contexts = {},
                              .dialects = {static_cast<std::uint16_t>(offer.dialect)}};
  // [MS-SMB2] 2.2.3: the GUID is zero where 2.0.2 alone is offered.
  if (offer.dialect == Dialect::smb_2_0_2) body.client_guid = {};
  const ByteVector preauth = wire::encode_plain(wire::PreauthIntegrityCapabilities{
      .hash_algorithms = {wire::HashAlgorithm::sha_512}, .salt = Bytes(nonce.bytes)});
  const ByteVector ciphers = wire::encode_plain(wire::EncryptionCapabilities{offer.ciphers});
  const ByteVector signing = wire::encode_plain(wire::SigningCapabilities{offer.signing});
  // [MS-SMB2] 2.2.3.1.3: Pattern_V1 exists only where compressed parts are chained.
  const std::uint32_t flags = has_pattern(offer) ? wire::CompressionCapabilities::kChained : 0;
  const ByteVector compression =
      wire::encode_plain(wire::CompressionCapabilities{.flags = flags, .compression_algorithms = offer.compression});
  if (offer.dialect == Dialect::smb_3_1_1) {
    body.negotiate_contexts.push_back({Type::preauth_integrity, preauth});
    if (!offer.ciphers.empty()) body.negotiate_contexts.push_back({Type::encryption, ciphers});
    if (!offer.signing.empty()) body.negotiate_contexts.push_back({Type::signing, signing});
    if (!offer.compression.empty()) body.negotiate_contexts.push_back({Type::compression, compression});
  }
  return client::make_message({.command = wire::Command::negotiate, .credits = 1}, body);
}

Probed<NegotiateOutcome> read_negotiate(Bytes frame, const NegotiateOffer& offer) {
  if (wire::frame_kind(frame) != wire::FrameKind::smb2) return no_answer("what it answered is not SMB2");
  const auto header = wire::decode_header(frame);
  if (!header || !header->is_response() || header->command != wire::Command::negotiate) {
    return no_answer("what it answered is no answer to NEGOTIATE");
  }
  if (header->status == NtStatus::PENDING) return no_answer("it put NEGOTIATE off");
  if (header->status != NtStatus::SUCCESS) return NegotiateOutcome{.answer = {}, .status = header->status};
  const auto body = wire::decode<wire::NegotiateResponse>(frame);
  if (!body) return no_answer("its answer to NEGOTIATE is malformed");
  // [MS-SMB2] 3.2.5.2: the dialect is one that was offered.
  if (body->dialect_revision != static_cast<std::uint16_t>(offer.dialect)) {
    const auto instead = dialect_from_wire(body->dialect_revision);
    if (!instead) return no_answer("it chose a dialect that does not exist");
    return NegotiateOutcome{.answer = {}, .instead = instead};
  }
  NegotiateOutcome outcome{.answer = answer_of(*body)};
  if (!read_contexts(*body, *outcome.answer)) return no_answer("a context of its answer to NEGOTIATE is malformed");
  return outcome;
}

}  // namespace dozo::scan
