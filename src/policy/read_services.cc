// [services], [macs], [[blocklist]] and [bans].
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "policy/policy_reader.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kServiceKeys[] = {"protocol", "ports"};
constexpr std::string_view kBlocklistKeys[] = {"name", "addresses", "expires"};
constexpr std::string_view kBansKeys[] = {"services"};
constexpr std::size_t kMacSetNameMax = 25;

std::optional<std::uint16_t> port_from_string(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), port);
  if (error != std::errc() || end != text.end() || port == 0) return std::nullopt;
  return port;
}

PortSet ports_of(const std::vector<Word>& words, Report& report) {
  std::vector<Interval<std::uint16_t>> intervals;
  for (const Word& word : words) {
    const std::size_t dash = word.text.find('-');
    const auto first = port_from_string(std::string_view(word.text).substr(0, dash));
    const auto last =
        dash == std::string::npos ? first : port_from_string(std::string_view(word.text).substr(dash + 1));
    if (!first || !last || *first > *last) {
      report.error(word.line, fmt::format("\"{}\" is no port (\"445\") and no range (\"5000-5010\")", word.text));
    } else {
      intervals.push_back({*first, *last});
    }
  }
  return PortSet::of(std::move(intervals));
}

void read_service(const TomlEntry& entry, Reading& reading) {
  const Section section(entry.value, fmt::format("[services.{}]", entry.key), kServiceKeys, reading.report);
  if (std::ranges::count(reading.policy.services, entry.key, &Service::name) != 0) {
    return reading.report.error(entry.line, fmt::format("service \"{}\" is there already", entry.key));
  }
  const auto protocol = section.one_of("protocol", protocol_from_string, "tcp or udp");
  const PortSet ports = ports_of(section.words("ports"), reading.report);
  if (!protocol || ports.empty()) {
    return reading.report.error(entry.line, fmt::format("service \"{}\" needs a protocol and ports", entry.key));
  }
  reading.policy.services.push_back({entry.key, *protocol, ports});
}

void read_macs(const TomlEntry& entry, Reading& reading) {
  if (as_word(entry.key, '_', kMacSetNameMax) != entry.key) {
    reading.report.error(entry.line,
                         fmt::format("set of MAC addresses \"{}\": a name is lower-case letters, digits and "
                                     "single underscores",
                                     entry.key));
  }
  std::vector<Mac> macs;
  for (const TomlValue& item : entry.value.items) {
    const auto mac = mac_from_string(item.text);
    if (mac) {
      macs.push_back(*mac);
    } else {
      reading.report.error(item.line, fmt::format("\"{}\" is no MAC address (02:00:5e:10:00:01)", item.text));
    }
  }
  if (entry.value.items.empty()) {
    reading.report.error(entry.line, fmt::format("{} in [macs] is an empty list, or none", entry.key));
  }
  std::ranges::sort(macs);
  const auto again = std::ranges::unique(macs);
  macs.erase(again.begin(), again.end());
  reading.policy.mac_sets[entry.key] = std::move(macs);
}

void read_blocklist(const TomlValue& table, Reading& reading) {
  const Section section(table, "[[blocklist]]", kBlocklistKeys, reading.report);
  const std::string name = section.text("name").value_or(Word{"block-list", 0}).text;
  if (!section.has("addresses")) return reading.report.error(table.line, "a block-list needs addresses");
  const End end = reading.places.end_of(section.words("addresses"), "blocklist");
  if (end.kind != AddressMatch::Kind::in) {
    return reading.report.error(section.line_of("addresses"),
                                "a block-list is of addresses, not of \"any\" and not of all but some");
  }
  const auto until = section.time("expires");
  if (until && *until <= reading.options.now) {
    return reading.report.warning(section.line_of("expires"),
                                  fmt::format("the block-list \"{}\" has expired; it is left out", name));
  }
  for (const AddressRange& range : end.addresses.ranges()) reading.policy.bans.entries.push_back({range, until});
}

void read_bans(Reading& reading) {
  const TomlValue* table = reading.top("bans");
  reading.policy.bans.services = known_services();
  if (table == nullptr) return;
  const Section section(*table, "[bans]", kBansKeys, reading.report);
  reading.policy.bans.services.clear();
  for (const Word& word : section.words("services")) {
    const auto service = std::ranges::find(reading.policy.services, word.text, &Service::name);
    if (service == reading.policy.services.end()) {
      reading.report.error(word.line, fmt::format("unknown service \"{}\"", word.text));
    } else {
      reading.policy.bans.services.push_back(*service);
    }
  }
}

}  // namespace

void read_services(Reading& reading) {
  reading.policy.services = known_services();
  if (const TomlValue* services = reading.top("services")) {
    for (const TomlEntry& entry : services->entries) read_service(entry, reading);
  }
  if (const TomlValue* macs = reading.top("macs")) {
    for (const TomlEntry& entry : macs->entries) read_macs(entry, reading);
  }
  for (const TomlValue* table : reading.tables("blocklist")) read_blocklist(*table, reading);
  read_bans(reading);
}

}  // namespace dozo::policy
