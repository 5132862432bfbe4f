// dozo get, put and cat.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <ostream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/copy.h"
#include "cli/copy_pieces.h"
#include "cli/remote_text.h"
#include "cli/tree_walk.h"

namespace dozo::cli {
namespace {

std::uint64_t total_of(const std::vector<CopyItem>& items) {
  std::uint64_t total = 0;
  for (const CopyItem& item : items) total += item.size;
  return total;
}

// Copies the items with a progress bar of their own, and says what came of it.
runtime::Task<Exit> copy_items(CopyRun& before, std::string name, const std::vector<CopyItem>& items, CopyOne copy) {
  Progress progress(before.remote.io, std::move(name), total_of(items));
  CopyRun run{.remote = before.remote, .options = before.options, .progress = progress, .lost = before.lost};
  co_await copy_all(run, items, copy);
  co_return before.failures + run.failures == 0 ? Exit::done : Exit::failed;
}

std::string counted(const std::vector<CopyItem>& items) { return fmt::format("{} files", items.size()); }

bool is_local_folder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

// --- get

// Where the remote file or folder goes: into the folder that was named, or to the name.
std::string local_target(Remote& remote) {
  const std::string name = remote.url.path.empty() ? remote.url.share : last_name(remote.url.path);
  const std::string typed = remote.arguments.value("LOCAL").value_or(name);
  return is_local_folder(typed) ? (std::filesystem::path(typed) / name).string() : typed;
}

// Makes the folders, and lists the files, of a remote tree that is to be at `target`.
runtime::Task<std::vector<CopyItem>> plan_get(CopyRun& run, std::string target) {
  std::vector<CopyItem> items;
  const std::string& root = run.remote.url.path;
  const std::vector<Found> found = co_await walk_remote(run, root, Side::source);
  if (mkdir(target.c_str(), 0777) != 0 && errno != EEXIST) run.fail_local(target, errno);
  for (const Found& one : found) {
    const std::string local = below_local(target, one.path);
    const std::string remote = below_remote(root, one.path);
    if (one.is_link) {
      run.fail_saying(fmt::format("{}: left out: it is a link", printable_name(remote)));
    } else if (!one.is_folder) {
      items.push_back({.local = local, .remote = remote, .size = one.size, .written = one.written});
    } else if (mkdir(local.c_str(), 0777) != 0 && errno != EEXIST) {
      run.fail_local(local, errno);
    }
  }
  co_return items;
}

runtime::Task<Exit> get_entry(Remote& remote) {
  const auto options = copy_options(remote.arguments, remote.io);
  if (!options) co_return Exit::usage;
  const std::string target = local_target(remote);
  Progress none(remote.io, "", 0);
  CopyRun run{.remote = remote, .options = *options, .progress = none};
  const auto found = co_await client::stat(remote.tree, remote.url.path);
  if (!found) co_return failed_on(remote, remote.url.path, found.error());
  if (!found->is_directory()) {
    const std::vector<CopyItem> one{
        {.local = target, .remote = remote.url.path, .size = found->size, .written = found->last_write_time}};
    const Exit exit = co_await copy_items(run, last_name(remote.url.path), one, download_file);
    co_return exit;
  }
  if (!remote.arguments.flag("--recursive")) {
    co_return failed(remote.io, fmt::format("{} is a folder; --recursive copies it",
                                            printable_name(remote.url.unc() + "\\" + remote.url.path)));
  }
  const std::vector<CopyItem> items = co_await plan_get(run, target);
  const Exit exit = co_await copy_items(run, counted(items), items, download_file);
  co_return exit;
}

// --- cat

runtime::Task<Result<int>> print_pieces(client::LinkedFile& file, PieceQueue& queue, const LocalFile& out) {
  const std::uint64_t size = file.created().end_of_file;
  for (std::uint64_t asked = 0; asked < size || !queue.empty();) {
    while (asked < size && !queue.full()) {
      queue.read(asked, kPiece);
      asked += kPiece;
    }
    const std::unique_ptr<Piece> piece = queue.pop();
    const auto got = co_await piece->done;
    if (!got) co_return fail(got.error());
    const int error = out.write_here(piece->bytes.view().first(*got));
    if (error < 0) co_return error;
  }
  co_return 0;
}

runtime::Task<Exit> print_file(Remote& remote) {
  remote.io.out.flush();
  const LocalFile out(dup(STDOUT_FILENO));
  auto file = co_await client::LinkedFile::open(
      remote.link,
      {.path = remote.url.path, .options = CreateOption::non_directory_file, .attributes = {}, .contexts = {}});
  if (!file) co_return failed_on(remote, remote.url.path, file.error());
  PieceQueue queue(**file);
  const auto printed = co_await print_pieces(**file, queue, out);
  co_await queue.drain();
  const auto closed = co_await (*file)->close();
  if (!printed) co_return failed_on(remote, remote.url.path, printed.error());
  if (*printed < 0) co_return failed(remote.io, fmt::format("standard output: {}", std::strerror(-*printed)));
  co_return closed ? Exit::done : failed_on(remote, remote.url.path, closed.error());
}

// --- put

// Makes the folders of a local tree that is to be at `target`, and lists its files.
runtime::Task<std::vector<CopyItem>> plan_put(CopyRun& run, std::string source, std::string target) {
  std::vector<CopyItem> items;
  std::vector<std::string> folders{target};
  for (const Found& one : walk_local(run, source, Side::source)) {
    const std::string remote = below_remote(target, one.path);
    if (one.is_folder) folders.push_back(remote);
    if (one.is_folder) continue;
    items.push_back(
        {.local = below_local(source, one.path), .remote = remote, .size = one.size, .written = one.written});
  }
  for (const std::string& folder : folders) {
    if (folder.empty() || run.lost) continue;  // the share itself is there
    const auto made =
        co_await run.remote.link.run([&folder](client::Tree& tree) { return client::make_directory(tree, folder); });
    if (!made && made.error() != NtStatus::OBJECT_NAME_COLLISION) run.fail_remote(folder, made.error());
  }
  co_return items;
}

std::string name_of(const std::string& local) {
  const std::filesystem::path path(absolute_path(local));
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

// Where it goes: into the folder of the address, or to its name.
runtime::Task<std::string> remote_target(Remote& remote, std::string local) {
  const std::string& path = remote.url.path;
  const auto there = co_await client::stat(remote.tree, path);
  if (there && there->is_directory()) co_return joined(path, name_of(local));
  co_return path;
}

runtime::Task<Exit> put_entry(Remote& remote) {
  auto options = copy_options(remote.arguments, remote.io);
  if (!options) co_return Exit::usage;
  const std::string& local = remote.arguments.required("LOCAL");
  struct stat status{};
  if (stat(local.c_str(), &status) != 0) {
    co_return failed(remote.io, fmt::format("{}: {}", printable_name(local), std::strerror(errno)));
  }
  const std::string target = co_await remote_target(remote, local);
  Progress none(remote.io, "", 0);
  if (S_ISDIR(status.st_mode)) {
    if (!remote.arguments.flag("--recursive")) {
      co_return failed(remote.io, fmt::format("{}: Is a directory; --recursive copies it", printable_name(local)));
    }
    CopyRun run{.remote = remote, .options = *options, .progress = none};
    const std::vector<CopyItem> items = co_await plan_put(run, local, target);
    const Exit exit = co_await copy_items(run, counted(items), items, upload_file);
    co_return exit;
  }
  CopyRun run{.remote = remote, .options = *options, .progress = none};
  const std::vector<CopyItem> one{
      {.local = local,
       .remote = target,
       .size = static_cast<std::uint64_t>(status.st_size),
       .written = FileTime::from_unix(status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec))}};
  const Exit exit = co_await copy_items(run, name_of(local), one, upload_file);
  co_return exit;
}

Exit run_on_address(const Arguments& arguments, Io& io, RemoteWork work, bool needs_path) {
  const auto url = share_address(arguments.required("ADDRESS"), io);
  if (!url) return Exit::usage;
  if (!url->path.empty() || !needs_path) return run_on_share(arguments, io, *url, work);
  io.err << fmt::format("dozo: {} names a share, not a file\n", url->unc());
  return Exit::usage;
}

}  // namespace

Exit run_get(const Arguments& arguments, Io& io) {
  return run_on_address(arguments, io, get_entry, !arguments.flag("--recursive"));
}

Exit run_cat(const Arguments& arguments, Io& io) { return run_on_address(arguments, io, print_file, true); }

Exit run_put(const Arguments& arguments, Io& io) { return run_on_address(arguments, io, put_entry, false); }

}  // namespace dozo::cli
