// File of include/dozo/client.h.
#pragma once

#include "client/api_engine.h"
#include "client/linked_file.h"

namespace dozo::smb {

struct File::Impl {
  std::shared_ptr<Share::Impl> share;  // the engine lives as long as its files
  std::string path;
  std::unique_ptr<client::LinkedFile> file;  // touched on the engine's loop alone
  std::uint64_t size = 0;
};

Result<File> open_file(std::shared_ptr<Share::Impl> share, std::string path, Mode mode);

}  // namespace dozo::smb
