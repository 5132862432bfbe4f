#include "base/log.h"

#include <atomic>
#include <cstdio>

namespace dozo::log {
namespace {

void to_stderr(Level, std::string_view event, std::string_view message) {
  fmt::print(stderr, "{}: {}\n", event, message);
}

Sink current_sink = to_stderr;
std::atomic<Level> least_level{Level::info};

// Text from the wire must not forge lines or move the terminal's cursor.
std::string escaped(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  for (const char c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void set_sink(Sink sink) { current_sink = sink; }
void set_level(Level least) { least_level = least; }
bool enabled(Level level) { return level >= least_level.load(std::memory_order_relaxed); }
void write(Level level, std::string_view event, std::string_view message) {
  current_sink(level, event, escaped(message));
}

}  // namespace dozo::log
