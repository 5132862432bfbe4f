// The functions of each backend's row in backends.cc: three each, in emit_NAME.cc. Their contracts stand in backend.h.
#pragma once

#include "policy/backend.h"

namespace dozo::policy {}  // namespace dozo::policy
