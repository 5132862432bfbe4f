// What the process was started with, besides its arguments.
#pragma once

#include <string>

namespace dozo::cli {

std::string environment(const char* name);  // empty when it is not set
std::string current_user();                 // $USER, else the name of the account

}  // namespace dozo::cli
