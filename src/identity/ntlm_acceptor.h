// The server's side of NTLMv2. [MS-NLMP] 3.2.5.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "identity/authenticator.h"
#include "identity/user_store.h"

namespace dozo::identity {

// The same for all logons; outlives them.
struct NtlmServerSettings {
  std::string netbios_name;    // "FILES"; also the domain of a machine that is in none
  std::string netbios_domain;  // empty: netbios_name
  std::string dns_name;        // "files.example.org"
  std::string dns_domain;
  // Service names (MsvAvTargetName, "cifs/files.example.org") a client may mean; empty: not checked. Case is ignored.
  // A client that names none is accepted, unless `require_target_name`.
  std::vector<std::string> target_names;
  bool require_target_name = false;
  // MD5 of the channel bindings (RFC 2743) of this connection; none: not checked. A client that sends none, or zeros,
  // is accepted, unless `require_channel_bindings`.
  std::optional<std::array<std::uint8_t, 16>> channel_bindings;
  bool require_channel_bindings = false;
  // Refuse clients that send no MIC at all. Off: a MIC is verified when the client says there is one, which nobody can
  // take back on the way, as [MS-NLMP] 3.2.5.1.2 has it; some clients (Linux' kernel among them) never send one.
  bool require_mic = false;
  // How far the response's time may be from ours, [MS-NLMP] 3.1.1.1 MaxLifetime. We send our time and clients return
  // it.
  Duration max_skew = std::chrono::hours(36);
};

// [MS-NLMP] 3.2.5.1.2: whether who gives no name and no proof is somebody: report().anonymous says that it was so.
enum class AnonymousLogons { refuse, accept };

// One logon. Refuses everything but NTLMv2 with extended session security and 128 bits; guest included, and anonymous
// unless it is to be accepted.
// All failures are STATUS_LOGON_FAILURE to the peer (STATUS_ACCOUNT_DISABLED after a right password,
// STATUS_INVALID_PARAMETER for a token that cannot be decoded); an unknown user takes as long as a wrong password.
std::unique_ptr<Mechanism> make_ntlm_acceptor(const NtlmServerSettings& settings, UserSource& users, const Clock& clock,
                                              AnonymousLogons anonymous = AnonymousLogons::refuse);

}  // namespace dozo::identity
