// libfuse, and the guarantee that every request is answered once. Only for the sources of mount/.
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include <cerrno>
#include <utility>

#include "model/nt_status.h"
#include "mount/errno_of.h"

namespace dozo::mount {

// A request of the kernel. Move-only; the first answer is the only one, and one that is never given is EIO.
class Request {
 public:
  explicit Request(fuse_req_t request) : request_(request) {}
  Request(Request&& other) noexcept : request_(std::exchange(other.request_, nullptr)) {}
  Request& operator=(Request&&) = delete;
  ~Request() {
    if (request_ != nullptr) fuse_reply_err(request_, EIO);
  }

  void error(int error) { fuse_reply_err(take(), error); }
  void status(NtStatus status) { error(errno_of(status)); }
  void done() { error(0); }
  // For the functions of libfuse that answer with something.
  fuse_req_t take() { return std::exchange(request_, nullptr); }
  // For those that only look at it.
  fuse_req_t peek() const { return request_; }

 private:
  fuse_req_t request_;
};

}  // namespace dozo::mount
