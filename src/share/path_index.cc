#include "share/path_index.h"

#include "base/assert.h"

namespace dozo::share {

void PathIndex::add(std::uint64_t volume, const std::u16string& path, std::size_t opens) {
  opens_[{volume, path}] += opens;
}

void PathIndex::remove(std::uint64_t volume, const std::u16string& path, std::size_t opens) {
  const auto it = opens_.find({volume, path});
  DOZO_ASSERT(it != opens_.end() && it->second >= opens);
  it->second -= opens;
  if (it->second == 0) opens_.erase(it);
}

bool PathIndex::has_beneath(std::uint64_t volume, std::u16string_view directory) const {
  std::u16string prefix(directory);
  // Everything beneath the root sorts behind the empty path itself.
  if (prefix.empty()) {
    const auto it = opens_.upper_bound({volume, prefix});
    return it != opens_.end() && it->first.first == volume;
  }
  prefix += u'\\';
  const auto it = opens_.lower_bound({volume, prefix});
  return it != opens_.end() && it->first.first == volume && it->first.second.starts_with(prefix);
}

}  // namespace dozo::share
