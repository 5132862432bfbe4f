// DurableHandle: what makes an open one that its client may come back to, or whose CREATE it may repeat.
// [MS-SMB2] 3.3.1.10: IsDurable, IsPersistent, IsResilient, CreateGuid, DurableOwner, AppInstanceId, ….
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "model/access_mask.h"
#include "model/create.h"
#include "model/guid.h"
#include "model/sid.h"
#include "share/events.h"

namespace dozo::server {

// [MS-SMB2] 2.2.13.2.15. Compared as one number of 128 bits.
struct AppInstanceVersion {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const AppInstanceVersion&) const = default;
};

// A value; belongs to its open.
struct DurableHandle {
  bool is_durable = false;     // v1 or v2, with a batch oplock or an H lease
  bool is_persistent = false;  // outlives the server too; implies is_durable
  bool is_resilient = false;   // FSCTL_LMR_REQUEST_RESILIENCY
  Duration durable_timeout{};
  Duration resilient_timeout{};
  Sid owner;                                 // Open.DurableOwner
  std::optional<share::LeaseRequest> lease;  // Open.Lease: its key and version; what it caches the engine knows
  Guid client_guid;
  std::optional<Guid> create_guid;
  std::optional<Guid> app_instance;
  std::optional<AppInstanceVersion> app_version;
  bool replay_eligible = false;  // when it was made; afterwards the open and the table know
  std::string owner_name;        // the same as people know it
  // As the CREATE said, for a replay of it.
  CreateOptions create_options;
  AccessMask desired_access;
  ShareAccess share_access;
  CreateAction action = CreateAction::opened;

  // [MS-SMB2] 3.3.7.1: whether the loss of its connection may leave it open.
  bool may_be_preserved() const { return is_durable || is_persistent || is_resilient; }
  // How long it waits for its client then.
  Duration patience() const { return is_resilient ? resilient_timeout : durable_timeout; }
  bool operator==(const DurableHandle&) const = default;
};

}  // namespace dozo::server
