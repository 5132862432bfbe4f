// FileRenameInformation of a named stream. [MS-FSA] 2.1.5.15.12.1.
#pragma once

#include "server/info/table.h"

namespace dozo::server {

// `name` begins with ':'. STATUS_INVALID_PARAMETER: no name of a stream, or one whose stream is open or holds data;
// STATUS_OBJECT_TYPE_MISMATCH: not of type $DATA; STATUS_SHARING_VIOLATION: others have this stream open, or ranges of
// it are locked.
runtime::Task<Result<>> rename_stream(InfoSet& set, std::u16string name, bool replace);

}  // namespace dozo::server
