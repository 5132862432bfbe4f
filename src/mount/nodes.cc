#include "mount/nodes.h"

#include <algorithm>

#include "base/assert.h"

namespace dozo::mount {

Nodes::Nodes() { nodes_[kRootNode].held = 1; }

std::optional<std::string> Nodes::path(NodeId id) const {
  std::string out;
  while (id != kRootNode) {
    const auto found = nodes_.find(id);
    if (found == nodes_.end() || found->second.removed) return std::nullopt;
    out = out.empty() ? found->second.name : found->second.name + "\\" + out;
    id = found->second.parent;
  }
  return out;
}

std::optional<std::string> Nodes::path(NodeId parent, const std::string& name) const {
  auto folder = path(parent);
  if (!folder) return std::nullopt;
  return folder->empty() ? name : *folder + "\\" + name;
}

std::optional<NodeId> Nodes::find(NodeId parent, const std::string& name) const {
  const auto found = names_.find({parent, name});
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

NodeId Nodes::parent(NodeId id) const {
  const auto found = nodes_.find(id);
  return found == nodes_.end() || id == kRootNode ? kRootNode : found->second.parent;
}

NodeId Nodes::look_up(NodeId parent, const std::string& name) {
  if (const auto known = find(parent, name)) {
    ++nodes_[*known].held;
    return *known;
  }
  const NodeId id = ++last_;
  nodes_[id] = {.parent = parent, .name = name, .held = 1};
  names_[{parent, name}] = id;
  ++nodes_[parent].children;
  return id;
}

void Nodes::forget(NodeId id, std::uint64_t times) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end() || id == kRootNode) return;
  found->second.held -= std::min(times, found->second.held);
  drop_if_unused(id);
}

void Nodes::unlink(NodeId id, Node& node) {
  names_.erase({node.parent, node.name});
  node.removed = true;
  const NodeId parent = std::exchange(node.parent, 0);
  --nodes_[parent].children;
  drop_if_unused(parent);
  drop_if_unused(id);
}

// A node with names below it is needed for their paths.
void Nodes::drop_if_unused(NodeId id) {
  const auto found = nodes_.find(id);
  if (id == kRootNode || found == nodes_.end()) return;
  const Node& node = found->second;
  if (node.held != 0 || node.children != 0) return;
  if (node.removed) {
    nodes_.erase(found);
    return;
  }
  const NodeId parent = node.parent;
  names_.erase({parent, node.name});
  nodes_.erase(found);
  --nodes_[parent].children;
  drop_if_unused(parent);
}

void Nodes::remove(NodeId parent, const std::string& name) {
  if (const auto id = find(parent, name)) unlink(*id, nodes_[*id]);
}

void Nodes::rename(NodeId parent, const std::string& name, NodeId new_parent, const std::string& new_name) {
  const auto id = find(parent, name);
  if (!id) return remove(new_parent, new_name);
  if (find(new_parent, new_name) == id) return;
  remove(new_parent, new_name);
  ++nodes_[new_parent].children;
  Node& node = nodes_[*id];
  names_.erase({parent, name});
  node.parent = new_parent;
  node.name = new_name;
  names_[{new_parent, new_name}] = *id;
  --nodes_[parent].children;
  drop_if_unused(parent);
}

}  // namespace dozo::mount
