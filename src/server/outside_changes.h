// OutsideWatch: what clients cache of a file ends when another program on this machine changes it.
#pragma once

#include <memory>

#include "share/events.h"
#include "vfs/volume.h"

namespace dozo::server {

class Server;
struct Share;

// Resource. Owned by the open that may cache; ends on any thread, before the loop that made it does. While it lives
// each change that is none of dozo's own becomes a share::OutsideChange.
class OutsideWatch {
 public:
  ~OutsideWatch();
  OutsideWatch(const OutsideWatch&) = delete;
  OutsideWatch& operator=(const OutsideWatch&) = delete;

  // Null: such changes cannot be seen, or too much is watched already.
  static std::unique_ptr<OutsideWatch> of(Server& server, const Share& share, const vfs::NodeRef& node);

 private:
  class Listener;
  OutsideWatch(std::shared_ptr<Listener> listener, std::unique_ptr<vfs::Watch> watch);

  std::shared_ptr<Listener> listener_;
  std::unique_ptr<vfs::Watch> watch_;
};

// Before the engine is asked for `wanted`: from here on changes to the node are seen, as long as the result lives; or
// else `wanted` asks to cache nothing, for what is not seen to change may be stale. Null also for a request that asks
// for no caching. Every open of a lease has a watch of its own, whichever of them raised the lease's state.
std::unique_ptr<OutsideWatch> watch_before_caching(Server& server, const Share& share, const vfs::NodeRef& node,
                                                   share::OpenRequest& wanted);

}  // namespace dozo::server
