// Times that a client has set through a handle, which outlast what it changes through that handle afterwards.
#pragma once

#include "base/result.h"
#include "runtime/task.h"

namespace dozo::server {

struct Open;

// Puts those back that are pinned; to be called when a change through the handle has touched them. [MS-FSA] 2.1.4.17.
// Any loop that holds the open.
runtime::Task<Result<>> keep_pinned_times(Open& open);

}  // namespace dozo::server
