// The pieces of one file that are under way together. Only for the sources of copy.h.
#pragma once

#include <memory>
#include <vector>

#include "client/linked_file.h"
#include "runtime/buffer.h"
#include "runtime/gate.h"
#include "runtime/one_shot.h"

namespace dozo::cli {

inline constexpr std::size_t kPiece = 1024 * 1024;
inline constexpr std::size_t kPiecesAhead = 8;

// One piece on its way between a buffer and a file of the share.
struct Piece {
  std::uint64_t offset = 0;
  runtime::Buffer bytes;  // pooled, and not filled with zeros first
  runtime::OneShot<Result<std::size_t>> done;
};

// Pieces in their order: the oldest is awaited first. One loop; drained before its end.
class PieceQueue {
 public:
  explicit PieceQueue(client::LinkedFile& file) : file_(file) {}

  bool full() const { return pieces_.size() == kPiecesAhead; }
  bool empty() const { return pieces_.empty(); }
  void read(std::uint64_t offset, std::size_t size) {
    runtime::spawn(gate_, run_read(file_, push(offset, buffer_of(size))));
  }
  static runtime::Buffer buffer_of(std::size_t size) {
    runtime::Buffer buffer = runtime::Buffer::allocate(size);
    buffer.resize(size);
    return buffer;
  }
  void write(std::uint64_t offset, runtime::Buffer bytes) {
    runtime::spawn(gate_, run_write(file_, push(offset, std::move(bytes))));
  }
  // The oldest, out of the queue; its `done` is to be awaited.
  std::unique_ptr<Piece> pop() {
    std::unique_ptr<Piece> oldest = std::move(pieces_.front());
    pieces_.erase(pieces_.begin());
    return oldest;
  }
  runtime::Task<void> drain() {
    co_await gate_.close();
    pieces_.clear();
  }

 private:
  Piece& push(std::uint64_t offset, runtime::Buffer bytes) {
    pieces_.push_back(std::make_unique<Piece>(offset, std::move(bytes)));
    return *pieces_.back();
  }
  static runtime::Task<void> run_read(client::LinkedFile& file, Piece& piece) {
    auto got = co_await file.read_range(piece.offset, piece.bytes.mutable_view());
    piece.done.set(std::move(got));
  }
  static runtime::Task<void> run_write(client::LinkedFile& file, Piece& piece) {
    const auto written = co_await file.write_range(piece.offset, piece.bytes.view());
    if (written) piece.done.set(piece.bytes.size());
    if (!written) piece.done.set(fail(written.error()));
  }

  client::LinkedFile& file_;
  std::vector<std::unique_ptr<Piece>> pieces_;
  runtime::Gate gate_;
};

}  // namespace dozo::cli
