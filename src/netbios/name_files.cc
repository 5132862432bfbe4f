#include "netbios/name_files.h"

#include <algorithm>
#include <charconv>

#include "netbios/udp_socket.h"

namespace dozo::netbios {
namespace {

constexpr std::size_t kServersMax = 3;  // resolv.conf(5), MAXNS
constexpr std::size_t kNameLength = 15;

char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_text(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower_case(x) == lower_case(y); });
}

template <class Visit>
void for_each_line(std::string_view file, Visit visit) {
  while (!file.empty()) {
    const std::size_t end = file.find('\n');
    std::string_view line = file.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    visit(line);
    if (end == file.npos) return;
    file.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == line.npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

bool is_address(std::string_view text) { return endpoint_of(text, 0).has_value() && text != "*"; }

// A quoted name may end with its sixteenth byte, "\0xNN", [MS-NBTE] 2.2.3.2.
void set_name(LmhostsEntry& entry, std::string_view written) {
  const std::size_t escape = written.find("\\0x");
  entry.name = written.substr(0, escape);
  if (escape != written.npos) {
    const std::string_view digits = written.substr(escape + 3);
    int suffix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), suffix, 16);
    if (error == std::errc() && suffix <= 0xFF) entry.suffix = suffix;
  }
  entry.name.resize(entry.name.find_last_not_of(' ') + 1);
}

// The name of a line behind its address, and what follows it.
std::string_view take_name(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const bool quoted = rest.starts_with('"');
  if (quoted) rest.remove_prefix(1);
  const std::size_t end = std::min(quoted ? rest.find('"') : rest.find_first_of(" \t"), rest.size());
  const std::string_view name = rest.substr(0, end);
  rest.remove_prefix(std::min(end + (quoted ? 1 : 0), rest.size()));
  return name;
}

}  // namespace

std::vector<std::string> addresses_in_hosts(std::string_view file, std::string_view name) {
  std::vector<std::string> addresses;
  for_each_line(file, [&](std::string_view line) {
    const auto words = words_of(line.substr(0, line.find('#')));
    if (words.size() < 2 || !is_address(words.front())) return;
    const bool named = std::any_of(words.begin() + 1, words.end(), [&](auto word) { return same_text(word, name); });
    if (named) addresses.emplace_back(words.front());
  });
  return addresses;
}

std::vector<LmhostsEntry> entries_in_lmhosts(std::string_view file) {
  std::vector<LmhostsEntry> entries;
  for_each_line(file, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() < 2 || !is_address(words.front())) return;
    LmhostsEntry entry{.address = std::string(words.front())};
    std::string_view rest = line.substr(line.find(words.front()) + words.front().size());
    const std::string_view name = take_name(rest);
    if (name.starts_with('#')) return;
    set_name(entry, name);
    for (const std::string_view word : words_of(rest)) {
      if (same_text(word, "#PRE")) entry.preloaded = true;
      if (same_text(word.substr(0, 5), "#DOM:")) entry.domain = word.substr(5);
    }
    if (!entry.name.empty() && entry.name.size() <= kNameLength) entries.push_back(std::move(entry));
  });
  return entries;
}

std::vector<std::string> addresses_in_lmhosts(std::string_view file, std::string_view name) {
  std::vector<std::string> addresses;
  for (const LmhostsEntry& entry : entries_in_lmhosts(file)) {
    if (same_text(entry.name, name)) addresses.push_back(entry.address);
  }
  return addresses;
}

ResolverSettings settings_in_resolv_conf(std::string_view file) {
  ResolverSettings settings;
  for_each_line(file, [&](std::string_view line) {
    const auto words = words_of(line.substr(0, line.find_first_of("#;")));
    if (words.size() < 2) return;
    const bool room = settings.servers.size() < kServersMax;
    if (words.front() == "nameserver" && room && is_address(words[1])) settings.servers.emplace_back(words[1]);
    // The last search or domain line counts.
    if (words.front() == "search" || words.front() == "domain") settings.search.assign(words.begin() + 1, words.end());
  });
  return settings;
}

std::vector<std::string> host_sources_in_nsswitch(std::string_view file) {
  std::vector<std::string> sources;
  for_each_line(file, [&](std::string_view line) {
    const auto words = words_of(line.substr(0, line.find('#')));
    if (words.empty() || words.front() != "hosts:") return;
    for (const std::string_view word : words) {
      if (word != "hosts:" && !word.starts_with('[') && !word.ends_with(']')) sources.emplace_back(word);
    }
  });
  return sources;
}

}  // namespace dozo::netbios
