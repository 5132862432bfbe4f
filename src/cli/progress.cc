#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "cli/remote_text.h"

namespace dozo::cli {
namespace {

constexpr Duration kEvery = std::chrono::milliseconds(100);
constexpr std::string_view kWipe = "\r\x1b[K";

}  // namespace

std::string progress_text(std::string_view name, std::uint64_t done, std::uint64_t total, Duration elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const auto rate = seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(done) / seconds) : 0;
  const std::string percent =
      total == 0
          ? ""
          : fmt::format("{:3.0f} %  ", 100 * std::min(1.0, static_cast<double>(done) / static_cast<double>(total)));
  const std::string whole = total == 0 ? "" : " of " + size_text(total);
  return fmt::format("{}  {}{}{}  {}/s", name, percent, size_text(done), whole, size_text(rate));
}

Progress::Progress(Io& io, std::string name, std::uint64_t total)
    : io_(io),
      name_(printable_name(name)),
      total_(total),
      visible_(io.err.rdbuf() == std::cerr.rdbuf() && isatty(STDERR_FILENO) == 1),
      started_(clock_.now()) {}

Progress::~Progress() {
  if (printed_) io_.err << kWipe << std::flush;
}

void Progress::add(std::uint64_t more) {
  done_ += more;
  const Instant now = clock_.now();
  if (!visible_ || now - shown_ < kEvery) return;
  shown_ = now;
  printed_ = true;
  io_.err << kWipe << progress_text(name_, done_, total_, now - started_) << std::flush;
}

}  // namespace dozo::cli
