// Host: what the RPC services ask the server, seen by one caller. The server implements it over one session; tests
// over plain values. Calls are made on the session's loop, during Pipe::write, and answer at once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/guid.h"
#include "model/security_descriptor.h"
#include "model/sid.h"

namespace dozo::rpc {

// [MS-SRVS] 2.2.2.4 Share Types: the low bits.
enum class ShareKind : std::uint32_t { disk = 0, print_queue = 1, device = 2, ipc = 3 };

inline constexpr std::uint32_t kUnlimitedUses = 0xFFFFFFFF;

// [MS-SRVS] 2.2.4.29 SHI1005_flags: the bits a share may have.
enum class ShareInfoFlag : std::uint32_t {
  dfs = 0x0001,
  dfs_root = 0x0002,
  csc_auto_reint = 0x0010,
  csc_vdo = 0x0020,
  csc_none = 0x0030,
  restrict_exclusive_opens = 0x0100,
  force_shared_delete = 0x0200,
  allow_namespace_caching = 0x0400,
  access_based_enumeration = 0x0800,
  force_level_ii_oplock = 0x1000,
  enable_hash = 0x2000,
  enable_continuous_availability = 0x4000,
  encrypt_data = 0x8000,
};
using ShareInfoFlags = Flags<ShareInfoFlag>;
DOZO_FLAGS(ShareInfoFlag)

struct ShareInfo {
  std::string name;
  std::string comment;
  ShareKind kind = ShareKind::disk;
  bool special = false;   // STYPE_SPECIAL: not listed by Explorer and Finder (IPC$, ADMIN$)
  std::string path = {};  // as administrators see it; empty for IPC$
  std::uint32_t max_uses = kUnlimitedUses;
  std::uint32_t current_uses = 0;
  ShareInfoFlags flags = {};
  std::optional<SecurityDescriptor> security = {};  // of the share itself, for level 502 and 503
};

// [MS-SRVS] 2.2.2.7 Software Type Flags, those dozo can be.
enum class ServerType : std::uint32_t {
  workstation = 0x00000001,
  server = 0x00000002,
  domain_member = 0x00000100,
  print_queue_server = 0x00000200,
  unix_server = 0x00000800,
  nt = 0x00001000,
  server_nt = 0x00008000,
};
using ServerTypes = Flags<ServerType>;
DOZO_FLAGS(ServerType)

struct ServerInfo {
  std::string netbios_name;  // "FILES"
  std::string comment;
  std::string workgroup;  // the workgroup, or the domain's NetBIOS name when domain_joined
  bool domain_joined = false;
  std::string dns_domain;         // of the domain; empty when not joined
  std::optional<Sid> domain_sid;  // of the domain; nullopt when not joined
  Sid machine_sid;                // authority of the local accounts: S-1-5-21-…
  std::uint32_t version_major = 6;
  std::uint32_t version_minor = 1;
  ServerTypes types =
      ServerType::workstation | ServerType::server | ServerType::unix_server | ServerType::nt | ServerType::server_nt;
  std::uint32_t max_users = kUnlimitedUses;
  std::int32_t idle_disconnect_minutes = -1;  // -1: sessions are never disconnected for being idle
};

struct SessionInfo {
  std::string client;  // address or name of the peer
  std::string user;
  std::uint32_t open_files = 0;
  std::chrono::seconds connected{};
  std::chrono::seconds idle{};
  bool guest = false;
};

// A tree connection. [MS-SRVS] 2.2.4.2 CONNECTION_INFO_1.
struct ConnectionInfo {
  std::uint32_t id = 0;
  std::string share = {};
  ShareKind kind = ShareKind::disk;
  std::uint32_t open_files = 0;
  std::uint32_t users = 1;
  std::chrono::seconds connected{};
  std::string user = {};
  std::string client = {};
};

// [MS-SRVS] 2.2.4.7 FILE_INFO_3.
struct OpenFileInfo {
  std::uint32_t id = 0;
  bool reads = false;
  bool writes = false;
  bool creates = false;
  std::uint32_t locks = 0;
  std::string path = {};
  std::string user = {};
};

// [MS-LSAT] 2.2.13 SID_NAME_USE.
enum class SidKind : std::uint16_t {
  user = 1,
  group = 2,
  domain = 3,
  alias = 4,
  well_known_group = 5,
  deleted_account = 6,
  invalid = 7,
  unknown = 8,
  computer = 9,
  label = 10,
};

struct Account {
  Sid sid;
  SidKind kind = SidKind::unknown;
  std::string domain;  // "FILES", "BUILTIN", "NT AUTHORITY"; empty for Everyone and its like
  std::string name;    // for SidKind::domain the same as `domain`
};

// A name as a client spelled it, cut at the backslash or turned around at the @; domain may be empty.
struct AccountName {
  std::string domain;
  std::string name;
};

struct Caller {
  std::string user;    // "alice"
  std::string domain;  // the authority of the account, as Account::domain
  bool is_admin = false;
  bool is_anonymous = false;
};

class Host {
 public:
  virtual ~Host() = default;

  virtual Caller caller() const = 0;
  virtual ServerInfo server() const = 0;
  // The shares this caller may see, in the order they are to be listed. Asked again for each call.
  virtual std::vector<ShareInfo> shares() const = 0;
  // One share by name, ignoring case; also one that is not listed. nullopt where the caller may not know of it.
  virtual std::optional<ShareInfo> share(std::string_view name) const = 0;

  // The three below are asked only when caller().is_admin.
  virtual std::vector<SessionInfo> sessions() const = 0;
  virtual std::vector<ConnectionInfo> connections() const = 0;
  virtual std::vector<OpenFileInfo> open_files() const = 0;

  // Batches; the answers have the length and order of the questions, nullopt where nothing is known.
  virtual std::vector<std::optional<Account>> accounts_of_names(std::span<const AccountName> names) = 0;
  virtual std::vector<std::optional<Account>> accounts_of_sids(std::span<const Sid> sids) = 0;

  virtual WallTime wall_now() const = 0;
  virtual Duration uptime() const = 0;
  virtual std::int32_t minutes_west_of_utc() const = 0;  // 0 where unknown
  // Unpredictable: the identity of a context handle.
  virtual Guid random_guid() = 0;
};

}  // namespace dozo::rpc
