// The system's users and groups (getpwnam_r and its relatives). May block when they come from a remote directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dozo::identity {

struct SystemUser {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct SystemGroup {
  std::string name;
  std::uint32_t gid = 0;
};

// nullopt when there is none, and when the lookup failed. Names are compared as the system does: exactly.
std::optional<SystemUser> find_system_user(const std::string& name);
std::optional<SystemUser> find_system_user(std::uint32_t uid);
std::optional<SystemGroup> find_system_group(const std::string& name);
std::optional<SystemGroup> find_system_group(std::uint32_t gid);

// All groups of the user, the primary one included.
std::vector<std::uint32_t> system_groups_of(const SystemUser& user);

}  // namespace dozo::identity
