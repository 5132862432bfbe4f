// The values of the file-system layer. No SMB semantics below this line: no share modes, oplocks, FileIds or statuses
// that stand for an answer.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/file_attributes.h"
#include "model/file_time.h"
#include "model/flags.h"

namespace dozo::vfs {

// As whom a path operation runs. Backends without users ignore it.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  // False: as the process itself (not started by root; or the server's own work).
  bool switch_identity = false;
};
using CallerRef = std::shared_ptr<const Caller>;

enum class NodeType : std::uint8_t { file, directory, symlink, fifo, socket, character_device, block_device };

// Stable while the object exists; the same for every name of it.
struct NodeId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const NodeId&) const = default;
};

// A security descriptor that was stored with an object, as it was given: this layer does not look into it. Null: none
// is, or none that still holds. Empty: one that cannot be read.
using SecurityBlob = std::shared_ptr<const ByteVector>;

struct NodeInfo {
  NodeId id;
  NodeType type = NodeType::file;
  std::uint64_t size = 0;             // bytes; 0 for a directory
  std::uint64_t allocation_size = 0;  // bytes on disk, as the backend accounts them
  std::uint32_t links = 1;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  FileAttributes attributes;  // FILE_ATTRIBUTE_NORMAL when there is nothing else; DIRECTORY and SPARSE from the node
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0;     // permission bits, 07777
  std::uint32_t ea_size = 0;  // bytes of a FILE_FULL_EA_INFORMATION list, 0 without extended attributes
  // Holds as long as owner, group and permission bits are what they were when it was stored.
  SecurityBlob security;
};

// Components between the share's root and the object, as clients write them (UTF-8; WTF-8 where a name holds an
// unpaired surrogate). Empty: the root. The caller has checked each: not empty, no "." or "..", no '/' and no NUL.
using Path = std::vector<std::string>;

struct DirectoryEntry {
  std::string name;  // as clients see it
  NodeInfo info;
};

struct ExtendedAttribute {
  std::string name;  // without the backend's prefix
  ByteVector value;
};

struct StreamInfo {
  std::string name;  // without ':' and type; never empty (the main stream is the file itself)
  std::uint64_t size = 0;
  std::uint64_t allocation_size = 0;
};

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// nullopt: leave it.
struct TimesUpdate {
  std::optional<FileTime> creation;
  std::optional<FileTime> last_access;
  std::optional<FileTime> last_write;
  std::optional<FileTime> change;  // kept until something else changes the object
};

struct OwnershipUpdate {
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  std::optional<std::uint32_t> mode;
  // Stored beside them, for as long as nobody changes them otherwise; empty: what is stored is forgotten.
  std::optional<ByteVector> security;
};

enum class VolumeFeature : std::uint32_t {
  case_sensitive_search = 1,
  streams = 2,
  extended_attributes = 4,
  sparse_files = 8,
  clone_range = 16,
  symlinks = 32,
  hard_links = 64,
};
DOZO_FLAGS(VolumeFeature)

// Figures in bytes.
struct VolumeInfo {
  std::uint64_t total = 0;
  std::uint64_t free = 0;
  std::uint64_t available = 0;  // to the caller
  std::uint32_t block_size = 4096;
  std::uint32_t serial = 0;
  FileTime created;
  std::uint32_t name_max = 255;  // UTF-16 units
  Flags<VolumeFeature> features;
  bool read_only = false;
};

// What changed beneath a watched directory. The values of [MS-FSCC] 2.7.1, which notify answers carry.
enum class ChangeAction : std::uint32_t {
  added = 1,
  removed = 2,
  modified = 3,
  renamed_old_name = 4,
  renamed_new_name = 5,
  added_stream = 6,
  removed_stream = 7,
  modified_stream = 8,
};
// Which kinds of change. The values of [MS-SMB2] 2.2.35 CompletionFilter.
enum class ChangeKind : std::uint32_t {
  file_name = 0x001,
  directory_name = 0x002,
  attributes = 0x004,
  size = 0x008,
  last_write = 0x010,
  last_access = 0x020,
  creation = 0x040,
  ea = 0x080,
  security = 0x100,
  stream_name = 0x200,
  stream_size = 0x400,
  stream_write = 0x800,
};
using ChangeKinds = Flags<ChangeKind>;
DOZO_FLAGS(ChangeKind)

struct Change {
  ChangeAction action = ChangeAction::modified;
  ChangeKinds kinds;  // all that this one change may be
  std::string path;   // relative to the watched directory, components joined by '\'; of a stream with ":NAME"
};

}  // namespace dozo::vfs
