#include "scan/self_rules.h"

#include <algorithm>

#include "base/assert.h"

namespace dozo::scan {
namespace {

constexpr SelfRule kRules[] = {
    {"guest-is-root", Severity::critical, "Guests are root",
     "Whoever is let in without a password may change every file of the system.",
     "smb.conf, [global]: guest account = nobody"},
    {"ntlmv1-accepted", Severity::high, "NTLMv1 is accepted",
     "The password behind an NTLMv1 answer is found within a day by anybody who has seen one.",
     "smb.conf, [global]: ntlm auth = ntlmv2-only; then run 'smbcontrol smbd reload-config'"},
    {"lanman-accepted", Severity::high, "LM passwords are accepted",
     "LM hashes give passwords away in minutes, seven letters at a time.",
     "smb.conf, [global]: lanman auth = no; then run 'smbcontrol smbd reload-config'"},
    {"plaintext-passwords", Severity::high, "Passwords travel in clear text",
     "Everybody who listens on the way has them.",
     "smb.conf, [global]: encrypt passwords = yes; set each user's password again with 'smbpasswd -a USER'"},
    {"empty-passwords", Severity::high, "Accounts with empty passwords may log on", "A name is enough to get in.",
     "smb.conf, [global]: null passwords = no; find the accounts with 'pdbedit -L -v'"},
    {"schannel-optional", Severity::high, "Domain logons need no secure channel",
     "Zerologon (CVE-2020-1472): without a secure channel anybody can set the password of the domain controller.",
     "smb.conf, [global]: remove 'server schannel', whose default is yes"},
    {"wide-links", Severity::medium, "Links may lead out of the share",
     "Whoever may make a symbolic link can read every file that the account on the server can.",
     "smb.conf: wide links = no, and remove 'allow insecure wide links'"},
    {"admin-users", Severity::medium, "Users act as root in a share",
     "Rights of files do not hold for them, and what they leave behind belongs to root.",
     "smb.conf, the share: remove 'admin users', and give these users rights of their own"},
    {"username-map-script", Severity::medium, "A program is run with what clients send as their name",
     "Before anybody has logged on, text from the network reaches a program that runs as root.",
     "smb.conf, [global]: use 'username map' with a file in place of the script"},
    {"includes-not-read", Severity::info, "Other files are included, which were not read",
     "What they set is not part of this judgement.", "Run 'testparm -s > FILE' and 'dozo scan --self FILE'"},
    {"smb1-client", Severity::medium, "This computer's client speaks SMB1",
     "Whoever is in the middle can make it take SMB1, and then read and change everything.",
     "Windows: Disable-WindowsOptionalFeature -Online -FeatureName SMB1Protocol -NoRestart, or sc.exe config "
     "lanmanworkstation depend= bowser/mrxsmb20/nsi\nSamba: smb.conf, [global]: client min protocol = SMB3_00"},
    {"client-guest-logons", Severity::medium, "This computer's client accepts to be a guest",
     "A false server needs no password to be believed: a guest's session is neither signed nor encrypted.",
     "Set-SmbClientConfiguration -EnableInsecureGuestLogons $false -Force"},
    {"client-signing-optional", Severity::medium, "This computer's client does not require signing",
     "Whoever is in the middle can change what it reads from servers that do not require signing either.",
     "Set-SmbClientConfiguration -RequireSecuritySignature $true -Force"},
    {"unencrypted-allowed", Severity::medium, "Clients that cannot encrypt are let in all the same",
     "Encryption is asked for and not insisted on: somebody in the middle can make a client that cannot.",
     "Set-SmbServerConfiguration -RejectUnencryptedAccess $true -Force"},
    {"guessing-not-slowed", Severity::medium, "Wrong passwords cost no time",
     "Hundreds of passwords a second can be tried.",
     "Windows: Set-SmbServerConfiguration -InvalidAuthenticationDelayTimeInMs 2000 -Force\n"
     "dozo: dozo.toml, [auth]: failure_delay_ms = 2000"},
    {"sandbox-off", Severity::low, "The server runs without its sandbox",
     "A fault of the server could then reach files that are not shared.", "dozo.toml, [server]: sandbox = true"},
    {"smb-open-to-all", Severity::medium, "SMB listens to every network",
     "The server takes connections on each address, and this computer's firewall keeps nobody from it.",
     "nft add rule inet filter input tcp dport { 139, 445 } ip saddr != { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } "
     "drop\nOr let the server listen on the addresses of your own network alone."},
};

}  // namespace

std::span<const SelfRule> self_rules() { return kRules; }

Finding self_finding(std::string_view id, std::string evidence) {
  const auto it = std::ranges::find(kRules, id, &SelfRule::id);
  DOZO_ASSERT(it != std::end(kRules));
  return {.id = std::string(it->id),
          .severity = it->severity,
          .title = std::string(it->title),
          .evidence = std::move(evidence),
          .why = std::string(it->why),
          .fix = std::string(it->fix)};
}

}  // namespace dozo::scan
