#include "server/open_registry.h"

#include <algorithm>

#include "server/open.h"

namespace dozo::server {

void OpenRegistry::expect(share::OpenId open, const std::optional<share::LeaseId>& lease, bool delete_on_close) {
  const MutexLock lock(mutex_);
  Entry& entry = opens_[open];
  if (!lease) return;
  entry.lease = lease;
  LeaseEntry& shared = leases_[*lease];
  shared.file_delete_on_close |= delete_on_close;
  shared.opens.push_back(open);
  ++shared.unannounced;
  lease_count_.store(leases_.size(), std::memory_order_relaxed);
}

void OpenRegistry::publish(share::OpenId open, OpenHome home) {
  const MutexLock lock(mutex_);
  home.id = open;
  opens_[open].home = std::move(home);
}

// Once no open of the lease is unknown to the client.
void OpenRegistry::release_lease_breaks(LeaseEntry& lease, Notices& out) {
  if (--lease.unannounced != 0) return;
  for (const share::BreakLease& notice : lease.held) out.push_back(notice);
  lease.held.clear();
}

void OpenRegistry::withhold(share::OpenId open) {
  const MutexLock lock(mutex_);
  const auto found = opens_.find(open);
  if (found == opens_.end() || !found->second.announced) return;
  found->second.announced = false;
  if (found->second.lease) ++leases_.at(*found->second.lease).unannounced;
}

OpenRegistry::Notices OpenRegistry::announce(share::OpenId open) {
  Notices out;
  const MutexLock lock(mutex_);
  const auto found = opens_.find(open);
  if (found == opens_.end() || found->second.announced) return out;
  Entry& entry = found->second;
  entry.announced = true;
  if (entry.held) out.push_back(*std::exchange(entry.held, std::nullopt));
  if (entry.lease) release_lease_breaks(leases_.at(*entry.lease), out);
  return out;
}

OpenRegistry::Notices OpenRegistry::forget(share::OpenId open) {
  Notices out;
  const MutexLock lock(mutex_);
  const auto found = opens_.find(open);
  if (found == opens_.end()) return out;
  const Entry entry = std::move(found->second);
  opens_.erase(found);
  if (!entry.lease) return out;
  const auto lease = leases_.find(*entry.lease);
  auto& opens = lease->second.opens;
  opens.erase(std::ranges::find(opens, open));
  if (!entry.announced) release_lease_breaks(lease->second, out);
  if (!opens.empty()) return out;
  leases_.erase(lease);
  lease_count_.store(leases_.size(), std::memory_order_relaxed);
  return {};
}

OpenRegistry::Notices OpenRegistry::move(share::OpenId from, share::OpenId to) {
  std::optional<OpenHome> home = find(from);
  if (home) {
    const MutexLock lock(mutex_);
    home->id = to;
    opens_[to] = Entry{.home = *home, .lease = std::nullopt, .announced = true, .held = std::nullopt};
  }
  return forget(from);
}

bool OpenRegistry::hold(const share::BreakOplock& notice) {
  const MutexLock lock(mutex_);
  const auto found = opens_.find(notice.open);
  if (found == opens_.end() || found->second.announced) return false;
  found->second.held = notice;
  return true;
}

bool OpenRegistry::hold(const share::BreakLease& notice) {
  const MutexLock lock(mutex_);
  const auto found = leases_.find(notice.lease);
  if (found == leases_.end() || found->second.unannounced == 0) return false;
  found->second.held.push_back(notice);
  return true;
}

std::optional<OpenHome> OpenRegistry::find(share::OpenId open) const {
  const MutexLock lock(mutex_);
  const auto found = opens_.find(open);
  if (found == opens_.end() || found->second.home.loop == nullptr) return std::nullopt;
  return found->second.home;
}

std::vector<OpenHome> OpenRegistry::find_lease(const share::LeaseId& lease) const {
  std::vector<OpenHome> out;
  const MutexLock lock(mutex_);
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return out;
  for (const share::OpenId open : found->second.opens) {
    const auto entry = opens_.find(open);
    if (entry != opens_.end() && entry->second.home.loop != nullptr) out.push_back(entry->second.home);
  }
  return out;
}

bool OpenRegistry::has_lease(const share::LeaseId& lease) const {
  const MutexLock lock(mutex_);
  const auto found = leases_.find(lease);
  return found != leases_.end() && !found->second.file_delete_on_close;
}

std::size_t OpenRegistry::size() const {
  const MutexLock lock(mutex_);
  return opens_.size();
}

}  // namespace dozo::server
