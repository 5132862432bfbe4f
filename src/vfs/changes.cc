#include "vfs/changes.h"

namespace dozo::vfs {

ChangeKinds kinds_of_write(std::uint64_t before, std::uint64_t offset, std::uint64_t length) {
  ChangeKinds kinds = ChangeKind::last_write;
  if (length > before || offset > before - length) kinds |= ChangeKind::size;
  return kinds;
}

// [MS-FSA] 2.1.5.15.2.
ChangeKinds kinds_of(const TimesUpdate& times) {
  ChangeKinds kinds;
  if (times.creation) kinds |= ChangeKind::creation;
  if (times.last_access) kinds |= ChangeKind::last_access;
  if (times.last_write) kinds |= ChangeKind::last_write;
  if (times.change) kinds |= ChangeKind::attributes;
  return kinds;
}

ChangeKinds kinds_of_replacement() {
  ChangeKinds kinds = ChangeKind::attributes | ChangeKind::size;
  kinds |= ChangeKind::last_write | ChangeKind::last_access;
  kinds |= ChangeKind::creation | ChangeKind::security;
  return kinds | ChangeKind::ea;
}

RenameTold changes_of(const RenameMade& made) {
  const ChangeKinds name = name_kind(made.is_directory);
  const bool exact = !made.replaced_name.empty() && made.replaced_name == made.new_name;
  const bool pair = made.same_directory && !exact && !made.old_name_only;
  RenameTold out;
  if (!made.replaced_name.empty() && !exact) {
    auto& where = made.same_directory ? out.left : out.entered;
    where.push_back({ChangeAction::removed, name_kind(false), made.replaced_name});
  }
  out.left.push_back({pair ? ChangeAction::renamed_old_name : ChangeAction::removed, name, made.old_name});
  if (made.old_name_only) return out;
  if (exact) {
    out.entered.push_back({ChangeAction::modified, kinds_of_replacement(), made.new_name});
    return out;
  }
  out.entered.push_back({pair ? ChangeAction::renamed_new_name : ChangeAction::added, name, made.new_name});
  // A file that is renamed gets FILE_ATTRIBUTE_ARCHIVE.
  if (!made.is_directory) out.entered.push_back({ChangeAction::modified, ChangeKind::attributes, made.new_name});
  return out;
}

}  // namespace dozo::vfs
