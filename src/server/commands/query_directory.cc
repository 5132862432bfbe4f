// QUERY_DIRECTORY. [MS-SMB2] 3.3.5.18; [MS-FSA] 2.1.5.6.3.
#include "wire/query_directory.h"

#include <algorithm>

#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/commands/directory_scan.h"
#include "server/info/directory_listing.h"

namespace dozo::server {
namespace {

using runtime::Task;
using wire::QueryDirectoryFlag;

constexpr std::size_t kResponseFixedSize = 8;  // of SMB2 QUERY_DIRECTORY Response, [MS-SMB2] 2.2.34
constexpr std::size_t kReservedAtFirst = 64 * 1024;
constexpr std::size_t kBatchMax = 512;
constexpr std::size_t kUsualNameBytes = 32;

// Whether this query is the first of its scan, which decides between NO_SUCH_FILE and NO_MORE_FILES.
Result<bool> position_scan(DirectoryScan& scan, const wire::QueryDirectoryRequest& query) {
  const bool reopen = query.flags.has(QueryDirectoryFlag::reopen);
  const bool restart = reopen || query.flags.has(QueryDirectoryFlag::restart_scans);
  const bool first = !scan.has_pattern() || reopen;
  if (first || (restart && !query.file_name.empty())) {
    DOZO_TRY(SearchPattern pattern, SearchPattern::parse(query.file_name));
    scan.start(std::move(pattern));
  } else if (restart) {
    scan.restart();
  }
  return first;
}

// As many entries as an answer of this size is likely to take; more would only lie about until the next query.
std::size_t batch_size(const EntryLayout& layout, std::size_t room, bool single) {
  if (single) return 1;
  return std::clamp<std::size_t>(room / (layout.file_name + kUsualNameBytes), 1, kBatchMax);
}

enum class Listed { all_there_is, until_full, truncated };

// Moves entries from what was read to the answer; false when the answer takes no more.
bool move_entries(DirectoryScan& scan, DirectoryListing& listing, bool single, Listed& result) {
  std::size_t taken = 0;
  for (const vfs::DirectoryEntry& entry : scan.pending()) {
    const DirectoryListing::Added added = listing.add(entry);
    if (added != DirectoryListing::Added::no_room) ++taken;
    if (added == DirectoryListing::Added::truncated) result = Listed::truncated;
    if (added != DirectoryListing::Added::yes || single) {
      scan.take(taken);
      return false;
    }
  }
  scan.take(taken);
  return true;
}

Task<Result<Listed>> list(DirectoryScan& scan, Open& open, DirectoryListing& listing, std::size_t batch, bool single) {
  Listed result = Listed::until_full;
  do {
    if (scan.pending().empty()) {
      auto filled = co_await scan.fill(*open.file, open.tree->caller, batch);
      // What was listed before the error is answered; the error comes with the next query.
      if (!filled && listing.empty()) co_return fail(filled.error());
      if (scan.pending().empty()) co_return Listed::all_there_is;
    }
  } while (move_entries(scan, listing, single, result));
  co_return result;
}

// The header's room and the response's fixed part, in front of what is listed.
ByteWriter begin_response(std::size_t output_max) {
  ByteWriter out;
  out.reserve(wire::kHeaderSize + kResponseFixedSize + std::min(output_max, kReservedAtFirst));
  out.zeros(wire::kHeaderSize);
  out.u16(9);
  out.u16(static_cast<std::uint16_t>(wire::kHeaderSize + kResponseFixedSize));
  out.u32(0);
  return out;
}

Reply end_response(ByteWriter out, std::size_t listed, NtStatus status) {
  out.patch(wire::kHeaderSize + 4, static_cast<std::uint32_t>(listed));
  return {status, OutMessage(std::move(out).take()), false};
}

}  // namespace

Task<Result<Reply>> handle_query_directory(Request& request) {
  DOZO_CO_TRY(const auto query, request.decode<wire::QueryDirectoryRequest>());

  DOZO_CO_TRY(const OpenRef open, find_open(request, query.file_id));

  DOZO_CO_CHECK(check_directory(*open));
  DOZO_CO_CHECK(check_io_size(request, query.output_buffer_length));
  DOZO_CO_CHECK(check_credit_charge(request, query.output_buffer_length));
  DOZO_CO_CHECK(check_access(*open, Access::read_data));
  DOZO_CO_TRY(const EntryLayout* const layout, find_entry_layout(query.file_information_class));
  if (query.output_buffer_length < layout->file_name) co_return fail(NtStatus::INFO_LENGTH_MISMATCH);

  if (!open->scan) open->scan = std::make_unique<DirectoryScan>();
  DirectoryScan::Turn turn(*open->scan);
  co_await turn.wait();
  if (open->closed) co_return fail(NtStatus::FILE_CLOSED);
  DOZO_CO_TRY(const bool first, position_scan(*open->scan, query));

  const std::size_t room = query.output_buffer_length;
  const bool single = query.flags.has(QueryDirectoryFlag::return_single_entry);
  ByteWriter out = begin_response(room);
  DirectoryListing listing(*layout, out, room);
  auto listed = co_await list(*open->scan, *open, listing, batch_size(*layout, room, single), single);
  if (!listed) co_return fail(listed.error());
  if (listing.empty()) co_return fail(first ? NtStatus::NO_SUCH_FILE : NtStatus::NO_MORE_FILES);

  const NtStatus status = *listed == Listed::truncated ? NtStatus::BUFFER_OVERFLOW : NtStatus::SUCCESS;
  const std::size_t size = listing.size();
  co_return end_response(std::move(out), size, status);
}

}  // namespace dozo::server
