#include "cli/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ostream>

#include "cli/configuration.h"
#include "cli/copy_pieces.h"
#include "cli/json_text.h"
#include "cli/remote_text.h"

namespace dozo::cli {
namespace {

constexpr std::size_t kLanesMax = 4;
constexpr std::size_t kItemsOfLane = 64;  // fewer are not worth a logon

struct Pool {
  CopyRun& run;
  const std::vector<CopyItem>& items;
  CopyOne copy;
  std::size_t lanes;
  std::size_t next = 0;

  // How many jobs lane number `lane` has.
  std::size_t jobs(std::size_t lane) const { return (run.options.jobs + lanes - 1 - lane) / lanes; }
};

std::size_t lanes_for(const CopyOptions& options, std::size_t items) {
  return std::min({kLanesMax, options.jobs, 1 + items / kItemsOfLane});
}

runtime::Task<void> work(Pool& pool, CopyRun& run) {
  while (pool.next < pool.items.size() && !run.lost) {
    const CopyItem& item = pool.items[pool.next++];
    co_await pool.copy(run, item);
  }
}

runtime::Task<void> run_lane(Pool& pool, CopyRun& run, std::size_t lane) {
  runtime::Gate gate;
  for (std::size_t i = 0; i < std::min(pool.jobs(lane), pool.items.size()); ++i) runtime::spawn(gate, work(pool, run));
  co_await gate.close();
}

// A lane over a connection of its own. When the server does not want another one, the others do the work.
runtime::Task<void> run_further_lane(Pool& pool, std::size_t lane) {
  CopyRun& all = pool.run;
  client::Link link(all.remote.link.loop(), all.remote.link.target());
  const auto line = co_await link.line();
  if (line) {
    Remote remote{all.remote.arguments, all.remote.io, all.remote.url, link, *(*line)->tree};
    CopyRun run{.remote = remote, .options = all.options, .progress = all.progress};
    co_await run_lane(pool, run, lane);
    all.bytes += run.bytes;
    all.files += run.files;
    all.failures += run.failures;
    all.lost = all.lost || run.lost;
  }
  co_await link.close();
}

}  // namespace

std::optional<CopyOptions> copy_options(const Arguments& arguments, Io& io) {
  CopyOptions options;
  options.verify = arguments.flag("--verify");
  options.flush = arguments.flag("--flush");
  const auto typed = arguments.value("--jobs");
  if (!typed) return options;
  const auto [end, error] = std::from_chars(typed->data(), typed->data() + typed->size(), options.jobs);
  if (error == std::errc() && end == typed->data() + typed->size() && options.jobs >= 1 && options.jobs <= 64) {
    return options;
  }
  io.err << fmt::format("dozo: --jobs {}: it is a number from 1 to 64\n", on_one_line(*typed));
  return std::nullopt;
}

void CopyRun::fail_remote(const std::string& path, NtStatus status) {
  ++failures;
  // One word for all that come behind it.
  if (client::is_loss(status) && std::exchange(lost, true)) return;
  static_cast<void>(failed_on(remote, path, status));
}

void CopyRun::fail_local(const std::string& path, int error) {
  ++failures;
  static_cast<void>(failed(remote.io, fmt::format("{}: {}", printable_name(path), std::strerror(error))));
}

void CopyRun::fail_saying(const std::string& text) {
  ++failures;
  static_cast<void>(failed(remote.io, text));
}

runtime::Task<void> copy_all(CopyRun& run, const std::vector<CopyItem>& items, CopyOne copy) {
  Pool pool{.run = run, .items = items, .copy = copy, .lanes = lanes_for(run.options, items.size())};
  runtime::Gate gate;
  runtime::spawn(gate, run_lane(pool, run, 0));
  for (std::size_t lane = 1; lane < pool.lanes; ++lane) runtime::spawn(gate, run_further_lane(pool, lane));
  co_await gate.close();
}

namespace {

struct Comparison {
  const LocalFile& local;
  std::uint64_t size;
  bool same = true;
};

runtime::Task<Result<>> compare_pieces(CopyRun& run, PieceQueue& queue, Comparison& comparison) {
  ByteVector ours(kPiece);
  for (std::uint64_t asked = 0; comparison.same && (asked < comparison.size || !queue.empty());) {
    while (asked < comparison.size && !queue.full()) {
      const std::size_t size = std::min<std::uint64_t>(kPiece, comparison.size - asked);
      queue.read(asked, size);
      asked += size;
    }
    const std::unique_ptr<Piece> piece = queue.pop();
    const auto got = co_await piece->done;
    if (!got) co_return fail(got.error());
    const MutableBytes mine = MutableBytes(ours).first(piece->bytes.size());
    const std::int64_t have = co_await comparison.local.read_at(run.remote.link.loop(), piece->offset, mine);
    comparison.same = have == static_cast<std::int64_t>(*got) && *got == piece->bytes.size() &&
                      std::ranges::equal(mine, piece->bytes.view());
  }
  co_return Result<>{};
}

}  // namespace

runtime::Task<Result<bool>> same_content(CopyRun& run, const LocalFile& local, const std::string& remote_path,
                                         std::uint64_t size) {
  client::OpenOptions options{
      .path = remote_path, .options = CreateOption::non_directory_file, .attributes = {}, .contexts = {}};
  auto file = co_await client::LinkedFile::open(run.remote.link, std::move(options));
  if (!file) co_return fail(file.error());
  Comparison comparison{.local = local, .size = size};
  comparison.same = (*file)->created().end_of_file == size;
  PieceQueue queue(**file);
  const auto compared = co_await compare_pieces(run, queue, comparison);
  co_await queue.drain();
  const auto closed = co_await (*file)->close();
  if (!compared) co_return fail(compared.error());
  if (!closed) co_return fail(closed.error());
  co_return comparison.same;
}

}  // namespace dozo::cli
