#include "scan/checks.h"

#include <array>

namespace dozo::scan {
namespace {

constexpr std::array<std::string_view, 4> kSafeties{"passive", "negotiate-only", "anonymous", "authenticated"};

constexpr Check kChecks[] = {
    {.name = "ports",
     .safety = Safety::passive,
     .needs_smb = false,
     .connections = 5,
     .sends =
         "TCP connections to 445, 139 and 135; a NetBIOS node status request to UDP 137; a QUIC packet of a version "
         "that does not exist to UDP 443. On 445 the first NEGOTIATE follows at once (see dialects).",
     .trips = "rules that count connections, such as 70 to port 445 in 60 s",
     .run = check_ports},
    {.name = "dialects",
     .safety = Safety::negotiate_only,
     .connections = 4,
     .sends =
         "SMB2 NEGOTIATE, offering one of 3.1.1, 3.0.2, 3.0, 2.1, 2.0.2 on each connection; on the first, the first "
         "message of an NTLM logon (SESSION_SETUP), which is not gone on with",
     .run = check_dialects},
    {.name = "smb1",
     .safety = Safety::negotiate_only,
     .connections = 14,
     .sends = "SMB1 NEGOTIATE, offering NT LM 0.12; then all dialects before it; and each of those alone where one was "
              "chosen",
     .trips = "rules for SMB1",
     .run = check_smb1},
    {.name = "algorithms",
     .safety = Safety::negotiate_only,
     .connections = 5,
     .sends = "SMB2 NEGOTIATE of 3.1.1, offering one cipher, one signing and one compression algorithm on each "
              "connection",
     .run = check_algorithms},
    {.name = "smbghost",
     .safety = Safety::passive,
     .sends = "nothing: it follows from what is known",
     .run = check_smbghost},
    {.name = "anonymous",
     .safety = Safety::anonymous,
     .level = Level::standard,
     .connections = 1,
     .sends =
         "an NTLM logon of nobody; then, while that is let in: TREE_CONNECT to IPC$, NetrShareEnum on \\srvsvc, "
         "FSCTL_QUERY_NETWORK_INTERFACE_INFO, TREE_CONNECT to each share and CREATE of its root, to be listed; with "
         "--deep or credentials the password policy on \\samr; with --deep a bind of efsrpc, netdfs, fssagentrpc, "
         "spoolss and eventlog, and no call",
     .trips = "rules for null sessions, for the enumeration of shares, and for pipes that coerce",
     .run = check_anonymous},
    {.name = "guest",
     .safety = Safety::anonymous,
     .level = Level::standard,
     .connections = 1,
     .sends = "an NTLM logon of a user with fourteen random letters for a name, without a password; then as anonymous",
     .trips = "one failed logon of an unknown user",
     .run = check_guest},
    {.name = "user",
     .safety = Safety::authenticated,
     .level = Level::standard,
     .connections = 1,
     .sends = "an NTLM logon with the credentials that were given; then as anonymous. Not where three failed logons or "
              "fewer lock an account, and nowhere again once a host has refused them",
     .trips = "a logon of that user",
     .run = check_user},
    {.name = "ms17-010",
     .safety = Safety::anonymous,
     .level = Level::deep,
     .connections = 1,
     .sends = "where SMB1 is on: an SMB1 logon of nobody, a tree connect to IPC$, and PeekNamedPipe on pipe 0",
     .trips = "ET 2025649 and its like, which take this for EternalBlue's probe",
     .run = check_ms17_010},
};

}  // namespace

std::string_view safety_name(Safety safety) { return kSafeties.at(static_cast<std::size_t>(safety)); }

std::span<const Check> checks() { return kChecks; }

bool runs(const Check& check, const ScanSettings& settings) {
  if (check.safety == Safety::authenticated && settings.logon == nullptr) return false;
  return settings.level >= check.level;
}

}  // namespace dozo::scan
