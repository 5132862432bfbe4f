#include "identity/failure_delay.h"

#include <algorithm>
#include <list>
#include <string>
#include <unordered_map>

#include "base/unicode.h"
#include "model/nt_status.h"

namespace dozo::identity {
namespace {

// When the next answer to a failure may leave, by name. The least recently failed name goes first.
class AnswerTimes {
 public:
  explicit AnswerTimes(std::size_t entries_max) : entries_max_(std::max<std::size_t>(entries_max, 1)) {}

  // The answer's time: `delay` from now, and `delay` after the one before.
  Instant take(const std::string& name, Instant now, Duration delay, Duration backlog_max) {
    Entry& entry = touch(name);
    entry.next = std::min(std::max(entry.next, now) + delay, now + std::max(backlog_max, delay));
    return entry.next;
  }

  void forget(const std::string& name) {
    const auto at = index_.find(name);
    if (at == index_.end()) return;
    order_.erase(at->second);
    index_.erase(at);
  }

  // Drops what has been quiet since before `limit`; the list is in order of the last failure.
  void forget_before(Instant limit) {
    while (!order_.empty() && order_.back().next < limit) drop_oldest();
  }

  std::size_t size() const { return order_.size(); }

 private:
  struct Entry {
    std::string name;
    Instant next{};
  };

  Entry& touch(const std::string& name) {
    const auto at = index_.find(name);
    if (at != index_.end()) {
      order_.splice(order_.begin(), order_, at->second);
      return order_.front();
    }
    if (order_.size() >= entries_max_) drop_oldest();
    order_.push_front({name, Instant::min()});
    index_.emplace(name, order_.begin());
    return order_.front();
  }

  void drop_oldest() {
    index_.erase(order_.back().name);
    order_.pop_back();
  }

  std::size_t entries_max_;
  std::list<Entry> order_;
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
};

// Names come from the peer: bounded before they are kept.
std::string account_key(std::string_view account) {
  constexpr std::size_t kNameMax = 256;
  return utf16_to_utf8(upcase(utf8_to_utf16_lossy(account.substr(0, kNameMax))));
}

}  // namespace

Result<std::chrono::milliseconds> failure_delay_from_ms(std::int64_t ms) {
  if (ms < 0 || ms > 10000 || ms % 100 != 0) return fail(NtStatus::INVALID_PARAMETER);
  return std::chrono::milliseconds(ms);
}

struct FailureDelay::Impl {
  FailureDelaySettings settings;
  AnswerTimes accounts;
  AnswerTimes addresses;

  explicit Impl(FailureDelaySettings s) : settings(s), accounts(s.entries_max), addresses(s.entries_max) {}
};

FailureDelay::FailureDelay(FailureDelaySettings settings) : impl_(std::make_unique<Impl>(settings)) {}
FailureDelay::~FailureDelay() = default;
FailureDelay::FailureDelay(FailureDelay&&) noexcept = default;
FailureDelay& FailureDelay::operator=(FailureDelay&&) noexcept = default;

Duration FailureDelay::on_failure(std::string_view account, std::string_view address, Instant now) {
  const FailureDelaySettings& s = impl_->settings;
  if (s.delay.count() == 0) return Duration::zero();
  impl_->accounts.forget_before(now - s.forget_after);
  impl_->addresses.forget_before(now - s.forget_after);

  Instant answer = impl_->addresses.take(std::string(address), now, s.delay, s.backlog_max);
  if (!account.empty()) {
    answer = std::max(answer, impl_->accounts.take(account_key(account), now, s.delay, s.backlog_max));
  }
  return answer - now;
}

void FailureDelay::on_success(std::string_view account) { impl_->accounts.forget(account_key(account)); }

std::size_t FailureDelay::entry_count() const { return impl_->accounts.size() + impl_->addresses.size(); }

}  // namespace dozo::identity
