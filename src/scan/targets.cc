#include "scan/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/assert.h"

namespace dozo::scan {
namespace {

using Problem = std::unexpected<std::string>;

// Addresses that follow one another, both ends included. Never across the halves of an IPv6 address.
struct Span {
  Address first;
  std::uint64_t last_low = 0;

  std::uint64_t count() const { return last_low - first.low + 1; }
  bool same_family(const Span& other) const { return first.v6 == other.first.v6 && first.high == other.first.high; }
};

std::optional<std::uint64_t> number(std::string_view text, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

std::expected<Span, std::string> network(std::string_view word, std::size_t slash) {
  const auto address = parse_address(word.substr(0, slash));
  if (!address) return Problem(fmt::format("{}: what stands before the slash is no address", word));
  const unsigned bits = address->v6 ? 128 : 32;
  const auto length = number(word.substr(slash + 1), bits);
  if (!length) return Problem(fmt::format("{}: a prefix is a number of at most {} bits", word, bits));
  const auto free_bits = bits - static_cast<unsigned>(*length);
  if (free_bits > 32) return Problem(fmt::format("{}: more than {} addresses", word, kAddressesMax));
  const std::uint64_t mask = (std::uint64_t{1} << free_bits) - 1;
  Span span{.first = *address};
  span.first.low &= ~mask;
  span.last_low = span.first.low | mask;
  return span;
}

// "192.0.2.7-19" and "192.0.2.7-192.0.3.9".
std::expected<Span, std::string> range(std::string_view word, std::size_t dash) {
  const auto first = parse_address(word.substr(0, dash));
  const std::string_view rest = word.substr(dash + 1);
  auto last = parse_address(rest);
  const auto octet = number(rest, 255);
  if (first && !first->v6 && !last && octet) last = Address{.low = (first->low & ~std::uint64_t{255}) | *octet};
  if (!first || !last || first->v6 != last->v6 || first->high != last->high) {
    return Problem(fmt::format("{}: a range is ADDRESS-ADDRESS, or an IPv4 ADDRESS-LAST with its last number", word));
  }
  if (last->low < first->low) return Problem(fmt::format("{}: the range ends before it begins", word));
  if (last->low - first->low >= kAddressesMax) {
    return Problem(fmt::format("{}: more than {} addresses", word, kAddressesMax));
  }
  return Span{.first = *first, .last_low = last->low};
}

// A host's name may have a dash, but then it does not begin with an address.
bool is_range(std::string_view word, std::size_t dash) {
  return dash != word.npos && parse_address(word.substr(0, dash)).has_value();
}

// What a word is when it is no name: nothing then.
std::optional<std::expected<Span, std::string>> numeric(std::string_view word) {
  if (const auto address = parse_address(word)) return Span{.first = *address, .last_low = address->low};
  if (const auto slash = word.find('/'); slash != word.npos) return network(word, slash);
  if (const auto dash = word.find('-'); is_range(word, dash)) return range(word, dash);
  return std::nullopt;
}

// What is left of `from` without `cut`.
void subtract(const Span& from, const Span& cut, std::vector<Span>& out) {
  if (!from.same_family(cut) || cut.last_low < from.first.low || cut.first.low > from.last_low) {
    out.push_back(from);
    return;
  }
  if (cut.first.low > from.first.low) out.push_back({.first = from.first, .last_low = cut.first.low - 1});
  if (cut.last_low < from.last_low) {
    Span rest = from;
    rest.first.low = cut.last_low + 1;
    out.push_back(rest);
  }
}

void subtract_from_all(std::vector<Span>& spans, const Span& cut) {
  std::vector<Span> left;
  for (const Span& span : spans) subtract(span, cut, left);
  spans = std::move(left);
}

// Sorted, and none has an address of another.
void merge(std::vector<Span>& spans) {
  std::ranges::sort(spans, {}, &Span::first);
  std::vector<Span> merged;
  for (const Span& span : spans) {
    const bool joins = !merged.empty() && merged.back().same_family(span) && span.first.low <= merged.back().last_low;
    if (joins) {
      merged.back().last_low = std::max(merged.back().last_low, span.last_low);
    } else {
      merged.push_back(span);
    }
  }
  spans = std::move(merged);
}

struct NamedTarget {
  std::string name;
  Address address;
};

struct Words {
  std::vector<Span> spans;
  std::vector<NamedTarget> names;
};

std::expected<Words, std::string> read_words(const std::vector<std::string>& words, NameResolver resolve) {
  Words out;
  for (const std::string& word : words) {
    if (const auto span = numeric(word)) {
      if (!*span) return Problem(span->error());
      out.spans.push_back(**span);
      continue;
    }
    std::string error;
    const std::vector<Address> found = resolve(word, error);
    if (found.empty()) return Problem(fmt::format("{}: {}", word, error));
    const bool known = std::ranges::find(out.names, found.front(), &NamedTarget::address) != out.names.end();
    if (!known) out.names.push_back({word, found.front()});
  }
  return out;
}

void hash_into(std::uint64_t& hash, std::uint64_t value) {
  constexpr std::uint64_t kFnvPrime = 0x100000001B3;
  for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ ((value >> shift) & 0xFF)) * kFnvPrime;
}

}  // namespace

void TargetList::add(Range range) {
  range.index = count_;
  count_ += range.count;
  ranges_.push_back(std::move(range));
}

std::expected<TargetList, std::string> TargetList::parse(const std::vector<std::string>& words,
                                                         const std::vector<std::string>& excluded,
                                                         NameResolver resolve) {
  auto wanted = read_words(words, resolve);
  if (!wanted) return Problem(wanted.error());
  const auto unwanted = read_words(excluded, resolve);
  if (!unwanted) return Problem(unwanted.error());
  std::vector<Span> cuts = unwanted->spans;
  for (const NamedTarget& name : unwanted->names) cuts.push_back({.first = name.address, .last_low = name.address.low});

  TargetList list;
  for (const NamedTarget& named : wanted->names) {
    const Span self{.first = named.address, .last_low = named.address.low};
    const bool out = std::ranges::any_of(cuts, [&](const Span& cut) {
      return cut.same_family(self) && cut.first.low <= self.first.low && self.first.low <= cut.last_low;
    });
    if (!out) list.add({.first = named.address, .count = 1, .name = named.name});
    subtract_from_all(wanted->spans, self);
  }
  for (const Span& cut : cuts) subtract_from_all(wanted->spans, cut);
  merge(wanted->spans);
  for (const Span& span : wanted->spans) list.add({.first = span.first, .count = span.count(), .name = {}});
  return list;
}

Target TargetList::at(std::uint64_t index) const {
  DOZO_ASSERT(index < count_);
  const auto after = std::ranges::upper_bound(ranges_, index, {}, &Range::index);
  const Range& range = *std::prev(after);
  Address address = range.first;
  address.low += index - range.index;
  return {.host = range.name.empty() ? to_string(address) : range.name, .address = address};
}

std::uint64_t TargetList::fingerprint() const {
  std::uint64_t hash = 0xCBF29CE484222325;  // FNV-1a
  for (const Range& range : ranges_) {
    for (const std::uint64_t part : {std::uint64_t{range.first.v6}, range.first.high, range.first.low, range.count}) {
      hash_into(hash, part);
    }
  }
  return hash;
}

std::vector<std::string> target_words(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\v\f";
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    line = line.substr(0, line.find('#'));
    text.remove_prefix(std::min(end + 1, text.size()));
    while (true) {
      const std::size_t start = line.find_first_not_of(kSpace);
      if (start == line.npos) break;
      line.remove_prefix(start);
      const std::size_t length = std::min(line.find_first_of(kSpace), line.size());
      words.emplace_back(line.substr(0, length));
      line.remove_prefix(length);
    }
  }
  return words;
}

}  // namespace dozo::scan
