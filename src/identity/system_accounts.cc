#include "identity/system_accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

namespace dozo::identity {
namespace {

constexpr std::size_t kBufferStart = 1024;
constexpr std::size_t kBufferMax = std::size_t{1} << 20;  // groups with very many members

// Calls `lookup(&record, buffer, size, &found)` with a buffer that grows until it is enough.
template <class Record, class Lookup, class Convert>
auto with_buffer(Lookup lookup, Convert convert) -> std::optional<decltype(convert(Record{}))> {
  for (std::size_t size = kBufferStart; size <= kBufferMax; size *= 4) {
    std::vector<char> buffer(size);
    Record record{};
    Record* found = nullptr;
    const int rc = lookup(&record, buffer.data(), buffer.size(), &found);
    if (rc == ERANGE) continue;
    if (rc != 0 || found == nullptr) return std::nullopt;
    return convert(*found);
  }
  return std::nullopt;
}

SystemUser to_user(const passwd& p) { return {p.pw_name, p.pw_uid, p.pw_gid}; }
SystemGroup to_group(const group& g) { return {g.gr_name, g.gr_gid}; }

}  // namespace

std::optional<SystemUser> find_system_user(const std::string& name) {
  const auto lookup = [&](passwd* record, char* buffer, std::size_t size, passwd** found) {
    return getpwnam_r(name.c_str(), record, buffer, size, found);
  };
  return with_buffer<passwd>(lookup, [](const passwd& p) { return to_user(p); });
}

std::optional<SystemUser> find_system_user(std::uint32_t uid) {
  const auto lookup = [&](passwd* record, char* buffer, std::size_t size, passwd** found) {
    return getpwuid_r(uid, record, buffer, size, found);
  };
  return with_buffer<passwd>(lookup, [](const passwd& p) { return to_user(p); });
}

std::optional<SystemGroup> find_system_group(const std::string& name) {
  const auto lookup = [&](group* record, char* buffer, std::size_t size, group** found) {
    return getgrnam_r(name.c_str(), record, buffer, size, found);
  };
  return with_buffer<group>(lookup, [](const group& g) { return to_group(g); });
}

std::optional<SystemGroup> find_system_group(std::uint32_t gid) {
  const auto lookup = [&](group* record, char* buffer, std::size_t size, group** found) {
    return getgrgid_r(gid, record, buffer, size, found);
  };
  return with_buffer<group>(lookup, [](const group& g) { return to_group(g); });
}

std::vector<std::uint32_t> system_groups_of(const SystemUser& user) {
  std::vector<gid_t> gids(32);
  for (;;) {
    int count = static_cast<int>(gids.size());
    if (getgrouplist(user.name.c_str(), user.gid, gids.data(), &count) >= 0) {
      gids.resize(static_cast<std::size_t>(count));
      return {gids.begin(), gids.end()};
    }
    // The kernel takes 65536 groups at most; a count that does not grow would loop for ever.
    if (gids.size() >= 65536) return {user.gid};
    gids.resize(gids.size() * 2);
  }
}

}  // namespace dozo::identity
