#include "vfs/memory/volume.h"

#include "base/unicode.h"
#include "vfs/memory/file.h"

namespace dozo::vfs {

using memory::Fork;
using memory::Inode;
using memory::inode_of;
using memory::InodeRef;
using memory::MemoryFile;
using memory::NamedStream;
using memory::Tree;

namespace {

bool opens_for_change(OpenFor use) { return use.write_data || use.append_only; }

std::u16string stream_key(std::string_view name) { return fold_name(name); }

class MemoryWatch final : public Watch {
 public:
  MemoryWatch(std::shared_ptr<Tree> tree, std::shared_ptr<memory::Watcher> watcher)
      : tree_(std::move(tree)), watcher_(std::move(watcher)) {}
  ~MemoryWatch() override {
    watcher_->listener = nullptr;
    const std::lock_guard lock(tree_->mutex());
    tree_->watches().remove(*watcher_);
  }

 private:
  std::shared_ptr<Tree> tree_;
  std::shared_ptr<memory::Watcher> watcher_;
};

class MemoryOutsideWatch final : public Watch {
 public:
  MemoryOutsideWatch(std::shared_ptr<Tree> tree, NodeId node, OutsideListenerRef listener)
      : tree_(std::move(tree)), node_(node), listener_(std::move(listener)) {}
  ~MemoryOutsideWatch() override {
    const std::lock_guard lock(tree_->mutex());
    tree_->outside().remove(node_, listener_);
  }

 private:
  std::shared_ptr<Tree> tree_;
  NodeId node_;
  OutsideListenerRef listener_;
};

bool creates(StreamMode mode) { return mode != StreamMode::open_existing && mode != StreamMode::truncate_existing; }
bool truncates(StreamMode mode) {
  return mode == StreamMode::truncate_existing || mode == StreamMode::create_or_truncate;
}

// The stream's fork, made or emptied as `mode` says. With the tree's mutex.
Result<std::shared_ptr<Fork>> stream_fork(Tree& tree, Inode& inode, std::string_view name, StreamMode mode) {
  const auto wide = utf8_to_utf16(name);
  if (!wide || wide->empty() || wide->size() > 255) return fail(NtStatus::OBJECT_NAME_INVALID);
  const auto existing = inode.streams.find(stream_key(name));
  if (existing != inode.streams.end()) {
    if (mode == StreamMode::create_new) return fail(NtStatus::OBJECT_NAME_COLLISION);
    if (truncates(mode)) {
      DOZO_CHECK(tree.check_writable());
      existing->second.fork->clear();
      tree.watches().stream_changed(inode, existing->second.name, ChangeAction::modified_stream);
    }
    return existing->second.fork;
  }
  if (!creates(mode)) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  DOZO_CHECK(tree.check_writable());
  auto fork = std::make_shared<Fork>(tree.space());
  inode.streams[stream_key(name)] = {std::string(name), fork};
  inode.change_time = Tree::now();
  tree.watches().stream_changed(inode, name, ChangeAction::added_stream);
  return fork;
}

// The stream gets a name that is free, or an empty stream's. With the tree's mutex.
Result<> give_stream_name(Inode& inode, std::map<std::u16string, NamedStream>::iterator from, std::string_view to,
                          bool replace) {
  const auto wide = utf8_to_utf16(to);
  if (!wide || wide->size() > 255) return fail(NtStatus::OBJECT_NAME_INVALID);
  const auto there = inode.streams.find(stream_key(to));
  if (there != inode.streams.end() && there != from) {
    if (!replace) return fail(NtStatus::OBJECT_NAME_COLLISION);
    if (there->second.fork->size() != 0) return fail(NtStatus::INVALID_PARAMETER);
  }
  auto node = inode.streams.extract(from);
  node.key() = stream_key(to);
  node.mapped().name = to;
  inode.streams.erase(node.key());
  inode.streams.insert(std::move(node));
  return {};
}

}  // namespace

MemoryVolume::MemoryVolume(MemoryOptions options) : tree_(std::make_shared<Tree>(options)) {}
MemoryVolume::~MemoryVolume() = default;

void MemoryVolume::set_capacity(std::uint64_t bytes) { tree_->space()->capacity = bytes; }
void MemoryVolume::set_delay(Duration delay) { tree_->set_delay(delay); }
void MemoryVolume::set_gone(bool gone) { tree_->set_gone(gone); }
void MemoryVolume::fail_once(NtStatus status, unsigned after) { tree_->fail_once(status, after); }
void MemoryVolume::hold_once(Duration delay, unsigned after) { tree_->hold_once(delay, after); }
void MemoryVolume::unsettle(unsigned after, NtStatus status) { tree_->unsettle(static_cast<int>(after), status); }
void MemoryVolume::settle() { tree_->unsettle(-1, NtStatus::RETRY); }

Task<Result<VolumeInfo>> MemoryVolume::volume_info(CallerRef) {
  DOZO_CO_CHECK(co_await tree_->turn());
  VolumeInfo info;
  info.total = tree_->space()->capacity;
  info.free = info.total - std::min<std::uint64_t>(info.total, tree_->space()->used);
  info.available = info.free;
  info.block_size = memory::kBlockSize;
  info.serial = 0x4D454D31;
  info.created = tree_->created();
  info.features = VolumeFeature::streams | VolumeFeature::extended_attributes;
  info.features |= VolumeFeature::sparse_files | VolumeFeature::clone_range;
  info.features |= VolumeFeature::symlinks | VolumeFeature::hard_links;
  if (tree_->options().case_sensitive) info.features |= VolumeFeature::case_sensitive_search;
  info.read_only = tree_->options().read_only;
  co_return info;
}

Task<Result<Resolved>> MemoryVolume::resolve(CallerRef, const Path& path, ResolveOptions options) {
  DOZO_CO_CHECK(co_await tree_->name_turn());
  const std::lock_guard lock(tree_->mutex());
  co_return tree_->resolve(path, options);
}

Task<Result<FileRef>> MemoryVolume::open(CallerRef, const Resolved& resolved, OpenFor use) {
  DOZO_CO_CHECK(co_await tree_->name_turn());
  if (opens_for_change(use)) DOZO_CO_CHECK(tree_->check_writable());
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_TRY(const InodeRef inode, tree_->confirm(resolved));
  co_return std::make_shared<MemoryFile>(tree_, inode, inode->main, use);
}

Task<Result<FileRef>> MemoryVolume::create(CallerRef, const Resolved& resolved, const CreateSpec& spec) {
  DOZO_CO_CHECK(co_await tree_->name_turn());
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_TRY(const InodeRef inode, tree_->create(resolved, spec));
  co_return std::make_shared<MemoryFile>(tree_, inode, inode->main, spec.use);
}

Task<Result<>> MemoryVolume::overwrite(CallerRef, File& file, FileAttributes attributes) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(tree_->check_writable());
  const std::lock_guard lock(tree_->mutex());
  Inode& inode = *static_cast<MemoryFile&>(file).inode();
  if (inode.is_directory()) co_return fail(NtStatus::FILE_IS_A_DIRECTORY);
  inode.main->clear();
  inode.extended_attributes.clear();
  inode.streams.clear();
  inode.attributes = attributes & kSettableAttributes;
  inode.last_write_time = inode.change_time = Tree::now();
  tree_->watches().changed(inode, kinds_of_replacement());
  co_return Result<>{};
}

Task<Result<Volume::Permissions>> MemoryVolume::permissions(CallerRef, const Resolved& resolved) {
  DOZO_CO_CHECK(co_await tree_->turn());
  const bool write = !tree_->options().read_only;
  Permissions out{.read = true, .write = write, .execute = true, .owner = write, .delete_child = write};
  const std::lock_guard lock(tree_->mutex());
  if (resolved.parent) out.parent_security = info_of(*inode_of(*resolved.parent)).security;
  co_return out;
}

Task<Result<NodeInfo>> MemoryVolume::node_info(const NodeRef& node) {
  DOZO_CO_CHECK(co_await tree_->turn());
  const std::lock_guard lock(tree_->mutex());
  co_return info_of(*inode_of(*node));
}

Task<Result<>> MemoryVolume::remove(CallerRef, const Location& where, NodeId expected) {
  DOZO_CO_CHECK(co_await tree_->turn());
  const std::lock_guard lock(tree_->mutex());
  co_return tree_->remove(where, expected);
}

Task<Result<Location>> MemoryVolume::rename(CallerRef, const Location& from, NodeId expected, const Resolved& to,
                                            bool replace) {
  DOZO_CO_CHECK(co_await tree_->name_turn());
  const std::lock_guard lock(tree_->mutex());
  co_return tree_->rename(from, expected, to, replace);
}

Task<Result<>> MemoryVolume::link(CallerRef, const Location& from, NodeId expected, const Resolved& to, bool replace) {
  DOZO_CO_CHECK(co_await tree_->name_turn());
  const std::lock_guard lock(tree_->mutex());
  co_return tree_->link(from, expected, to, replace);
}

Task<Result<FileRef>> MemoryVolume::open_stream(CallerRef, const Resolved& resolved, std::string_view stream,
                                                StreamMode mode, OpenFor use) {
  DOZO_CO_CHECK(co_await tree_->name_turn());
  if (opens_for_change(use)) DOZO_CO_CHECK(tree_->check_writable());
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_TRY(const InodeRef inode, tree_->confirm(resolved));
  DOZO_CO_TRY(std::shared_ptr<Fork> fork, stream_fork(*tree_, *inode, stream, mode));
  co_return std::make_shared<MemoryFile>(tree_, inode, std::move(fork), use);
}

Task<Result<>> MemoryVolume::remove_stream(CallerRef, const Resolved& resolved, std::string_view stream) {
  DOZO_CO_CHECK(co_await tree_->name_turn());
  DOZO_CO_CHECK(tree_->check_writable());
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_TRY(const InodeRef inode, tree_->confirm(resolved));
  const auto at = inode->streams.find(stream_key(stream));
  if (at == inode->streams.end()) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const std::string name = at->second.name;
  inode->streams.erase(at);
  inode->change_time = Tree::now();
  tree_->watches().stream_changed(*inode, name, ChangeAction::removed_stream);
  co_return Result<>{};
}

Task<Result<>> MemoryVolume::rename_stream(CallerRef, const Resolved& resolved, std::string_view from,
                                           std::string_view to, bool replace) {
  DOZO_CO_CHECK(co_await tree_->name_turn());
  DOZO_CO_CHECK(tree_->check_writable());
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_TRY(const InodeRef inode, tree_->confirm(resolved));
  const auto at = inode->streams.find(stream_key(from));
  if (at == inode->streams.end()) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const std::string name = at->second.name;
  if (to.empty()) {
    inode->main = at->second.fork;
    inode->streams.erase(at);
  } else {
    DOZO_CO_CHECK(give_stream_name(*inode, at, to, replace));
  }
  inode->change_time = Tree::now();
  tree_->watches().stream_changed(*inode, name, ChangeAction::removed_stream);
  if (!to.empty()) tree_->watches().stream_changed(*inode, to, ChangeAction::added_stream);
  co_return Result<>{};
}

Task<Result<std::string>> MemoryVolume::read_symlink(CallerRef, const Resolved& resolved) {
  DOZO_CO_CHECK(co_await tree_->name_turn());
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_TRY(const InodeRef inode, tree_->confirm(resolved));
  if (inode->type != NodeType::symlink) co_return fail(NtStatus::NOT_A_REPARSE_POINT);
  co_return inode->target;
}

Task<Result<>> MemoryVolume::make_symlink(CallerRef, const Location& where, NodeId expected, std::string_view target) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(tree_->check_writable());
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_TRY(const InodeRef inode, tree_->confirm(where, expected));
  if (!inode->children.empty()) co_return fail(NtStatus::DIRECTORY_NOT_EMPTY);
  if (inode->main->size() != 0 || target.empty()) co_return fail(NtStatus::IO_REPARSE_DATA_INVALID);
  inode->type = NodeType::symlink;
  inode->target = target;
  inode->change_time = Tree::now();
  tree_->watches().changed(*inode, ChangeKind::attributes);
  co_return Result<>{};
}

Task<Result<std::unique_ptr<Watch>>> MemoryVolume::watch(CallerRef, File& directory, bool subtree,
                                                         WatchListener& listener) {
  DOZO_CO_CHECK(co_await tree_->turn());
  const InodeRef inode = static_cast<MemoryFile&>(directory).inode();
  if (!inode->is_directory()) co_return fail(NtStatus::INVALID_PARAMETER);
  auto watcher = std::make_shared<memory::Watcher>(&runtime::Loop::current(), inode, subtree, &listener);
  const std::lock_guard lock(tree_->mutex());
  tree_->watches().add(watcher);
  co_return std::make_unique<MemoryWatch>(tree_, std::move(watcher));
}

void MemoryVolume::set_outside_changes_seen(bool seen) { tree_->outside().seen = seen; }

Result<std::unique_ptr<Watch>> MemoryVolume::watch_outside(const NodeRef& node, OutsideListenerRef listener) {
  const std::lock_guard lock(tree_->mutex());
  if (!tree_->outside().seen) return fail(NtStatus::NOT_SUPPORTED);
  tree_->outside().add(node->id(), listener);
  return std::make_unique<MemoryOutsideWatch>(tree_, node->id(), std::move(listener));
}

Result<NodeId> MemoryVolume::outside_write(const Path& path, std::string_view text) {
  memory::OutsideWatches::Told told;
  NodeId changed;
  {
    const std::lock_guard lock(tree_->mutex());
    DOZO_TRY(const Resolved at, tree_->resolve(path, {}));
    const InodeRef inode = at.exists() ? inode_of(*at.node) : InodeRef();
    DOZO_TRY(const InodeRef file, inode ? Result<InodeRef>(inode) : tree_->create(at, {}));
    file->main->clear();
    DOZO_CHECK(file->main->write(0, as_bytes(text)));
    file->last_write_time = file->change_time = Tree::now();
    tree_->watches().changed(*file, ChangeKind::size | ChangeKind::last_write);
    changed = file->id;
    told = tree_->outside().concerned(*file, at.parent);
  }
  memory::OutsideWatches::tell(told);
  return changed;
}

Result<NodeId> MemoryVolume::outside_look(const Path& path) {
  const std::lock_guard lock(tree_->mutex());
  DOZO_TRY(const Resolved at, tree_->resolve(path, {}));
  return at.exists() ? Result<NodeId>(at.info.id) : fail(NtStatus::OBJECT_NAME_NOT_FOUND);
}

Result<> MemoryVolume::outside_remove(const Path& path) {
  memory::OutsideWatches::Told told;
  {
    const std::lock_guard lock(tree_->mutex());
    DOZO_TRY(const Resolved at, tree_->resolve(path, {}));
    if (!at.exists()) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
    told = tree_->outside().concerned(*inode_of(*at.node), at.parent);
    DOZO_CHECK(tree_->remove({at.parent, at.name}, at.node->id()));
  }
  memory::OutsideWatches::tell(told);
  return {};
}

}  // namespace dozo::vfs
