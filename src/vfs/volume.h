// Volume: the file system of one share, below the VFS line. Implemented by posix/ and memory/; one conformance suite
// (volume_conformance_test.cc) runs over every row of backends.cc.
//
// Every operation may suspend and resumes on the calling loop; none blocks the loop. Errors are NtStatus, mapped from
// errno in one function of the backend. A name is resolved first; the result is then opened or created, which fails
// with STATUS_RETRY when the name has come to mean something else: resolve again; and an open with
// STATUS_CANNOT_BREAK_OPLOCK while another program holds a lease on the object, which it has been asked to give up:
// open it later.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/nt_status.h"
#include "runtime/loop.h"
#include "runtime/task.h"
#include "vfs/types.h"

namespace dozo::vfs {

using runtime::Task;

// An existing object, found but not opened for data. Value-like, shared, immutable.
class Node {
 public:
  virtual ~Node() = default;
  virtual NodeId id() const = 0;
};
using NodeRef = std::shared_ptr<const Node>;

// What the backend was told of both on the way, so that permissions() need not ask again. Holds as long as `info`.
class Findings {
 public:
  virtual ~Findings() = default;
};

// What a path means now.
struct Resolved {
  NodeRef parent;    // the directory; null when the path is the root
  std::string name;  // the last component: as stored when it exists, as given when not; empty for the root
  Path path;         // the whole path, each existing component as stored
  NodeRef node;      // null: there is no such object
  NodeInfo info;     // of node, when there is one
  std::shared_ptr<const Findings> findings = nullptr;  // null: none were kept
  bool exists() const { return node != nullptr; }
};

struct ResolveOptions {
  bool follow_final_symlink = true;  // false: a symlink as the last component is the object itself
};

// What an open will be used for. All false: attributes only.
struct OpenFor {
  bool read_data = false;
  bool write_data = false;
  bool append_only = false;
  bool write_through = false;
};

struct CreateSpec {
  NodeType type = NodeType::file;  // file or directory
  OpenFor use;
  FileAttributes attributes;  // stored; READ_ONLY does not hinder this open
};

// Filters a listing before anything is read about an entry.
class NameFilter {
 public:
  virtual ~NameFilter() = default;
  virtual bool matches(std::string_view client_name) const = 0;
};

// A position in a directory. One loop. Yields "." and ".." first, as Windows does, when the filter matches them.
class DirectoryReader {
 public:
  virtual ~DirectoryReader() = default;
  // At most `max` further entries; empty at the end. Entries that vanish meanwhile are left out.
  virtual Task<Result<std::vector<DirectoryEntry>>> next(const NameFilter& filter, std::size_t max) = 0;
  // From the start again, seeing what has changed.
  virtual void restart() = 0;
};

enum class Seek { data, hole };

// An open object (file, directory or stream). Shared by the SMB open and the requests in flight on it; closing is
// destruction. read_at, write_at, flush, allocated_ranges and info may be called from any loop, the rest from the
// loop of its session. What it permits was decided at open; the backend does not ask again.
class File {
 public:
  virtual ~File() = default;
  virtual NodeId id() const = 0;
  virtual NodeType type() const = 0;

  virtual Task<Result<NodeInfo>> info() = 0;

  // Bytes read: fewer than asked only at the end of the file, 0 there.
  virtual Task<Result<std::size_t>> read_at(std::uint64_t offset, MutableBytes into) = 0;
  // Writes all of it or fails.
  virtual Task<Result<>> write_at(std::uint64_t offset, Bytes from) = 0;
  // What was written before is on stable storage afterwards (data and what is needed to find it).
  virtual Task<Result<>> flush() = 0;

  virtual Task<Result<>> set_size(std::uint64_t size) = 0;
  // Reserves space for at least `size` bytes without moving the end; less than the size truncates
  // ([MS-FSA] 2.1.5.15.1).
  virtual Task<Result<>> set_allocation(std::uint64_t size) = 0;
  virtual Task<Result<>> zero_range(ByteRange range) = 0;
  virtual Task<Result<std::vector<ByteRange>>> allocated_ranges(ByteRange within) = 0;
  // Copies within the server; bytes copied (fewer at the source's end). Ranges of one file do not overlap.
  virtual Task<Result<std::uint64_t>> copy_from(File& source, ByteRange range, std::uint64_t to_offset);
  // Shares blocks; STATUS_NOT_SUPPORTED where the file system cannot.
  virtual Task<Result<>> clone_from(File& source, ByteRange range, std::uint64_t to_offset);

  virtual Task<Result<>> set_times(const TimesUpdate& times) = 0;
  virtual Task<Result<>> set_attributes(FileAttributes attributes) = 0;  // of kSettableAttributes; SPARSE_FILE kept
  virtual Task<Result<>> set_sparse(bool sparse) = 0;
  // STATUS_NOT_SUPPORTED, and nothing is changed: a security descriptor cannot be stored here.
  virtual Task<Result<>> set_ownership(CallerRef caller, const OwnershipUpdate& update) = 0;

  virtual Task<Result<std::vector<ExtendedAttribute>>> extended_attributes();
  // An empty value removes it. STATUS_EAS_NOT_SUPPORTED by default.
  virtual Task<Result<>> set_extended_attribute(std::string_view name, Bytes value);

  // Named streams; STATUS_NOT_SUPPORTED by default, none listed.
  virtual Task<Result<std::vector<StreamInfo>>> streams();

  // Directories only. STATUS_INVALID_PARAMETER otherwise.
  virtual Task<Result<std::unique_ptr<DirectoryReader>>> read_directory(CallerRef caller);
  // One entry by name, case-insensitively; STATUS_OBJECT_NAME_NOT_FOUND.
  virtual Task<Result<DirectoryEntry>> find_entry(CallerRef caller, std::string name);
};
using FileRef = std::shared_ptr<File>;

// Where an object has its name. Stays right when a parent is renamed.
struct Location {
  NodeRef parent;
  std::string name;
};

// Told of changes on the loop that made the watch. Not called after the Watch has been destroyed.
class WatchListener {
 public:
  virtual ~WatchListener() = default;
  // In order. What one operation changed comes in one call.
  virtual void on_changes(std::vector<Change> changes) = 0;
  virtual void on_overflow() = 0;  // something was lost
  virtual void on_directory_gone() = 0;
};
class Watch {
 public:
  virtual ~Watch() = default;
};

// Told on any thread, also once more while its watch is being ended. Does not own the volume, nor wait.
class OutsideListener {
 public:
  virtual ~OutsideListener() = default;
  virtual void on_outside_change(NodeId node) = 0;
};
using OutsideListenerRef = std::shared_ptr<OutsideListener>;

enum class StreamMode { open_existing, create_new, open_or_create, truncate_existing, create_or_truncate };

class Volume {
 public:
  virtual ~Volume() = default;

  virtual Task<Result<VolumeInfo>> volume_info(CallerRef caller) = 0;

  // STATUS_OBJECT_PATH_NOT_FOUND: a component on the way is missing or no directory. STATUS_ACCESS_DENIED: may not
  // search, or a symlink leads out of the share. A missing last component is no error.
  virtual Task<Result<Resolved>> resolve(CallerRef caller, const Path& path, ResolveOptions options) = 0;

  // Opens resolved.node. `needs` the rights of `caller`; STATUS_ACCESS_DENIED without them.
  virtual Task<Result<FileRef>> open(CallerRef caller, const Resolved& resolved, OpenFor use) = 0;
  // Creates resolved.name in resolved.parent; STATUS_OBJECT_NAME_COLLISION when it has come to exist.
  virtual Task<Result<FileRef>> create(CallerRef caller, const Resolved& resolved, const CreateSpec& spec) = 0;
  // Empties an existing file that is open for writing, as overwrite and supersede do: data, extended attributes and
  // (supersede) streams go; attributes are replaced.
  virtual Task<Result<>> overwrite(CallerRef caller, File& file, FileAttributes attributes) = 0;

  // What `caller` may do with the object by its permissions: read_data, write_data, execute bits of the mode/ACL, as
  // AccessMask-free booleans.
  struct Permissions {
    bool read = false;
    bool write = false;
    bool execute = false;
    bool owner = false;         // may change mode, times and attributes
    bool delete_child = false;  // of the parent: may remove names in it
    SecurityBlob parent_security;
  };
  virtual Task<Result<Permissions>> permissions(CallerRef caller, const Resolved& resolved) = 0;

  // What is known about an object that was found.
  virtual Task<Result<NodeInfo>> node_info(const NodeRef& node) = 0;

  // Removes the name if it still means `expected`. STATUS_DIRECTORY_NOT_EMPTY. Here and below,
  // STATUS_OBJECT_NAME_NOT_FOUND: the object has lost that name, whoever has it now.
  virtual Task<Result<>> remove(CallerRef caller, const Location& where, NodeId expected) = 0;
  // Gives the object at `from` the name `to` resolved to. An existing target goes when `replace` (never a directory);
  // otherwise STATUS_OBJECT_NAME_COLLISION. STATUS_RETRY: `to` means something else by now. Yields the new location.
  virtual Task<Result<Location>> rename(CallerRef caller, const Location& from, NodeId expected, const Resolved& to,
                                        bool replace) = 0;
  virtual Task<Result<>> link(CallerRef caller, const Location& from, NodeId expected, const Resolved& to,
                              bool replace) = 0;

  // Named streams of an existing file. STATUS_NOT_SUPPORTED by default.
  virtual Task<Result<FileRef>> open_stream(CallerRef caller, const Resolved& resolved, std::string_view stream,
                                            StreamMode mode, OpenFor use);
  virtual Task<Result<>> remove_stream(CallerRef caller, const Resolved& resolved, std::string_view stream);
  // Gives a named stream another name; an empty one makes its data that of the main stream. A stream of that name goes
  // when `replace` (STATUS_OBJECT_NAME_COLLISION otherwise) and when it is empty (STATUS_INVALID_PARAMETER).
  virtual Task<Result<>> rename_stream(CallerRef caller, const Resolved& resolved, std::string_view from,
                                       std::string_view to, bool replace);

  // Symlinks (reparse points). The target text as stored. STATUS_NOT_SUPPORTED by default.
  virtual Task<Result<std::string>> read_symlink(CallerRef caller, const Resolved& resolved);
  virtual Task<Result<>> make_symlink(CallerRef caller, const Location& where, NodeId expected,
                                      std::string_view target);

  // Watches a directory (and all beneath it). Local changes are seen too. The volume outlives the watch.
  virtual Task<Result<std::unique_ptr<Watch>>> watch(CallerRef caller, File& directory, bool subtree,
                                                     WatchListener& listener) = 0;

  // From the return on, `listener` is told of what other programs than this process do to the object: its content,
  // attributes and names, and of a directory its entries and what a listing says of them. A change it makes itself is
  // not told. What is written through a mapping is told when the mapping ends. The watch may end on any thread and
  // keeps what it needs. STATUS_NOT_SUPPORTED (by default): such changes are not seen here, so that nobody may rely on
  // what was read once. STATUS_INSUFFICIENT_RESOURCES: too much is watched.
  virtual Result<std::unique_ptr<Watch>> watch_outside(const NodeRef& node, OutsideListenerRef listener);
};

}  // namespace dozo::vfs
