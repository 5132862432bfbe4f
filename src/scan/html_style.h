// How the HTML report looks. Colours have one name each, with a second value for dark surroundings.
#pragma once

#include <string_view>

namespace dozo::scan {

extern const std::string_view kReportStyle;

}  // namespace dozo::scan
