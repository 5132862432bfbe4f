// IntervalSet<T>: a set of unsigned numbers as sorted, disjoint intervals that do not touch each other; so two sets are
// equal when their intervals are. A value. Every operation between two sets is linear in their intervals.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace dozo::policy {

template <class T>
struct Interval {
  T first{};
  T last{};  // inclusive
  bool operator==(const Interval&) const = default;
};

template <class T>
class IntervalSet {
 public:
  IntervalSet() = default;
  IntervalSet(T first, T last) : intervals_{{first, last}} {}
  // In any order, overlapping or not.
  static IntervalSet of(std::vector<Interval<T>> intervals) {
    std::ranges::sort(intervals, {}, &Interval<T>::first);
    IntervalSet set;
    for (const Interval<T>& next : intervals) set.append(next);
    return set;
  }

  bool empty() const { return intervals_.empty(); }
  const std::vector<Interval<T>>& intervals() const { return intervals_; }
  bool contains(T value) const {
    const auto after = std::ranges::upper_bound(intervals_, value, {}, &Interval<T>::first);
    return after != intervals_.begin() && std::prev(after)->last >= value;
  }

  IntervalSet united(const IntervalSet& other) const {
    std::vector<Interval<T>> all = intervals_;
    all.insert(all.end(), other.intervals_.begin(), other.intervals_.end());
    return of(std::move(all));
  }
  IntervalSet common(const IntervalSet& other) const {
    IntervalSet set;
    for (auto a = intervals_.begin(), b = other.intervals_.begin();
         a != intervals_.end() && b != other.intervals_.end();) {
      const T first = std::max(a->first, b->first), last = std::min(a->last, b->last);
      if (first <= last) set.append({first, last});
      a->last < b->last ? static_cast<void>(++a) : static_cast<void>(++b);
    }
    return set;
  }
  // What of 0 to `most` is not in the set.
  IntervalSet complement(T most) const {
    IntervalSet set;
    T next{};
    for (const Interval<T>& i : intervals_) {
      if (i.first > next) set.intervals_.push_back({next, static_cast<T>(i.first - 1)});
      if (i.last >= most) return set;
      next = static_cast<T>(i.last + 1);
    }
    set.intervals_.push_back({next, most});
    return set;
  }
  IntervalSet without(const IntervalSet& other) const {
    return common(other.complement(static_cast<T>(~T{})));  // numeric_limits has no 128 bits in strict C++
  }

  bool operator==(const IntervalSet&) const = default;

 private:
  // `next` begins no earlier than what is there.
  void append(const Interval<T>& next) {
    const bool apart =
        intervals_.empty() || (next.first > intervals_.back().last && next.first - intervals_.back().last > 1);
    if (apart) {
      intervals_.push_back(next);
    } else {
      intervals_.back().last = std::max(intervals_.back().last, next.last);
    }
  }

  std::vector<Interval<T>> intervals_;
};

}  // namespace dozo::policy
