#include "vfs/memory/tree.h"

#include "base/unicode.h"

namespace dozo::vfs::memory {
namespace {

constexpr std::size_t kNameMax = 255;  // UTF-16 units

bool is_beneath(const Inode& top, InodeRef directory) {
  for (; directory; directory = directory->parent.lock()) {
    if (directory.get() == &top) return true;
  }
  return false;
}

FileTime system_now() {
  const runtime::Loop* loop = runtime::Loop::current_or_null();
  return FileTime::from_wall(loop != nullptr ? loop->wall_now() : SystemClock().wall_now());
}

// Breaks the cycles that a directory's children would keep alive.
void release(Inode& inode) {
  for (auto& [key, child] : inode.children) release(*child.inode);
  inode.children.clear();
}

}  // namespace

Tree::Tree(const MemoryOptions& options)
    : options_(options), created_(system_now()), space_(std::make_shared<Space>()) {
  space_->capacity = options.capacity;
  root_ = make_inode(NodeType::directory);
  root_->links = 1;
}

Tree::~Tree() { release(*root_); }

Task<Result<>> Tree::turn() {
  if (const Duration delay{delay_ns_.load()}; delay > Duration::zero()) {
    co_await runtime::sleep_for(runtime::Loop::current(), delay);
  }
  if (hold_countdown_ >= 0 && hold_countdown_-- == 0) {
    co_await runtime::sleep_for(runtime::Loop::current(), Duration(hold_ns_.load()));
  }
  if (gone_) co_return fail(NtStatus::NO_SUCH_DEVICE);
  if (fail_countdown_ >= 0 && fail_countdown_-- == 0) co_return fail(fail_status_);
  co_return Result<>{};
}

Task<Result<>> Tree::name_turn() {
  DOZO_CO_CHECK(co_await turn());
  const int left = unsettled_countdown_;
  if (left == 0) co_return fail(unsettled_status_);
  if (left > 0) --unsettled_countdown_;
  co_return Result<>{};
}

void Tree::unsettle(int countdown, NtStatus status) {
  unsettled_status_ = status;
  unsettled_countdown_ = countdown;
}

void Tree::fail_once(NtStatus status, unsigned after) {
  fail_status_ = status;
  fail_countdown_ = static_cast<int>(after);
}

void Tree::hold_once(Duration delay, unsigned after) {
  hold_ns_ = delay.count();
  hold_countdown_ = static_cast<int>(after);
}

Result<> Tree::check_writable() const {
  if (options_.read_only) return fail(NtStatus::MEDIA_WRITE_PROTECTED);
  return {};
}

FileTime Tree::now() { return system_now(); }

std::u16string Tree::key(std::string_view name) const {
  return options_.case_sensitive ? utf8_to_utf16_lossy(name) : fold_name(name);
}

InodeRef Tree::make_inode(NodeType type) {
  auto inode = std::make_shared<Inode>();
  inode->id = {1, next_inode_++};
  inode->type = type;
  inode->main = std::make_shared<Fork>(space_);
  inode->mode = type == NodeType::directory ? 0755 : 0644;
  inode->creation_time = inode->last_access_time = inode->last_write_time = inode->change_time = now();
  return inode;
}

InodeRef Tree::child_of(const Inode& directory, std::string_view name) const {
  const auto it = directory.children.find(key(name));
  return it == directory.children.end() ? nullptr : it->second.inode;
}

Result<> Tree::check_name(std::string_view name) const {
  const auto wide = utf8_to_utf16(name);
  if (!wide || wide->empty() || wide->size() > kNameMax) return fail(NtStatus::OBJECT_NAME_INVALID);
  return {};
}

Result<InodeRef> Tree::confirm(const Resolved& resolved) const {
  DOZO_ASSERT(resolved.exists());
  const InodeRef& inode = inode_of(*resolved.node);
  if (!resolved.parent) return inode;
  const InodeRef entry = child_of(*inode_of(*resolved.parent), resolved.name);
  if (entry == inode) return inode;
  if (!entry || entry->type != NodeType::symlink) return fail(NtStatus::RETRY);
  DOZO_TRY(const Resolved again, resolve(resolved.path, {}));
  if (!again.exists() || inode_of(*again.node) != inode) return fail(NtStatus::RETRY);
  return inode;
}

Result<InodeRef> Tree::confirm(const Location& where, NodeId expected) const {
  const InodeRef entry = child_of(*inode_of(*where.parent), where.name);
  if (!entry || entry->id != expected) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  return entry;
}

void Tree::attach(const InodeRef& directory, std::string_view name, const InodeRef& inode) {
  directory->children[key(name)] = {std::string(name), inode};
  ++inode->links;
  inode->parent = directory;
  inode->name = name;
  directory->last_write_time = directory->change_time = inode->change_time = now();
}

void Tree::detach(const InodeRef& directory, std::string_view name, const InodeRef& inode) {
  directory->children.erase(key(name));
  --inode->links;
  directory->last_write_time = directory->change_time = inode->change_time = now();
}

Result<InodeRef> Tree::create(const Resolved& at, const CreateSpec& spec) {
  DOZO_CHECK(check_writable());
  if (!at.parent) return fail(NtStatus::OBJECT_NAME_COLLISION);
  DOZO_CHECK(check_name(at.name));
  const InodeRef& parent = inode_of(*at.parent);
  if (parent->links == 0) return fail(NtStatus::OBJECT_PATH_NOT_FOUND);
  if (child_of(*parent, at.name)) return fail(NtStatus::OBJECT_NAME_COLLISION);
  const InodeRef inode = make_inode(spec.type);
  inode->attributes = spec.attributes & kSettableAttributes;
  inode->attributes = inode->attributes.without(FileAttribute::normal);
  attach(parent, at.name, inode);
  watches_.changed(*parent, at.name, ChangeAction::added, name_kind(inode->is_directory()));
  return inode;
}

Result<> Tree::remove(const Location& where, NodeId expected) {
  DOZO_CHECK(check_writable());
  DOZO_TRY(const InodeRef inode, confirm(where, expected));
  if (!inode->children.empty()) return fail(NtStatus::DIRECTORY_NOT_EMPTY);
  const InodeRef& parent = inode_of(*where.parent);
  const std::string name = parent->children.at(key(where.name)).name;
  detach(parent, name, inode);
  watches_.changed(*parent, name, ChangeAction::removed, name_kind(inode->is_directory()));
  if (inode->is_directory()) watches_.gone(*inode);
  return {};
}

// What is at `to` goes, when it may.
Result<std::string> Tree::make_room(const Resolved& to, bool replace, const Inode& newcomer) {
  if (!to.parent) return fail(NtStatus::ACCESS_DENIED);
  DOZO_CHECK(check_name(to.name));
  const InodeRef& parent = inode_of(*to.parent);
  if (parent->links == 0) return fail(NtStatus::OBJECT_PATH_NOT_FOUND);
  const InodeRef there = child_of(*parent, to.name);
  if (!there || there.get() == &newcomer) return std::string();
  if (!replace) return fail(NtStatus::OBJECT_NAME_COLLISION);
  // [MS-FSA] 2.1.5.15.12: a directory is never replaced.
  if (there->is_directory() || newcomer.is_directory()) return fail(NtStatus::ACCESS_DENIED);
  if (to.exists() && to.node->id() != there->id) return fail(NtStatus::RETRY);
  std::string name = parent->children.at(key(to.name)).name;
  detach(parent, name, there);
  return name;
}

Result<Location> Tree::rename(const Location& from, NodeId expected, const Resolved& to, bool replace) {
  DOZO_CHECK(check_writable());
  DOZO_TRY(const InodeRef inode, confirm(from, expected));
  if (to.parent && is_beneath(*inode, inode_of(*to.parent))) return fail(NtStatus::ACCESS_DENIED);
  DOZO_TRY(std::string replaced, make_room(to, replace, *inode));
  const InodeRef& old_parent = inode_of(*from.parent);
  const InodeRef& new_parent = inode_of(*to.parent);
  const std::string old_name = old_parent->children.at(key(from.name)).name;
  // Two names of one file, the target being another of them: the old one goes.
  const bool was_there = child_of(*new_parent, to.name) == inode;
  const bool same_entry = old_parent == new_parent && key(old_name) == key(to.name);
  if (was_there && !same_entry) detach(new_parent, to.name, inode);
  detach(old_parent, old_name, inode);
  attach(new_parent, to.name, inode);
  RenameTold told = changes_of({.old_name = old_name,
                                .new_name = to.name,
                                .replaced_name = std::move(replaced),
                                .is_directory = inode->is_directory(),
                                .same_directory = old_parent == new_parent,
                                .old_name_only = was_there && !same_entry});
  if (old_parent == new_parent) {
    std::ranges::move(told.entered, std::back_inserter(told.left));
    told.entered.clear();
  }
  watches_.tell(*old_parent, told.left);
  if (!told.entered.empty()) watches_.tell(*new_parent, told.entered);
  return Location{to.parent, to.name};
}

Result<> Tree::link(const Location& from, NodeId expected, const Resolved& to, bool replace) {
  DOZO_CHECK(check_writable());
  DOZO_TRY(const InodeRef inode, confirm(from, expected));
  // [MS-FSA] 2.1.5.15.6: not for directories.
  if (inode->is_directory()) return fail(NtStatus::FILE_IS_A_DIRECTORY);
  if (to.parent && child_of(*inode_of(*to.parent), to.name) == inode) return fail(NtStatus::OBJECT_NAME_COLLISION);
  DOZO_TRY(const std::string replaced, make_room(to, replace, *inode));
  attach(inode_of(*to.parent), to.name, inode);
  // [MS-FSA] 2.1.5.15.7.
  const bool exact = replaced == to.name;
  std::vector<NamedChange> told;
  if (!replaced.empty() && !exact) told.push_back({ChangeAction::removed, ChangeKind::file_name, replaced});
  if (exact) told.push_back({ChangeAction::modified, kinds_of_replacement(), to.name});
  if (!exact) told.push_back({ChangeAction::added, ChangeKind::file_name, to.name});
  watches_.tell(*inode_of(*to.parent), told);
  return {};
}

}  // namespace dozo::vfs::memory
