// From Samba's configuration to dozo's, as far as the two mean the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dozo::cli {

struct ImportedSmbConf {
  std::string toml;  // a dozo.toml
  std::vector<std::string>
      notes;  // "smb.conf:12: [projects] veto files: …": what has no counterpart, and what it means
};

ImportedSmbConf import_smb_conf(std::string_view text, std::string_view file_name);

}  // namespace dozo::cli
