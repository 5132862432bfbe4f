// Files of this machine, as what is copied to and from a share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "model/file_time.h"
#include "runtime/loop.h"
#include "runtime/task.h"

namespace dozo::cli {

// A descriptor. Resource; move-only; closed at its end.
class LocalFile {
 public:
  explicit LocalFile(int fd = -1) : fd_(fd) {}
  ~LocalFile();
  LocalFile(LocalFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  LocalFile& operator=(LocalFile&&) = delete;
  explicit operator bool() const { return fd_ >= 0; }
  int fd() const { return fd_; }

  // Bytes read, fewer than `into` only at the end of the file; or -errno.
  runtime::Task<std::int64_t> read_at(runtime::Loop& loop, std::uint64_t offset, MutableBytes into) const;
  // 0, or -errno. Without an offset: where the descriptor stands.
  runtime::Task<int> write_at(runtime::Loop& loop, std::uint64_t offset, Bytes from) const;
  int write_here(Bytes from) const;  // blocks
  int close_checked();               // 0, or -errno

 private:
  int fd_;
};

struct LocalStatus {
  bool is_folder = false;
  bool is_file = false;  // a regular one
  std::uint64_t size = 0;
  FileTime written;
};
// Of the name itself, not of what a link leads to. nullopt, and errno, when there is none.
std::optional<LocalStatus> local_status(const std::string& path);
std::optional<LocalStatus> local_status(const LocalFile& file);
// 0, or -errno.
int set_local_time(const LocalFile& file, FileTime written);

// What a file that is not all there yet is called, beside where it will be: another name for every version of what is
// copied, so that only the same one is ever gone on with.
std::string partial_name(const std::string& source, std::uint64_t size, FileTime written);

}  // namespace dozo::cli
