// Filesystem: a share as a file system of this machine. Requests of the kernel become requests to the server, as many
// at a time as there are.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/linked_file.h"
#include "mount/attributes.h"
#include "mount/fuse_api.h"
#include "mount/nodes.h"
#include "mount/share_ops.h"
#include "runtime/buffer.h"
#include "runtime/gate.h"

namespace dozo::mount {

struct FilesystemOptions {
  Owner owner;
  bool read_only = false;
  // How long the kernel may believe attributes, and names that are there or not: what another client changes is seen
  // after so long at the latest. What the kernel keeps is bounded by the kernel; nothing is kept here.
  double cache_seconds = 1.0;
};

// Resource; one loop; outlived by the link. close() is awaited before its end.
class Filesystem {
 public:
  Filesystem(Link& link, FilesystemOptions options) : link_(link), options_(options) {}
  Filesystem(const Filesystem&) = delete;
  Filesystem& operator=(const Filesystem&) = delete;

  // What the kernel calls; its user data is the Filesystem.
  static const fuse_lowlevel_ops& operations();

  // Waits for the requests under way, and closes what is open.
  runtime::Task<void> close();
  std::size_t open_files() const { return files_.size(); }

 private:
  friend struct Calls;  // the functions behind operations()

  struct OpenFile {
    NodeId node = 0;
    std::unique_ptr<client::LinkedFile> file;
    bool writes = false;
  };
  using OpenFilePtr = std::shared_ptr<OpenFile>;
  using Listing = std::shared_ptr<const std::vector<client::DirectoryEntry>>;
  using Name = std::string;

  void start(runtime::Task<void> task) { runtime::spawn(gate_, std::move(task)); }

  // Names
  runtime::Task<void> look_up(Request request, NodeId parent, Name name);
  runtime::Task<void> get_attributes(Request request, NodeId node);
  runtime::Task<void> set_attributes(Request request, NodeId node, struct stat wanted, int which, OpenFilePtr file);
  runtime::Task<void> read_link(Request request, NodeId node);
  runtime::Task<void> make_link(Request request, Name target, NodeId parent, Name name);
  runtime::Task<void> make_folder(Request request, NodeId parent, Name name);
  runtime::Task<void> remove(Request request, NodeId parent, Name name, bool folder);
  runtime::Task<void> rename(Request request, NodeId parent, Name name, NodeId new_parent, Name new_name, bool replace);
  runtime::Task<void> tell_space(Request request);
  // Files
  runtime::Task<void> create(Request request, NodeId parent, Name name, fuse_file_info info);
  runtime::Task<void> open(Request request, NodeId node, fuse_file_info info);
  runtime::Task<void> read(Request request, OpenFilePtr file, std::uint64_t offset, std::size_t size);
  runtime::Task<void> write(Request request, OpenFilePtr file, std::uint64_t offset, runtime::Buffer data);
  runtime::Task<void> sync(Request request, OpenFilePtr file);
  runtime::Task<void> release(Request request, std::uint64_t handle);
  // Folders
  runtime::Task<void> open_folder(Request request, NodeId node, fuse_file_info info);
  void list(Request request, NodeId node, const Listing& listing, std::size_t size, std::size_t from, bool plus);

  fuse_entry_param entry_of(NodeId node, const client::DirectoryEntry& entry) const;
  void answer_entry(Request request, NodeId parent, const Name& name, const client::DirectoryEntry& entry);
  runtime::Task<void> answer_looking(Request request, NodeId parent, Name name);
  runtime::Task<Result<>> change(NodeId node, const struct stat& wanted, int which, OpenFilePtr file);
  runtime::Task<Result<>> change_basics(NodeId node, const struct stat& wanted, int which);
  runtime::Task<Result<>> resize(NodeId node, std::uint64_t size, OpenFilePtr file);
  runtime::Task<Result<>> remove_path(std::string path, bool folder);
  runtime::Task<Result<>> move_path(std::string from, std::string to, bool replace);
  runtime::Task<Result<>> lift_hidden(NodeId folder);
  runtime::Task<Result<bool>> hide_if_open(NodeId parent, Name name);
  runtime::Task<Result<std::unique_ptr<client::LinkedFile>>> open_path(std::string path, int flags,
                                                                       CreateDisposition disposition);
  std::uint64_t keep(NodeId node, std::unique_ptr<client::LinkedFile> file, int flags);
  OpenFilePtr find_file(std::uint64_t handle) const;
  OpenFilePtr find_writer(NodeId node) const;
  bool is_open(NodeId node) const;
  void tell_files_where_they_are();

  Link& link_;
  FilesystemOptions options_;
  Nodes nodes_;
  std::unordered_map<std::uint64_t, OpenFilePtr> files_;
  std::unordered_map<std::uint64_t, Listing> listings_;
  // Files that were removed while they are open: their node, and the name they have until they are closed.
  std::map<NodeId, std::pair<NodeId, Name>> hidden_;
  std::uint64_t last_handle_ = 0;
  runtime::Gate gate_;
};

}  // namespace dozo::mount
