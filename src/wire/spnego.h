// SPNEGO tokens. [MS-SPNG] 2.2; RFC 4178. All Bytes are views into the decoded token.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace dozo::wire {

enum class Mechanism { ntlmssp, kerberos, ms_kerberos, kerberos_user_to_user, negoex, unknown };

// The OID's content octets; empty for `unknown`.
Bytes oid_of(Mechanism mechanism);
Mechanism mechanism_from_oid(Bytes oid);
std::string_view to_string(Mechanism mechanism);

struct MechType {
  Mechanism mechanism = Mechanism::unknown;
  Bytes oid;  // content octets
};
inline MechType mech_type(Mechanism mechanism) { return {mechanism, oid_of(mechanism)}; }

// What the first bytes of a security buffer are.
enum class TokenKind {
  neg_token_init,  // GSS-API wrapping with SPNEGO's OID
  neg_token_resp,
  ntlmssp,    // a bare NTLMSSP message, which [MS-SMB2] 3.3.5.5.3 accepts too
  other_gss,  // GSS-API wrapping with another OID, such as a bare Kerberos AP-REQ
  unknown,
};
TokenKind token_kind(Bytes token);

// RFC 4178 4.2.1 and [MS-SPNG] 2.2.1 (NegTokenInit2): client's first token, and the server's in NEGOTIATE.
struct NegTokenInit {
  std::vector<MechType> mech_types;
  Bytes mech_types_der;  // the MechTypeList as encoded: what mechListMIC is computed over
  std::optional<Bytes> mech_token;
  std::optional<Bytes> mech_list_mic;
  bool with_hints = false;  // on encode: negHints, as servers of Windows send; ignored on decode
};

enum class NegState : std::uint8_t { accept_completed = 0, accept_incomplete = 1, reject = 2, request_mic = 3 };

// RFC 4178 4.2.2, in both directions.
struct NegTokenResp {
  std::optional<NegState> neg_state;
  std::optional<MechType> supported_mech;
  std::optional<Bytes> response_token;
  std::optional<Bytes> mech_list_mic;
};

inline constexpr std::size_t kMechTypesMax = 32;

// STATUS_INVALID_PARAMETER for anything that is not strict DER, has bytes behind it, repeats or misorders fields,
// or names no mechanism (more than kMechTypesMax included).
Result<NegTokenInit> decode_neg_token_init(Bytes token);
Result<NegTokenResp> decode_neg_token_resp(Bytes token);
ByteVector encode_neg_token_init(const NegTokenInit& token);
ByteVector encode_neg_token_resp(const NegTokenResp& token);

// The DER MechTypeList of these mechanisms, for computing the MIC on one's own offer.
ByteVector encode_mech_types(const std::vector<MechType>& mech_types);

// RFC 2743 3.1: a token in its GSS-API wrapping: mechanism and what it holds.
struct GssToken {
  MechType mechanism;
  Bytes inner;
};
Result<GssToken> decode_gss_token(Bytes token);

}  // namespace dozo::wire
