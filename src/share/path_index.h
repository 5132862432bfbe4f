// PathIndex: which paths are open, for "is anything open beneath this directory". [MS-FSA] 2.1.4.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace dozo::share {

// Counts opens by volume and path. O(log n) in the number of open paths.
class PathIndex {
 public:
  void add(std::uint64_t volume, const std::u16string& path, std::size_t opens = 1);
  void remove(std::uint64_t volume, const std::u16string& path, std::size_t opens = 1);
  // Strictly beneath: the directory itself does not count. The volume's root is the empty path.
  bool has_beneath(std::uint64_t volume, std::u16string_view directory) const;
  std::size_t size() const { return opens_.size(); }

 private:
  std::map<std::pair<std::uint64_t, std::u16string>, std::size_t> opens_;
};

}  // namespace dozo::share
