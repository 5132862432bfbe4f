// Share modes: which opens of one stream exclude each other. [MS-FSA] 2.1.5.1.2.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/access_mask.h"
#include "model/create.h"

namespace dozo::share {

// One row of the share-mode table: who was granted any of `rights` needs every other participant to share `permission`.
struct ShareRule {
  AccessMask rights;
  ShareFlag permission;
};

// [MS-FSA] 2.1.5.1.2.2: executing counts as reading, appending as writing.
inline constexpr std::array<ShareRule, 3> kShareRules = {{
    {Access::read_data | Access::execute, ShareFlag::read},
    {Access::write_data | Access::append_data, ShareFlag::write},
    {Access::delete_object, ShareFlag::delete_access},
}};
inline constexpr std::size_t kDeleteRule = 2;

// What one open uses and denies, by rule. An open with none of the rights takes no part: it neither uses nor denies.
struct ShareRights {
  std::array<bool, kShareRules.size()> uses{};
  std::array<bool, kShareRules.size()> denies{};

  static constexpr ShareRights of(AccessMask granted, ShareAccess share) {
    ShareRights out;
    bool takes_part = false;
    for (std::size_t i = 0; i < kShareRules.size(); ++i) {
      out.uses[i] = granted.has_any(kShareRules[i].rights);
      takes_part = takes_part || out.uses[i];
    }
    for (std::size_t i = 0; i < kShareRules.size(); ++i)
      out.denies[i] = takes_part && !share.has(kShareRules[i].permission);
    return out;
  }
  bool operator==(const ShareRights&) const = default;
};

// How many opens of a stream use and deny each right: what makes the check independent of the number of opens.
class ShareTally {
 public:
  // Both directions: what the newcomer uses and others deny, what it denies and others use.
  bool conflicts(const ShareRights& rights) const {
    for (std::size_t i = 0; i < kShareRules.size(); ++i) {
      if (rights.uses[i] && deniers_[i] != 0) return true;
      if (rights.denies[i] && users_[i] != 0) return true;
    }
    return false;
  }
  void add(const ShareRights& rights) { change(rights, 1); }
  void remove(const ShareRights& rights) { change(rights, -1); }
  std::uint32_t users(std::size_t rule) const { return users_[rule]; }
  std::uint32_t deniers(std::size_t rule) const { return deniers_[rule]; }

 private:
  void change(const ShareRights& rights, int by) {
    for (std::size_t i = 0; i < kShareRules.size(); ++i) {
      if (rights.uses[i]) users_[i] += static_cast<std::uint32_t>(by);
      if (rights.denies[i]) deniers_[i] += static_cast<std::uint32_t>(by);
    }
  }

  std::array<std::uint32_t, kShareRules.size()> users_{};
  std::array<std::uint32_t, kShareRules.size()> deniers_{};
};

}  // namespace dozo::share
