// The clients of explain_login, with the defaults their makers ship. Sources: [MS-SMB2] appendix A for the versions of
// Windows, nsmb.conf(5) of macOS, mount.cifs(8) and the history of cifs.ko, smb.conf(5) of each Samba.
#include <algorithm>
#include <array>

#include "scan/explain_login.h"

namespace dozo::scan {
namespace {

using Guests = ClientProfile::Guests;
using Logon = ClientProfile::Logon;

constexpr std::string_view kNt1[] = {"NT LM 0.12"};
constexpr std::string_view kUpTo21[] = {"NT LM 0.12", "2.0.2", "2.1"};
constexpr std::string_view kUpTo302[] = {"NT LM 0.12", "2.0.2", "2.1", "3.0", "3.0.2"};
constexpr std::string_view kUpTo311[] = {"NT LM 0.12", "2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"};
constexpr std::string_view kModern[] = {"2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"};
constexpr std::string_view kOnly2[] = {"2.0.2", "2.1"};
constexpr std::string_view kFrom21To302[] = {"2.1", "3.0", "3.0.2"};
constexpr std::string_view kFrom21[] = {"2.1", "3.0", "3.0.2", "3.1.1"};
constexpr std::string_view kFrom30[] = {"3.0", "3.0.2", "3.1.1"};

constexpr std::string_view kAes128[] = {"AES-128-GCM", "AES-128-CCM"};
constexpr std::string_view kAes256[] = {"AES-128-GCM", "AES-128-CCM", "AES-256-GCM", "AES-256-CCM"};

constexpr std::string_view kWindowsSmb1 =
    "Only when the server cannot be changed: Enable-WindowsOptionalFeature -Online -FeatureName SMB1Protocol-Client";
constexpr std::string_view kWindowsGuest =
    "Better give the user an account on the server. Otherwise: Set-SmbClientConfiguration -EnableInsecureGuestLogons "
    "$true -Force";
constexpr std::string_view k24H2Guest =
    "Better give the user an account on the server. Otherwise both: Set-SmbClientConfiguration "
    "-EnableInsecureGuestLogons $true -Force; Set-SmbClientConfiguration -RequireSecuritySignature $false -Force";
constexpr std::string_view kOldLinux = "Mount with -o vers=3.0, or 2.1 where the server has no more";
constexpr std::string_view kNewLinux = "Only when the server cannot be changed: mount with -o vers=1.0 (or 2.0)";
constexpr std::string_view kSmbclient =
    "Only when the server cannot be changed: smbclient --option='client min "
    "protocol=NT1'";

constexpr ClientProfile kClients[] = {
    {.id = "windows-xp", .title = "Windows XP, Server 2003", .dialects = kNt1, .logon = Logon::ntlm_v1},
    {.id = "windows-7", .title = "Windows 7, Server 2008 R2", .dialects = kUpTo21},
    {.id = "windows-8.1", .title = "Windows 8.1, Server 2012 R2", .dialects = kUpTo302},
    {.id = "windows-10",
     .title = "Windows 10 (Home, Pro)",
     .dialects = kModern,
     .ciphers = kAes128,
     .old_dialects_fix = kWindowsSmb1},
    {.id = "windows-10-enterprise",
     .title = "Windows 10 Enterprise and Education, Server 2019",
     .dialects = kModern,
     .ciphers = kAes128,
     .guests = Guests::refused,
     .old_dialects_fix = kWindowsSmb1,
     .guest_fix = kWindowsGuest},
    {.id = "windows-11-23h2",
     .title = "Windows 11 21H2 to 23H2 (Home, Pro)",
     .dialects = kModern,
     .ciphers = kAes256,
     .old_dialects_fix = kWindowsSmb1},
    {.id = "windows-11-24h2",
     .title = "Windows 11 24H2 and newer (Pro, Enterprise, Education), Server 2025",
     .dialects = kModern,
     .ciphers = kAes256,
     .signing_required = true,
     .guests = Guests::refused,
     .old_dialects_fix = kWindowsSmb1,
     .guest_fix = k24H2Guest},
    {.id = "macos-10.14", .title = "macOS 10.14", .dialects = kUpTo302},
    {.id = "macos-13", .title = "macOS 13 and newer", .dialects = kUpTo311, .ciphers = kAes128},
    {.id = "linux-4.12", .title = "Linux before 4.13 (cifs)", .dialects = kNt1, .old_dialects_fix = kOldLinux},
    {.id = "linux-4.14", .title = "Linux 4.14 to 4.20 (cifs)", .dialects = kFrom21To302, .old_dialects_fix = kNewLinux},
    {.id = "linux-5",
     .title = "Linux 5.0 and newer (cifs)",
     .dialects = kFrom21,
     .ciphers = kAes128,
     .old_dialects_fix = kNewLinux},
    {.id = "smbclient-3.6",
     .title = "smbclient of Samba 3.6 to 4.6",
     .dialects = kNt1,
     .old_dialects_fix = "smbclient -m SMB3, or -m SMB2 where the server has no more"},
    {.id = "smbclient-4.7", .title = "smbclient of Samba 4.7 to 4.10", .dialects = kUpTo311, .ciphers = kAes128},
    {.id = "smbclient-4.11",
     .title = "smbclient of Samba 4.11 and newer",
     .dialects = kModern,
     .ciphers = kAes256,
     .old_dialects_fix = kSmbclient},
    {.id = "printer-smb1",
     .title = "Printers and scanners with SMB1 alone",
     .dialects = kNt1,
     .signs = false,
     .logon = Logon::ntlm_v1,
     .kerberos = false},
    {.id = "printer-smb2", .title = "Printers and scanners with SMB2", .dialects = kOnly2, .kerberos = false},
    {.id = "dozo",
     .title = "dozo",
     .dialects = kFrom30,
     .ciphers = kAes256,
     .signing_required = true,
     .guests = Guests::refused,
     .kerberos = false,
     .old_dialects_fix = "--min-dialect 2.0.2"},
};

std::string folded(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    if (c == ' ' || c == '_') return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace

std::span<const ClientProfile> client_profiles() { return kClients; }

const ClientProfile* find_client(std::string_view id) {
  const auto it = std::ranges::find(kClients, std::string_view(folded(id)), &ClientProfile::id);
  return it == std::end(kClients) ? nullptr : it;
}

}  // namespace dozo::scan
