// What the changes a volume makes are told as. Shared by the backends.
#pragma once

#include <string>
#include <vector>

#include "vfs/types.h"

namespace dozo::vfs {

struct NamedChange {
  ChangeAction action;
  ChangeKinds kinds;
  std::string name;  // of the entry, as clients see it
};

inline ChangeKind name_kind(bool is_directory) {
  return is_directory ? ChangeKind::directory_name : ChangeKind::file_name;
}

// Which kinds of change a write to `before` bytes of data is.
ChangeKinds kinds_of_write(std::uint64_t before, std::uint64_t offset, std::uint64_t length);
ChangeKinds kinds_of(const TimesUpdate& times);
// The name means another file now.
ChangeKinds kinds_of_replacement();

struct RenameMade {
  std::string old_name;
  std::string new_name;
  std::string replaced_name;  // what was at the new name, as stored; empty: nothing
  bool is_directory = false;
  bool same_directory = false;
  bool old_name_only = false;  // the new name was one of the file already
};
// What it means in the directory that was left and in the one that was entered, which may be one: then in this order.
struct RenameTold {
  std::vector<NamedChange> left;
  std::vector<NamedChange> entered;
};
// [MS-FSA] 2.1.5.15.12.
RenameTold changes_of(const RenameMade& made);

}  // namespace dozo::vfs
