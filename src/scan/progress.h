// Progress: which hosts of a scan are done, as the file of --resume remembers it. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <set>
#include <string>
#include <string_view>

#include "scan/targets.h"

namespace dozo::scan {

// Value. Places are those of the order that `seed` gives; nearly all that are done lie below the first that is not.
class Progress {
 public:
  Progress(const TargetList& targets, std::uint64_t seed)
      : seed_(seed), count_(targets.count()), fingerprint_(targets.fingerprint()) {}
  // What a file says; the error is why it is none of these targets.
  static std::expected<Progress, std::string> parse(std::string_view text, const TargetList& targets);

  std::uint64_t seed() const { return seed_; }
  bool knows(std::uint64_t place) const { return place < below_ || beyond_.contains(place); }
  void mark(std::uint64_t place);
  std::uint64_t done() const { return below_ + beyond_.size(); }
  std::string text() const;

 private:
  std::uint64_t seed_;
  std::uint64_t count_;
  std::uint64_t fingerprint_;
  std::uint64_t below_ = 0;         // all places below this one
  std::set<std::uint64_t> beyond_;  // and these
};

}  // namespace dozo::scan
