#include "vfs/posix/metadata.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/unicode.h"
#include "vfs/posix/acting_as.h"

namespace dozo::vfs::posix {
namespace {

timespec to_timespec(const std::optional<FileTime>& time) {
  if (!time) return {0, UTIME_OMIT};
  const FileTime::Unix since = time->to_unix();
  return {static_cast<time_t>(since.seconds), static_cast<long>(since.ns)};
}

// What the record says now, or would say.
struct Record {
  FileAttributes attributes;
  FileTime creation_time;
  std::optional<KeptChangeTime> change_time = std::nullopt;
};
Result<Record> current_record(const Share& share, int fd) {
  const auto status = status_of_fd(fd);
  if (!status) return fail_errno(status.error());
  const DosAttributes stored = stored_attributes(share, {fd});
  Record record{stored.attributes.value_or(FileAttributes()), stored.creation_time.value_or(birth_time(*status))};
  if (S_ISDIR(status->stx_mode)) record.attributes |= FileAttribute::directory;
  return record;
}

// STATUS_NOT_SUPPORTED where the file system keeps no extended attributes.
Result<> store(const Share& share, int fd, const Record& record) {
  if (!share.has_xattrs) return fail(NtStatus::NOT_SUPPORTED);
  const auto stored = set_xattr(fd, kDosAttributesName,
                                encode_dos_attributes(record.attributes, record.creation_time, record.change_time));
  if (stored) return {};
  if (stored.error() == EOPNOTSUPP) share.has_xattrs = false;
  return fail_errno(stored.error());
}

// Last of all that is done to the object: the record holds as long as nothing touches it. Writing it may take longer
// than a record allows for: then once more.
Result<> store_with_change_time(const Share& share, int fd, Record record, FileTime change) {
  constexpr int kAttempts = 3;
  for (int i = 0; i < kAttempts; ++i) {
    record.change_time = KeptChangeTime{change, SystemClock().wall_now().time_since_epoch().count()};
    DOZO_CHECK(store(share, fd, record));
    const auto status = status_of_fd(fd);
    if (!status) return fail_errno(status.error());
    if (record.change_time->stands_for(status->stx_ctime.tv_sec * 1'000'000'000 + status->stx_ctime.tv_nsec)) break;
  }
  return {};
}

Result<> set_file_times(int fd, const TimesUpdate& times) {
  const timespec both[2] = {to_timespec(times.last_access), to_timespec(times.last_write)};
  if (utimensat(fd, "", both, AT_EMPTY_PATH) == 0) return {};
  if (errno != EINVAL && errno != ENOENT) return fail_errno(errno);
  // Before Linux 5.8.
  if (utimensat(AT_FDCWD, proc_path(fd).c_str(), both, 0) != 0) return fail_errno(errno);
  return {};
}

// READ_ONLY is all that the mode bits can keep.
Result<> attributes_into_mode(int fd, FileAttributes attributes) {
  const auto status = status_of_fd(fd);
  if (!status) return fail_errno(status.error());
  if (S_ISDIR(status->stx_mode)) return {};
  const mode_t mode = status->stx_mode & 07777u;
  const bool read_only = attributes.has(FileAttribute::read_only);
  const mode_t wanted = read_only ? mode & ~0222u : (mode & 0222u) == 0 ? mode | 0200u : mode;
  if (wanted != mode && chmod(proc_path(fd).c_str(), wanted) != 0) return fail_errno(errno);
  return {};
}

Result<> store_attributes(const Share& share, int fd, const Record& record) {
  const Result<> stored = store(share, fd, record);
  if (stored || stored.error() != NtStatus::NOT_SUPPORTED) return stored;
  return attributes_into_mode(fd, record.attributes);
}

// The name under which an attribute is stored already, whatever its case; else as given.
std::string stored_ea_name(int fd, std::string_view name) {
  const std::u16string key = fold_name(name);
  for (const std::string& xattr : list_xattrs({fd}).value_or(std::vector<std::string>{})) {
    const auto ea = client_ea_name(xattr);
    if (ea && fold_name(*ea) == key) return xattr;
  }
  return "user." + std::string(name);
}

}  // namespace

Result<> change_times(const Share& share, int fd, const TimesUpdate& times) {
  if (times.last_access || times.last_write) DOZO_CHECK(set_file_times(fd, times));
  if (!times.creation && !times.change) return {};
  DOZO_TRY(Record record, current_record(share, fd));
  if (times.creation) record.creation_time = *times.creation;
  const Result<> stored =
      times.change ? store_with_change_time(share, fd, record, *times.change) : store(share, fd, record);
  if (!stored && stored.error() != NtStatus::NOT_SUPPORTED) return stored;
  return {};
}

Result<> change_attributes(const Share& share, int fd, FileAttributes attributes) {
  DOZO_TRY(Record record, current_record(share, fd));
  const FileAttributes kept = record.attributes & (FileAttribute::sparse_file | FileAttribute::directory);
  record.attributes = (attributes & kSettableAttributes) | kept;
  return store_attributes(share, fd, record);
}

Result<> change_sparse(const Share& share, int fd, bool sparse) {
  DOZO_TRY(Record record, current_record(share, fd));
  record.attributes = record.attributes.without(FileAttribute::sparse_file);
  if (sparse) record.attributes |= FileAttribute::sparse_file;
  return store(share, fd, record);
}

Result<> record_new(const Share& share, int fd, FileAttributes attributes) {
  const auto status = status_of_fd(fd);
  if (!status) return fail_errno(status.error());
  FileAttributes all = attributes & kSettableAttributes;
  if (S_ISDIR(status->stx_mode)) all |= FileAttribute::directory;
  return store_attributes(share, fd, {all, birth_time(*status)});
}

namespace {

Result<> change_owner_and_mode(const Caller* caller, int fd, const OwnershipUpdate& update) {
  const ActingAs acting(caller);
  if (!acting.ok()) return fail(NtStatus::ACCESS_DENIED);
  if (update.uid || update.gid) {
    constexpr auto kKeep = static_cast<std::uint32_t>(-1);
    if (fchownat(fd, "", update.uid.value_or(kKeep), update.gid.value_or(kKeep), AT_EMPTY_PATH) != 0) {
      return fail_errno(errno);
    }
  }
  if (update.mode && chmod(proc_path(fd).c_str(), *update.mode & 07777u) != 0) return fail_errno(errno);
  return {};
}

}  // namespace

Result<> change_ownership(const Share& share, const Caller* caller, int fd, const OwnershipUpdate& update) {
  if (update.security && !update.security->empty() && !share.has_xattrs) return fail(NtStatus::NOT_SUPPORTED);
  DOZO_CHECK(change_owner_and_mode(caller, fd, update));
  // Last: it says with which owner, group and permission bits it holds.
  return update.security ? store_security(share, fd, *update.security) : Result<>();
}

std::vector<ExtendedAttribute> read_eas(const Share& share, int fd) {
  std::vector<ExtendedAttribute> out;
  if (!share.has_xattrs) return out;
  for (const std::string& xattr : list_xattrs({fd}).value_or(std::vector<std::string>{})) {
    const auto name = client_ea_name(xattr);
    if (!name) continue;
    auto value = get_xattr({fd}, xattr.c_str());
    if (value) out.push_back({std::string(*name), std::move(*value)});
  }
  return out;
}

Result<> change_ea(const Share& share, int fd, std::string_view name, Bytes value) {
  if (!share.has_xattrs) return fail(NtStatus::EAS_NOT_SUPPORTED);
  if (name.empty() || name.find('\0') != std::string_view::npos) return fail(NtStatus::INVALID_EA_NAME);
  if (!client_ea_name("user." + std::string(name))) return fail(NtStatus::ACCESS_DENIED);  // a record of ours
  const std::string xattr = stored_ea_name(fd, name);
  const auto changed = value.empty() ? remove_xattr(fd, xattr.c_str()) : set_xattr(fd, xattr.c_str(), value);
  if (changed || (value.empty() && changed.error() == ENODATA)) return {};
  if (changed.error() == EOPNOTSUPP) return fail(NtStatus::EAS_NOT_SUPPORTED);
  // The name was too long, or the value.
  if (changed.error() == ERANGE) return fail(NtStatus::INVALID_EA_NAME);
  return fail_errno(changed.error());
}

Result<> remove_all_eas_and_streams(const Share& share, int fd) {
  if (!share.has_xattrs) return {};
  for (const std::string& xattr : list_xattrs({fd}).value_or(std::vector<std::string>{})) {
    if (!client_ea_name(xattr) && !is_stream_xattr(xattr)) continue;
    const auto removed = remove_xattr(fd, xattr.c_str());
    if (!removed && removed.error() != ENODATA) return fail_errno(removed.error());
  }
  return {};
}

}  // namespace dozo::vfs::posix
