// The table of backends: which file systems a share can be made of.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "vfs/volume.h"

namespace dozo::vfs {

struct BackendOptions {
  std::string path;  // the folder that is shared; backends that need none ignore it
  bool case_sensitive = false;
  bool read_only = false;  // every change is STATUS_MEDIA_WRITE_PROTECTED
};

// One row. `open` fails with the status of what is wrong with the path (not found, no directory, access denied).
struct Backend {
  std::string_view name;
  bool needs_path;
  Result<std::unique_ptr<Volume>> (*open)(const BackendOptions& options);
};

std::span<const Backend> backends();
const Backend* find_backend(std::string_view name);  // null: there is none of this name

}  // namespace dozo::vfs
