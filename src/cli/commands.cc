#include "cli/commands.h"

#include <algorithm>

#include "cli/copy.h"
#include "cli/netbios_options.h"
#include "cli/remote.h"
#include "cli/scan_options.h"
#include "cli/scan_output.h"
#include "cli/serve_plan.h"

namespace dozo::cli {
namespace {

constexpr OptionSpec kConfig{"--config", "FILE", "Configuration file; /etc/dozo/dozo.toml unless told otherwise."};
constexpr OptionSpec kStateDir{"--state-dir", "FOLDER", "State folder, instead of the configuration's."};
constexpr OptionSpec kJson{"--json", "", "Print JSON."};
constexpr OptionSpec kPasswordStdin{"--password-stdin", "", "Read the password from standard input, one line."};
constexpr ArgumentSpec kUser{"NAME", "The user's name; case does not matter."};

constexpr OptionSpec kStoreOptions[] = {kConfig, kStateDir};
constexpr OptionSpec kPasswordOptions[] = {kConfig, kStateDir, kPasswordStdin};
constexpr OptionSpec kAddOptions[] = {
    kConfig,
    kStateDir,
    kPasswordStdin,
    {"--full-name", "TEXT", "The name people know the user by."},
    {"--group", "GROUP", "Make the user a member; a group that is not there is made.", true},
};
constexpr OptionSpec kListOptions[] = {kConfig, kStateDir, kJson};
constexpr ArgumentSpec kUserArgument[] = {kUser};
constexpr ArgumentSpec kMemberArguments[] = {kUser, {"GROUP", "The group's name."}};
constexpr ArgumentSpec kOptionalFile[] = {{"FILE", "The file; /etc/dozo/dozo.toml unless told otherwise.", false}};
constexpr ArgumentSpec kSmbConf[] = {{"FILE", "An smb.conf, for example /etc/samba/smb.conf."}};
constexpr OptionSpec kJsonOnly[] = {kJson};
constexpr ArgumentSpec kSession[] = {{"SESSION", "The session's number, as dozo status shows it."}};
constexpr ArgumentSpec kHelpArgument[] = {{"COMMAND", "The command to explain.", false, true}};
constexpr ArgumentSpec kManualFolder[] = {{"FOLDER", "Where the pages are written."}};
constexpr ArgumentSpec kShell[] = {{"SHELL", "bash, zsh or fish."}};

constexpr OptionSpec kRecursive{"--recursive", "", "Also everything that is in a folder."};
#define DOZO_LOGON_OPTIONS kUserOption, kCredentials, kRemotePasswordStdin, kPasswordFile, kEncrypt, kMinDialect
constexpr OptionSpec kRemoteOptions[] = {DOZO_LOGON_OPTIONS};
constexpr OptionSpec kListingOptions[] = {kJson, DOZO_LOGON_OPTIONS};
constexpr OptionSpec kSharesOptions[] = {kJson, kAnonymous, DOZO_LOGON_OPTIONS};
constexpr OptionSpec kRemoveOptions[] = {kRecursive, DOZO_LOGON_OPTIONS};
constexpr OptionSpec kGetOptions[] = {kRecursive, kJobs, kVerify, DOZO_LOGON_OPTIONS};
constexpr OptionSpec kPutOptions[] = {kRecursive, kJobs, kVerify, kFlush, DOZO_LOGON_OPTIONS};
constexpr OptionSpec kSyncOptions[] = {
    {"--delete", "", "Remove from TO what FROM has not."},
    {"--dry-run", "", "Print what would be done, and do nothing."},
    {"--checksum", "", "Compare what is in files of one size, whatever their times say."},
    {"--verbose", "", "Print every file that is copied or removed."},
    kJson,
    kJobs,
    kVerify,
    kFlush,
    DOZO_LOGON_OPTIONS,
};
constexpr OptionSpec kFindOptions[] = {
    {"--name", "PATTERN", "Names that match, with * and ?; case does not matter."},
    {"--type", "TYPE", "f: files, d: folders, l: links."},
    {"--larger", "SIZE", "Files of at least so many bytes, or k, M, G, T of them."},
    {"--smaller", "SIZE", "Files of at most so many."},
    kJson,
    DOZO_LOGON_OPTIONS,
};
constexpr OptionSpec kMakeOptions[] = {
    {"--parents", "", "Make the folders above it too, and be content when it is there already."},
    DOZO_LOGON_OPTIONS,
};
constexpr OptionSpec kMoveOptions[] = {
    {"--force", "", "Replace a file that is there already."},
    DOZO_LOGON_OPTIONS,
};
constexpr ArgumentSpec kAddress{"ADDRESS", "smb://[user@]host[:port]/share/path, or \\\\host\\share\\path."};
constexpr ArgumentSpec kAddressArgument[] = {kAddress};
constexpr ArgumentSpec kGetArguments[] = {
    kAddress, {"LOCAL", "File or folder to write to; the name it has there, in this folder, otherwise.", false}};
constexpr ArgumentSpec kPutArguments[] = {{"LOCAL", "The file or folder to send."}, kAddress};
constexpr ArgumentSpec kSyncArguments[] = {{"FROM", "A folder of this machine, or the address of one."},
                                           {"TO", "The other: an address, or a folder of this machine."}};
constexpr ArgumentSpec kMoveArguments[] = {kAddress, {"TO", "The new address, on the same share."}};

constexpr OptionSpec kMountOptions[] = {
    {"--foreground", "", "Stay in the foreground until it is unmounted."},
    {"--read-only", "", "Change nothing on the share."},
    {"--allow-other", "",
     "Let other users of this machine in, as far as the modes that are shown allow it. /etc/fuse.conf must permit it."},
    {"--cache-seconds", "SECONDS", "How old attributes and names may be that programs are shown (1)."},
    DOZO_LOGON_OPTIONS,
};
constexpr ArgumentSpec kMountArguments[] = {{"ADDRESS", "smb://[user@]host[:port]/share, or \\\\host\\share."},
                                            {"FOLDER", "An empty folder of this machine."}};

constexpr OptionSpec kNbtstatOptions[] = {
    {"-a", "NAME", "The name table of the computer with this NetBIOS name."},
    {"-A", "ADDRESS", "The name table of the computer with this address."},
    {"-n", "", "The names of this computer, on each of its addresses."},
    {"-c", "", "The names that dozo has resolved by NetBIOS in the last ten minutes, for this user."},
    {"-r", "", "How many names were resolved by broadcast and by name servers."},
    {"-S", "", "Connections and listeners of this computer, by address."},
    {"--privacy", "", "What an outsider learns from this computer, or from the one of -a or -A, and how to end it."},
    kWinsOption,
    kInterfaceOption,
    kTimeoutOption,
    kJson,
};
constexpr OptionSpec kNetviewOptions[] = {
    {"--shares", "", "Also ask each computer for its shares, as nobody: no password goes to who is not named."},
    {"--listen", "SECONDS",
     "Also ask for announcements, and wait this long for them. Needs the right to UDP port 138."},
    kInterfaceOption,
    kTimeoutOption,
    kJson,
    kAnonymous,
    DOZO_LOGON_OPTIONS,
};
constexpr ArgumentSpec kNetviewHost[] = {{"HOST", "The computer whose shares are listed.", false}};
constexpr OptionSpec kResolveOptions[] = {
    {"--trace", "", "Ask every mechanism, show each answer with its time, and what does not fit together."},
    {"--dns", "ADDRESS", "A DNS server to ask, instead of those in resolv.conf.", true},
    kWinsOption,
    {"--lmhosts", "FILE", "The lmhosts file; /etc/samba/lmhosts unless told otherwise."},
    kInterfaceOption,
    kTimeoutOption,
    kJson,
};
constexpr ArgumentSpec kHostName[] = {{"NAME", "The name of a host."}};

constexpr OptionSpec kPolicyOption{"--policy", "FILE", "The policy; /etc/dozo/policy.toml unless told otherwise."};
constexpr OptionSpec kMachineOption{"--host", "NAME", "Whose rules: a host or a role of the policy."};
constexpr OptionSpec kProfileOption{"--profile", "PROFILE",
                                    "The network that the computer is on: domain, private, public."};
constexpr OptionSpec kPolicyInitOptions[] = {
    {"--template", "NAME",
     "perimeter, client, laptop, fileserver, domain-controller, dmz, no-lateral, vpn-only, home-nas, "
     "lockdown."},
    {"--lan", "NETWORKS", "The networks of your own computers, IPv4 and IPv6.", true},
    {"--servers", "ADDRESSES", "The file servers.", true},
    {"--controllers", "ADDRESSES", "The domain controllers.", true},
    {"--vpn", "NETWORKS", "The networks that VPN clients get addresses of.", true},
    {"--dmz", "NETWORKS", "The networks of the DMZ.", true},
    {"--nas", "ADDRESSES", "The NAS.", true},
    {"--azure", "TAGS", "Service tags of Azure Files: Storage.WestEurope.", true},
    {"--service-tags", "FILE", "The file of Azure's service tags, for --azure.", true},
    {"--output", "FILE", "Where it is written; a file that is there is left alone. Standard output otherwise."},
};
constexpr OptionSpec kPolicyCheckOptions[] = {
    kPolicyOption,
    kMachineOption,
    {"--session", "SESSION",
     "With --host: a session that has to outlive the rules, as \"FROM PORT TO PORT\"; $SSH_CONNECTION otherwise.",
     true},
    kJson,
};
constexpr OptionSpec kPolicyCompileOptions[] = {
    kPolicyOption,
    {"--for", "BACKEND", "nftables, windows, routeros, ios, pf, azure or firewalld."},
    kMachineOption,
    kProfileOption,
    {"--undo", "", "Print what takes the rules back instead."},
    {"--store", "STORE", "Windows: a group policy, \"domain.example\\name\", instead of the computer's own rules."},
    {"--interface", "NAME", "Cisco IOS and RouterOS: the interface that the rules are for."},
    {"--resource-group", "NAME", "Azure: the resource group."},
    {"--security-group", "NAME", "Azure: the network security group."},
};
constexpr OptionSpec kPolicySimulateOptions[] = {
    kPolicyOption,
    {"--from", "ADDRESS", "Who connects."},
    {"--to", "ADDRESS", "Who is connected to."},
    {"--proto", "PROTOCOL", "tcp or udp; tcp unless told otherwise."},
    {"--port", "PORT", "The port; 445 unless told otherwise."},
    kProfileOption,
    {"--ipsec", "", "The connection is protected by IPsec."},
    {"--matrix", "", "Every role and zone against every other, instead of one connection."},
    kJson,
};
constexpr OptionSpec kConfirmWithin{"--confirm-within", "SECONDS",
                                    "Take it back after so many seconds unless dozo policy confirm comes first."};
constexpr OptionSpec kStateOption{"--state", "FOLDER",
                                  "Where what was there before is kept; /run/dozo-policy unless told otherwise."};
constexpr OptionSpec kPolicyApplyOptions[] = {kPolicyOption, kMachineOption, kProfileOption, kConfirmWithin,
                                              kStateOption};
constexpr OptionSpec kPolicyStateOptions[] = {kStateOption};
constexpr OptionSpec kPolicyLockdownOptions[] = {
    {"--quic", "", "UDP 443 as well, for SMB over QUIC; HTTP/3 ends with it."}, kConfirmWithin, kStateOption};
constexpr OptionSpec kPolicyBanOptions[] = {{"--for", "SECONDS", "How long; an hour unless told otherwise."}};
constexpr ArgumentSpec kBannedAddress[] = {{"ADDRESS", "Who, of IPv4 or IPv6."}};
constexpr OptionSpec kPolicyVerifyOptions[] = {
    kPolicyOption,
    kMachineOption,
    kProfileOption,
    {"--for", "BACKEND", "The firewall that --live is of; nftables unless told otherwise."},
    {"--live", "FILE", "What that firewall's own command printed, instead of asking nft."},
    kJson,
};
constexpr OptionSpec kPolicyImpactOptions[] = {kPolicyOption, kMachineOption, kProfileOption, kJson};
constexpr OptionSpec kScanOptions[] = {
    kScanJson,     kScanBrief,     kScanCsv,      kScanSarif, kScanHtml,     kScanTitle,     kScanDiff,
    kScanHistory,  kScanNoHistory, kExplainLogin, kScanSelf,  kScanFrom,     kNegotiateOnly, kDeep,
    kExplain,      kScanTargets,   kScanExclude,  kScanRate,  kScanParallel, kScanTimeout,   kScanBudget,
    kScanSeed,     kScanPort,      kScanResume,   kScanAll,   kUserOption,   kCredentials,   kRemotePasswordStdin,
    kPasswordFile,
};
constexpr ArgumentSpec kScanArguments[] = {
    {"TARGET", "An address, NETWORK/BITS, a range FIRST-LAST, a name, or @FILE with such words.", false, true}};

// How every client command logs on.
#define DOZO_REMOTE_LOGON                                                                                          \
  "\n\nThe password is read from standard input (--password-stdin), a file (--password-file, --credentials) or "   \
  "the environment (DOZO_PASSWORD), else asked for without echo; an address cannot hold it. Answers that are not " \
  "signed or encrypted are refused. A connection that is lost is made again for up to a minute."

constexpr CommandSpec kCommands[] = {
    {"serve", "Share folders", kServeDescription, kServeOptions, kServeArguments, run_serve},
    {"user add", "Add a user",
     "Adds a user of this server. The password is asked for twice without echo, or read from standard input. Only a "
     "hash of it is stored. A running server knows the user at once.",
     kAddOptions, kUserArgument, run_user_add},
    {"user passwd", "Change a user's password",
     "Sets a new password. Sessions that are open go on; the next logon needs the new one.", kPasswordOptions,
     kUserArgument, run_user_passwd},
    {"user remove", "Remove a user",
     "Removes the user and its memberships. Sessions that are open go on until they end or are kicked.", kStoreOptions,
     kUserArgument, run_user_remove},
    {"user list",
     "List the users",
     "Prints each user with its number, state and groups.",
     kListOptions,
     {},
     run_user_list},
    {"user join", "Make a user a member of a group",
     "Adds the membership; a group that is not there is made. Shares name groups as \"@group\".", kStoreOptions,
     kMemberArguments, run_user_join},
    {"user leave", "End a user's membership of a group", "Removes the membership. The group stays.", kStoreOptions,
     kMemberArguments, run_user_leave},
    {"config check",
     "Check a configuration file",
     "Reports everything that is wrong in the file, each with line and column, and does nothing else.",
     {},
     kOptionalFile,
     run_config_check},
    {"config show", "Print the whole effective configuration",
     "Prints every setting, also those that are not in the file, with where its value came from. What is printed is a "
     "configuration file itself.",
     kJsonOnly, kOptionalFile, run_config_show},
    {"config import-smb-conf",
     "Turn an smb.conf into a dozo.toml",
     "Prints a configuration for dozo on standard output, and on standard error each option that has no counterpart, "
     "with its line and what it means for you. Exit status 1 when there was such an option.",
     {},
     kSmbConf,
     run_config_import_smb_conf},
    {"status",
     "Show what the running server does",
     "Asks the server over its control socket for connections, sessions, open files, and the protections in force.",
     kListOptions,
     {},
     run_status},
    {"reload",
     "Make the running server read its configuration again",
     "Sessions go on; new ones get the new configuration. When the file has an error, nothing changes.",
     kStoreOptions,
     {},
     run_reload},
    {"kick", "End a session", "Closes the session and the connection it came over.", kStoreOptions, kSession, run_kick},
    {"ls", "List a folder of a share, or the shares of a server",
     "Prints the names in the folder, or the one file, with attributes (d folder, r read-only, s system, h hidden), "
     "size in bytes and time of the last write in UTC. Of an address without a share: the server's shares, with what "
     "they are." DOZO_REMOTE_LOGON,
     kSharesOptions, kAddressArgument, run_ls},
    {"stat", "Show what is known about a file or folder of a share",
     "Prints type, size, attributes and times in UTC." DOZO_REMOTE_LOGON, kListingOptions, kAddressArgument, run_stat},
    {"get", "Copy files from a share",
     "A file appears under its name, with the time of its last write, when all of it has come; what was there before "
     "is "
     "replaced. A large file whose copy was interrupted is gone on with when the same command is given "
     "again." DOZO_REMOTE_LOGON,
     kGetOptions, kGetArguments, run_get},
    {"put", "Copy files to a share",
     "Replaces what was there before, and keeps the time of the last write. A large file appears under its name when "
     "it is whole; when its copy was "
     "interrupted, "
     "the same command goes on with it." DOZO_REMOTE_LOGON,
     kPutOptions, kPutArguments, run_put},
    {"sync", "Make one folder like another, and move only what differs",
     "One of the two is of this machine and one of a share. Files of the same size and time are taken for the same, "
     "unless --checksum says to look. Without --delete nothing is removed; a file never takes the place of a folder, "
     "nor a folder that of a file. Links are left out." DOZO_REMOTE_LOGON,
     kSyncOptions, kSyncArguments, run_sync},
    {"du", "Show how much space folders of a share take",
     "Prints the size and the allocated size of each folder in the folder, with all that is in it, and of "
     "everything." DOZO_REMOTE_LOGON,
     kListingOptions, kAddressArgument, run_du},
    {"find", "Find files of a share",
     "Prints the path of everything below the folder that the options ask for. Links are not "
     "followed." DOZO_REMOTE_LOGON,
     kFindOptions, kAddressArgument, run_find},
    {"cat", "Print a file of a share", "Writes its bytes to standard output." DOZO_REMOTE_LOGON, kRemoteOptions,
     kAddressArgument, run_cat},
    {"rm", "Remove a file or an empty folder of a share",
     "A folder with something in it is refused without --recursive. Links are removed, not followed." DOZO_REMOTE_LOGON,
     kRemoveOptions, kAddressArgument, run_rm},
    {"mkdir", "Make a folder on a share", "The folder above it has to be there." DOZO_REMOTE_LOGON, kMakeOptions,
     kAddressArgument, run_mkdir},
    {"mv", "Rename or move on a share",
     "Both addresses are of one share. When the new one is a folder that is there, it is moved into "
     "it." DOZO_REMOTE_LOGON,
     kMoveOptions, kMoveArguments, run_mv},
    {"mount", "Mount a share on a folder",
     "The share's files are there for every program until fusermount3 -u FOLDER, or the end of this process, takes "
     "them "
     "away again. It needs no rights beyond those to /dev/fuse. A server that went away is waited for, up to a minute. "
     "Modes and owners are not the share's: everything belongs to who mounts it, and a file without write permission "
     "is "
     "read-only there." DOZO_REMOTE_LOGON,
     kMountOptions, kMountArguments, run_mount},
    {"nbtstat",
     "Show NetBIOS names, cache, statistics and sessions",
     "Prints what its Windows namesake prints, one of -a, -A, -n, -c, -r and -S at a time. The names of this computer "
     "are "
     "those that its own name service (nmbd) answers with. With --privacy: what NetBIOS, multicast DNS and "
     "WS-Discovery "
     "tell whoever asks.",
     kNbtstatOptions,
     {},
     run_nbtstat},
    {"netview", "Show the computers in the neighbourhood",
     "Asks the links this computer is on by NetBIOS broadcasts, multicast DNS and WS-Discovery, and prints who "
     "answered, by "
     "what, and what it says about itself. With HOST: the shares of that computer, as dozo ls smb://HOST/ lists them; "
     "the password comes as it does there.",
     kNetviewOptions, kNetviewHost, run_netview},
    {"resolve", "Find a host's address by every mechanism",
     "Asks hosts file, DNS, multicast DNS, LLMNR, WINS, NetBIOS broadcast and lmhosts, in the order Windows does, and "
     "stops "
     "at the first that knows the name. With --trace all are asked; answers that contradict each other are pointed "
     "out, and "
     "so is whoever answers to a name that was made up: a spoofer.",
     kResolveOptions, kHostName, run_resolve},
    {"policy init",
     "Write a firewall policy to start from",
     "Writes one of ten commented policies, filled with your networks and servers. What is not given is asked for on a "
     "terminal.",
     kPolicyInitOptions,
     {},
     run_policy_init},
    {"policy check",
     "Look for what is wrong with a firewall policy",
     "Reports, each with its line: errors of the file; rules that contradict, shadow or make unreachable each other; "
     "servers "
     "that are cut off from those who need them; allow-if-secure without IPsec on both ends; services that must not be "
     "stopped; with --host, sessions of yours that the rules would end.",
     kPolicyCheckOptions,
     {},
     run_policy_check},
    {"policy compile",
     "Turn a firewall policy into a firewall's own language",
     "Prints what applies the rules of one host or role. It may be applied again, and touches nothing that is not "
     "ours. What "
     "the firewall cannot express is left out and said on standard error; the exit status is then 1. A policy that a "
     "check "
     "refuses is not compiled.",
     kPolicyCompileOptions,
     {},
     run_policy_compile},
    {"policy simulate",
     "Say what becomes of a connection under a policy",
     "Prints the verdict and the deciding rule at each machine on the way, in the policy and in what every backend "
     "makes of "
     "it. With --matrix: who reaches whom.",
     kPolicySimulateOptions,
     {},
     run_policy_simulate},
    {"policy impact",
     "Show which programs use the ports of SMB now",
     "Lists the sockets of this computer on the ports of SMB and NetBIOS with their programs and peers, and the units "
     "of "
     "systemd that serve it; with --policy, what the policy says of each.",
     kPolicyImpactOptions,
     {},
     run_policy_impact},
    {"policy apply",
     "Put a firewall policy in force on this computer",
     "Gives the rules of one host or role to nftables, in one transaction, as a table of their own: rules of others "
     "stay "
     "as they are. A policy that a check refuses, or that would end the session this is typed in, is not applied. With "
     "--confirm-within it is taken back by itself unless dozo policy confirm comes in time, also when the connection "
     "to "
     "this computer is lost meanwhile.",
     kPolicyApplyOptions,
     {},
     run_policy_apply},
    {"policy confirm",
     "Keep what was applied with --confirm-within",
     "The exit status is 1 when nothing waits for it.",
     kPolicyStateOptions,
     {},
     run_policy_confirm},
    {"policy undo",
     "Go back to what was in force before",
     "Takes back the last apply or lockdown, and each time it is given again the one before that. Rules of others stay "
     "as they are.",
     kPolicyStateOptions,
     {},
     run_policy_undo},
    {"policy verify",
     "Compare what is in force with the policy",
     "Prints what is missing, what is there besides and what differs, and ends with exit status 1 when anything does. "
     "Other firewalls than this computer's are compared from what their own command printed: --for and --live.",
     kPolicyVerifyOptions,
     {},
     run_policy_verify},
    {"policy ban", "Cut somebody off from SMB at once",
     "The services that the policy in force closes to the banned are closed to this address for a while, in both "
     "directions; open connections end. It is no drift, and outlives an apply.",
     kPolicyBanOptions, kBannedAddress, run_policy_ban},
    {"policy unban", "Take such a ban back", "Bans of the policy itself stay.", {}, kBannedAddress, run_policy_unban},
    {"policy lockdown",
     "Close SMB on this computer at once",
     "TCP 139 and 445 and UDP 137 and 138 are closed to everybody, in both directions; open connections end. Needs no "
     "policy. dozo policy undo brings back what was before.",
     kPolicyLockdownOptions,
     {},
     run_policy_lockdown},
    {"scan", "Find SMB servers, and what each lets in",
     "Asks every target for its ports, dialects, signing, encryption and names, and, unless --negotiate-only is given, "
     "whether it lets in nobody and guests. Nothing is written, created, changed or locked. Scan what you are "
     "responsible for, or have been asked to; --explain prints what would be sent.\n\nWith --user or --credentials "
     "that user logs on, once for each host, and on no further host when one has refused it.\n\nWhat is "
     "found is judged, and printed with what to do about it: the worst first. It is kept in "
     "~/.local/state/dozo/scans.sqlite (XDG_STATE_HOME), for --diff; --no-history keeps nothing.",
     kScanOptions, kScanArguments, run_scan},
    {"help", "Explain a command", "Prints what --help prints.", {}, kHelpArgument, run_help},
    {"_man", "Write the man pages", "", {}, kManualFolder, run_manual, true},
    {"_completion", "Print a shell's completions", "", {}, kShell, run_completion, true},
};

constexpr CommandGroup kGroups[] = {
    {"user", "Users of this server"},
    {"config", "The configuration file"},
    {"policy", "Who may speak SMB to whom: firewall rules"},
};

}  // namespace

std::span<const CommandSpec> commands() { return kCommands; }

const CommandSpec* find_command(std::string_view name) {
  const auto it = std::ranges::find(kCommands, name, &CommandSpec::name);
  return it == std::end(kCommands) ? nullptr : it;
}

std::span<const CommandGroup> command_groups() { return kGroups; }

}  // namespace dozo::cli
