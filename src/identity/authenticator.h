// Logon: what a mechanism is, and the SPNEGO acceptor that drives mechanisms. [MS-SPNG], RFC 4178.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace dozo::identity {

// Why a logon was refused; for the audit record, never for the peer.
enum class Refusal : std::uint8_t {
  none,
  malformed_token,
  unexpected_token,  // a token that has no place in this state of the dialogue
  no_common_mechanism,
  bad_password,
  unknown_user,
  account_disabled,
  anonymous,
  guest,
  ntlmv1_response,  // an LM, NTLMv1 or NTLM2-session response
  weak_security,    // no extended session security or less than 128 bits
  missing_mic,
  bad_mic,
  bad_mech_list_mic,  // somebody changed the list of mechanisms on the way
  stale_timestamp,    // replayed, or the clocks are too far apart
  bad_channel_binding,
  bad_target_name,  // the client meant another server
  no_system_account,
  internal_error,
};
std::string_view to_string(Refusal refusal);  // "bad_password"
inline std::string_view format_as(Refusal r) { return to_string(r); }

// What a logon, successful or not, said about itself. Names are the client's claim until the logon has succeeded.
struct LogonReport {
  std::string_view mechanism;  // "ntlmssp", "kerberos"; empty before one is chosen
  std::string user;
  std::string domain;
  std::string workstation;
  bool anonymous = false;  // nobody's logon, accepted: no name, no key that is a secret
  Refusal refusal = Refusal::none;
};

struct LogonStep {
  ByteVector token;   // for the peer; may be empty when done
  bool done = false;  // the logon has succeeded; else the peer's next token is awaited
};

// One security mechanism, one side of one logon. A value with a state; used by one task at a time.
class Mechanism {
 public:
  virtual ~Mechanism() = default;

  // Content octets of the mechanism's OBJECT IDENTIFIER (wire::oid_of).
  virtual Bytes oid() const = 0;

  // Takes the peer's next token (an initiator's first step takes an empty one). A failure ends the logon: its status is
  // for the peer, report().refusal for the audit record. Never blocks.
  virtual Result<LogonStep> step(Bytes token) = 0;

  virtual const LogonReport& report() const = 0;

  // After `done`: the key the mechanism yields (Session.FullSessionKey), 16 or 32 bytes; and the name under which the
  // user is found in the user store.
  virtual const Secret<32>& session_key() const = 0;
  virtual const std::string& account() const = 0;

  // GSS_GetMIC and GSS_VerifyMIC, for mechListMIC. From when keys_ready() on, which may be before `done` is seen by
  // the peer. Each call takes the next sequence number.
  virtual bool keys_ready() const = 0;
  virtual ByteVector get_mic(Bytes message) = 0;
  virtual bool verify_mic(Bytes message, Bytes mic) = 0;
};

// The server's side of a SESSION_SETUP dialogue. Takes SPNEGO tokens, or a mechanism's own where a client sends NTLMSSP
// bare. One object for one logon.
class SpnegoAcceptor {
 public:
  // What the server has, at least one. The first of the client's list that is among them is taken.
  explicit SpnegoAcceptor(std::vector<std::unique_ptr<Mechanism>> mechanisms);
  ~SpnegoAcceptor();
  SpnegoAcceptor(SpnegoAcceptor&&) noexcept;
  SpnegoAcceptor& operator=(SpnegoAcceptor&&) noexcept;

  // One SESSION_SETUP request's token; the answer's token. Not done: answer STATUS_MORE_PROCESSING_REQUIRED.
  Result<LogonStep> step(Bytes token);

  const LogonReport& report() const;
  // After done.
  const Secret<32>& session_key() const;
  const std::string& account() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The client's side, with one mechanism.
class SpnegoInitiator {
 public:
  explicit SpnegoInitiator(std::unique_ptr<Mechanism> mechanism);
  ~SpnegoInitiator();
  SpnegoInitiator(SpnegoInitiator&&) noexcept;
  SpnegoInitiator& operator=(SpnegoInitiator&&) noexcept;

  // First with an empty token (or the NEGOTIATE response's hint, which is not needed), then with each answer's.
  // The answer that came with STATUS_SUCCESS must lead to `done`.
  Result<LogonStep> step(Bytes token);

  const LogonReport& report() const;
  const Secret<32>& session_key() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The token of the NEGOTIATE response, listing what the server has, by content octets of their OIDs.
// [MS-SMB2] 3.3.5.4, [MS-SPNG] 2.2.1 NegTokenInit2.
ByteVector spnego_hint(const std::vector<Bytes>& mechanism_oids);

// Content octets of the mechanisms' OIDs.
Bytes oid_ntlmssp();
Bytes oid_kerberos();
Bytes oid_ms_kerberos();

}  // namespace dozo::identity
