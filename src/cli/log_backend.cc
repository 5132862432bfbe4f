#include "cli/log_backend.h"

#define SPDLOG_FMT_EXTERNAL
#define SPDLOG_HEADER_ONLY
#include <fmt/chrono.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

#include "cli/json_text.h"

namespace dozo::cli {
namespace {

constexpr std::string_view kLevelNames[] = {"trace", "debug", "info", "warning", "error"};
constexpr int kJournalPriorities[] = {7, 7, 6, 4, 3};  // sd-daemon(3)

LogStyle current_style = LogStyle::text;  // written once, at start

spdlog::logger& logger() {
  static const auto made = [] {
    auto log = std::make_shared<spdlog::logger>("dozo", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    log->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc));
    log->set_level(spdlog::level::trace);  // base/log.h has filtered already
    log->flush_on(spdlog::level::trace);
    return log;
  }();
  return *made;
}

void sink(log::Level level, std::string_view event, std::string_view message) {
  const std::string line = render_log_line(current_style, level, event, message, SystemClock().wall_now());
  logger().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

std::string timestamp(WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds.time_since_epoch().count()), milliseconds);
}

}  // namespace

LogStyle log_style(const server::LogConfig& config) {
  if (config.format == server::LogFormat::json) return LogStyle::json;
  return std::getenv("JOURNAL_STREAM") ? LogStyle::journal : LogStyle::text;
}

std::string render_log_line(LogStyle style, log::Level level, std::string_view event, std::string_view message,
                            WallTime now) {
  const auto index = static_cast<std::size_t>(level);
  switch (style) {
    case LogStyle::json:
      return fmt::format(R"({{"time":"{}","level":"{}","event":{},"message":{}}})", timestamp(now), kLevelNames[index],
                         json_quoted(event), json_quoted(message));
    case LogStyle::journal:
      return fmt::format("<{}>{}: {}", kJournalPriorities[index], event, on_one_line(message));
    case LogStyle::text:
      return fmt::format("{} {:<7} {}: {}", timestamp(now), kLevelNames[index], event, on_one_line(message));
  }
  return {};
}

void install_log_backend(const server::LogConfig& config) {
  current_style = log_style(config);
  set_log_level(config.level);
  log::set_sink(sink);
}

void set_log_level(server::LogLevel level) { log::set_level(static_cast<log::Level>(level)); }

static_assert(static_cast<int>(server::LogLevel::trace) == static_cast<int>(log::Level::trace));
static_assert(static_cast<int>(server::LogLevel::error) == static_cast<int>(log::Level::error));

}  // namespace dozo::cli
