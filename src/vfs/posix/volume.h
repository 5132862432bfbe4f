// The file system of the machine beneath one folder (docs/architecture.md: path safety, identity).
#pragma once

#include <memory>

#include "base/result.h"
#include "vfs/backends.h"
#include "vfs/volume.h"

namespace dozo::vfs {

// STATUS_OBJECT_PATH_NOT_FOUND, STATUS_NOT_A_DIRECTORY or STATUS_ACCESS_DENIED when options.path cannot be shared.
Result<std::unique_ptr<Volume>> open_posix_volume(const BackendOptions& options);

}  // namespace dozo::vfs
