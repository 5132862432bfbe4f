#include "netbios/name.h"

#include <algorithm>
#include <array>

#include "model/nt_status.h"

namespace dozo::netbios {
namespace {

constexpr std::size_t kNameSize = 16;
constexpr char kFirstLetter = 'A';

enum class Kind { unique, group, either };

struct Usage {
  std::uint8_t suffix;
  Kind kind;
  std::string_view text;
};

// [MS-BRWS] 2.1.1.1 has the browser's; the others are those Microsoft's documentation of nbtstat lists.
constexpr Usage kUsages[] = {
    {0x00, Kind::unique, "Workstation Service"},
    {0x00, Kind::group, "Domain or Workgroup Name"},
    {0x01, Kind::group, "Master Browsers"},
    {0x01, Kind::unique, "Messenger Service"},
    {0x03, Kind::unique, "Messenger Service"},
    {0x06, Kind::unique, "RAS Server Service"},
    {0x1B, Kind::unique, "Domain Master Browser"},
    {0x1C, Kind::group, "Domain Controllers"},
    {0x1D, Kind::unique, "Local Master Browser"},
    {0x1E, Kind::group, "Browser Service Elections"},
    {0x1F, Kind::unique, "NetDDE Service"},
    {0x20, Kind::unique, "File Server Service"},
    {0x21, Kind::unique, "RAS Client Service"},
    {0x22, Kind::unique, "Exchange Interchange"},
    {0x23, Kind::unique, "Exchange Store"},
    {0x24, Kind::unique, "Exchange Directory"},
    {0x2B, Kind::unique, "Lotus Notes Server Service"},
    {0x2F, Kind::group, "Lotus Notes"},
    {0x30, Kind::unique, "Modem Sharing Server Service"},
    {0x31, Kind::unique, "Modem Sharing Client Service"},
    {0x33, Kind::group, "Lotus Notes"},
    {0x43, Kind::unique, "SMS Clients Remote Control"},
    {0x44, Kind::unique, "SMS Administrators Remote Control Tool"},
    {0x45, Kind::unique, "SMS Clients Remote Chat"},
    {0x46, Kind::unique, "SMS Clients Remote Transfer"},
    {0x6A, Kind::unique, "Exchange IMC"},
    {0x87, Kind::unique, "Exchange MTA"},
    {0xBE, Kind::either, "Network Monitor Agent"},
    {0xBF, Kind::either, "Network Monitor Application"},
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_printable(char c) { return c >= 0x20 && c < 0x7F; }

// The sixteen bytes.
std::string padded(const Name& name) {
  std::string bytes = name.text.substr(0, kNameSizeMax);
  // RFC 1002 4.2.17: the wildcard is padded with zeros, every other name with spaces.
  bytes.resize(kNameSizeMax, name.text == "*" ? '\0' : ' ');
  bytes += static_cast<char>(name.suffix);
  return bytes;
}

}  // namespace

Result<Name> name_from_text(std::string_view typed, std::uint8_t suffix) {
  const auto refused = [](char c) { return c == '.' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (typed.empty() || typed.size() > kNameSizeMax) return fail(NtStatus::INVALID_PARAMETER);
  if (typed.front() == '*' || std::ranges::any_of(typed, refused)) return fail(NtStatus::INVALID_PARAMETER);
  Name name{std::string(typed), suffix, ""};
  std::ranges::transform(name.text, name.text.begin(), upper);
  return name;
}

Name any_name() { return {"*", 0, ""}; }

Name master_browsers() {
  return {
      "\x01\x02"
      "__MSBROWSE__\x02",
      kMasterBrowsers, ""};
}

std::string encode_first_level(const Name& name) {
  std::string out;
  for (const char c : padded(name)) {
    const auto byte = static_cast<unsigned char>(c);
    out += static_cast<char>(kFirstLetter + (byte >> 4));
    out += static_cast<char>(kFirstLetter + (byte & 0x0F));
  }
  return out;
}

Result<Name> decode_first_level(std::string_view label) {
  const auto is_letter = [](char c) { return c >= kFirstLetter && c < kFirstLetter + 16; };
  if (label.size() != 2 * kNameSize || !std::ranges::all_of(label, is_letter)) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  std::string bytes;
  for (std::size_t i = 0; i < label.size(); i += 2) {
    bytes += static_cast<char>((label[i] - kFirstLetter) * 16 + (label[i + 1] - kFirstLetter));
  }
  Name name{bytes.substr(0, kNameSizeMax), static_cast<std::uint8_t>(bytes[kNameSizeMax]), ""};
  const bool wildcard = name.text.starts_with('*') && name.text.find_first_not_of('\0', 1) == name.text.npos;
  name.text.resize(wildcard ? 1 : name.text.find_last_not_of(' ') + 1);
  return name;
}

std::string printable(const Name& name) {
  std::string out = name.text;
  std::ranges::replace_if(out, [](char c) { return !is_printable(c); }, '.');
  return out;
}

std::string_view usage_of(const Name& name, bool is_group) {
  const Kind kind = is_group ? Kind::group : Kind::unique;
  for (const Usage& usage : kUsages) {
    if (usage.suffix == name.suffix && (usage.kind == kind || usage.kind == Kind::either)) return usage.text;
  }
  return "unknown";
}

}  // namespace dozo::netbios
