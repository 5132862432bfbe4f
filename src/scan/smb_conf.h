// Reads Samba's smb.conf, as smb.conf(5) describes the format; ksmbd.conf is written the same way. Knows nothing about
// what the options mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dozo::scan {

struct SmbConfOption {
  std::string name;  // lower case, words separated by one space: "read only"
  std::string value;
  std::uint32_t line = 0;
};

struct SmbConfSection {
  std::string name;  // as written
  std::uint32_t line = 0;
  std::vector<SmbConfOption> options;
  const SmbConfOption* find(std::string_view name) const;  // the last of that name: it wins
};

struct SmbConf {
  std::vector<SmbConfSection> sections;  // sections of one name are joined; names are compared without case
  std::vector<std::string> problems;     // "line 3: …"
};

std::string lower(std::string_view text);  // of ASCII

SmbConf parse_smb_conf(std::string_view text);

// yes/true/on/1 and no/false/off/0, in any case; nothing otherwise.
std::optional<bool> smb_conf_bool(std::string_view value);

// A list separated by spaces, tabs, commas or semicolons; "double quotes" keep an item together.
std::vector<std::string> smb_conf_list(std::string_view value);

}  // namespace dozo::scan
