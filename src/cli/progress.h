// Progress: how far a transfer is, on standard error when that is a terminal, else nowhere.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "cli/command.h"

namespace dozo::cli {

// "big.iso  45 %  1.2 GiB of 2.7 GiB  118.0 MiB/s"
std::string progress_text(std::string_view name, std::uint64_t done, std::uint64_t total, Duration elapsed);

class Progress {
 public:
  // `total` 0: not known.
  Progress(Io& io, std::string name, std::uint64_t total);
  ~Progress();  // wipes the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void add(std::uint64_t more);
  void expect(std::uint64_t total) { total_ = total; }

 private:
  Io& io_;
  std::string name_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  bool visible_;
  bool printed_ = false;
  SystemClock clock_;
  Instant started_;
  Instant shown_{};
};

}  // namespace dozo::cli
