// Lists of extended attributes, as FileFullEaInformation has them. Pure. [MS-FSCC] 2.4.16.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "vfs/types.h"
#include "wire/query_info.h"

namespace dozo::server {

// STATUS_EA_LIST_INCONSISTENT: malformed. STATUS_INVALID_EA_NAME: a name or flags that no attribute has.
// STATUS_EA_TOO_LARGE: more than a file can have. An attribute without value is one to be removed.
Result<std::vector<vfs::ExtendedAttribute>> decode_ea_list(Bytes list);

// What a query asks for. [MS-SMB2] 3.3.5.20.1.
struct EaQuery {
  std::vector<std::string> names;  // FILE_GET_EA_INFORMATION; empty: all, from `start`
  std::size_t start = 0;           // counted from 0
  bool single = false;
  std::size_t size_max = 0;
};
Result<std::vector<std::string>> decode_ea_names(Bytes list);

struct EaAnswer {
  NtStatus status = NtStatus::SUCCESS;  // BUFFER_OVERFLOW: not all fitted
  ByteVector list;
  std::size_t returned = 0;
};
// STATUS_NO_EAS_ON_FILE, STATUS_NO_MORE_EAS; STATUS_BUFFER_TOO_SMALL when not even the first fits.
Result<EaAnswer> answer_ea_query(const std::vector<vfs::ExtendedAttribute>& all, const EaQuery& query);

}  // namespace dozo::server
