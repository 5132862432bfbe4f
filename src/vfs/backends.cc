#include "vfs/backends.h"

#include "vfs/memory/volume.h"
#include "vfs/posix/volume.h"

namespace dozo::vfs {
namespace {

Result<std::unique_ptr<Volume>> open_memory(const BackendOptions& options) {
  return std::make_unique<MemoryVolume>(
      MemoryOptions{.case_sensitive = options.case_sensitive, .read_only = options.read_only});
}

constexpr Backend kBackends[] = {
    {"posix", true, open_posix_volume},
    {"memory", false, open_memory},
};

}  // namespace

std::span<const Backend> backends() { return kBackends; }

const Backend* find_backend(std::string_view name) {
  for (const Backend& backend : kBackends) {
    if (backend.name == name) return &backend;
  }
  return nullptr;
}

}  // namespace dozo::vfs
