// The server's status for people.
#pragma once

#include <string>
#include <string_view>

namespace dozo::cli {

// `json`: the object of `dozo status --json`. Values become "name  value" lines, objects indented blocks, lists of
// objects tables with a column for each key. Nothing in it is known by name, so that nothing is left out.
std::string status_text(std::string_view json);

}  // namespace dozo::cli
