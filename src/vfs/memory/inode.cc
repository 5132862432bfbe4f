#include "vfs/memory/inode.h"

namespace dozo::vfs::memory {
namespace {

// [MS-FSCC] 2.4.15: each entry has 8 bytes, the name with its NUL and the value, and starts at a multiple of 4.
std::uint32_t full_ea_list_size(const Inode& inode) {
  std::size_t size = 0;
  for (const auto& [key, ea] : inode.extended_attributes) {
    size = (size + 3) / 4 * 4 + 8 + ea.name.size() + 1 + ea.value.size();
  }
  return static_cast<std::uint32_t>(size);
}

}  // namespace

NodeInfo info_of(const Inode& inode) {
  NodeInfo info;
  info.id = inode.id;
  info.type = inode.type;
  if (inode.type == NodeType::file) {
    info.size = inode.main->size();
    info.allocation_size = inode.main->allocation();
  }
  info.links = inode.links;
  info.creation_time = inode.creation_time;
  info.last_access_time = inode.last_access_time;
  info.last_write_time = inode.last_write_time;
  info.change_time = inode.change_time;
  FileAttributes attributes = inode.attributes;
  if (inode.is_directory()) attributes |= FileAttribute::directory;
  if (inode.main->sparse()) attributes |= FileAttribute::sparse_file;
  info.attributes = or_normal(attributes);
  info.uid = inode.uid;
  info.gid = inode.gid;
  info.mode = inode.mode;
  info.ea_size = full_ea_list_size(inode);
  const Inode::Security& stored = inode.security;
  const bool holds = stored.uid == inode.uid && stored.gid == inode.gid && stored.mode == inode.mode;
  if (holds) info.security = stored.descriptor;
  return info;
}

}  // namespace dozo::vfs::memory
