#include "vfs/posix/file.h"

#include <cerrno>

#include "vfs/posix/directory_reader.h"
#include "vfs/posix/metadata.h"
#include "vfs/posix/name_map.h"
#include "vfs/posix/own_changes.h"
#include "vfs/posix/stream.h"
#include "vfs/posix/walk.h"

namespace dozo::vfs::posix {
namespace {

Result<DirectoryEntry> find_in(const Share& share, const Caller* caller, int directory, const std::string& name) {
  const auto exact = to_disk_name(name);
  if (!exact) return fail(NtStatus::OBJECT_NAME_INVALID);
  {
    const ActingAs acting(caller);
    if (!acting.ok()) return fail(NtStatus::ACCESS_DENIED);
    if (faccessat(directory, ".", X_OK, AT_EACCESS) != 0) return fail_errno(errno);
  }
  if (const auto status = status_of_entry(directory, exact->c_str())) {
    return DirectoryEntry{name, node_info(share, *status, {directory, exact->c_str()}, name)};
  }
  if (share.case_sensitive) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const auto stored = find_stored(share, directory, name, Wait::yes);
  if (!stored) return fail_errno(stored.error());
  if (stored->empty()) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const auto status = status_of_entry(directory, stored->c_str());
  if (!status) return fail_errno(status.error());
  const std::string client = to_client_name(*stored);
  return DirectoryEntry{client, node_info(share, *status, {directory, stored->c_str()}, client)};
}

}  // namespace

Result<> PosixFile::told(Result<> done, ChangeKinds kinds) const {
  if (done && !kinds.empty()) own_changes().tell_of(fd(), ChangeAction::modified, kinds);
  return done;
}

ChangeKinds PosixFile::kinds_of_write_at(std::uint64_t offset, std::uint64_t length) const {
  if (!own_changes().wanted()) return {};
  const auto status = status_of_fd(fd());
  return kinds_of_write(status ? status->stx_size : 0, offset, length);
}

Task<Result<NodeInfo>> PosixFile::info() { co_return node_info(*share_, fd(), name()); }

Task<Result<>> PosixFile::set_times(const TimesUpdate& times) {
  DOZO_CO_CHECK(share_->check_writable());
  co_return told(change_times(*share_, fd(), times), kinds_of(times));
}

Task<Result<>> PosixFile::set_attributes(FileAttributes attributes) {
  DOZO_CO_CHECK(share_->check_writable());
  co_return told(change_attributes(*share_, fd(), attributes), ChangeKind::attributes);
}

Task<Result<>> PosixFile::set_sparse(bool sparse) {
  DOZO_CO_CHECK(share_->check_writable());
  DOZO_CO_CHECK(check_data(true));
  co_return told(change_sparse(*share_, fd(), sparse), ChangeKind::attributes);
}

Task<Result<>> PosixFile::set_ownership(CallerRef caller, const OwnershipUpdate& update) {
  DOZO_CO_CHECK(share_->check_writable());
  co_return told(change_ownership(*share_, caller.get(), fd(), update), ChangeKind::security);
}

Task<Result<std::vector<ExtendedAttribute>>> PosixFile::extended_attributes() { co_return read_eas(*share_, fd()); }

Task<Result<>> PosixFile::set_extended_attribute(std::string_view name, Bytes value) {
  DOZO_CO_CHECK(share_->check_writable());
  // [MS-FSA] 2.1.5.15.6.
  co_return told(change_ea(*share_, fd(), name, value), ChangeKind::ea | ChangeKind::attributes);
}

Task<Result<std::vector<StreamInfo>>> PosixFile::streams() { co_return list_streams(*share_, fd()); }

Task<Result<std::unique_ptr<DirectoryReader>>> PosixFile::read_directory(CallerRef caller) {
  if (type_ != NodeType::directory) co_return fail(NtStatus::INVALID_PARAMETER);
  UniqueFd readable;
  {
    const ActingAs acting(caller.get());
    if (!acting.ok()) co_return fail(NtStatus::ACCESS_DENIED);
    readable = UniqueFd(openat(fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!readable) co_return fail_errno(errno);
  }
  co_return std::make_unique<PosixDirectoryReader>(share_, std::move(readable), path_);
}

Task<Result<DirectoryEntry>> PosixFile::find_entry(CallerRef caller, std::string name) {
  if (type_ != NodeType::directory) co_return fail(NtStatus::INVALID_PARAMETER);
  const int directory = fd();
  const ShareRef share = share_;
  co_return co_await runtime::offload(runtime::Loop::current(),
                                      [&, directory] { return find_in(*share, caller.get(), directory, name); });
}

}  // namespace dozo::vfs::posix
