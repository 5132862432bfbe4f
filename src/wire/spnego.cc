#include "wire/spnego.h"

#include <algorithm>
#include <array>

#include "model/nt_status.h"
#include "wire/der.h"

namespace dozo::wire {
namespace {

constexpr std::array<std::uint8_t, 6> kSpnegoOid = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x02};
constexpr std::array<std::uint8_t, 10> kNtlmsspOid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0A};
constexpr std::array<std::uint8_t, 9> kKerberosOid = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02};
constexpr std::array<std::uint8_t, 9> kMsKerberosOid = {0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02};
constexpr std::array<std::uint8_t, 10> kUserToUserOid = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02, 0x03};
constexpr std::array<std::uint8_t, 10> kNegoExOid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x1E};
constexpr std::string_view kNtlmsspSignature{"NTLMSSP\0", 8};
constexpr std::string_view kHintName = "not_defined_in_RFC4178@please_ignore";

struct KnownMechanism {
  Mechanism mechanism;
  Bytes oid;
  std::string_view name;
};
constexpr KnownMechanism kKnown[] = {
    {Mechanism::ntlmssp, kNtlmsspOid, "NTLMSSP"},
    {Mechanism::kerberos, kKerberosOid, "Kerberos"},
    {Mechanism::ms_kerberos, kMsKerberosOid, "MS Kerberos"},
    {Mechanism::kerberos_user_to_user, kUserToUserOid, "Kerberos user-to-user"},
    {Mechanism::negoex, kNegoExOid, "NegoEx"},
};

bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

std::unexpected<NtStatus> not_a_token() { return fail(NtStatus::INVALID_PARAMETER); }

// The whole of `bytes` as one element of this tag, or bad.
Bytes only(der::Reader& outer, Bytes bytes, std::uint8_t tag) {
  der::Reader in(bytes);
  const Bytes content = in.expect(tag);
  if (!in.ok() || !in.at_end()) outer.set_bad();
  return content;
}

// [tag] OCTET STRING, if it is next.
std::optional<Bytes> take_octets(der::Reader& fields, unsigned tag) {
  if (fields.peek() != der::context_tag(tag)) return std::nullopt;
  return only(fields, fields.next().content, der::kOctetString);
}

Result<std::vector<MechType>> decode_mech_types(Bytes list) {
  std::vector<MechType> out;
  der::Reader in(list);
  while (in.ok() && !in.at_end() && out.size() < kMechTypesMax) {
    const Bytes oid = in.expect(der::kOid);
    out.push_back({mechanism_from_oid(oid), oid});
  }
  if (!in.ok() || !in.at_end() || out.empty()) return not_a_token();
  return out;
}

ByteVector octets_field(unsigned tag, Bytes value) {
  return der::wrap(der::context_tag(tag), {der::wrap(der::kOctetString, {value})});
}

ByteVector optional_field(unsigned tag, const std::optional<Bytes>& value) {
  return value ? octets_field(tag, *value) : ByteVector{};
}

ByteVector hints_field() {
  const ByteVector name = der::wrap(der::kGeneralString, {as_bytes(kHintName)});
  const ByteVector hints = der::wrap(der::kSequence, {der::wrap(der::context_tag(0), {name})});
  return der::wrap(der::context_tag(3), {hints});
}

// RFC 4178 4.2.1: field 3 is mechListMIC; [MS-SPNG] 2.2.1 puts negHints there and the MIC in field 4.
std::optional<Bytes> take_hints_or_mic(der::Reader& fields) {
  std::optional<Bytes> mic;
  if (fields.peek() == der::context_tag(3)) {
    der::Reader inner(fields.next().content);
    const der::Element element = inner.next();
    if (!inner.ok() || !inner.at_end()) fields.set_bad();
    if (element.tag == der::kOctetString) mic = element.content;
  }
  if (auto in_fourth = take_octets(fields, 4)) mic = in_fourth;
  return mic;
}

}  // namespace

Bytes oid_of(Mechanism mechanism) {
  for (const KnownMechanism& known : kKnown) {
    if (known.mechanism == mechanism) return known.oid;
  }
  return {};
}

Mechanism mechanism_from_oid(Bytes oid) {
  for (const KnownMechanism& known : kKnown) {
    if (same(known.oid, oid)) return known.mechanism;
  }
  return Mechanism::unknown;
}

std::string_view to_string(Mechanism mechanism) {
  for (const KnownMechanism& known : kKnown) {
    if (known.mechanism == mechanism) return known.name;
  }
  return "unknown";
}

Result<GssToken> decode_gss_token(Bytes token) {
  der::Reader outer(token);
  der::Reader in(outer.expect(der::kApplication0));
  if (!outer.ok() || !outer.at_end()) return not_a_token();
  const Bytes oid = in.expect(der::kOid);
  if (!in.ok()) return not_a_token();
  return GssToken{{mechanism_from_oid(oid), oid}, in.rest()};
}

TokenKind token_kind(Bytes token) {
  if (as_text(token).starts_with(kNtlmsspSignature)) return TokenKind::ntlmssp;
  if (token.empty()) return TokenKind::unknown;
  if (token[0] == der::context_tag(1)) return TokenKind::neg_token_resp;
  if (token[0] != der::kApplication0) return TokenKind::unknown;
  const auto gss = decode_gss_token(token);
  if (!gss) return TokenKind::unknown;
  return same(gss->mechanism.oid, kSpnegoOid) ? TokenKind::neg_token_init : TokenKind::other_gss;
}

Result<NegTokenInit> decode_neg_token_init(Bytes token) {
  DOZO_TRY(const GssToken gss, decode_gss_token(token));
  if (!same(gss.mechanism.oid, kSpnegoOid)) return not_a_token();
  der::Reader outer(gss.inner);
  const Bytes choice = outer.expect(der::context_tag(0));
  if (!outer.at_end()) return not_a_token();
  der::Reader fields(only(outer, choice, der::kSequence));
  const Bytes list_field = fields.expect(der::context_tag(0));
  if (!outer.ok() || !fields.ok()) return not_a_token();

  NegTokenInit out;
  out.mech_types_der = list_field;
  DOZO_TRY(out.mech_types, decode_mech_types(only(fields, list_field, der::kSequence)));
  if (fields.peek() == der::context_tag(1)) fields.next();  // RFC 4178 4.2.1: reqFlags is ignored
  out.mech_token = take_octets(fields, 2);
  out.mech_list_mic = take_hints_or_mic(fields);
  if (!fields.ok() || !fields.at_end()) return not_a_token();
  return out;
}

Result<NegTokenResp> decode_neg_token_resp(Bytes token) {
  der::Reader outer(token);
  const Bytes choice = outer.expect(der::context_tag(1));
  if (!outer.at_end()) return not_a_token();
  der::Reader fields(only(outer, choice, der::kSequence));

  NegTokenResp out;
  if (fields.peek() == der::context_tag(0)) {
    const Bytes state = only(fields, fields.next().content, der::kEnumerated);
    if (state.size() != 1 || state[0] > 3) return not_a_token();
    out.neg_state = static_cast<NegState>(state[0]);
  }
  if (fields.peek() == der::context_tag(1)) {
    const Bytes oid = only(fields, fields.next().content, der::kOid);
    out.supported_mech = MechType{mechanism_from_oid(oid), oid};
  }
  out.response_token = take_octets(fields, 2);
  out.mech_list_mic = take_octets(fields, 3);
  if (!outer.ok() || !fields.ok() || !fields.at_end()) return not_a_token();
  return out;
}

ByteVector encode_mech_types(const std::vector<MechType>& mech_types) {
  ByteVector list;
  for (const MechType& type : mech_types) {
    const ByteVector oid = der::wrap(der::kOid, {type.oid});
    list.insert(list.end(), oid.begin(), oid.end());
  }
  return der::wrap(der::kSequence, {list});
}

ByteVector encode_neg_token_init(const NegTokenInit& token) {
  const ByteVector types = der::wrap(der::context_tag(0), {encode_mech_types(token.mech_types)});
  const ByteVector mech_token = optional_field(2, token.mech_token);
  const ByteVector hints = token.with_hints ? hints_field() : ByteVector{};
  // [MS-SPNG] 2.2.1: with negHints in field 3 the MIC is field 4.
  const ByteVector mic = optional_field(token.with_hints ? 4 : 3, token.mech_list_mic);
  const ByteVector sequence = der::wrap(der::kSequence, {types, mech_token, hints, mic});
  const ByteVector choice = der::wrap(der::context_tag(0), {sequence});
  return der::wrap(der::kApplication0, {der::wrap(der::kOid, {kSpnegoOid}), choice});
}

ByteVector encode_neg_token_resp(const NegTokenResp& token) {
  ByteVector state;
  if (token.neg_state) {
    const std::array<std::uint8_t, 1> value = {static_cast<std::uint8_t>(*token.neg_state)};
    state = der::wrap(der::context_tag(0), {der::wrap(der::kEnumerated, {value})});
  }
  ByteVector mech;
  if (token.supported_mech) {
    mech = der::wrap(der::context_tag(1), {der::wrap(der::kOid, {token.supported_mech->oid})});
  }
  const ByteVector response = optional_field(2, token.response_token);
  const ByteVector mic = optional_field(3, token.mech_list_mic);
  return der::wrap(der::context_tag(1), {der::wrap(der::kSequence, {state, mech, response, mic})});
}

}  // namespace dozo::wire
