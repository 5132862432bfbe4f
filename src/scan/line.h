// Line: a connection on which a probe asks something. Whatever the peer does, it ends by its deadline.
#pragma once

#include <memory>

#include "client/raw_connection.h"
#include "scan/trouble.h"

namespace dozo::scan {

// Ends a connection at an instant, whoever waits for what on it. Ends before the connection does.
class Watch {
 public:
  Watch(client::RawConnection& raw, Instant deadline) : raw_(raw) {
    timer_.arm(raw.loop(), deadline, &Watch::on_deadline, this);
  }
  bool passed() const { return passed_; }

 private:
  static void on_deadline(void* self_pointer) {
    auto& self = *static_cast<Watch*>(self_pointer);
    self.passed_ = true;
    self.raw_.shutdown();
  }

  client::RawConnection& raw_;
  runtime::Timer timer_;
  bool passed_ = false;
};

// Resource; one loop; one question at a time.
class Line {
 public:
  Line(std::unique_ptr<client::RawConnection> raw, Duration timeout) : raw_(std::move(raw)), timeout_(timeout) {}

  // Sends a message in a frame; the message of the next frame that comes, at most 64 KiB.
  runtime::Task<Probed<runtime::Buffer>> ask(Bytes message);
  // RFC 1002 4.3.2: the session request that comes first on port 139, for whatever name the peer has.
  runtime::Task<Probed<bool>> request_session();
  // For what speaks SMB by itself.
  std::unique_ptr<client::RawConnection> release() { return std::move(raw_); }

 private:
  Trouble why(NtStatus status, const Watch& watch) const;
  runtime::Task<Result<>> exchange_session_request(ByteVector request, MutableBytes answer);

  std::unique_ptr<client::RawConnection> raw_;
  Duration timeout_;
};

}  // namespace dozo::scan
