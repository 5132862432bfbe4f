#include "server/commands/directory_scan.h"

#include "model/nt_status.h"

namespace dozo::server {

using runtime::Task;

void DirectoryScan::start(SearchPattern pattern) {
  pattern_.emplace(std::move(pattern));
  restart();
}

void DirectoryScan::restart() {
  entries_.clear();
  taken_ = 0;
  at_end_ = false;
  if (reader_) reader_->restart();
}

Task<Result<>> DirectoryScan::fill(vfs::File& directory, vfs::CallerRef caller, std::size_t max) {
  entries_.clear();
  taken_ = 0;
  if (at_end_) co_return Result<>();
  const std::string name = pattern_->has_wildcards() ? std::string() : pattern_->name();
  // A plain name is looked up, whatever the folder's size. "." and ".." are known to the reader alone.
  if (!name.empty() && name != "." && name != "..") co_return co_await fill_by_name(directory, std::move(caller));

  if (!reader_) {
    auto reader = co_await directory.read_directory(std::move(caller));
    DOZO_CO_TRY(reader_, std::move(reader));
  }
  auto entries = co_await reader_->next(*pattern_, max);
  DOZO_CO_TRY(entries_, std::move(entries));
  at_end_ = entries_.empty();
  co_return Result<>();
}

Task<Result<>> DirectoryScan::fill_by_name(vfs::File& directory, vfs::CallerRef caller) {
  auto entry = co_await directory.find_entry(std::move(caller), pattern_->name());
  if (!entry && entry.error() != NtStatus::OBJECT_NAME_NOT_FOUND) co_return fail(entry.error());
  at_end_ = true;
  if (entry) entries_.push_back(std::move(*entry));
  co_return Result<>();
}

Task<void> DirectoryScan::Turn::wait() {
  if (scan_.busy_) {
    Waiter waiter;
    scan_.waiting_.push_back(waiter);
    co_await waiter.turn;
  }
  scan_.busy_ = true;
  held_ = true;
}

DirectoryScan::Turn::~Turn() {
  if (!held_) return;
  if (scan_.waiting_.empty()) {
    scan_.busy_ = false;
    return;
  }
  // Still busy: the turn passes on directly, so that nobody slips in between.
  Waiter& next = scan_.waiting_.front();
  scan_.waiting_.pop_front();
  next.turn.set(true);
}

}  // namespace dozo::server
