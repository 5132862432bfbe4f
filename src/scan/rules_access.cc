// Rules on who gets in, and to what.
#include <fmt/format.h>

#include "scan/evidence.h"
#include "scan/fact_fields.h"
#include "scan/findings.h"

namespace dozo::scan {
namespace {

Evidence guest(const HostFacts& host) { return when_yes("the server lets guests in", host.guest); }
Evidence anonymous(const HostFacts& host) { return when_yes("a session without a user was accepted", host.anonymous); }
Evidence anonymous_ipc(const HostFacts& host) {
  return when_yes("a session without a user was connected to IPC$", host.anonymous_ipc);
}
Evidence anonymous_enumeration(const HostFacts& host) {
  return when_yes("a session without a user was given lists", host.anonymous_enumeration);
}

// Folders alone: IPC$ and printers have rules of their own.
std::vector<std::string> open_shares(const HostFacts& host, Fact ShareFacts::* right) {
  std::vector<std::string> names;
  // When a user of ours was let in, the rights are that user's.
  if (!lets_anybody_in(host) || is_yes(host.credentials)) return names;
  for (const ShareFacts& share : host.shares) {
    if (share.type == "disk" && is_yes(share.*right)) names.push_back(share.name);
  }
  return names;
}

std::string_view who(const HostFacts& host) { return is_yes(host.guest) ? "guests" : "sessions without a user"; }

Evidence writable(const HostFacts& host) {
  const auto names = open_shares(host, &ShareFacts::write);
  if (names.empty()) return std::nullopt;
  return fmt::format("{} may write to: {}", who(host), joined(names));
}

Evidence readable(const HostFacts& host) {
  const auto names = open_shares(host, &ShareFacts::read);
  if (names.empty()) return std::nullopt;
  return fmt::format("{} may read: {}", who(host), joined(names));
}

Evidence no_lockout(const HostFacts& host) {
  return when_no("accounts are not locked after wrong passwords", fact_of(host.password_policy, "lockout"));
}

Evidence ntlm(const HostFacts& host) { return when_yes("NTLM is offered", host.ntlm); }

// The five minutes that Kerberos allows by default, RFC 4120 1.6.
constexpr std::int64_t kSkewMax = 300;

Evidence clock_skew(const HostFacts& host) {
  if (!host.clock_skew_s) return std::nullopt;
  const std::int64_t skew = *host.clock_skew_s;
  if (skew >= -kSkewMax && skew <= kSkewMax) return std::nullopt;
  return fmt::format("its clock is {} s {}",
                     skew < 0 ? 0 - static_cast<std::uint64_t>(skew) : static_cast<std::uint64_t>(skew),
                     skew < 0 ? "behind" : "ahead");
}

constexpr Rule kAccessRules[] = {
    {"share-writable-by-anyone",
     Severity::critical,
     "Anybody may write to a share",
     "Without a password, everybody who reaches this host can change and delete what is there, encrypt it for ransom, "
     "or leave programs behind for others to open.",
     writable,
     {.windows = "For each such share: Revoke-SmbShareAccess -Name SHARE -AccountName Everyone -Force; "
                 "Get-LocalUser | Where-Object SID -like '*-501' | Disable-LocalUser",
      .samba =
          "smb.conf, each such share: guest ok = no and valid users = @GROUP; [global]: map to guest = never; then "
          "run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd.conf, each such share: guest ok = no; [global]: map to guest = never; then run "
               "'ksmbd.control --reload'",
      .macos = "System Settings, General, Sharing, File Sharing: set Everyone to 'No Access' or 'Read Only'; sudo "
               "sysadminctl -smbGuestAccess off",
      .dozo =
          "dozo.toml, each such [[share]]: allow = [\"USER\", \"@GROUP\"]; dozo has no guests: find out which other "
          "program answers on this port.",
      .device = "Take the rights of 'guest' and 'everyone' away where the share is set up."}},
    {"share-readable-by-anyone",
     Severity::medium,
     "Anybody may read a share",
     "Whoever reaches this host can copy all that is there without a password, and nothing says who it was.",
     readable,
     {.windows = "For each such share: Revoke-SmbShareAccess -Name SHARE -AccountName Everyone -Force; "
                 "Get-LocalUser | Where-Object SID -like '*-501' | Disable-LocalUser",
      .samba = "smb.conf, each such share: guest ok = no and valid users = @GROUP; then run 'smbcontrol smbd "
               "reload-config'",
      .ksmbd = "ksmbd.conf, each such share: guest ok = no; then run 'ksmbd.control --reload'",
      .macos = "System Settings, General, Sharing, File Sharing: set Everyone to 'No Access'; sudo sysadminctl "
               "-smbGuestAccess off",
      .dozo = "dozo has no guests: find out which other program answers on this port.",
      .device = "Take the rights of 'guest' and 'everyone' away where the share is set up."}},
    {"guest-accepted",
     Severity::high,
     "Guests are let in",
     "A user that does not exist, with any password, gets a session. It is neither signed nor encrypted, so that a "
     "client "
     "cannot know whom it talks to; Windows refuses such sessions by default.",
     guest,
     {.windows = "Get-LocalUser | Where-Object SID -like '*-501' | Disable-LocalUser",
      .samba = "smb.conf, [global]: map to guest = never, and guest ok = no in each share; then run 'smbcontrol smbd "
               "reload-config'",
      .ksmbd = "ksmbd.conf, [global]: map to guest = never; then run 'ksmbd.control --reload'",
      .macos = "sudo sysadminctl -smbGuestAccess off",
      .dozo = "dozo has no guests: find out which other program answers on this port.",
      .device = "Switch the guest account off and give each person a user of their own."}},
    {"anonymous-enumeration",
     Severity::medium,
     "Tells strangers its shares, users or policy",
     "The lists are what an attacker needs first: which accounts to guess passwords for, and where to look.",
     anonymous_enumeration,
     {.windows = "Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Lsa -Name RestrictAnonymous -Value 1; "
                 "Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Lsa -Name RestrictAnonymousSAM -Value 1",
      .samba = "smb.conf, [global]: restrict anonymous = 2; then run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd.conf, [global]: restrict anonymous = 2; then run 'ksmbd.control --reload'",
      .dozo = "dozo refuses sessions without a user: find out which other program answers on this port.",
      .device = "Switch anonymous access off, update the firmware, or let only known computers reach the device."}},
    {"anonymous-ipc",
     Severity::low,
     "Strangers reach IPC$",
     "IPC$ leads to the remote procedures of the system; each has to defend itself when anybody may knock.",
     anonymous_ipc,
     {.windows = "Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters -Name "
                 "RestrictNullSessAccess -Value 1; Set-SmbServerConfiguration -NullSessionPipes '' -NullSessionShares "
                 "'' -Force",
      .samba = "smb.conf, [global]: restrict anonymous = 2; then run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd.conf, [global]: restrict anonymous = 2; then run 'ksmbd.control --reload'",
      .dozo = "dozo refuses sessions without a user: find out which other program answers on this port.",
      .device = "Switch anonymous access off, or let only known computers reach the device."}},
    {"anonymous-session",
     Severity::low,
     "Accepts sessions without a user",
     "By itself it opens no file. It is the first step of every question that strangers may ask.",
     anonymous,
     {.windows =
          "Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Lsa -Name EveryoneIncludesAnonymous -Value "
          "0; Set-SmbServerConfiguration -NullSessionPipes '' -NullSessionShares '' -Force",
      .samba =
          "smb.conf, [global]: restrict anonymous = 2. Samba keeps accepting the session and refuses what follows.",
      .ksmbd = "ksmbd.conf, [global]: restrict anonymous = 2; then run 'ksmbd.control --reload'",
      .dozo = "dozo refuses sessions without a user: find out which other program answers on this port.",
      .device = "Switch anonymous access off, or let only known computers reach the device."}},
    {"lockout-absent",
     Severity::medium,
     "Passwords can be guessed without end",
     "No account is locked, however many wrong passwords come.",
     no_lockout,
     {.windows = "net accounts /lockoutthreshold:10 /lockoutwindow:10 /lockoutduration:10; from Windows 11 24H2 on "
                 "also: Set-SmbServerConfiguration -InvalidAuthenticationDelayTimeInMs 2000 -Force",
      .samba = "pdbedit -P \"bad lockout attempt\" -C 10; pdbedit -P \"lockout duration\" -C 10. A Samba domain "
               "controller: samba-tool domain passwordsettings set --account-lockout-threshold=10",
      .ksmbd = "ksmbd cannot lock accounts: let a firewall limit new connections, or use another server.",
      .dozo = "dozo.toml, [auth]: failure_delay_ms = 2000, which makes guessing slow without locking anybody out",
      .device = "Switch on the blocking of addresses or accounts after failed logons."}},
    {"ntlm-offered",
     Severity::info,
     "NTLM logons are offered",
     "NTLM can be relayed and its answers guessed offline; Kerberos cannot. Inside a domain NTLM can be given up step "
     "by "
     "step; without a domain it is all there is.",
     ntlm,
     {.windows =
          "First look who uses it: Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\MSV1_0 -Name "
          "AuditReceivingNTLMTraffic -Value 2; then refuse it with RestrictReceivingNTLMTraffic -Value 2",
      .samba = "smb.conf, [global] of a domain member or controller: ntlm auth = disabled; then run 'smbcontrol smbd "
               "reload-config'",
      .ksmbd = "ksmbd with Kerberos can refuse NTLM for users that have no password in ksmbdpwd.db: remove them there.",
      .dozo = "dozo.toml, [auth]: ntlm = \"off\", once every client has Kerberos; then run 'dozo reload'",
      .device = "Nothing to do outside a domain. In one: join the device to it."}},
    {"clock-skew",
     Severity::medium,
     "Its clock is wrong",
     "Kerberos refuses tickets when clocks are more than five minutes apart: logons fail or fall back to NTLM. Times "
     "of "
     "files and log entries are wrong as well.",
     clock_skew,
     {.windows = "w32tm /resync /rediscover",
      .samba = "timedatectl set-ntp true",
      .ksmbd = "timedatectl set-ntp true",
      .macos = "sudo sntp -sS time.apple.com; sudo systemsetup -setusingnetworktime on",
      .dozo = "timedatectl set-ntp true",
      .device =
          "Switch the time server (NTP) on where date and time are set up. Look at this computer's clock as well."}},
};

}  // namespace

std::span<const Rule> access_rules() { return kAccessRules; }

}  // namespace dozo::scan
