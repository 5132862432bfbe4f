// dozo sync: makes one tree like another, and moves only what differs.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ostream>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/remote_text.h"
#include "cli/sync_plan.h"

namespace dozo::cli {
namespace {

bool is_address(const std::string& typed) {
  return typed.starts_with("smb://") || typed.starts_with("\\\\") || typed.starts_with("//");
}

// One run of the command, in either direction.
struct Sync {
  CopyRun& run;
  std::string local;   // the tree here
  std::string remote;  // and there
  bool upwards;        // from here to there
  bool dry;
  SyncPlan plan;
  std::size_t removed = 0;

  CopyItem item(const Found& one) const {
    return {.local = below_local(local, one.path),
            .remote = below_remote(remote, one.path),
            .size = one.size,
            .written = one.written};
  }
  // What is done, or would be, one line each.
  void say(std::string_view what, const std::string& path) const {
    if (run.remote.arguments.flag("--json") || (!dry && !run.remote.arguments.flag("--verbose"))) return;
    run.remote.io.out << fmt::format("{} {}\n", what, printable_name(path));
  }
};

// Files of one size whose times say nothing: those that differ join the copies.
runtime::Task<void> settle_unsure(Sync& sync) {
  for (const Found& one : sync.plan.unsure) {
    if (sync.run.lost) co_return;
    const CopyItem item = sync.item(one);
    const LocalFile local(open(item.local.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!local) {
      sync.run.fail_local(item.local, errno);
      continue;
    }
    const auto same = co_await same_content(sync.run, local, item.remote, item.size);
    if (!same) sync.run.fail_remote(item.remote, same.error());
    if (same && *same) ++sync.plan.unchanged;
    if (same && !*same) sync.plan.copies.push_back(one);
  }
}

runtime::Task<void> make_folder(Sync& sync, std::string path) {
  if (!sync.upwards) {
    const std::string local = below_local(sync.local, path);
    if (mkdir(local.c_str(), 0777) != 0 && errno != EEXIST) sync.run.fail_local(local, errno);
    co_return;
  }
  const std::string remote = below_remote(sync.remote, path);
  if (remote.empty()) co_return;  // the share itself is there
  const auto made =
      co_await sync.run.remote.link.run([&remote](client::Tree& tree) { return client::make_directory(tree, remote); });
  if (!made && made.error() != NtStatus::OBJECT_NAME_COLLISION) sync.run.fail_remote(remote, made.error());
}

runtime::Task<void> remove_one(Sync& sync, const Found& one) {
  if (!sync.upwards) {
    const std::string local = below_local(sync.local, one.path);
    const int error = one.is_folder ? rmdir(local.c_str()) : unlink(local.c_str());
    if (error != 0) co_return sync.run.fail_local(local, errno);
    ++sync.removed;
    co_return;
  }
  const std::string remote = below_remote(sync.remote, one.path);
  const bool folder = one.is_folder;
  const auto removed = co_await sync.run.remote.link.run([&remote, folder](client::Tree& tree) {
    return folder ? client::remove_directory(tree, remote) : client::remove_file(tree, remote);
  });
  // Not there: removed by a request whose answer was lost, or by somebody else.
  const bool gone = removed || removed.error() == NtStatus::OBJECT_NAME_NOT_FOUND;
  if (!gone) co_return sync.run.fail_remote(remote, removed.error());
  ++sync.removed;
}

runtime::Task<void> carry_out(Sync& sync) {
  for (const Found& one : sync.plan.removals) {
    sync.say("-", one.path);
    if (sync.dry || sync.run.lost) continue;
    co_await remove_one(sync, one);
  }
  for (const std::string& folder : sync.plan.folders) {
    sync.say("+", folder + "/");
    if (sync.dry || sync.run.lost) continue;
    co_await make_folder(sync, folder);
  }
  std::vector<CopyItem> items;
  std::uint64_t total = 0;
  for (const Found& one : sync.plan.copies) {
    sync.say("+", one.path);
    items.push_back(sync.item(one));
    total += one.size;
  }
  sync.run.progress.expect(total);
  if (!sync.dry) co_await copy_all(sync.run, items, sync.upwards ? upload_file : download_file);
}

void report(const Sync& sync) {
  const std::size_t copied = sync.dry ? sync.plan.copies.size() : sync.run.files;
  const std::size_t removed = sync.dry ? sync.plan.removals.size() : sync.removed;
  if (sync.run.remote.arguments.flag("--json")) {
    sync.run.remote.io.out << fmt::format(
        R"({{"copied":{},"bytes":{},"removed":{},"unchanged":{},"failed":{},"dry_run":{}}})"
        "\n",
        copied, sync.run.bytes, removed, sync.plan.unchanged, sync.run.failures, sync.dry);
    return;
  }
  sync.run.remote.io.out << fmt::format("{} copied ({}), {} removed, {} unchanged{}\n", copied,
                                        size_text(sync.run.bytes), removed, sync.plan.unchanged,
                                        sync.run.failures == 0 ? "" : fmt::format(", {} failed", sync.run.failures));
}

// Both listings. False when the source could not be listed whole: what it seems not to have is not removed then.
runtime::Task<bool> make_plan(Sync& sync, SyncRules rules) {
  const auto there = co_await client::stat(sync.run.remote.tree, sync.remote);
  const auto here = local_status(sync.local);
  std::vector<Found> ours, theirs;
  if (here) ours = walk_local(sync.run, sync.local, sync.upwards ? Side::source : Side::target);
  const std::size_t local_failures = sync.run.failures;
  if (there) theirs = co_await walk_remote(sync.run, sync.remote, sync.upwards ? Side::target : Side::source);
  const std::size_t remote_failures = sync.run.failures - local_failures;
  if (sync.upwards && !here) sync.run.fail_local(sync.local, ENOENT);
  if (!sync.upwards && !there) sync.run.fail_remote(sync.remote, there.error());
  if (sync.upwards ? !here : !there) co_return false;
  rules.remove = rules.remove && (sync.upwards ? local_failures : remote_failures) == 0;
  sync.plan = sync.upwards ? plan_sync(ours, theirs, rules) : plan_sync(theirs, ours, rules);
  if (sync.upwards ? !there : !here) sync.plan.folders.insert(sync.plan.folders.begin(), "");
  for (const std::string& problem : sync.plan.problems) sync.run.fail_saying(printable_name(problem));
  co_return true;
}

runtime::Task<Exit> sync_trees(Remote& remote) {
  const auto options = copy_options(remote.arguments, remote.io);
  if (!options) co_return Exit::usage;
  const std::string& from = remote.arguments.required("FROM");
  const bool upwards = !is_address(from);
  Progress progress(remote.io, "sync", 0);
  CopyRun run{.remote = remote, .options = *options, .progress = progress};
  Sync sync{.run = run,
            .local = upwards ? from : remote.arguments.required("TO"),
            .remote = remote.url.path,
            .upwards = upwards,
            .dry = remote.arguments.flag("--dry-run"),
            .plan = {}};
  const SyncRules rules{.remove = remote.arguments.flag("--delete"), .by_content = remote.arguments.flag("--checksum")};
  const bool planned = co_await make_plan(sync, rules);
  if (!planned) co_return Exit::failed;
  co_await settle_unsure(sync);
  co_await carry_out(sync);
  report(sync);
  co_return run.failures == 0 ? Exit::done : Exit::failed;
}

}  // namespace

Exit run_sync(const Arguments& arguments, Io& io) {
  const std::string& from = arguments.required("FROM");
  const std::string& to = arguments.required("TO");
  if (is_address(from) == is_address(to)) {
    io.err << "dozo: sync is between a folder of this machine and one of a share: one of FROM and TO is an address\n";
    return Exit::usage;
  }
  const auto url = share_address(is_address(from) ? from : to, io);
  return url ? run_on_share(arguments, io, *url, sync_trees) : Exit::usage;
}

}  // namespace dozo::cli
