#include "scan/facts.h"

#include <array>

namespace dozo::scan {
namespace {

constexpr std::array<std::string_view, 3> kStates{"untested", "no", "yes"};
constexpr std::array<std::string_view, 5> kSeverityNames{"info", "low", "medium", "high", "critical"};

}  // namespace

std::string_view state_name(State state) { return kStates.at(static_cast<std::size_t>(state)); }
std::string_view severity_name(Severity severity) { return kSeverityNames.at(static_cast<std::size_t>(severity)); }

}  // namespace dozo::scan
