// Open: an open file, directory, stream or pipe. [MS-SMB2] 3.3.1.10.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "model/access_mask.h"
#include "model/create.h"
#include "model/ids.h"
#include "rpc/pipe.h"
#include "runtime/loop.h"
#include "runtime/one_shot.h"
#include "server/channel_sequence.h"
#include "server/durable/handle.h"
#include "server/tree.h"
#include "share/ids.h"
#include "vfs/volume.h"

namespace dozo::server {

class DirectoryScan;  // commands/directory_scan.h
class NotifyQueue;    // commands/notify_queue.h
class OutsideWatch;   // outside_changes.h
class PipeHost;       // pipe_host.h

// Access that authorize() has granted; nothing else makes one.
class GrantedAccess {
 public:
  AccessMask mask() const { return mask_; }
  bool has(Access right) const { return mask_.has(right); }
  bool has_any(AccessMask rights) const { return mask_.has_any(rights); }

 private:
  friend class AccessGrantor;
  explicit GrantedAccess(AccessMask mask) : mask_(mask) {}
  AccessMask mask_;
};

// A named pipe's side of an open.
struct PipeEnd {
  explicit PipeEnd(const rpc::PipeInfo& info) : pipe(info) {}
  rpc::Pipe pipe;
  runtime::OneShot<NtStatus>* reader = nullptr;  // a READ that waits for data
};

// Resource. Owned by its session's open table; requests in flight hold a reference, so that what they use stays until
// they end, but `closed` tells them that the client has given it up.
//
// Lives on its session's home loop. What is const, atomic, or set before it was put into the table and never again
// (file, share_id, key, is_directory, options; so it is where has_shared_data) is the data handle of READ and WRITE:
// any loop reads it.
struct Open {
  Open(FileId file_id, std::shared_ptr<Tree> on, GrantedAccess access);
  ~Open();
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

  const FileId id;
  const std::shared_ptr<Tree> tree;
  const GrantedAccess granted;
  runtime::Loop* const home;  // its session's, where it was made
  CreateOptions options;
  std::atomic<bool> closed{false};

  // Files and directories.
  vfs::FileRef file;       // null for a pipe
  vfs::Path path;          // as clients see it, kept right by renames through dozo
  std::string stream;      // name of the named stream; empty for the main one
  vfs::Location location;  // the name to remove or rename; parent null for the share's root
  vfs::NodeRef node_ref;   // the file itself, whatever the stream
  vfs::NodeId node;        // its id
  share::OpenId share_id;  // in the share engine
  share::FileKey key;
  bool is_directory = false;
  std::optional<share::LeaseId> lease;  // Open.Lease
  // [MS-SMB2] 3.3.1.12 Lease.ParentLeaseKey: the client's lease on the directory this lies in. What is done through
  // this open leaves that alone.
  std::optional<share::LeaseId> parent_lease;
  bool has_shared_data = false;            // the main stream of a file: a rename of streams never gives it other data
  std::atomic<std::uint64_t> position{0};  // FilePositionInformation
  std::uint32_t mode = 0;                  // FileModeInformation
  std::uint32_t ea_index = 0;              // Open.CurrentEaIndex of [MS-SMB2] 3.3.1.10, counted from 0
  std::unique_ptr<DirectoryScan> scan;     // QUERY_DIRECTORY's place
  std::unique_ptr<NotifyQueue> notify;     // CHANGE_NOTIFY's memory
  std::unique_ptr<OutsideWatch> outside;   // while the client may cache

  // [MS-FSA] 2.1.4.17: a time that was set through this handle is not touched by later writes through it.
  std::optional<FileTime> pinned_write_time;
  std::optional<FileTime> pinned_access_time;
  std::optional<FileTime> pinned_change_time;
  std::atomic<bool> pins_times{false};  // any of them
  std::atomic<bool> modified{false};

  // Null where the client can neither come back to it nor repeat its CREATE.
  std::unique_ptr<DurableHandle> durable;
  std::atomic<bool> replay_eligible{false};  // Open.IsReplayEligible: the CREATE may still be repeated
  ChannelSequence sequence;

  // Pipes.
  std::unique_ptr<PipeEnd> pipe;

  // The same open under another FileId on another tree, without what belongs to requests of this one; changes from
  // outside are watched for there from now on. Not for pipes and directories. This one is to be forgotten.
  std::shared_ptr<Open> moved_to(FileId new_id, std::shared_ptr<Tree> new_tree);

  bool is_pipe() const { return pipe != nullptr; }
  // "dir\file" or "dir\file:stream", "" for the root.
  std::string path_text() const;
};
using OpenRef = std::shared_ptr<Open>;

}  // namespace dozo::server
