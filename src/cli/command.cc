#include "cli/command.h"

#include "base/assert.h"

namespace dozo::cli {

std::optional<std::string> Arguments::value(std::string_view name) const {
  const auto it = values_.find(name);
  if (it == values_.end() || it->second.empty()) return std::nullopt;
  return it->second.back();
}

const std::string& Arguments::required(std::string_view name) const {
  const auto it = values_.find(name);
  DOZO_ASSERT(it != values_.end() && !it->second.empty());
  return it->second.front();
}

std::vector<std::string> Arguments::all(std::string_view name) const {
  const auto it = values_.find(name);
  return it == values_.end() ? std::vector<std::string>() : it->second;
}

}  // namespace dozo::cli
