// Limits: how many connections there are, from whom, and which have not yet authenticated.
//
// Bookkeeping only: it takes the time as an argument and closes nothing itself. What was admitted is counted by its
// Admission, which gives everything back when it ends, on whatever path; a counter cannot be forgotten. Shared by all
// loops; each call takes one mutex for a few map operations. Memory is bounded by the connections there are.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string_view>

#include "base/time.h"
#include "guard/peer_address.h"

namespace dozo::guard {

struct LimitSettings {
  std::size_t connections_max = 4096;
  std::size_t connections_per_address_max = 256;
  std::size_t preauth_max = 512;  // connections without a session, in all
  std::size_t preauth_per_address_max = 32;
  std::size_t preauth_bytes_max = 1u << 20;  // what one connection may send before it has a session
  Duration preauth_time_max = std::chrono::seconds(45);
};

enum class AdmissionRefusal { server_full, address_full, preauth_full, address_preauth_full };
std::string_view to_string(AdmissionRefusal refusal);

class LimitsState;

// One admitted connection. Move-only; may outlive its Limits. Used by the connection's loop.
class Admission {
 public:
  Admission() = default;
  Admission(Admission&& other) noexcept;
  Admission& operator=(Admission&& other) noexcept;
  ~Admission();

  // The first session became valid: the connection no longer counts as unauthenticated. Again: nothing.
  void authenticated();
  bool is_authenticated() const { return !preauth_; }
  // Adds what was received; false when the connection must end because it sent or waited too much without a session.
  [[nodiscard]] bool keep(std::size_t bytes_received, Instant now);
  // When keep() turns false by time alone; meaningful until authenticated().
  Instant preauth_deadline() const { return preauth_deadline_; }

 private:
  friend class Limits;
  void release();

  std::shared_ptr<LimitsState> state_;  // null: moved from, or never admitted
  PeerAddress address_;
  bool preauth_ = false;
  Instant preauth_deadline_;
  std::size_t preauth_bytes_left_ = 0;
};

class Limits {
 public:
  explicit Limits(const LimitSettings& settings = {});

  std::expected<Admission, AdmissionRefusal> admit(const PeerAddress& address, Instant now);

  std::size_t connections() const;
  std::size_t preauth() const;
  std::size_t addresses() const;

 private:
  std::shared_ptr<LimitsState> state_;
};

}  // namespace dozo::guard
