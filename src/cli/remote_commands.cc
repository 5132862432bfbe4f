// dozo ls, stat, rm, mkdir and mv.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/unicode.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/remote.h"
#include "cli/remote_text.h"
#include "cli/shares.h"

namespace dozo::cli {
namespace {

using client::DirectoryEntry;

// A folder of a share, or the shares of a server.
Exit run_on_listing_address(const Arguments& arguments, Io& io, RemoteWork work) {
  const auto url = server_address(arguments.required("ADDRESS"), io);
  if (!url) return Exit::usage;
  return url->share.empty() ? list_shares_of(arguments, io, *url) : run_on_share(arguments, io, *url, work);
}

Exit run_on_address(const Arguments& arguments, Io& io, RemoteWork work) {
  const auto url = share_address(arguments.required("ADDRESS"), io);
  return url ? run_on_share(arguments, io, *url, work) : Exit::usage;
}

// What `path` is: the entries of a folder, or the one of a file.
runtime::Task<Result<std::vector<DirectoryEntry>>> entries_at(client::Tree& tree, std::string path) {
  auto found = co_await client::stat(tree, path);
  if (!found) co_return fail(found.error());
  if (found->is_directory()) {
    auto entries = co_await client::list_directory(tree, path);
    if (!entries) co_return fail(entries.error());
    std::ranges::sort(*entries, {}, &DirectoryEntry::name);
    co_return std::move(*entries);
  }
  found->name = last_name(path);
  co_return std::vector<DirectoryEntry>{std::move(*found)};
}

runtime::Task<Exit> list_entries(Remote& remote) {
  const auto entries = co_await entries_at(remote.tree, remote.url.path);
  if (!entries) co_return failed_on(remote, remote.url.path, entries.error());
  if (!remote.arguments.flag("--json")) {
    for (const DirectoryEntry& entry : *entries) remote.io.out << entry_line(entry);
    co_return Exit::done;
  }
  std::string list;
  for (const DirectoryEntry& entry : *entries) list += (list.empty() ? "" : ",") + entry_json(entry);
  remote.io.out << fmt::format("{{\"entries\":[{}]}}\n", list);
  co_return Exit::done;
}

runtime::Task<Exit> show_entry(Remote& remote) {
  auto found = co_await client::stat(remote.tree, remote.url.path);
  if (!found) co_return failed_on(remote, remote.url.path, found.error());
  found->name = remote.url.path.empty() ? remote.url.share : last_name(remote.url.path);
  remote.io.out << (remote.arguments.flag("--json") ? entry_json(*found) + "\n" : stat_text(*found));
  co_return Exit::done;
}

// --- rm

bool is_real_folder(const DirectoryEntry& entry) {
  return entry.is_directory() && !entry.attributes.has(FileAttribute::reparse_point);
}

// Everything below the folder, deepest first. What could not be removed is said, and the rest goes on.
runtime::Task<Exit> remove_contents(Remote& remote, std::string folder) {
  const auto entries = co_await client::list_directory(remote.tree, folder);
  if (!entries) co_return failed_on(remote, folder, entries.error());
  Exit exit = Exit::done;
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = folder + "\\" + entry.name;
    if (is_real_folder(entry)) {
      const Exit inside = co_await remove_contents(remote, path);
      if (inside != Exit::done) exit = inside;
    }
    const auto removed = entry.is_directory() ? co_await client::remove_directory(remote.tree, path)
                                              : co_await client::remove_file(remote.tree, path);
    if (!removed) exit = failed_on(remote, path, removed.error());
  }
  co_return exit;
}

runtime::Task<Exit> remove_entry(Remote& remote) {
  const std::string& path = remote.url.path;
  if (path.empty()) co_return failed_on(remote, path, NtStatus::ACCESS_DENIED);  // the share itself stays
  const auto found = co_await client::stat(remote.tree, path);
  if (!found) co_return failed_on(remote, path, found.error());
  if (is_real_folder(*found) && remote.arguments.flag("--recursive")) {
    const Exit inside = co_await remove_contents(remote, path);
    if (inside != Exit::done) co_return inside;
  }
  const auto removed = found->is_directory() ? co_await client::remove_directory(remote.tree, path)
                                             : co_await client::remove_file(remote.tree, path);
  co_return removed ? Exit::done : failed_on(remote, path, removed.error());
}

// --- mkdir

runtime::Task<Exit> make_folder(Remote& remote) {
  const std::string& path = remote.url.path;
  const bool parents = remote.arguments.flag("--parents");
  for (std::size_t end = parents ? path.find('\\') : path.npos;; end = path.find('\\', end + 1)) {
    const std::string part = path.substr(0, end);
    const auto made = co_await client::make_directory(remote.tree, part);
    const bool was_there = !made && made.error() == NtStatus::OBJECT_NAME_COLLISION;
    if (was_there && parents) {
      const auto found = co_await client::stat(remote.tree, part);
      if (found && !found->is_directory()) co_return failed_on(remote, part, NtStatus::NOT_A_DIRECTORY);
    } else if (!made) {
      co_return failed_on(remote, part, made.error());
    }
    if (end == path.npos) co_return Exit::done;
  }
}

// --- mv

std::string target_path(Remote& remote) {
  std::string error;
  return client::parse_url(remote.arguments.required("TO"), error)->path;  // run_mv has looked at it
}

runtime::Task<Exit> move_entry(Remote& remote) {
  const std::string& from = remote.url.path;
  std::string to = target_path(remote);
  const auto there = co_await client::stat(remote.tree, to);
  const bool same_name = there && fold_name(from) == fold_name(to);  // only its case is to change
  if (there && there->is_directory() && !same_name) to += (to.empty() ? "" : "\\") + last_name(from);
  const auto moved = co_await client::rename(remote.tree, from, to, remote.arguments.flag("--force"));
  if (moved) co_return Exit::done;
  co_return failed_on(remote, moved.error() == NtStatus::OBJECT_NAME_COLLISION ? to : from, moved.error());
}

}  // namespace

Exit run_ls(const Arguments& arguments, Io& io) { return run_on_listing_address(arguments, io, list_entries); }

Exit run_stat(const Arguments& arguments, Io& io) { return run_on_address(arguments, io, show_entry); }

Exit run_rm(const Arguments& arguments, Io& io) { return run_on_address(arguments, io, remove_entry); }

Exit run_mkdir(const Arguments& arguments, Io& io) { return run_on_address(arguments, io, make_folder); }

Exit run_mv(const Arguments& arguments, Io& io) {
  const auto from = share_address(arguments.required("ADDRESS"), io);
  const auto to = share_address(arguments.required("TO"), io);
  if (!from || !to) return Exit::usage;
  const bool same_share = fold_name(from->host) == fold_name(to->host) && from->port == to->port &&
                          fold_name(from->share) == fold_name(to->share);
  if (same_share) return run_on_share(arguments, io, *from, move_entry);
  io.err << "dozo: mv works within one share; copy with get and put, then rm\n";
  return Exit::usage;
}

}  // namespace dozo::cli
