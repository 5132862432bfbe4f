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

struct Pool {
  CopyRun& run;
  const std::vector<CopyItem>& items;
  CopyOne copy;
  std::size_t next = 0;
};

runtime::Task<void> work(Pool& pool) {
  while (pool.next < pool.items.size() && !pool.run.lost) {
    const CopyItem& item = pool.items[pool.next++];
    co_await pool.copy(pool.run, item);
  }
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
  Pool pool{.run = run, .items = items, .copy = copy};
  runtime::Gate gate;
  for (std::size_t i = 0; i < std::min(run.options.jobs, items.size()); ++i) runtime::spawn(gate, work(pool));
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
                      std::ranges::equal(mine, piece->bytes);
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
