// The log front end. A line is a level, an event name that programs can match, and a sentence for people.
// The back end (text or JSON to stderr) is set once at start; before that, and in tests, lines go to stderr as text.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace dozo::log {

enum class Level { trace, debug, info, warning, error };

// `event`: snake_case name of what happened ("logon_refused"); never holds anything from the wire.
// `message`: a sentence; text from the wire is escaped by the back end.
using Sink = void (*)(Level level, std::string_view event, std::string_view message);

void set_sink(Sink sink);   // not thread-safe: at start only
void set_level(Level least);
bool enabled(Level level);
void write(Level level, std::string_view event, std::string_view message);

template <class... Args>
void line(Level level, std::string_view event, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level)) write(level, event, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(std::string_view event, fmt::format_string<Args...> format, Args&&... args) {
  line(Level::debug, event, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(std::string_view event, fmt::format_string<Args...> format, Args&&... args) {
  line(Level::info, event, format, std::forward<Args>(args)...);
}
template <class... Args>
void warning(std::string_view event, fmt::format_string<Args...> format, Args&&... args) {
  line(Level::warning, event, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(std::string_view event, fmt::format_string<Args...> format, Args&&... args) {
  line(Level::error, event, format, std::forward<Args>(args)...);
}

}  // namespace dozo::log
