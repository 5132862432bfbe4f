// What a status means to a person.
#pragma once

#include <string>

#include "base/result.h"

namespace dozo::client {

// What is wrong, what may be done about it where that is known, and the status' name in the protocol.
std::string explain(NtStatus status);

}  // namespace dozo::client
