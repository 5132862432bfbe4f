// Rules on what is reachable, and on patches.
#include <fmt/format.h>

#include "scan/evidence.h"
#include "scan/fact_fields.h"
#include "scan/findings.h"

namespace dozo::scan {
namespace {

Evidence ms17_010(const HostFacts& host) { return when_yes("the check answered as before the patch", host.ms17_010); }
Evidence smbghost(const HostFacts& host) { return when_yes("cannot be ruled out", host.smbghost); }
Evidence spooler(const HostFacts& host) { return when_yes("the print spooler can be reached", host.spooler); }

// The last builds that Microsoft has ended support of everywhere, long-term editions included, are those before Windows
// Server 2016 (build 14393).
constexpr unsigned kOldestSupportedBuild = 14393;

Evidence unsupported_system(const HostFacts& host) {
  const auto version = windows_version(host.os);
  if (host.server_kind != "windows" || !version || version->build == 0) return std::nullopt;
  if (version->build >= kOldestSupportedBuild) return std::nullopt;
  return fmt::format("Windows says it is {}", host.os);
}

Evidence coercion(const HostFacts& host) {
  const auto reachable = names_in(host.coercion_pipes, State::yes);
  if (reachable.empty()) return std::nullopt;
  return fmt::format("can be bound: {}", joined(reachable));
}

Evidence netbios_names(const HostFacts& host) {
  Evidence evidence = when_yes("its NetBIOS name table was read", host.netbios);
  if (evidence && !host.netbios_names.empty()) *evidence += fmt::format("; {} names", host.netbios_names.size());
  if (evidence && !host.mac.empty()) *evidence += fmt::format(", MAC address {}", host.mac);
  return evidence;
}

// [RFC 1002] 4.2.18, and Windows' use of suffix 03: the messenger's names are the computer's and its user's.
constexpr std::uint8_t kMessenger = 0x03;

Evidence netbios_user(const HostFacts& host) {
  std::vector<std::string> users;
  for (const NetbiosName& name : host.netbios_names) {
    const bool computer = std::ranges::any_of(host.netbios_names, [&](const NetbiosName& other) {
      return other.name == name.name && other.suffix != kMessenger && !other.group;
    });
    if (name.suffix == kMessenger && !name.group && !computer) users.push_back(name.name);
  }
  if (users.empty()) return std::nullopt;
  return fmt::format("registered by the messenger: {}", joined(users));
}

Evidence session_port(const HostFacts& host) {
  return when_yes("TCP port 139 is open", fact_of(host.ports, "139/tcp"));
}

Evidence endpoint_mapper(const HostFacts& host) {
  return when_yes("TCP port 135 is open", fact_of(host.ports, "135/tcp"));
}

Evidence quic(const HostFacts& host) { return when_yes("UDP port 443 answers QUIC", fact_of(host.ports, "443/udp")); }

Evidence other_interfaces(const HostFacts& host) {
  std::vector<std::string> others;
  for (const std::string& address : host.interfaces) {
    if (address != host.address) others.push_back(address);
  }
  if (others.empty()) return std::nullopt;
  return fmt::format("it also told: {}", joined(others));
}

Evidence public_address(const HostFacts& host) {
  const std::string& address = host.address.empty() ? host.host : host.address;
  if (!is_yes(fact_of(host.ports, "445/tcp")) || !is_public_address(address)) return std::nullopt;
  return fmt::format("port 445 of {} answered, an address of the internet", address);
}

constexpr Rule kExposureRules[] = {
    {"ms17-010-missing",
     Severity::critical,
     "The patch against EternalBlue is missing",
     "Whoever reaches this host takes it over without a password. WannaCry and NotPetya spread this way, and what is "
     "left of them still does.",
     ms17_010,
     {.windows = "Install MS17-010 (for Windows 7 and Server 2008 R2 the update KB4012212) or any later cumulative "
                 "update today; until then: Set-SmbServerConfiguration -EnableSMB1Protocol $false -Force",
      .samba = "Only Windows has this fault. Find out what answers on this port.",
      .dozo = "Only Windows has this fault. Find out what answers on this port.",
      .device = "Take the device off the network until its maker has an update; it runs an embedded Windows."}},
    {"smbghost-possible",
     Severity::high,
     "SMBGhost is possible",
     "This build with compression lets anybody run code when the update of March 2020 is not installed. From outside "
     "nobody can tell whether it is, without doing harm.",
     smbghost,
     {.windows = "Get-HotFix -Id KB4551762: when it is not there, install it, or any later cumulative update. Until "
                 "then: Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters -Name "
                 "DisableCompression -Type DWORD -Value 1",
      .samba = "Only Windows has this fault. Find out what answers on this port.",
      .dozo = "Only Windows has this fault. Find out what answers on this port.",
      .device = "Ask its maker for an update; it runs an embedded Windows."}},
    {"os-unsupported",
     Severity::high,
     "The system gets no security updates any more",
     "Faults that are found from now on stay open, unless extended updates were bought.",
     unsupported_system,
     {.windows =
          "Upgrade to a supported version of Windows; until then let only the computers that need it reach port "
          "445: New-NetFirewallRule -DisplayName 'SMB only from' -Direction Inbound -Protocol TCP -LocalPort 445 "
          "-RemoteAddress ADDRESSES -Action Allow, and disable the rules that allow everybody",
      .samba = "Only told of Windows. Find out what answers on this port.",
      .dozo = "Only told of Windows. Find out what answers on this port.",
      .device = "Replace the device, or keep it in a network of its own."}},
    {"public-address",
     Severity::medium,
     "SMB answers on an address of the internet",
     "Worms and password guessers try port 445 of every public address all day. When this scan ran inside your "
     "network, "
     "make sure that your firewall keeps others out.",
     public_address,
     {.windows = "New-NetFirewallRule -DisplayName 'No SMB from the internet' -Direction Inbound -Protocol TCP "
                 "-LocalPort 139,445 -RemoteAddress Internet -Action Block",
      .samba = "smb.conf, [global]: interfaces = lo ADDRESS/BITS and bind interfaces only = yes; and at the firewall: "
               "nft add rule inet filter input tcp dport { 139, 445 } ip saddr != { 10.0.0.0/8, 172.16.0.0/12, "
               "192.168.0.0/16 } drop",
      .ksmbd = "ksmbd.conf, [global]: interfaces = INTERFACE and bind interfaces only = yes",
      .dozo = "dozo.toml, [server]: listen = [\"ADDRESS:445\"] with an address of your own network",
      .device = "Remove the forwarding of port 445 at the router, and use a VPN from outside."}},
    {"coercion-pipes",
     Severity::medium,
     "Interfaces are reachable that make a server log on elsewhere",
     "Through these, with a user or without, a host can be told to log on to a computer of the attacker, who relays "
     "that "
     "logon. Patched hosts still answer a bind, so this is an opportunity and not a proof.",
     coercion,
     {.windows = "netsh rpc filter: block the interfaces that nobody needs (MS-EFSR, MS-FSRVP, MS-DFSNM, MS-RPRN), "
                 "install all updates, and require signing on every server: Set-SmbServerConfiguration "
                 "-RequireSecuritySignature $true -Force",
      .samba = "smb.conf, [global]: disable spoolss = yes, host msdfs = no where there is no DFS; then run 'smbcontrol "
               "smbd reload-config'",
      .ksmbd = "ksmbd has none of these interfaces: find out which other program answers on this port.",
      .dozo = "dozo has none of these interfaces: find out which other program answers on this port.",
      .device = "Switch off what is not needed: printing, remote administration."}},
    {"spooler-reachable",
     Severity::medium,
     "The print spooler is reachable",
     "PrintNightmare and forced logons came through the spooler. A server that does not print needs none; on a domain "
     "controller it must be off.",
     spooler,
     {.windows = "Stop-Service Spooler; Set-Service Spooler -StartupType Disabled",
      .samba = "smb.conf, [global]: disable spoolss = yes, load printers = no, printing = bsd, printcap name = "
               "/dev/null; then run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd has no spooler: find out which other program answers on this port.",
      .macos = "System Settings, General, Sharing: switch Printer Sharing off",
      .dozo = "dozo has no spooler: find out which other program answers on this port.",
      .device = "Switch off printing over SMB when nobody prints this way; IPP does the same."}},
    {"netbios-names",
     Severity::low,
     "NetBIOS answers strangers",
     "The name table tells what the host is called, which roles it has, its domain and its hardware address. The same "
     "service lets others in the network pretend to be it.",
     netbios_names,
     {.windows = "Get-CimInstance Win32_NetworkAdapterConfiguration -Filter 'IPEnabled=true' | Invoke-CimMethod "
                 "-MethodName SetTcpipNetbios -Arguments @{TcpipNetbiosOptions=[uint32]2}",
      .samba = "smb.conf, [global]: disable netbios = yes; then run 'systemctl disable --now nmbd'",
      .ksmbd = "ksmbd has no NetBIOS: run 'systemctl disable --now nmbd'",
      .dozo = "dozo has no NetBIOS name service: run 'systemctl disable --now nmbd'",
      .device = "Switch off NetBIOS, WINS and the master browser."}},
    {"netbios-user",
     Severity::low,
     "NetBIOS tells who is logged on",
     "An account's name is half of what a password guesser needs.",
     netbios_user,
     {.windows = "Stop-Service Messenger; Set-Service Messenger -StartupType Disabled (Windows XP, Server 2003), and "
                 "switch NetBIOS off as for netbios-names",
      .samba = "smb.conf, [global]: disable netbios = yes; then run 'systemctl disable --now nmbd'",
      .dozo = "dozo has no NetBIOS name service: run 'systemctl disable --now nmbd'",
      .device = "Switch NetBIOS off."}},
    {"netbios-session-port",
     Severity::low,
     "SMB over NetBIOS is open",
     "Port 139 is a second way in that firewalls forget. Nothing newer than Windows NT needs it.",
     session_port,
     {.windows =
          "Get-NetFirewallRule -Name FPS-NB_Session-In-TCP* | Disable-NetFirewallRule, and switch NetBIOS off as "
          "for netbios-names",
      .samba = "smb.conf, [global]: smb ports = 445; then restart smbd",
      .ksmbd = "ksmbd.conf, [global]: tcp port = 445; then restart ksmbd",
      .dozo = "dozo.toml, [server]: remove port 139 from 'listen'",
      .device = "Switch NetBIOS off."}},
    {"rpc-endpoint-mapper",
     Severity::info,
     "The RPC endpoint mapper is open",
     "It tells strangers which services of the system listen, and on which ports. Windows file sharing does not need "
     "it "
     "from outside; administration and domains do.",
     endpoint_mapper,
     {.windows = "Set-NetFirewallRule -DisplayGroup 'Remote Event Log Management','Windows Management Instrumentation "
                 "(WMI)' -RemoteAddress ADDRESSES of the administrators",
      .samba = "A domain controller needs it. Elsewhere: smb.conf, [global]: rpc start on demand helpers = yes, and no "
               "samba-dcerpcd service",
      .dozo = "dozo has no endpoint mapper: find out which other program answers on port 135.",
      .device = "Let only administrators reach port 135."}},
    {"quic-open",
     Severity::info,
     "SMB over QUIC may be reachable",
     "QUIC takes SMB through firewalls that block port 445, by design. It should be wanted, and have certificates that "
     "clients check.",
     quic,
     {.windows = "Get-SmbServerCertificateMapping shows what it is for; when nobody needs it: "
                 "Set-SmbServerConfiguration -EnableSMBQUIC $false -Force",
      .samba = "smb.conf, [global]: server smb transports = tcp (Samba 4.23 and newer)",
      .dozo = "dozo does not listen for QUIC: find out which other program answers on UDP port 443.",
      .device = "Let the firewall drop UDP port 443 to this host when it is not a web server either."}},
    {"interfaces-exposed",
     Severity::low,
     "Tells the addresses of its other networks",
     "Clients ask for them to use several connections at once. To an attacker they are a map of networks he cannot "
     "see.",
     other_interfaces,
     {.windows = "Set-SmbServerConfiguration -EnableMultiChannel $false -Force, where multichannel is not used",
      .samba = "smb.conf, [global]: server multi channel support = no, or interfaces = the addresses that clients may "
               "know; then restart smbd",
      .ksmbd = "ksmbd.conf, [global]: server multi channel support = no; then restart ksmbd",
      .dozo = "dozo.toml, [server]: interfaces = [\"the addresses that clients may know\"], or multichannel = false",
      .device = "Switch SMB multichannel off when the device has networks that should not know of each other."}},
};

}  // namespace

std::span<const Rule> exposure_rules() { return kExposureRules; }

}  // namespace dozo::scan
