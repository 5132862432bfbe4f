// What the engine answers: the first effect answers the event, the others are what followed from it, in order.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/result.h"
#include "model/create.h"
#include "model/guid.h"
#include "model/nt_status.h"
#include "share/ids.h"

namespace dozo::share {

// The event was accepted. For an OpenRequest, an acknowledgement or a ReclaimOpen: with which oplock or lease.
struct Grant {
  OplockLevel oplock = OplockLevel::none;
  LeaseState lease;
  std::uint16_t epoch = 0;
  bool break_in_progress = false;  // SMB2_LEASE_FLAG_BREAK_IN_PROGRESS
  // The lease was first asked for with SMB2_CREATE_REQUEST_LEASE_V2, and then with this parent key: what the response
  // has to look like, whatever this request looked like. [MS-SMB2] 3.3.5.9.11.
  bool lease_v2 = false;
  std::optional<Guid> parent_key;
  bool operator==(const Grant&) const = default;
};

// The event was refused and changed nothing, but for the unlocks that precede a failing one in a series, the breaks
// that a refused open has caused, and the break that a wrong acknowledgement ends.
struct Refuse {
  NtStatus status;
  bool operator==(const Refuse&) const = default;
};

// The request waits; exactly one Wake with this ticket will come, from a later apply().
struct Park {
  TicketId ticket;
  bool operator==(const Park&) const = default;
};

// A parked request ends with `status`.
struct Wake {
  TicketId ticket;
  NtStatus status;
  bool operator==(const Wake&) const = default;
};

// Send an Oplock Break Notification to the client of `open`. [MS-SMB2] 3.3.4.6.
struct BreakOplock {
  OpenId open;
  OwnerId owner;
  OplockLevel to = OplockLevel::none;
  bool operator==(const BreakOplock&) const = default;
};

// Send a Lease Break Notification to the client, on any of its connections. [MS-SMB2] 3.3.4.7.
struct BreakLease {
  LeaseId lease;
  LeaseState from;
  LeaseState to;
  std::uint16_t epoch = 0;  // NewEpoch
  bool ack_required = false;
  bool operator==(const BreakLease&) const = default;
};

// The last open that held a deleted link or stream is gone: remove the name `open` was opened by (key.stream is empty),
// or the named stream. The server removes it only if it still leads to the same file.
struct Purge {
  OpenId open;
  FileKey key;
  bool operator==(const Purge&) const = default;
};

// The engine has closed this open on its own (DisconnectOwner; a preserved open that expired or was in somebody's way):
// drop what belongs to it.
struct Forget {
  OpenId open;
  bool operator==(const Forget&) const = default;
};

using Effect = std::variant<Grant, Refuse, Park, Wake, BreakOplock, BreakLease, Purge, Forget>;

class [[nodiscard]] Effects {
 public:
  using Storage = boost::container::small_vector<Effect, 2>;

  void push(Effect effect) { list_.push_back(std::move(effect)); }

  const Effect& answer() const {
    DOZO_ASSERT(!list_.empty());
    return list_.front();
  }
  bool granted() const { return std::holds_alternative<Grant>(answer()); }
  bool parked() const { return std::holds_alternative<Park>(answer()); }
  // The answer as a Result; a parked request is not an answer yet (PENDING).
  Result<> result() const {
    if (const auto* refuse = std::get_if<Refuse>(&answer())) return fail(refuse->status);
    if (parked()) return fail(NtStatus::PENDING);
    return {};
  }

  std::size_t size() const { return list_.size(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  bool operator==(const Effects&) const = default;

 private:
  Storage list_;
};

}  // namespace dozo::share
