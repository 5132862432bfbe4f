#include "vfs/posix/node_info.h"

#include <cerrno>

#include "base/unicode.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::uint64_t kAllocationUnit = 4096;
constexpr std::string_view kUserPrefix = "user.";
constexpr std::string_view kStreamPrefix = "user.DosStream.";
constexpr std::string_view kAclName = "system.posix_acl_access";
constexpr std::string_view kHidden[] = {"user.DOSATTRIB", "user.DosAttrib", "user.SAMBA_PAI", "user.SAMBA_STREAMS",
                                        kSecurityName};

FileTime file_time(const statx_timestamp& t) { return FileTime::from_unix(t.tv_sec, t.tv_nsec); }

std::int64_t ns_of(const statx_timestamp& t) { return t.tv_sec * 1'000'000'000 + t.tv_nsec; }

std::uint64_t allocation_of(const struct statx& status) {
  const std::uint64_t bytes = status.stx_blocks * 512;
  return (bytes + kAllocationUnit - 1) / kAllocationUnit * kAllocationUnit;
}

// [MS-FSCC] 2.4.15: each entry has 8 bytes, the name with its NUL and the value, and starts at a multiple of 4.
std::uint32_t ea_size_with(std::uint32_t before, std::string_view name, std::size_t value_size) {
  return (before + 3) / 4 * 4 + static_cast<std::uint32_t>(8 + name.size() + 1 + value_size);
}

// One listing says whether there is anything to fetch; most objects have nothing or the record alone. nullopt: it could
// not be read.
std::optional<ObjectRecord> read_record(const Share& share, Place place) {
  XattrNames names;
  if (const int error = names.read(place); error != 0) {
    if (error == EOPNOTSUPP) share.has_xattrs = false;
    return std::nullopt;
  }
  ObjectRecord out;
  for (std::string_view name = names.next(); !name.empty(); name = names.next()) {
    if (name == kDosAttributesName) {
      out.attributes = stored_attributes(share, place);
    } else if (name == kAclName) {
      out.has_acl = true;
    } else if (name == kSecurityName) {
      out.security = stored_security(place);
    } else if (const auto ea = client_ea_name(name)) {
      const auto value = get_xattr(place, std::string(name).c_str());
      if (value) out.ea_size = ea_size_with(out.ea_size, *ea, value->size());
    }
  }
  return out;
}

FileAttributes attributes_of(const struct statx& status, const DosAttributes& stored, std::string_view client_name) {
  FileAttributes out;
  const bool directory = S_ISDIR(status.stx_mode);
  if (stored.attributes) {
    out = stored.attributes->without(FileAttribute::directory);
  } else {
    if (!directory && (status.stx_mode & 0222) == 0) out |= FileAttribute::read_only;
    if (client_name.size() > 1 && client_name[0] == '.' && client_name != "..") out |= FileAttribute::hidden;
  }
  if (directory) out |= FileAttribute::directory;
  return or_normal(out);
}

}  // namespace

FileTime birth_time(const struct statx& status) {
  if ((status.stx_mask & STATX_BTIME) != 0) return file_time(status.stx_btime);
  return std::min({file_time(status.stx_mtime), file_time(status.stx_ctime), file_time(status.stx_atime)});
}

ObjectRecord record_of(const Share& share, const struct statx& status, Place place) {
  if (!share.has_xattrs) return {};
  if (share.reliable_events) {
    if (auto known = share.records.find(status)) return *std::move(known);
  }
  const std::optional<ObjectRecord> record = read_record(share, place);
  if (record && share.reliable_events) share.records.put(status, SystemClock().wall_now(), *record);
  return record.value_or(ObjectRecord{});
}

ObjectMarks marks_of(const Share& share, const struct statx& status, Place place) {
  if (share.reliable_events && RecordCache::may_keep(status, SystemClock().wall_now())) {
    auto known = share.records.find(status);
    if (!known) {
      record_of(share, status, place);
      known = share.records.find(status);
    }
    // What could not be read was not kept.
    if (known) return {known->has_acl, known->security ? known->security->of(status) : nullptr};
  }
  ObjectMarks out;
  XattrNames names;
  // Where the names cannot be read, the system is to be asked.
  if (const int error = names.read(place); error != 0) out.has_acl = error != EOPNOTSUPP;
  for (std::string_view name = names.next(); !name.empty(); name = names.next()) {
    if (name == kAclName) out.has_acl = true;
    if (name != kSecurityName) continue;
    if (const auto security = stored_security(place)) out.security = security->of(status);
  }
  return out;
}

DosAttributes stored_attributes(const Share& share, Place place) {
  if (!share.has_xattrs) return {};
  std::array<std::uint8_t, kDosAttributesMax> buffer;
  const auto blob = get_xattr_into(place, kDosAttributesName, buffer);
  if (!blob) return {};
  return decode_dos_attributes(*blob).value_or(DosAttributes{});
}

NodeInfo node_info(const Share& share, const struct statx& status, Place place, std::string_view client_name) {
  NodeInfo info;
  info.id = id_of(status);
  info.type = type_of(status.stx_mode);
  if (info.type == NodeType::file) {
    info.size = status.stx_size;
    info.allocation_size = allocation_of(status);
  }
  const bool plain = info.type == NodeType::file || info.type == NodeType::directory;
  const ObjectRecord record = plain ? record_of(share, status, place) : ObjectRecord{};
  info.links = status.stx_nlink;
  info.creation_time = record.attributes.creation_time.value_or(birth_time(status));
  info.last_access_time = file_time(status.stx_atime);
  info.last_write_time = file_time(status.stx_mtime);
  info.change_time = file_time(status.stx_ctime);
  if (const auto& kept = record.attributes.change_time; kept && kept->stands_for(ns_of(status.stx_ctime))) {
    info.change_time = kept->time;
  }
  info.attributes = attributes_of(status, record.attributes, client_name);
  info.uid = status.stx_uid;
  info.gid = status.stx_gid;
  info.mode = status.stx_mode & 07777u;
  info.ea_size = record.ea_size;
  if (record.security) info.security = record.security->of(status);
  return info;
}

Result<NodeInfo> node_info(const Share& share, int fd, std::string_view client_name) {
  const auto status = status_of_fd(fd);
  if (!status) return fail_errno(status.error());
  return node_info(share, *status, {fd}, client_name);
}

std::optional<std::string_view> client_ea_name(std::string_view xattr_name) {
  if (!xattr_name.starts_with(kUserPrefix) || is_stream_xattr(xattr_name)) return std::nullopt;
  for (const std::string_view hidden : kHidden) {
    if (equal_ignoring_case(utf8_to_utf16_lossy(xattr_name), utf8_to_utf16_lossy(hidden))) return std::nullopt;
  }
  xattr_name.remove_prefix(kUserPrefix.size());
  return xattr_name.empty() ? std::nullopt : std::optional(xattr_name);
}

bool is_stream_xattr(std::string_view xattr_name) { return xattr_name.starts_with(kStreamPrefix); }

}  // namespace dozo::vfs::posix
