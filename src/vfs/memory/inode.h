// Inode: an object of the memory volume. The tree's mutex guards it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "vfs/memory/fork.h"
#include "vfs/volume.h"

namespace dozo::vfs::memory {

struct Inode;
using InodeRef = std::shared_ptr<Inode>;

struct Child {
  std::string name;
  InodeRef inode;
};
struct NamedStream {
  std::string name;
  std::shared_ptr<Fork> fork;
};

struct Inode {
  NodeId id;
  NodeType type = NodeType::file;
  std::uint32_t links = 0;  // names; a directory's own and its children's entries for it are not counted
  FileTime creation_time, last_access_time, last_write_time, change_time;
  FileAttributes attributes;  // of kSettableAttributes
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0644;
  std::shared_ptr<Fork> main;
  std::map<std::u16string, NamedStream> streams;
  std::map<std::u16string, ExtendedAttribute> extended_attributes;
  std::string target;  // of a symlink
  // Holds while the others are as they are here.
  struct Security {
    SecurityBlob descriptor;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t mode = 0;
  } security;
  std::map<std::u16string, Child> children;  // of a directory, by folded name
  // One of its names, for the paths that watches are told.
  std::weak_ptr<Inode> parent;
  std::string name;

  bool is_directory() const { return type == NodeType::directory; }
};

class MemoryNode final : public Node {
 public:
  explicit MemoryNode(InodeRef inode) : inode_(std::move(inode)) {}
  NodeId id() const override { return inode_->id; }
  const InodeRef& inode() const { return inode_; }

 private:
  InodeRef inode_;
};

// The inode of a node that this backend handed out.
inline const InodeRef& inode_of(const Node& node) { return static_cast<const MemoryNode&>(node).inode(); }

NodeInfo info_of(const Inode& inode);

}  // namespace dozo::vfs::memory
