// One file from a share.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "cli/copy.h"
#include "cli/copy_pieces.h"
#include "cli/remote_text.h"
#include "client/small_files.h"

namespace dozo::cli {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// A file that is made under another name.
struct Partial {
  std::string path;
  LocalFile file;
};

Partial open_partial(CopyRun& run, const CopyItem& item, std::uint64_t size, FileTime written) {
  const std::string source = run.remote.url.unc() + "\\" + item.remote + "|" + item.local;
  std::string path = folder_of(item.local) + partial_name(source, size, written);
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  return {.path = std::move(path), .file = LocalFile(fd)};
}

// Gives the file its time and its name.
void finish(CopyRun& run, Partial& partial, const CopyItem& item, FileTime written) {
  int error = set_local_time(partial.file, written);
  if (error == 0) error = partial.file.close_checked();
  if (error == 0 && rename(partial.path.c_str(), item.local.c_str()) != 0) error = -errno;
  if (error == 0) {
    ++run.files;
    return;
  }
  unlink(partial.path.c_str());
  run.fail_local(item.local, -error);
}

struct Download {
  CopyRun& run;
  const CopyItem& item;
  client::LinkedFile& file;
  const LocalFile& local;
  std::uint64_t size;
  std::uint64_t done;   // all before it is written
  int local_error = 0;  // -errno
};

// Read ahead, written in order: what is in the partial file is the beginning of the whole one, whenever this ends.
runtime::Task<Result<>> download_pieces(Download& download, PieceQueue& queue) {
  for (std::uint64_t asked = download.done; asked < download.size || !queue.empty();) {
    while (asked < download.size && !queue.full()) {
      const std::size_t length = std::min<std::uint64_t>(kPiece, download.size - asked);
      queue.read(asked, length);
      asked += length;
    }
    const std::unique_ptr<Piece> piece = queue.pop();
    const auto got = co_await piece->done;
    if (!got) co_return fail(got.error());
    if (*got != piece->bytes.size()) co_return fail(NtStatus::FILE_NOT_AVAILABLE);  // it has become shorter
    download.local_error =
        co_await download.local.write_at(download.run.remote.link.loop(), piece->offset, piece->bytes.view());
    if (download.local_error < 0) co_return Result<>{};
    download.done += *got;
    download.run.add(*got);
  }
  co_return Result<>{};
}

// Whether the partial file is whole, and right where that is asked for. What is wrong has been said.
runtime::Task<bool> fill(Download& download, const std::string& partial_path) {
  CopyRun& run = download.run;
  PieceQueue queue(download.file);
  const auto copied = co_await download_pieces(download, queue);
  co_await queue.drain();
  if (!copied) {
    run.fail_remote(download.item.remote, copied.error());
    if (!client::is_loss(copied.error())) unlink(partial_path.c_str());
    co_return false;
  }
  if (download.local_error < 0) {
    unlink(partial_path.c_str());
    run.fail_local(download.item.local, -download.local_error);
    co_return false;
  }
  if (!run.options.verify) co_return true;
  const auto same = co_await same_content(run, download.local, download.item.remote, download.size);
  if (same && *same) co_return true;
  unlink(partial_path.c_str());
  if (!same) run.fail_remote(download.item.remote, same.error());
  if (same) run.fail_saying(fmt::format("{}: differs from what the server has", printable_name(download.item.local)));
  co_return false;
}

runtime::Task<void> download_large(CopyRun& run, const CopyItem& item) {
  auto file = co_await client::LinkedFile::open(
      run.remote.link,
      {.path = item.remote, .options = CreateOption::non_directory_file, .attributes = {}, .contexts = {}});
  if (!file) co_return run.fail_remote(item.remote, file.error());
  const wire::CreateResponse& found = (*file)->created();
  Partial partial = open_partial(run, item, found.end_of_file, found.last_write_time);
  const auto there = partial.file ? local_status(partial.file) : std::nullopt;
  if (!there) {
    run.fail_local(partial.path, errno);
  } else {
    const std::uint64_t have = there->size <= found.end_of_file ? there->size : 0;
    Download download{
        .run = run, .item = item, .file = **file, .local = partial.file, .size = found.end_of_file, .done = have};
    run.add(have);
    const bool whole = co_await fill(download, partial.path);
    if (whole) finish(run, partial, item, found.last_write_time);
  }
  const auto closed = co_await (*file)->close();
  static_cast<void>(closed);  // it was only read
}

// 0, or -errno.
int write_content(Partial& partial, Bytes content) {
  if (!partial.file || ftruncate(partial.file.fd(), 0) != 0) return -errno;
  return partial.file.write_here(content);
}

}  // namespace

runtime::Task<void> download_file(CopyRun& run, const CopyItem& item) {
  if (item.size > client::kSmallFileMax) co_return co_await download_large(run, item);
  const auto small =
      co_await run.remote.link.run([&item](client::Tree& tree) { return client::read_small_file(tree, item.remote); });
  if (!small) co_return run.fail_remote(item.remote, small.error());
  if (!small->is_whole()) co_return co_await download_large(run, item);  // it has grown
  Partial partial = open_partial(run, item, small->entry.size, small->entry.last_write_time);
  const int error = write_content(partial, small->content);
  if (error < 0) {
    unlink(partial.path.c_str());
    co_return run.fail_local(partial.path, -error);
  }
  run.add(small->content.size());
  if (run.options.verify) {
    const auto same = co_await same_content(run, partial.file, item.remote, small->entry.size);
    if (!same || !*same) unlink(partial.path.c_str());
    if (!same) co_return run.fail_remote(item.remote, same.error());
    if (!*same) co_return run.fail_saying(fmt::format("{}: differs from what the server has", item.local));
  }
  finish(run, partial, item, small->entry.last_write_time);
}

}  // namespace dozo::cli
