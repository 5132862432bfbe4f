// How long the answer to a failed logon waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace dozo::identity {

// Milliseconds, 0 to 10,000 in steps of 100; STATUS_INVALID_PARAMETER for others.
Result<std::chrono::milliseconds> failure_delay_from_ms(std::int64_t ms);

struct FailureDelaySettings {
  std::chrono::milliseconds delay{2000};
  std::size_t entries_max = 8192;  // of accounts, and as many of addresses
  Duration forget_after = std::chrono::minutes(15);
  std::chrono::milliseconds backlog_max{60000};  // no answer waits longer than this
};

// Failures of one account, and of one address, are answered one `delay` apart however many connections they come over:
// guessing gains nothing by being parallel. Only answers to failures wait: a right password is answered at once, so
// that neither an address nor a guesser of a name can lock anybody out. Bounded memory: the least recently failed entry
// goes first. Pure; the clock is an argument. Not thread-safe: its owner guards it.
class FailureDelay {
 public:
  explicit FailureDelay(FailureDelaySettings settings);
  ~FailureDelay();
  FailureDelay(FailureDelay&&) noexcept;
  FailureDelay& operator=(FailureDelay&&) noexcept;

  // A logon failed: how long to hold its answer back. `account`: as the client named it, case is ignored; empty: none.
  // `address`: text of the peer's address without its port.
  Duration on_failure(std::string_view account, std::string_view address, Instant now);

  // A logon succeeded: the account's earlier failures no longer count against it.
  void on_success(std::string_view account);

  std::size_t entry_count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dozo::identity
