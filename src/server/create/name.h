// The name in a CREATE, rename or link: from "dir\file:stream:$DATA" to components. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "vfs/types.h"

namespace dozo::server {

struct ParsedName {
  vfs::Path path;               // empty: the share's root
  std::string stream;           // empty: the main stream
  bool ends_with_separator = false;  // "dir\": a directory is meant
  bool names_index = false;     // "dir::$INDEX_ALLOCATION": a directory is meant
  bool has_stream_syntax = false;    // a ':' was there
};

// STATUS_OBJECT_NAME_INVALID for what no name may hold ([MS-FSCC] 2.1.5); STATUS_INVALID_PARAMETER for a leading
// separator ([MS-SMB2] 3.3.5.9); STATUS_OBJECT_PATH_SYNTAX_BAD for "." and "..". Component and stream names are at most
// 255 UTF-16 units.
Result<ParsedName> parse_name(std::u16string_view name);

}  // namespace dozo::server
