// What is to be scanned: addresses, networks, ranges and names, less what is excluded; counted and indexed without
// being written out.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "scan/address.h"

namespace dozo::scan {

// One host: what it is called in the results, and where it is.
struct Target {
  std::string host;
  Address address;

  bool operator==(const Target&) const = default;
};

// A name to its addresses, best first; empty, and `error` says why. May block.
using NameResolver = std::vector<Address> (*)(const std::string& name, std::string& error);

// Immutable. Each address is in it once, under the name it was asked for where there is one.
class TargetList {
 public:
  // Of words: "192.0.2.7", "192.0.2.0/24", "192.0.2.7-19", "192.0.2.7-192.0.3.9", "2001:db8::/112", "files.example".
  // A name stands for the first of its addresses. The error names the word.
  static std::expected<TargetList, std::string> parse(const std::vector<std::string>& words,
                                                      const std::vector<std::string>& excluded, NameResolver resolve);

  std::uint64_t count() const { return count_; }
  Target at(std::uint64_t index) const;  // index < count()
  // Two lists of the same targets have the same; for whoever goes on with a scan that was interrupted.
  std::uint64_t fingerprint() const;

 private:
  struct Range {
    Address first;
    std::uint64_t count = 0;
    std::string name;         // of a host that was asked for by its name
    std::uint64_t index = 0;  // of its first address
  };
  void add(Range range);

  std::vector<Range> ranges_;
  std::uint64_t count_ = 0;
};

// More than that in one word is a mistake: all of IPv4.
inline constexpr std::uint64_t kAddressesMax = std::uint64_t{1} << 32;

// The words of a file of targets: separated by white space; '#' begins a comment, to the end of its line.
std::vector<std::string> target_words(std::string_view text);

}  // namespace dozo::scan
