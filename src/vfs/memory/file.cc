#include "vfs/memory/file.h"

#include "vfs/changes.h"
#include "vfs/memory/directory_reader.h"

namespace dozo::vfs::memory {
namespace {

constexpr std::size_t kEasMax = 64 * 1024;  // of one file, as NTFS

void apply(const TimesUpdate& times, Inode& inode) {
  if (times.creation) inode.creation_time = *times.creation;
  if (times.last_access) inode.last_access_time = *times.last_access;
  if (times.last_write) inode.last_write_time = *times.last_write;
  inode.change_time = times.change ? *times.change : Tree::now();
}

}  // namespace

Result<> MemoryFile::check_data(bool granted) const {
  if (type() == NodeType::directory) return fail(NtStatus::FILE_IS_A_DIRECTORY);
  if (!granted) return fail(NtStatus::ACCESS_DENIED);
  return {};
}

Result<> MemoryFile::check_change() const {
  if (type() == NodeType::directory) return fail(NtStatus::INVALID_PARAMETER);
  if (!use_.write_data && !use_.append_only) return fail(NtStatus::ACCESS_DENIED);
  return {};
}

std::string MemoryFile::stream_name() const {
  for (const auto& [key, stream] : inode_->streams) {
    if (stream.fork == fork_) return stream.name;
  }
  return {};
}

void MemoryFile::data_changed(bool size_changed) {
  inode_->last_write_time = inode_->change_time = Tree::now();
  if (is_stream()) {
    tree_->watches().stream_changed(*inode_, stream_name(), ChangeAction::modified_stream);
    return;
  }
  ChangeKinds kinds = ChangeKind::last_write;
  if (size_changed) kinds |= ChangeKind::size;
  tree_->watches().changed(*inode_, kinds);
}

Task<Result<NodeInfo>> MemoryFile::info() {
  DOZO_CO_CHECK(co_await tree_->turn());
  const std::lock_guard lock(tree_->mutex());
  NodeInfo info = info_of(*inode_);
  if (is_stream()) {
    info.type = NodeType::file;
    info.size = fork_->size();
    info.allocation_size = fork_->allocation();
    info.attributes = or_normal(info.attributes.without(FileAttribute::directory));
  }
  co_return info;
}

Task<Result<std::size_t>> MemoryFile::read_at(std::uint64_t offset, MutableBytes into) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(check_data(use_.read_data));
  const std::lock_guard lock(tree_->mutex());
  co_return fork_->read(offset, into);
}

Task<Result<>> MemoryFile::write_at(std::uint64_t offset, Bytes from) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(check_data(use_.write_data || use_.append_only));
  const std::lock_guard lock(tree_->mutex());
  const std::uint64_t before = fork_->size();
  DOZO_CO_CHECK(fork_->write(offset, from));
  if (!from.empty()) data_changed(fork_->size() != before);
  co_return Result<>{};
}

Task<Result<>> MemoryFile::flush() { co_return co_await tree_->turn(); }

Task<Result<>> MemoryFile::set_size(std::uint64_t size) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(check_change());
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_CHECK(fork_->set_size(size));
  data_changed(true);
  co_return Result<>{};
}

Task<Result<>> MemoryFile::set_allocation(std::uint64_t size) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(check_change());
  const std::lock_guard lock(tree_->mutex());
  // [MS-FSA] 2.1.5.15.1: less than the end of the file truncates.
  if (size < fork_->size()) {
    DOZO_CO_CHECK(fork_->set_size(size));
    data_changed(true);
  }
  co_return fork_->reserve(size);
}

Task<Result<>> MemoryFile::zero_range(ByteRange range) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(check_change());
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_CHECK(fork_->zero(range));
  data_changed(false);
  co_return Result<>{};
}

Task<Result<std::vector<ByteRange>>> MemoryFile::allocated_ranges(ByteRange within) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(check_data(true));
  const std::lock_guard lock(tree_->mutex());
  co_return fork_->allocated(within);
}

Task<Result<>> MemoryFile::clone_from(File& source, ByteRange range, std::uint64_t to_offset) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(check_change());
  auto* from = dynamic_cast<MemoryFile*>(&source);
  if (from == nullptr || from->tree_ != tree_) co_return fail(NtStatus::NOT_SAME_DEVICE);
  const std::lock_guard lock(tree_->mutex());
  if (!in_range(range.offset, range.length, from->fork_->size())) co_return fail(NtStatus::INVALID_PARAMETER);
  constexpr std::uint64_t kPiece = 1024 * 1024;
  ByteVector piece(static_cast<std::size_t>(std::min(range.length, kPiece)));
  for (std::uint64_t done = 0; done < range.length; done += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(range.length - done, piece.size())));
    from->fork_->read(range.offset + done, piece);
    DOZO_CO_CHECK(fork_->write(to_offset + done, piece));
  }
  data_changed(true);
  co_return Result<>{};
}

Task<Result<>> MemoryFile::set_times(const TimesUpdate& times) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(tree_->check_writable());
  const std::lock_guard lock(tree_->mutex());
  apply(times, *inode_);
  if (const ChangeKinds kinds = kinds_of(times); !kinds.empty()) tree_->watches().changed(*inode_, kinds);
  co_return Result<>{};
}

Task<Result<>> MemoryFile::set_attributes(FileAttributes attributes) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(tree_->check_writable());
  const std::lock_guard lock(tree_->mutex());
  inode_->attributes = attributes & kSettableAttributes;
  inode_->change_time = Tree::now();
  tree_->watches().changed(*inode_, ChangeKind::attributes);
  co_return Result<>{};
}

Task<Result<>> MemoryFile::set_sparse(bool sparse) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(tree_->check_writable());
  DOZO_CO_CHECK(check_data(true));
  const std::lock_guard lock(tree_->mutex());
  DOZO_CO_CHECK(fork_->set_sparse(sparse));
  tree_->watches().changed(*inode_, ChangeKind::attributes);
  co_return Result<>{};
}

Task<Result<>> MemoryFile::set_ownership(CallerRef, const OwnershipUpdate& update) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(tree_->check_writable());
  const std::lock_guard lock(tree_->mutex());
  if (update.uid) inode_->uid = *update.uid;
  if (update.gid) inode_->gid = *update.gid;
  if (update.mode) inode_->mode = *update.mode & 07777u;
  if (update.security) {
    auto descriptor = update.security->empty() ? nullptr : std::make_shared<const ByteVector>(*update.security);
    inode_->security = {std::move(descriptor), inode_->uid, inode_->gid, inode_->mode};
  }
  inode_->change_time = Tree::now();
  tree_->watches().changed(*inode_, ChangeKind::security);
  co_return Result<>{};
}

Task<Result<std::vector<ExtendedAttribute>>> MemoryFile::extended_attributes() {
  DOZO_CO_CHECK(co_await tree_->turn());
  const std::lock_guard lock(tree_->mutex());
  std::vector<ExtendedAttribute> out;
  for (const auto& [key, ea] : inode_->extended_attributes) out.push_back(ea);
  co_return out;
}

Task<Result<>> MemoryFile::set_extended_attribute(std::string_view name, Bytes value) {
  DOZO_CO_CHECK(co_await tree_->turn());
  DOZO_CO_CHECK(tree_->check_writable());
  if (name.empty() || name.size() > 255) co_return fail(NtStatus::INVALID_EA_NAME);
  const std::lock_guard lock(tree_->mutex());
  const std::u16string key = tree_->key(name);
  auto& all = inode_->extended_attributes;
  if (value.empty()) {
    all.erase(key);
  } else {
    std::size_t total = name.size() + value.size();
    for (const auto& [other, ea] : all) total += other == key ? 0 : ea.name.size() + ea.value.size();
    if (total > kEasMax) co_return fail(NtStatus::EA_TOO_LARGE);
    all[key] = {std::string(name), ByteVector(value.begin(), value.end())};
  }
  inode_->change_time = Tree::now();
  // [MS-FSA] 2.1.5.15.6.
  tree_->watches().changed(*inode_, ChangeKind::ea | ChangeKind::attributes);
  co_return Result<>{};
}

Task<Result<std::vector<StreamInfo>>> MemoryFile::streams() {
  DOZO_CO_CHECK(co_await tree_->turn());
  const std::lock_guard lock(tree_->mutex());
  std::vector<StreamInfo> out;
  for (const auto& [key, stream] : inode_->streams) {
    out.push_back({stream.name, stream.fork->size(), stream.fork->allocation()});
  }
  co_return out;
}

Task<Result<std::unique_ptr<DirectoryReader>>> MemoryFile::read_directory(CallerRef) {
  DOZO_CO_CHECK(co_await tree_->turn());
  if (type() != NodeType::directory) co_return fail(NtStatus::INVALID_PARAMETER);
  co_return std::make_unique<MemoryDirectoryReader>(tree_, inode_);
}

Task<Result<DirectoryEntry>> MemoryFile::find_entry(CallerRef, std::string name) {
  DOZO_CO_CHECK(co_await tree_->turn());
  if (type() != NodeType::directory) co_return fail(NtStatus::INVALID_PARAMETER);
  const std::lock_guard lock(tree_->mutex());
  const auto child = inode_->children.find(tree_->key(name));
  if (child == inode_->children.end()) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  co_return DirectoryEntry{child->second.name, info_of(*child->second.inode)};
}

}  // namespace dozo::vfs::memory
