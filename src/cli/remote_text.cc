#include "cli/remote_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <ctime>

#include "cli/json_text.h"

namespace dozo::cli {
std::string printable_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return out;
}

std::string iso_time(FileTime time) {
  if (time.ticks == 0) return "-";
  const std::time_t seconds = time.to_unix().seconds;
  std::tm utc{};
  if (gmtime_r(&seconds, &utc) == nullptr) return "-";
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", utc);
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) value /= 1024, ++unit;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string attribute_letters(FileAttributes attributes) {
  const auto letter = [&](FileAttribute one, char c) { return attributes.has(one) ? c : '-'; };
  return {letter(FileAttribute::directory, 'd'), letter(FileAttribute::read_only, 'r'),
          letter(FileAttribute::system, 's'), letter(FileAttribute::hidden, 'h')};
}

std::string entry_line(const client::DirectoryEntry& entry) {
  return fmt::format("{} {:>12} {} {}{}\n", attribute_letters(entry.attributes), entry.size,
                     iso_time(entry.last_write_time), printable_name(entry.name), entry.is_directory() ? "/" : "");
}

std::string entry_json(const client::DirectoryEntry& entry) {
  const auto time = [](FileTime t) { return t.ticks == 0 ? std::string("null") : json_quoted(iso_time(t)); };
  return fmt::format(
      R"({{"name":{},"type":"{}","size":{},"allocated":{},"attributes":{},"created":{},"accessed":{},"written":{},)"
      R"("changed":{}}})",
      json_quoted(entry.name), entry.is_directory() ? "folder" : "file", entry.size, entry.allocation_size,
      entry.attributes.bits(), time(entry.creation_time), time(entry.last_access_time), time(entry.last_write_time),
      time(entry.change_time));
}

std::string stat_text(const client::DirectoryEntry& entry) {
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value) {
    out += fmt::format("{:<10} {}\n", name, value);
  };
  line("name", printable_name(entry.name));
  line("type", entry.is_directory() ? "folder" : "file");
  line("size", fmt::format("{} ({})", entry.size, size_text(entry.size)));
  line("allocated", fmt::format("{}", entry.allocation_size));
  line("attributes", fmt::format("{} (0x{:x})", attribute_letters(entry.attributes), entry.attributes.bits()));
  line("created", iso_time(entry.creation_time));
  line("accessed", iso_time(entry.last_access_time));
  line("written", iso_time(entry.last_write_time));
  line("changed", iso_time(entry.change_time));
  return out;
}

}  // namespace dozo::cli
