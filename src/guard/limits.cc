#include "guard/limits.h"

#include <map>
#include <mutex>

#include "base/assert.h"

namespace dozo::guard {

class LimitsState {
 public:
  explicit LimitsState(const LimitSettings& s) : settings(s) {}

  struct Counts {
    std::size_t connections = 0;
    std::size_t preauth = 0;
  };

  const LimitSettings settings;
  mutable std::mutex mutex;
  Counts all;
  std::map<PeerAddress, Counts> by_address;  // only addresses that have a connection
};

std::string_view to_string(AdmissionRefusal refusal) {
  switch (refusal) {
    case AdmissionRefusal::server_full:
      return "server_full";
    case AdmissionRefusal::address_full:
      return "address_full";
    case AdmissionRefusal::preauth_full:
      return "preauth_full";
    case AdmissionRefusal::address_preauth_full:
      return "address_preauth_full";
  }
  return "?";
}

Admission::Admission(Admission&& other) noexcept
    : state_(std::move(other.state_)),
      address_(other.address_),
      preauth_(other.preauth_),
      preauth_deadline_(other.preauth_deadline_),
      preauth_bytes_left_(other.preauth_bytes_left_) {}

Admission& Admission::operator=(Admission&& other) noexcept {
  if (this == &other) return *this;
  release();
  state_ = std::move(other.state_);
  address_ = other.address_;
  preauth_ = other.preauth_;
  preauth_deadline_ = other.preauth_deadline_;
  preauth_bytes_left_ = other.preauth_bytes_left_;
  return *this;
}

Admission::~Admission() { release(); }

void Admission::authenticated() {
  if (!state_ || !preauth_) return;
  preauth_ = false;
  const std::lock_guard lock(state_->mutex);
  --state_->all.preauth;
  --state_->by_address.at(address_).preauth;
}

bool Admission::keep(std::size_t bytes_received, Instant now) {
  if (!preauth_) return true;
  if (bytes_received > preauth_bytes_left_) {
    preauth_bytes_left_ = 0;
    return false;
  }
  preauth_bytes_left_ -= bytes_received;
  return now < preauth_deadline_;
}

void Admission::release() {
  authenticated();
  if (!state_) return;
  const auto state = std::move(state_);
  const std::lock_guard lock(state->mutex);
  --state->all.connections;
  const auto found = state->by_address.find(address_);
  DOZO_ASSERT(found != state->by_address.end() && found->second.connections > 0);
  if (--found->second.connections == 0) state->by_address.erase(found);
}

Limits::Limits(const LimitSettings& settings) : state_(std::make_shared<LimitsState>(settings)) {}

std::expected<Admission, AdmissionRefusal> Limits::admit(const PeerAddress& address, Instant now) {
  const PeerAddress key = address.counted_as();
  const LimitSettings& max = state_->settings;
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->by_address.find(key);
  const LimitsState::Counts mine = found == state_->by_address.end() ? LimitsState::Counts{} : found->second;
  // The address is judged first, so that who crowds is told so, and the log names it.
  if (mine.connections >= max.connections_per_address_max) return std::unexpected(AdmissionRefusal::address_full);
  if (mine.preauth >= max.preauth_per_address_max) return std::unexpected(AdmissionRefusal::address_preauth_full);
  if (state_->all.connections >= max.connections_max) return std::unexpected(AdmissionRefusal::server_full);
  if (state_->all.preauth >= max.preauth_max) return std::unexpected(AdmissionRefusal::preauth_full);

  LimitsState::Counts& counts = state_->by_address[key];
  ++counts.connections;
  ++counts.preauth;
  ++state_->all.connections;
  ++state_->all.preauth;

  Admission admission;
  admission.state_ = state_;
  admission.address_ = key;
  admission.preauth_ = true;
  admission.preauth_deadline_ = now + max.preauth_time_max;
  admission.preauth_bytes_left_ = max.preauth_bytes_max;
  return admission;
}

std::size_t Limits::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->all.connections;
}

std::size_t Limits::preauth() const {
  const std::lock_guard lock(state_->mutex);
  return state_->all.preauth;
}

std::size_t Limits::addresses() const {
  const std::lock_guard lock(state_->mutex);
  return state_->by_address.size();
}

}  // namespace dozo::guard
