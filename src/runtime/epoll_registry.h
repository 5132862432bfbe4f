// Descriptors of the epoll back end and the operations parked on them.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/loop.h"

namespace dozo::runtime {

// What a parked operation waits for; lives in Operation::scratch.
struct EpollRequest {
  enum class Kind : std::uint8_t { accept, connect, recv, send, poll, read, write, fsync, offload, finished };
  Kind kind = Kind::finished;
  bool data_only = false;  // fsync
  short events = 0;        // poll
  int fd = -1;
  void* data = nullptr;    // recv, read, write: the memory; send: the iovecs
  std::size_t length = 0;  // its bytes; or how many iovecs
  std::uint64_t offset = 0;
};

// Edge triggered: an operation is tried first and parked when it would block; every edge tries the parked ones again.
class EpollRegistry {
 public:
  EpollRegistry();
  ~EpollRegistry();
  EpollRegistry(const EpollRegistry&) = delete;
  EpollRegistry& operator=(const EpollRegistry&) = delete;

  int epoll_fd() const { return epoll_fd_; }
  // Parks `op` until an edge. 0, or -errno when the descriptor cannot be waited for.
  int park(Operation& op);
  bool unpark(Operation& op);  // whether it was parked
  // Operations to be tried again after `event`, in the order they were parked. They stay parked.
  void collect(const epoll_event& event, std::vector<Operation*>& out);
  // The descriptor is about to be closed, or is somebody else's and of no more interest.
  void forget(int fd);
  // True when nothing is parked on `fd` any more.
  bool is_unused(int fd) const;

 private:
  struct Entry {
    std::uint32_t generation = 0;  // of the events the kernel holds for it
    bool registered = false;
    std::vector<Operation*> parked;
  };
  Entry& entry(int fd);

  int epoll_fd_;
  std::uint32_t next_generation_ = 1;
  std::vector<std::unique_ptr<Entry>> entries_;  // by descriptor
};

}  // namespace dozo::runtime
