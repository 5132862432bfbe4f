#include "policy/places.h"

#include <fmt/format.h>

#include <algorithm>

namespace dozo::policy {
namespace {

constexpr std::string_view kAzure = "azure:";

std::string_view kind_name(Place::Kind kind) {
  static constexpr std::string_view kNames[] = {"a zone", "an object", "a role", "a host"};
  return kNames[static_cast<std::size_t>(kind)];
}

// What looks like an address is meant as one, and its message is the better.
bool looks_like_address(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF.:/-") == text.npos &&
         (text.find('.') != text.npos || text.find(':') != text.npos);
}

}  // namespace

void Places::add(Place::Kind kind, const std::string& name, std::uint32_t line, std::vector<Word> words) {
  if (name == kInternet || name == kAnybody || name.empty() || name.starts_with('!') || name.starts_with(kAzure) ||
      looks_like_address(name)) {
    return report_.error(line, fmt::format("\"{}\" cannot be the name of {}", name, kind_name(kind)));
  }
  const auto there = raw_.find(name);
  if (there != raw_.end()) {
    return report_.error(line, fmt::format("\"{}\" is already {} (line {})", name, kind_name(there->second.place.kind),
                                           there->second.place.line));
  }
  raw_[name] = {{kind, {}, {}, line}, std::move(words), Raw::State::fresh};
}

const Place& Places::resolve(std::string_view name, Raw& raw) {
  if (raw.state == Raw::State::busy) {
    report_.error(raw.place.line, fmt::format("\"{}\" is made of itself", name));
  } else if (raw.state == Raw::State::fresh) {
    raw.state = Raw::State::busy;
    raw.place.addresses = space_of(raw.words, &raw.place.azure_tag);
    raw.state = Raw::State::done;
  }
  return raw.place;
}

const Place* Places::find(std::string_view name) {
  const auto raw = raw_.find(name);
  return raw == raw_.end() ? nullptr : &resolve(name, raw->second);
}

AddressSpace Places::space_of(const std::vector<Word>& words, std::string* azure_tag) {
  std::vector<std::pair<AddressRange, Word>> literals;
  std::vector<AddressRange> ranges;
  for (const Word& word : words) {
    if (!has(word.text) && looks_like_address(word.text)) {
      const auto range = range_from_string(word.text);
      if (!range) {
        report_.error(word.line, range.error());
        continue;
      }
      literals.push_back({*range, word});
      ranges.push_back(*range);
    } else {
      const std::vector<AddressRange> of_name = named(word).ranges();
      ranges.insert(ranges.end(), of_name.begin(), of_name.end());
    }
  }
  warn_of_overlaps(std::move(literals));
  if (azure_tag != nullptr && words.size() == 1) {
    if (words[0].text.starts_with(kAzure)) *azure_tag = words[0].text.substr(kAzure.size());
    if (const auto raw = raw_.find(words[0].text); raw != raw_.end()) *azure_tag = raw->second.place.azure_tag;
  }
  return AddressSpace::of(ranges);
}

void Places::warn_of_overlaps(std::vector<std::pair<AddressRange, Word>> literals) {
  const auto by_place = [](const auto& l) { return std::pair(l.first.first, l.second.line); };
  std::ranges::sort(literals, {}, by_place);
  for (std::size_t i = 1, widest = 0; i < literals.size(); ++i) {
    const auto& [range, word] = literals[i];
    const auto& [wide, wide_word] = literals[widest];
    if (range.first.family == wide.first.family && range.first <= wide.last) {
      report_.warning(std::max(word.line, wide_word.line), fmt::format("{} and {} overlap", wide_word.text, word.text));
    }
    if (range.first.family != wide.first.family || range.last > wide.last) widest = i;
  }
}

AddressSpace Places::named(const Word& word) {
  if (word.text.starts_with(kAzure)) return tagged(word);
  if (word.text == kInternet) return internet(word);
  if (const auto raw = raw_.find(word.text); raw != raw_.end()) return resolve(word.text, raw->second).addresses;
  std::vector<std::string_view> names = {kInternet};
  for (const auto& [name, raw] : raw_) names.push_back(name);
  report_.error(word.line, fmt::format("unknown name \"{}\": no zone, object, role or host{}", word.text,
                                       did_you_mean(word.text, names)));
  return {};
}

AddressSpace Places::tagged(const Word& word) {
  const std::string_view tag = std::string_view(word.text).substr(kAzure.size());
  if (!tags_given_) {
    report_.error(word.line,
                  fmt::format("{} needs the file of service tags: [azure] service_tags = \"…json\"", word.text));
    return {};
  }
  if (const auto found = tags_.find(tag); found != tags_.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [name, space] : tags_) names.push_back(name);
  report_.error(word.line, fmt::format("the file of service tags has no \"{}\"{}", tag, did_you_mean(tag, names)));
  return {};
}

AddressSpace Places::internet(const Word& word) {
  AddressSpace inside;
  for (auto& [name, raw] : raw_) {
    if (raw.place.kind == Place::Kind::zone) inside = inside.united(resolve(name, raw).addresses);
  }
  if (inside.empty()) {
    report_.error(word.line, "internet is what is in no zone, and there is no zone: write [zones]");
  }
  return inside.complement();
}

void Places::check_zones() {
  std::vector<std::pair<std::string, const Place*>> zones;
  for (const auto& [name, raw] : raw_) {
    if (raw.place.kind == Place::Kind::zone) zones.emplace_back(name, &raw.place);
  }
  std::ranges::sort(zones, {}, [](const auto& zone) { return zone.second->line; });
  for (std::size_t i = 0; i < zones.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const AddressSpace both = zones[i].second->addresses.common(zones[j].second->addresses);
      if (both.empty()) continue;
      report_.error(zones[i].second->line,
                    fmt::format("zone {} overlaps zone {} (line {}): {} is in both", zones[i].first, zones[j].first,
                                zones[j].second->line, to_string(both.prefixes().front())));
    }
  }
}

void Places::resolve_all() {
  for (auto& [name, raw] : raw_) resolve(name, raw);
  check_zones();
}

End Places::end_of(const std::vector<Word>& words, const std::string& set_name) {
  if (words.empty() || (words.size() == 1 && words[0].text == kAnybody)) return {};
  std::vector<Word> plain = words;
  std::size_t negated = 0;
  for (Word& word : plain) {
    if (!word.text.starts_with('!')) continue;
    word.text.erase(0, 1);
    ++negated;
  }
  if (negated != 0 && negated != plain.size()) {
    report_.error(words[0].line, "either all names of a list have \"!\" before them, or none");
  }
  End end;
  end.kind = negated == 0 ? AddressMatch::Kind::in : AddressMatch::Kind::not_in;
  end.addresses = space_of(plain, &end.azure_tag);
  end.name = plain.size() == 1 && has(plain[0].text) ? plain[0].text : set_name;
  if (plain.size() == 1 && plain[0].text == kInternet) {  // the zones are the shorter list
    end.kind = end.kind == AddressMatch::Kind::in ? AddressMatch::Kind::not_in : AddressMatch::Kind::in;
    end.addresses = end.addresses.complement();
    end.name = "inside";
  }
  return end;
}

std::map<std::string, Place> Places::take() {
  std::map<std::string, Place> places;
  for (auto& [name, raw] : raw_) places[name] = std::move(raw.place);
  return places;
}

}  // namespace dozo::policy
