// Nodes: what the kernel calls by number, and where it is on the share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace dozo::mount {

using NodeId = std::uint64_t;
inline constexpr NodeId kRootNode = 1;  // FUSE_ROOT_ID

// One thread. Holds a node for as long as the kernel does: its size is bounded by the kernel's own cache.
class Nodes {
 public:
  Nodes();

  // The path below the share, with '\' between names; nullopt when it was removed, or lies in what was.
  std::optional<std::string> path(NodeId id) const;
  // Of a name in a node.
  std::optional<std::string> path(NodeId parent, const std::string& name) const;
  std::optional<NodeId> find(NodeId parent, const std::string& name) const;
  NodeId parent(NodeId id) const;  // its own, for the root

  // The node of the name, a new one where there is none. The kernel holds it once more.
  NodeId look_up(NodeId parent, const std::string& name);
  // The kernel holds it `times` less.
  void forget(NodeId id, std::uint64_t times);
  // The name is gone; the node stays, without a path, while the kernel holds it.
  void remove(NodeId parent, const std::string& name);
  // It has another name, and whatever had that name is removed.
  void rename(NodeId parent, const std::string& name, NodeId new_parent, const std::string& new_name);

  std::size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    NodeId parent = 0;
    std::string name;
    std::uint64_t held = 0;
    std::size_t children = 0;
    bool removed = false;
  };
  void unlink(NodeId id, Node& node);
  void drop_if_unused(NodeId id);

  std::unordered_map<NodeId, Node> nodes_;
  std::map<std::pair<NodeId, std::string>, NodeId> names_;
  NodeId last_ = kRootNode;
};

}  // namespace dozo::mount
