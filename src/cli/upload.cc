// One file to a share.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/unicode.h"
#include "cli/configuration.h"
#include "cli/copy.h"
#include "cli/copy_pieces.h"
#include "cli/remote_text.h"
#include "client/small_files.h"
#include "wire/fscc/file_set.h"

namespace dozo::cli {
namespace {

// So much is sent again at most when a server has lost what it had not on its disk.
constexpr std::uint64_t kCheckpoint = 256ull * 1024 * 1024;
constexpr int kReopenings = 5;

std::string folder_of(const std::string& path) {
  const auto separator = path.rfind('\\');
  return separator == std::string::npos ? "" : path.substr(0, separator);
}

struct Upload {
  CopyRun& run;
  const CopyItem& item;
  const LocalFile& local;
  std::string partial;                   // its path on the share
  std::optional<std::uint64_t> flushed;  // all before it is on the server's disk; none: nothing was sent yet
  std::uint64_t next_checkpoint = 0;     // a FLUSH is due when all before it is written
  bool flushing = false;
  std::uint64_t counted = 0;  // all before it is in the progress
  int local_error = 0;        // -errno
};

runtime::Task<Result<>> await_oldest(Upload& upload, PieceQueue& queue) {
  const std::unique_ptr<Piece> piece = queue.pop();
  const auto written = co_await piece->done;
  if (!written) co_return fail(written.error());
  const std::uint64_t end = piece->offset + *written;
  if (end > upload.counted) upload.run.add(end - upload.counted);
  upload.counted = std::max(upload.counted, end);
  co_return Result<>{};
}

// Beside the pieces that follow. When it fails, so do they.
runtime::Task<void> flush_to(Upload& upload, client::LinkedFile& file, std::uint64_t checkpoint) {
  upload.flushing = true;
  const auto done = co_await file.flush();
  if (done) upload.flushed = checkpoint;
  upload.flushing = false;
}

// [MS-SMB2] 3.3.5.11: a FLUSH is of what was written before it, so that all pieces before it have their answers first.
void flush_when_due(Upload& upload, client::LinkedFile& file, runtime::Gate& gate) {
  const std::uint64_t written = upload.counted;
  if (upload.flushing || written < upload.next_checkpoint || written == upload.item.size) return;
  upload.next_checkpoint = written + kCheckpoint;
  runtime::spawn(gate, flush_to(upload, file, written));
}

// From `begin` to the end of the file, flushed now and then.
runtime::Task<Result<>> upload_pieces(Upload& upload, client::LinkedFile& file, PieceQueue& queue,
                                      runtime::Gate& flushes) {
  for (std::uint64_t offset = *upload.flushed; offset < upload.item.size;) {
    if (queue.full()) DOZO_CO_CHECK(co_await await_oldest(upload, queue));
    flush_when_due(upload, file, flushes);
    runtime::Buffer bytes = PieceQueue::buffer_of(std::min<std::uint64_t>(kPiece, upload.item.size - offset));
    const std::int64_t got = co_await upload.local.read_at(upload.run.remote.link.loop(), offset, bytes.mutable_view());
    if (got != static_cast<std::int64_t>(bytes.size())) {
      upload.local_error = got < 0 ? static_cast<int>(got) : -ESTALE;  // it has become shorter
      co_return Result<>{};
    }
    offset += bytes.size();
    const std::uint64_t at = offset - bytes.size();
    queue.write(at, std::move(bytes));
  }
  while (!queue.empty()) DOZO_CO_CHECK(co_await await_oldest(upload, queue));
  co_return Result<>{};
}

// [MS-FSCC] 2.4.42: in one step, over what is there.
ByteVector rename_information(const std::string& to) {
  return wire::encode_plain(
      wire::FileRenameInformation{.replace_if_exists = true, .file_name = utf8_to_utf16_lossy(to)});
}

// The file is whole under its other name: its time, and its own name.
runtime::Task<Result<>> finish(Upload& upload, client::LinkedFile& file) {
  const CopyItem& item = upload.item;
  DOZO_CO_CHECK(co_await file.set_info(wire::FileInfoClass::basic, client::last_write_time_information(item.written)));
  if (upload.run.options.flush || upload.run.options.verify) DOZO_CO_CHECK(co_await file.flush());
  if (upload.run.options.verify) {
    const auto same = co_await same_content(upload.run, upload.local, upload.partial, item.size);
    if (!same) co_return fail(same.error());
    if (!*same) co_return fail(NtStatus::DATA_ERROR);
  }
  DOZO_CO_CHECK(co_await file.set_info(wire::FileInfoClass::rename, rename_information(item.remote)));
  co_return Result<>{};
}

runtime::Task<Result<>> upload_over(Upload& upload, client::LinkedFile& file) {
  // What an earlier run has left, but for the pieces that were under way then and may have holes between them.
  const std::uint64_t there = file.created().end_of_file;
  const std::uint64_t sure = there > kPiece * kPiecesAhead ? there - kPiece * kPiecesAhead : 0;
  const std::uint64_t begin = upload.flushed.value_or(std::min(sure, upload.item.size));
  upload.flushed = begin;
  if (begin > upload.counted) upload.run.add(begin - upload.counted);
  upload.counted = std::max(upload.counted, begin);
  upload.next_checkpoint = begin + kCheckpoint;
  PieceQueue queue(file);
  runtime::Gate flushes;
  const auto sent = co_await upload_pieces(upload, file, queue, flushes);
  co_await queue.drain();
  co_await flushes.close();
  if (!sent || upload.local_error < 0) co_return sent;
  const auto finished = co_await finish(upload, file);
  co_return finished;
}

runtime::Task<Result<>> upload_once(Upload& upload) {
  client::OpenOptions options{.path = upload.partial,
                              .access = kFileGenericRead | kFileGenericWrite | Access::delete_object,
                              .disposition = CreateDisposition::open_if,
                              .options = CreateOption::non_directory_file,
                              .attributes = FileAttribute::normal,
                              .contexts = {}};
  auto file = co_await client::LinkedFile::open(upload.run.remote.link, std::move(options));
  if (!file) co_return fail(file.error());
  const auto sent = co_await upload_over(upload, **file);
  const auto closed = co_await (*file)->close();
  co_return sent ? closed : sent;
}

// Whether the file has its own name already: the answer to the rename was lost with its connection.
runtime::Task<bool> was_renamed(Upload& upload) {
  client::Link& link = upload.run.remote.link;
  const CopyItem& item = upload.item;
  const auto partial = co_await link.run([&upload](client::Tree& tree) { return client::stat(tree, upload.partial); });
  if (partial || partial.error() != NtStatus::OBJECT_NAME_NOT_FOUND) co_return false;
  const auto there = co_await link.run([&item](client::Tree& tree) { return client::stat(tree, item.remote); });
  co_return there && there->size == item.size && there->last_write_time == item.written;
}

runtime::Task<void> upload_large(CopyRun& run, const CopyItem& item, const LocalFile& local) {
  const std::string source = absolute_path(item.local) + "|" + item.remote;
  Upload upload{.run = run,
                .item = item,
                .local = local,
                .partial = joined(folder_of(item.remote), partial_name(source, item.size, item.written)),
                .flushed = std::nullopt};
  Result<> sent = fail(NtStatus::HANDLE_NO_LONGER_VALID);
  for (int tries = 0; tries < kReopenings && !sent && sent.error() == NtStatus::HANDLE_NO_LONGER_VALID; ++tries) {
    sent = co_await upload_once(upload);
  }
  bool renamed = false;
  if (!sent && !client::is_loss(sent.error())) renamed = co_await was_renamed(upload);
  if (upload.local_error == 0 && (sent || renamed)) {
    ++run.files;
    co_return;
  }
  // What a lost server has of it is gone on with another time; nobody wants the rest.
  const bool keep = !sent && client::is_loss(sent.error());
  if (!keep) {
    const std::string path = upload.partial;
    const auto removed =
        co_await run.remote.link.run([&path](client::Tree& tree) { return client::remove_file(tree, path); });
    static_cast<void>(removed);
  }
  if (!sent) co_return run.fail_remote(item.remote, sent.error());
  run.fail_local(item.local, -upload.local_error);
}

runtime::Task<void> upload_small(CopyRun& run, const CopyItem& item, const LocalFile& local) {
  ByteVector content(item.size);
  const std::int64_t got = co_await local.read_at(run.remote.link.loop(), 0, content);
  if (got < 0) co_return run.fail_local(item.local, static_cast<int>(-got));
  content.resize(static_cast<std::size_t>(got));
  const client::SmallFileOptions options{.last_write_time = item.written, .flush = run.options.flush};
  const auto written = co_await run.remote.link.run(
      [&](client::Tree& tree) { return client::write_small_file(tree, item.remote, content, options); });
  if (!written) co_return run.fail_remote(item.remote, written.error());
  if (run.options.verify) {
    const auto same = co_await same_content(run, local, item.remote, content.size());
    if (!same) co_return run.fail_remote(item.remote, same.error());
    if (!*same) co_return run.fail_remote(item.remote, NtStatus::DATA_ERROR);
  }
  run.add(content.size());
  ++run.files;
}

}  // namespace

runtime::Task<void> upload_file(CopyRun& run, const CopyItem& item) {
  const LocalFile local(open(item.local.c_str(), O_RDONLY | O_CLOEXEC));
  if (!local) co_return run.fail_local(item.local, errno);
  if (item.size <= client::kSmallFileMax) co_return co_await upload_small(run, item, local);
  co_await upload_large(run, item, local);
}

}  // namespace dozo::cli
