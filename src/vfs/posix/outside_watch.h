// OutsideHub: sees what other programs do to the files and directories it watches, by fanotify.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "vfs/posix/fanotify.h"

namespace dozo::vfs::posix {

// Any thread. A thread of its own reads the events, from the first watch on.
class OutsideHub : public std::enable_shared_from_this<OutsideHub> {
 public:
  // `nodes_max`: files and directories watched at a time.
  explicit OutsideHub(std::size_t nodes_max);
  ~OutsideHub();
  // The one that all volumes share: a user may have few fanotify groups (128).
  static std::shared_ptr<OutsideHub> of_process();

  // As Volume::watch_outside.
  Result<std::unique_ptr<Watch>> watch(const NodeRef& node, OutsideListenerRef listener);

 private:
  struct Watched {
    NodeRef node;
    std::uint64_t events;
    std::vector<OutsideListenerRef> listeners;  // one for each watch
  };
  class HubWatch;
  struct Reader;
  using Told = std::vector<std::pair<OutsideListenerRef, NodeId>>;

  void end(const HandleKey& key, const OutsideListenerRef& listener);
  void read_events(int stop);
  bool deliver(const std::vector<FanotifyEvent>& events);  // whether anybody was told
  // With the mutex.
  void collect(const HandleKey& key, Told& told) const;

  const std::size_t nodes_max_;
  std::mutex mutex_;
  std::unique_ptr<Fanotify> group_;  // made by the first watch; stays
  std::map<HandleKey, Watched> watched_;
  std::unique_ptr<Reader> reader_;  // last: ends before what it reads
};

}  // namespace dozo::vfs::posix
