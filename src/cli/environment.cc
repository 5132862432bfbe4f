#include "cli/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace dozo::cli {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string current_user() {
  if (const std::string name = environment("USER"); !name.empty()) return name;
  const passwd* entry = getpwuid(geteuid());
  return entry ? entry->pw_name : "dozo";
}

}  // namespace dozo::cli
