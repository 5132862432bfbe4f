// The file of `dozo scan --resume`.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "cli/command.h"
#include "scan/progress.h"

namespace dozo::cli {

// Resource; written about once a second, and at its end, whole each time. Without a file it remembers for itself alone.
class ScanProgress {
 public:
  // What the file remembers of these targets, or a new one. What is wrong with the file is printed. `seed` becomes the
  // file's, unless it was typed; then it has to be the same.
  static std::optional<ScanProgress> open(const Arguments& arguments, const scan::TargetList& targets,
                                          std::uint64_t& seed, Io& io);

  bool knows(std::uint64_t place) const { return progress_.knows(place); }
  std::uint64_t done() const { return progress_.done(); }
  // A host is done when what is known of it has been printed.
  void mark(std::uint64_t place);
  // Whether it is on the disk; what went wrong is printed.
  bool save(Io& io);

 private:
  ScanProgress(std::string path, scan::Progress progress) : path_(std::move(path)), progress_(std::move(progress)) {}
  bool write() const;

  std::string path_;
  scan::Progress progress_;
  Instant saved_at_{};
};

}  // namespace dozo::cli
