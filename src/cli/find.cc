// dozo du and find.
#include <fmt/format.h>
#include <fnmatch.h>

#include <charconv>
#include <map>
#include <ostream>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/remote_text.h"
#include "cli/tree_walk.h"

namespace dozo::cli {
namespace {

// --- du

struct Usage {
  std::uint64_t files = 0;
  std::uint64_t size = 0;
  std::uint64_t allocated = 0;

  void add(const Found& one) {
    ++files;
    size += one.size;
    allocated += one.allocated;
  }
};

std::string usage_line(bool json, const std::string& name, const Usage& usage) {
  if (json) {
    return fmt::format(R"({{"name":{},"files":{},"size":{},"allocated":{}}})", json_quoted(name), usage.files,
                       usage.size, usage.allocated);
  }
  return fmt::format("{:>12} {:>12} {:>9}  {}\n", size_text(usage.size), size_text(usage.allocated),
                     fmt::format("{} files", usage.files), printable_name(name));
}

// The first name of a path below a folder; "" for a file that is in the folder itself.
std::string first_folder(const Found& one) {
  const auto slash = one.path.find('/');
  return slash == std::string::npos ? "" : one.path.substr(0, slash);
}

runtime::Task<Exit> show_usage(Remote& remote) {
  Progress none(remote.io, "", 0);
  CopyRun run{.remote = remote, .options = {}, .progress = none};
  const std::vector<Found> found = co_await walk_remote(run, remote.url.path, Side::target);
  std::map<std::string, Usage> folders;
  Usage all;
  for (const Found& one : found) {
    if (one.is_folder) continue;
    all.add(one);
    if (const std::string folder = first_folder(one); !folder.empty()) folders[folder].add(one);
  }
  const bool json = remote.arguments.flag("--json");
  std::string rows;
  for (const auto& [name, usage] : folders) rows += (json && !rows.empty() ? "," : "") + usage_line(json, name, usage);
  remote.io.out << (json ? fmt::format("{{\"total\":{},\"folders\":[{}]}}\n", usage_line(json, "", all), rows)
                         : rows + usage_line(json, "in all", all));
  co_return run.failures == 0 ? Exit::done : Exit::failed;
}

// --- find

struct Wanted {
  std::string name;  // a pattern; empty: any
  char type = 0;     // 'f', 'd' or 'l'; 0: any
  std::uint64_t size_min = 0;
  std::uint64_t size_max = ~0ull;

  bool matches(const Found& one) const {
    const std::string last = one.path.substr(one.path.rfind('/') + 1);
    if (!name.empty() && fnmatch(name.c_str(), last.c_str(), FNM_CASEFOLD) != 0) return false;
    const char is = one.is_link ? 'l' : one.is_folder ? 'd' : 'f';
    if (type != 0 && type != is) return false;
    return one.is_folder ? size_min == 0 && size_max == ~0ull : one.size >= size_min && one.size <= size_max;
  }
};

// "4096", "64k", "10M", "2G".
std::optional<std::uint64_t> size_of(const std::string& typed) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string unit(end, typed.data() + typed.size());
  const auto which = std::string_view("kMGT").find(unit.empty() ? ' ' : unit[0]);
  if (unit.empty()) return number;
  if (unit.size() != 1 || which == std::string_view::npos) return std::nullopt;
  const auto shift = static_cast<unsigned>(10 * (which + 1));
  if (number > (~0ull >> shift)) return std::nullopt;
  return number << shift;
}

std::optional<Wanted> wanted_of(const Arguments& arguments, Io& io) {
  Wanted wanted{.name = arguments.value("--name").value_or("")};
  const std::string type = arguments.value("--type").value_or("");
  if (!type.empty()) wanted.type = type[0];
  if (type.size() > 1 || (wanted.type != 0 && std::string_view("fdl").find(wanted.type) == std::string_view::npos)) {
    io.err << "dozo: --type is f (file), d (folder) or l (link)\n";
    return std::nullopt;
  }
  for (const auto& [option, member] : {std::pair{"--larger", &wanted.size_min}, {"--smaller", &wanted.size_max}}) {
    const auto typed = arguments.value(option);
    if (!typed) continue;
    const auto size = size_of(*typed);
    if (!size) {
      io.err << fmt::format("dozo: {} {}: it is a number of bytes, or of k, M, G or T of them\n", option,
                            on_one_line(*typed));
      return std::nullopt;
    }
    *member = *size;
  }
  return wanted;
}

std::string found_line(bool json, const Found& one) {
  if (!json) return printable_name(one.path) + (one.is_folder ? "/\n" : "\n");
  return fmt::format("{{\"path\":{},\"type\":\"{}\",\"size\":{},\"written\":{}}}\n", json_quoted(one.path),
                     one.is_link     ? "link"
                     : one.is_folder ? "folder"
                                     : "file",
                     one.size, json_quoted(iso_time(one.written)));
}

runtime::Task<Exit> find_entries(Remote& remote) {
  const auto wanted = wanted_of(remote.arguments, remote.io);
  if (!wanted) co_return Exit::usage;
  Progress none(remote.io, "", 0);
  CopyRun run{.remote = remote, .options = {}, .progress = none};
  const std::vector<Found> found = co_await walk_remote(run, remote.url.path, Side::target);
  for (const Found& one : found) {
    if (wanted->matches(one)) remote.io.out << found_line(remote.arguments.flag("--json"), one);
  }
  co_return run.failures == 0 ? Exit::done : Exit::failed;
}

Exit run_below(const Arguments& arguments, Io& io, RemoteWork work) {
  const auto url = share_address(arguments.required("ADDRESS"), io);
  return url ? run_on_share(arguments, io, *url, work) : Exit::usage;
}

}  // namespace

Exit run_du(const Arguments& arguments, Io& io) { return run_below(arguments, io, show_usage); }

Exit run_find(const Arguments& arguments, Io& io) { return run_below(arguments, io, find_entries); }

}  // namespace dozo::cli
