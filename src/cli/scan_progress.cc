#include "cli/scan_progress.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ostream>

#include "cli/configuration.h"
#include "cli/json_text.h"
#include "cli/local_file.h"
#include "cli/netbios_options.h"
#include "cli/scan_options.h"

namespace dozo::cli {
namespace {

constexpr Duration kBetweenSaves = std::chrono::seconds(1);

}  // namespace

std::optional<ScanProgress> ScanProgress::open(const Arguments& arguments, const scan::TargetList& targets,
                                               std::uint64_t& seed, Io& io) {
  const std::string path = arguments.value(kScanResume.name).value_or("");
  if (path.empty() || !local_status(path)) return ScanProgress(path, scan::Progress(targets, seed));
  auto progress = scan::Progress::parse(file_text(path), targets);
  if (!progress) {
    failed(io, fmt::format("{} {}", on_one_line(path), progress.error()));
    return std::nullopt;
  }
  if (arguments.flag(kScanSeed.name) && progress->seed() != seed) {
    failed(io, fmt::format("{} is of a scan with --seed {}", on_one_line(path), progress->seed()));
    return std::nullopt;
  }
  seed = progress->seed();
  return ScanProgress(path, std::move(*progress));
}

void ScanProgress::mark(std::uint64_t place) {
  progress_.mark(place);
  const Instant now = SystemClock().now();
  if (now - saved_at_ < kBetweenSaves) return;
  saved_at_ = now;
  static_cast<void>(write());  // save() says what is wrong
}

// Beside it first, so that there is a whole one at any time.
bool ScanProgress::write() const {
  if (path_.empty()) return true;
  const std::string beside = path_ + ".new";
  const std::string text = progress_.text();
  {
    LocalFile file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file || file.write_here(as_bytes(text)) != 0 || file.close_checked() != 0) return false;
  }
  return ::rename(beside.c_str(), path_.c_str()) == 0;
}

bool ScanProgress::save(Io& io) {
  if (write()) return true;
  failed(io, fmt::format("{}: cannot be written: {}", on_one_line(path_), std::strerror(errno)));
  return false;
}

}  // namespace dozo::cli
