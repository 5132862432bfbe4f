// A share mounted on a folder of this machine, from the beginning to the end.
#pragma once

#include <string>

#include "base/time.h"
#include "client/link.h"
#include "runtime/callback.h"

namespace dozo::mount {

struct MountOptions {
  std::string folder;  // absolute
  std::string source;  // what df and mount call it, "//host/share"
  bool read_only = false;
  bool allow_other = false;  // other users see it too, with the permissions that modes give
  double cache_seconds = 1.0;
};

// What became of it before there was a file system: empty, or what went wrong. Called once.
class MountNews {
 public:
  virtual ~MountNews() = default;
  virtual void mounted() = 0;
  virtual void failed(client::Stage reached, NtStatus status) = 0;  // no connection, no logon, no share
  virtual void failed(const std::string& why) = 0;                  // no mount
};

// Serves until it is unmounted, or SIGTERM, SIGINT or SIGHUP comes, which unmounts it. Blocks; a loop of its own. Ends
// when what was written is on its way and every open file is closed. Whether it was mounted.
bool run_mount(client::LinkTarget target, const MountOptions& options, MountNews& news);

}  // namespace dozo::mount
