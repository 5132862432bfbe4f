// Copies files between this machine and a share: several at a time, each in pieces that are under way together, each
// under another name until it is whole, and gone on with when that name is found again.
#pragma once

#include <string>
#include <vector>

#include "cli/local_file.h"
#include "cli/progress.h"
#include "cli/remote.h"

namespace dozo::cli {

inline constexpr OptionSpec kJobs{"--jobs", "N", "Copy so many files at a time, 1 to 64 (8)."};
inline constexpr OptionSpec kVerify{
    "--verify", "", "Read every file again from the server when it is copied, and compare it byte by byte."};
inline constexpr OptionSpec kFlush{"--flush", "",
                                   "Count a file as sent only when the server says that it is on its disk."};

struct CopyOptions {
  std::size_t jobs = 8;
  bool verify = false;
  bool flush = false;
};
// nullopt, and a usage error printed, when --jobs is no such number.
std::optional<CopyOptions> copy_options(const Arguments& arguments, Io& io);

// One file. `size` and `written` are the source's.
struct CopyItem {
  std::string local;
  std::string remote;  // relative to the share
  std::uint64_t size = 0;
  FileTime written;
};

// What the copies of one command have in common. While the command runs.
struct CopyRun {
  Remote& remote;
  CopyOptions options;
  Progress& progress;
  std::uint64_t bytes = 0;  // copied so far
  std::size_t files = 0;    // whole
  std::size_t failures = 0;
  bool lost = false;  // the server is gone: nothing more is begun

  void add(std::uint64_t more) {
    bytes += more;
    progress.add(more);
  }
  // Prints what went wrong with one file.
  void fail_remote(const std::string& path, NtStatus status);
  void fail_local(const std::string& path, int error);
  void fail_saying(const std::string& text);
};

// Each is done when it returns; what went wrong is printed and counted in `run`.
runtime::Task<void> download_file(CopyRun& run, const CopyItem& item);
runtime::Task<void> upload_file(CopyRun& run, const CopyItem& item);

// All of them, options.jobs at a time, over several connections where there are many: a server that gives each
// connection a process or a loop of its own does more of them at once.
using CopyOne = runtime::Task<void> (*)(CopyRun& run, const CopyItem& item);
runtime::Task<void> copy_all(CopyRun& run, const std::vector<CopyItem>& items, CopyOne copy);

// Whether a file here and one there hold the same; an error is the server's, or STATUS_UNSUCCESSFUL with errno.
runtime::Task<Result<bool>> same_content(CopyRun& run, const LocalFile& local, const std::string& remote_path,
                                         std::uint64_t size);

}  // namespace dozo::cli
