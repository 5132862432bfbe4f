#include <stdlib.h>

#include <filesystem>

#include "vfs/volume_test_support.h"

namespace dozo::vfs {

std::string make_test_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "dozo-vfs-XXXXXX").string();
  return mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
}

void remove_test_folder(const std::string& folder) {
  if (!folder.empty()) std::filesystem::remove_all(folder);
}

}  // namespace dozo::vfs
