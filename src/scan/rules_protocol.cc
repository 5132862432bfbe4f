// Rules on dialects, signing and encryption.
#include <fmt/format.h>

#include "scan/evidence.h"
#include "scan/fact_fields.h"
#include "scan/findings.h"

namespace dozo::scan {
namespace {

bool is_smb1_only(const HostFacts& host) { return is_yes(host.smb1) && refuses_all_modern(host); }

Evidence smb1_only(const HostFacts& host) {
  if (!is_smb1_only(host)) return std::nullopt;
  return because("SMB1 is accepted, and each dialect from 2.0.2 to 3.1.1 is refused", host.smb1);
}

Evidence smb1_enabled(const HostFacts& host) {
  return is_smb1_only(host) ? std::nullopt : when_yes("SMB1 is accepted", host.smb1);
}

// Those before NT LM 0.12. "SMB 2.002" is the modern protocol asked for in the old way.
Evidence lanman_dialects(const HostFacts& host) {
  std::vector<std::string> old;
  for (const std::string& name : names_in(host.dialects, State::yes)) {
    const bool modern = is_modern(name) || name.starts_with("SMB 2");
    if (!modern && name != "NT LM 0.12") old.push_back(name);
  }
  if (old.empty()) return std::nullopt;
  return fmt::format("accepted: {}", joined(old));
}

Evidence old_dialects(const HostFacts& host) {
  std::vector<std::string> old;
  for (const std::string_view name : {"2.0.2", "2.1"}) {
    if (is_yes(fact_of(host.dialects, name))) old.emplace_back(name);
  }
  if (old.empty()) return std::nullopt;
  return fmt::format("accepted: SMB {}", joined(old));
}

Evidence no_preauth_integrity(const HostFacts& host) {
  if (!speaks_modern(host)) return std::nullopt;
  return when_no("3.1.1 is refused", fact_of(host.dialects, "3.1.1"));
}

// One without the other is signing that no client can turn on.
bool cannot_sign(const HostFacts& host) { return is_no(host.signing_enabled) && is_no(host.signing_required); }

Evidence signing_off(const HostFacts& host) {
  return cannot_sign(host) ? Evidence(because("signing is neither required nor enabled", host.signing_enabled))
                           : std::nullopt;
}

Evidence signing_not_required(const HostFacts& host) {
  return cannot_sign(host) ? std::nullopt : when_no("signing is not required", host.signing_required);
}

Evidence encryption_absent(const HostFacts& host) {
  return speaks_modern(host) ? when_no("encryption is not offered", host.encryption) : std::nullopt;
}

Evidence encryption_optional(const HostFacts& host) {
  return is_yes(host.encryption) ? when_no("encryption is not required", host.encryption_required) : std::nullopt;
}

Evidence only_ccm(const HostFacts& host) {
  const bool ccm = is_yes(fact_of(host.ciphers, "AES-128-CCM")) || is_yes(fact_of(host.ciphers, "AES-256-CCM"));
  const Fact& gcm = fact_of(host.ciphers, "AES-128-GCM");
  if (!ccm || !is_no(gcm) || !is_no(fact_of(host.ciphers, "AES-256-GCM"))) return std::nullopt;
  return because("AES-CCM is accepted and AES-GCM refused", gcm);
}

Evidence no_aes256(const HostFacts& host) {
  const bool aes128 = is_yes(fact_of(host.ciphers, "AES-128-GCM")) || is_yes(fact_of(host.ciphers, "AES-128-CCM"));
  const Fact& gcm = fact_of(host.ciphers, "AES-256-GCM");
  if (!aes128 || !is_no(gcm) || !is_no(fact_of(host.ciphers, "AES-256-CCM"))) return std::nullopt;
  return because("AES-128 is accepted and AES-256 refused", gcm);
}

constexpr Rule kProtocolRules[] = {
    {"smb1-only",
     Severity::high,
     "Speaks SMB1 and nothing newer",
     "SMB1 has no protection against a man in the middle and a history of worms. As long as this device is in use, "
     "every "
     "computer that uses it must keep SMB1 switched on as well.",
     smb1_only,
     {.windows = "Install a supported version of Windows; this one has no SMB2.",
      .samba = "smb.conf, [global]: server min protocol = SMB3_00 and server max protocol = SMB3_11; then run "
               "'smbcontrol smbd reload-config'. A Samba older than 3.6 has no SMB2: upgrade it.",
      .dozo = "dozo has no SMB1: find out which other program answers on this port.",
      .device = "Look for a firmware with SMB2 or SMB3 and switch SMB1 off in it. When there is none, replace the "
                "device; until then, let nothing reach it but the one computer that needs it, behind a gateway."}},
    {"smb1-enabled",
     Severity::high,
     "SMB1 is switched on",
     "SMB1 is the protocol of EternalBlue, WannaCry and NotPetya. It cannot detect that somebody in the middle takes "
     "signing or stronger logons out of a conversation, and this server does not need it: it speaks newer dialects.",
     smb1_enabled,
     {.windows = "Set-SmbServerConfiguration -EnableSMB1Protocol $false -Force; Disable-WindowsOptionalFeature -Online "
                 "-FeatureName SMB1Protocol -NoRestart",
      .samba = "smb.conf, [global]: server min protocol = SMB3_00 (SMB2_10 while there are Windows 7 clients); then "
               "run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd.conf, [global]: server min protocol = SMB3_00; then run 'ksmbd.control --reload'",
      .dozo = "dozo has no SMB1: find out which other program answers on this port.",
      .device = "Switch SMB1 (some call it CIFS or NT1) off where the file service is set up, or set the minimum "
                "protocol to SMB2 or SMB3. Without such a setting: update the firmware, or replace the device."}},
    {"lanman-dialects",
     Severity::high,
     "Accepts dialects older than Windows NT",
     "With these dialects a password can be asked for as LM hash or in clear text, which anybody who listens can use.",
     lanman_dialects,
     {.windows = "Set-SmbServerConfiguration -EnableSMB1Protocol $false -Force",
      .samba = "smb.conf, [global]: server min protocol = SMB3_00, lanman auth = no, ntlm auth = ntlmv2-only; then run "
               "'smbcontrol smbd reload-config'",
      .dozo = "dozo has none of these dialects: find out which other program answers on this port.",
      .device = "Switch SMB1 off, update the firmware, or replace the device."}},
    {"old-dialects",
     Severity::low,
     "Accepts SMB 2.0.2 or 2.1",
     "These dialects cannot encrypt and sign with HMAC-SHA256 only. Nothing that is still supported needs them; they "
     "were made for Windows Vista and 7.",
     old_dialects,
     {.windows = "Set-SmbServerConfiguration -Smb2DialectMin SMB300 -Force (Windows 11 24H2, Server 2025 and newer)",
      .samba = "smb.conf, [global]: server min protocol = SMB3_00; then run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd.conf, [global]: server min protocol = SMB3_00; then run 'ksmbd.control --reload'",
      .dozo = "dozo.toml, [server]: min_dialect = \"3.0\"; then run 'dozo reload'",
      .device = "Set the minimum protocol to SMB3 where the file service is set up."}},
    {"no-smb311",
     Severity::medium,
     "Does not speak SMB 3.1.1",
     "Only 3.1.1 makes the whole negotiation part of the session's keys. With older dialects, somebody in the middle "
     "can weaken what client and server agree on, and has to be noticed by an extra check that not every client makes.",
     no_preauth_integrity,
     {.windows = "Upgrade to Windows 10, Server 2016 or newer; from Windows 11 24H2 on also look at "
                 "Get-SmbServerConfiguration | Select-Object Smb2DialectMax",
      .samba = "smb.conf, [global]: remove 'server max protocol', or set it to SMB3_11; Samba older than 4.3: upgrade",
      .ksmbd = "ksmbd.conf, [global]: server max protocol = SMB3_11; then run 'ksmbd.control --reload'",
      .dozo = "dozo.toml, [server]: max_dialect = \"3.1.1\"; then run 'dozo reload'",
      .device = "Set the maximum protocol to SMB3, and update the firmware."}},
    {"signing-off",
     Severity::high,
     "Cannot sign",
     "Whoever is between client and server can read, change and add to what they say, and clients that require "
     "signing, "
     "as Windows 11 24H2 does, cannot use this server at all.",
     signing_off,
     {.windows = "Set-SmbServerConfiguration -EnableSecuritySignature $true -RequireSecuritySignature $true -Force",
      .samba = "smb.conf, [global]: server signing = mandatory; then run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd.conf, [global]: server signing = mandatory; then run 'ksmbd.control --reload'",
      .dozo = "dozo.toml, [server]: signing = \"required\"; then run 'dozo reload'",
      .device = "Switch SMB signing on, update the firmware, or replace the device."}},
    {"signing-not-required",
     Severity::medium,
     "Signing is not required",
     "A logon that somebody lured out of a user or a machine can be relayed to this server, which then takes the "
     "attacker for that user. Required signing ends that, because the attacker does not have the session's key.",
     signing_not_required,
     {.windows = "Set-SmbServerConfiguration -RequireSecuritySignature $true -Force",
      .samba = "smb.conf, [global]: server signing = mandatory; then run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd.conf, [global]: server signing = mandatory; then run 'ksmbd.control --reload'",
      .dozo = "dozo.toml, [server]: signing = \"required\"; then run 'dozo reload'",
      .device = "Set SMB signing to 'required' or 'mandatory' where the file service is set up."}},
    {"encryption-absent",
     Severity::medium,
     "Cannot encrypt",
     "Whoever can listen on the way reads every file that is opened.",
     encryption_absent,
     {.windows = "Upgrade to Windows 8, Server 2012 or newer, and let clients use SMB 3: "
                 "Set-SmbServerConfiguration -Smb2DialectMax None -Force",
      .samba = "smb.conf, [global]: server smb encrypt = desired (or required), and 'server max protocol' not below "
               "SMB3_00; then run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd.conf, [global]: smb3 encryption = auto (or mandatory); then run 'ksmbd.control --reload'",
      .dozo = "dozo.toml, [server]: encryption = \"offered\" (or \"required\"); then run 'dozo reload'",
      .device = "Switch SMB3 and its encryption on where the file service is set up."}},
    {"encryption-optional",
     Severity::info,
     "Encryption is offered, not required",
     "A client that does not ask for encryption sends and receives files in clear text, though signed where signing is "
     "required.",
     encryption_optional,
     {.windows = "Set-SmbServerConfiguration -EncryptData $true -Force, or for one share: Set-SmbShare -Name SHARE "
                 "-EncryptData $true -Force",
      .samba = "smb.conf, [global] or a share: server smb encrypt = required; then run 'smbcontrol smbd reload-config'",
      .ksmbd = "ksmbd.conf, [global]: smb3 encryption = mandatory; then run 'ksmbd.control --reload'",
      .dozo = "dozo.toml, [server] or a [[share]]: encryption = \"required\"; then run 'dozo reload'",
      .device = "Set SMB encryption to 'required' where the file service, or the share, is set up."}},
    {"cipher-ccm-only",
     Severity::low,
     "Encrypts with AES-CCM alone",
     "AES-GCM, which came with SMB 3.1.1, is several times faster; where encryption is slow, people switch it off.",
     only_ccm,
     {.windows =
          "Set-SmbServerConfiguration -EncryptionCiphers \"AES_128_GCM, AES_256_GCM\" -Force (Windows 11, Server "
          "2022 and newer)",
      .samba = "smb.conf, [global]: remove 'server smb3 encryption algorithms', or start it with AES-128-GCM",
      .ksmbd = "Update the kernel: ksmbd has AES-GCM since it is part of Linux 5.15.",
      .dozo = "dozo has AES-GCM in every version: find out which other program answers on this port.",
      .device = "Update the firmware."}},
    {"no-aes256",
     Severity::info,
     "Has no 256-bit cipher",
     "AES-128 is not broken. Some rules, for example those for government secrets, ask for 256 bits.",
     no_aes256,
     {.windows = "Upgrade to Windows 11, Server 2022 or newer; there: Set-SmbServerConfiguration -EncryptionCiphers "
                 "\"AES_256_GCM, AES_128_GCM\" -Force",
      .samba = "smb.conf, [global]: server smb3 encryption algorithms = AES-256-GCM, AES-128-GCM, AES-128-CCM (Samba "
               "4.15 and newer)",
      .ksmbd = "Update the kernel to 5.15 or newer.",
      .dozo = "dozo has AES-256 in every version: find out which other program answers on this port.",
      .device = "Update the firmware, when such a rule is one of yours."}},
};

}  // namespace

std::span<const Rule> protocol_rules() { return kProtocolRules; }

}  // namespace dozo::scan
