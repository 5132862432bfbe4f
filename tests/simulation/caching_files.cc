// The caching actor's files: each operation from its request to what is known after its answer.
#include <fmt/format.h>

#include <algorithm>

#include "base/unicode.h"
#include "tests/simulation/caching_actor.h"
#include "tests/simulation/caching_names.h"
#include "wire/chain.h"
#include "wire/change_notify.h"
#include "wire/flush.h"
#include "wire/fscc/directory.h"
#include "wire/fscc/file_set.h"
#include "wire/query_directory.h"
#include "wire/read.h"
#include "wire/set_info.h"
#include "wire/write.h"

namespace dozo::server::testing {
namespace {

using wire::Command;

constexpr std::size_t kHandlesMax = 8;
// A persistent open whose client is away caches what would have to be broken. [MS-SMB2] 3.3.5.9.
constexpr NtStatus kHeldOff = NtStatus::FILE_NOT_AVAILABLE;

std::uint64_t offset_of(std::uint32_t cell) { return kCellsBegin + cell * kCellSize; }

CellValue value_in(const Answer& answer) {
  const Bytes data = answer.status() == NtStatus::SUCCESS ? answer.as<wire::ReadResponse>().data : Bytes();
  return data.size() < kCellSize ? 0 : load_le<std::uint64_t>(data.data());
}

wire::WriteRequest write_request(const Handle& handle, std::uint32_t cell, const std::array<std::uint8_t, 8>& data) {
  return {.data = data, .offset = offset_of(cell), .file_id = handle.id};
}

}  // namespace

// --- Open and close ----------------------------------------------------------------------------------------------

runtime::Task<void> CachingActor::open(Step step) {
  if (handles_.size() >= kHandlesMax) co_return;
  const Wish wish = wish_of(step);
  const std::string name(kFileNames[step.values[0]]);
  std::optional<Guid> key;
  if (wish.lease) {
    // A key whose opens come and go at once means nothing certain.
    key = wish.lease->lease_key;
    const auto known = leases_.find(*key);
    if (known != leases_.end() && (known->second->owes_ack || known->second->flushing)) co_return;
    if (keys_opening_.contains(*key) || std::ranges::any_of(handles_, [&](const HandleRef& h) {
          return h->cache && h->cache->key == key && (h->closing || h->lost_at);
        })) {
      co_return;
    }
    keys_opening_.insert(*key);
    keys_used_.insert(*key);
  }
  const Client* session = client_;
  const Answer answer = co_await send_open(wish, name);
  if (key && client_ == session) keys_opening_.erase(*key);
  if (key && answer.status() != NtStatus::SUCCESS) early_lease_breaks_.erase(*key);
  if (answer.none()) co_return;
  // INVALID_PARAMETER: a lease key that is in use for another file. [MS-SMB2] 3.3.5.9.8.
  check_status(
      "open", answer.status(),
      {NtStatus::SHARING_VIOLATION, NtStatus::DELETE_PENDING,
       wish.args.disposition == CreateDisposition::create ? NtStatus::OBJECT_NAME_COLLISION : NtStatus::SUCCESS,
       NtStatus::OBJECT_NAME_NOT_FOUND, NtStatus::ACCESS_DENIED, NtStatus::CANCELLED, NtStatus::FILE_NOT_AVAILABLE,
       wish.lease ? NtStatus::INVALID_PARAMETER : NtStatus::SUCCESS});
  if (answer.status() != NtStatus::SUCCESS) co_return;
  // What it is told it may keep may have been broken again, on the channel that is gone.
  const bool may_be_broken = lost_channel_meanwhile_;
  take_open(wish, name, answer);
  if (may_be_broken) distrust_caches();
}

runtime::Task<void> CachingActor::close(HandleRef handle) {
  if (handle->closing) co_return;
  // A lease whose opens come and go at once means nothing certain.
  if (handle->cache && handle->cache->key && keys_opening_.contains(*handle->cache->key)) co_return;
  handle->closing = true;
  std::vector<Flushed> done;
  const Client* session = client_;
  // What another close, or a flush, is writing back is not closed over.
  while (handle->cache && handle->cache->flushing) {
    co_await runtime::sleep_for(world().loop(), std::chrono::microseconds(200));
  }
  if (client_ != session) co_return;
  if (handle->cache && !handle->cache->dirty.empty()) {
    const Instant begun = model_.now();
    const bool all_written = co_await write_back(handle->cache, done);
    if (!all_written) co_return;
    settle_flushed(done, !model_.jumped_since(begun));
  }
  handle->close_is_sent = true;
  const Answer answer = co_await request(Command::close, wire::CloseRequest{{}, handle->id}, "close");
  if (answer.none()) co_return;
  // Sent twice, because its channel was lost.
  check_status("close", answer.status(), {channel_sequence_ == 0 ? NtStatus::SUCCESS : NtStatus::FILE_CLOSED});
  std::erase(handles_, handle);
  release_cache(handle);
}

// --- Data --------------------------------------------------------------------------------------------------------

runtime::Task<void> CachingActor::read(HandleRef handle, std::uint32_t cell) {
  if (!handle->access.has(Access::read_data)) co_return;
  const Cell where{handle->identity, cell};
  const CacheRef cache = handle->cache;
  const Instant begin = model_.now();
  if (cache && cache->dirty.contains(cell)) {
    ++model_.seen["read own"];
    co_return model_.history.read(where, cache->dirty[cell].last.value, begin, begin);
  }
  if (cache && cache->can(LeaseBit::read) && cache->clean[cell]) {
    if (dozing_ || cache->owes_ack) co_return;  // it does not see its breaks, or the next one
    ++model_.seen["read cached"];
    co_return model_.history.read(where, *cache->clean[cell], begin - kNewsTravel, begin);
  }
  const std::uint32_t generation = cache ? cache->generation : 0;
  const std::uint32_t stamp = cache ? cache->stamps[cell] : 0;
  const Answer answer = co_await request(
      Command::read, wire::ReadRequest{.length = kCellSize, .offset = offset_of(cell), .file_id = handle->id}, "read");
  if (answer.none()) co_return;
  check_status("read", answer.status(), {NtStatus::END_OF_FILE, NtStatus::CANCELLED, NtStatus::FILE_CLOSED});
  if (answer.status() != NtStatus::SUCCESS && answer.status() != NtStatus::END_OF_FILE) co_return;
  if (answer.status() == NtStatus::SUCCESS && answer.as<wire::ReadResponse>().data.size() != kCellSize) co_return;
  const CellValue value = value_in(answer);
  model_.history.read(where, value, begin, model_.now());
  const bool may_keep = cache && cache->can(LeaseBit::read) && cache->generation == generation &&
                        cache->stamps[cell] == stamp && !cache->dirty.contains(cell);
  if (may_keep) cache->clean[cell] = value;
}

runtime::Task<void> CachingActor::write(HandleRef handle, std::uint32_t cell) {
  if (!handle->access.has(Access::write_data)) co_return;
  const CacheRef cache = handle->cache;
  if (dozing_) co_return;
  if (cache && (cache->flushing || (cache->owes_ack && cache->dirty.contains(cell)))) co_return;
  if (!cache || !cache->can(LeaseBit::write)) {
    if (cache && cache->dirty.contains(cell)) co_return;
    co_return co_await write_through(handle, cell);
  }
  ++model_.seen["write kept back"];
  const DirtyCell::Value value{.value = ++model_.last_value, .at = model_.now()};
  model_.history.begin_write({handle->identity, cell}, value.value, value.at);
  DirtyCell& dirty = cache->dirty[cell];
  if (dirty.last.value != 0) dirty.before.push_back(dirty.last);
  dirty.last = value;
  ++cache->stamps[cell];
  cache->clean[cell].reset();
}

// A write whose channel was lost is sent again as another one, so that it can be told from the first: which may not
// happen any more once the second was answered. [MS-SMB2] 3.3.5.2.10.
runtime::Task<void> CachingActor::write_through(HandleRef handle, std::uint32_t cell) {
  const Client* session = client_;
  const Cell where{handle->identity, cell};
  std::vector<CellValue> lost;
  bool is_lost = true;
  while (is_lost && still_has(session)) {
    const CellValue value = ++model_.last_value;
    const NtStatus status = co_await write_once(handle, cell, value, !lost.empty());
    is_lost = status == NtStatus::IO_TIMEOUT;
    if (is_lost) lost.push_back(value);
    if (status != NtStatus::SUCCESS) continue;
    for (const CellValue before : lost) model_.history.doubt(where, before, model_.now());
  }
}

runtime::Task<NtStatus> CachingActor::write_once(HandleRef handle, std::uint32_t cell, CellValue value,
                                                 bool is_replay) {
  const Cell where{handle->identity, cell};
  const CacheRef cache = handle->cache;
  std::array<std::uint8_t, kCellSize> data{};
  store_le(data.data(), value);
  const std::uint32_t generation = cache ? cache->generation : 0;
  if (cache) cache->clean[cell].reset();
  const std::uint32_t stamp = cache ? ++cache->stamps[cell] : 0;
  const bool is_alone = !cache || cache->writes_under_way[cell]++ == 0;
  model_.history.begin_write(where, value, model_.now());
  const Answer answer = co_await request(Command::write, write_request(*handle, cell, data), "write", false,
                                         is_replay ? Again::is_one : Again::never);
  if (cache) {
    --cache->writes_under_way[cell];
    // Of two at once on two channels nobody knows which was the last.
    const bool is_last = is_alone && cache->stamps[cell] == stamp;
    ++cache->stamps[cell];
    cache->clean[cell].reset();
    const bool may_keep = cache->can(LeaseBit::read) && cache->generation == generation && !cache->dirty.contains(cell);
    if (is_last && may_keep && !answer.none() && answer.status() == NtStatus::SUCCESS) cache->clean[cell] = value;
  }
  if (answer.none()) co_return NtStatus::IO_TIMEOUT;
  const NtStatus status = answer.status();
  check_status("write", status, {NtStatus::CANCELLED, NtStatus::FILE_CLOSED, kHeldOff});
  if (status == NtStatus::SUCCESS) {
    model_.history.end_write(where, value, model_.now());
  } else if (status != NtStatus::CANCELLED) {
    model_.history.drop(where, value);
  }
  co_return status;
}

runtime::Task<bool> CachingActor::write_back(CacheRef cache, std::vector<Flushed>& done) {
  if (cache->flushing) co_return false;
  cache->flushing = true;
  bool all_written = true;
  while (!cache->dirty.empty()) {
    const HandleRef handle = writer_of(cache);
    if (handle == nullptr) break;
    const std::uint32_t cell = cache->dirty.begin()->first;
    cache->dirty.begin()->second.sent = true;
    std::array<std::uint8_t, kCellSize> data{};
    store_le(data.data(), cache->dirty.begin()->second.last.value);
    const Answer answer =
        co_await request(Command::write, write_request(*handle, cell, data), "write back", false, Again::replay);
    const auto at = cache->dirty.find(cell);
    if (answer.none() || at == cache->dirty.end()) {
      all_written = false;
      break;
    }
    check_status("write back", answer.status(), {});
    if (answer.status() != NtStatus::SUCCESS) {
      all_written = false;
      break;
    }
    Flushed flushed{.cell = {cache->identity, cell}, .values = std::move(at->second.before), .done = model_.now()};
    flushed.values.push_back(at->second.last);
    if (cache->can(LeaseBit::read)) cache->clean[cell] = at->second.last.value;
    ++cache->stamps[cell];
    done.push_back(std::move(flushed));
    cache->dirty.erase(at);
  }
  cache->flushing = false;
  co_return all_written && cache->dirty.empty();
}

runtime::Task<void> CachingActor::flush(HandleRef handle) {
  if (!handle->access.has(Access::write_data)) co_return;
  std::vector<Flushed> done;
  if (handle->cache && !handle->cache->dirty.empty()) {
    const bool all_written = co_await write_back(handle->cache, done);
    if (!all_written) co_return;
    settle_flushed(done, handle->cache->can(LeaseBit::write));
  }
  const Answer answer = co_await request(Command::flush, wire::FlushRequest{.file_id = handle->id}, "flush");
  if (!answer.none()) check_status("flush", answer.status(), {NtStatus::CANCELLED, NtStatus::FILE_CLOSED});
}

// --- Locks and names ---------------------------------------------------------------------------------------------

runtime::Task<void> CachingActor::lock(HandleRef handle, wire::LockElement element) {
  const bool may_wait = !element.flags.has(wire::LockFlag::fail_immediately);
  // Which of two locks of one range an unlock ends is not to be known. [MS-FSA] 2.1.5.9.
  if (!handle->ranges_locked.emplace(element.offset, element.length).second) co_return;
  const Answer answer =
      co_await request(Command::lock, wire::LockRequest{.file_id = handle->id, .locks = {element}}, "lock", may_wait);
  if (answer.none()) co_return;
  check_status(
      "lock", answer.status(),
      {NtStatus::LOCK_NOT_GRANTED, NtStatus::CANCELLED, NtStatus::RANGE_NOT_LOCKED, NtStatus::FILE_CLOSED, kHeldOff});
  if (answer.status() == NtStatus::SUCCESS) {
    handle->locks.push_back(element);
  } else {
    handle->ranges_locked.erase({element.offset, element.length});
  }
}

runtime::Task<void> CachingActor::unlock(HandleRef handle) {
  if (handle->locks.empty()) co_return;
  wire::LockElement element = handle->locks.back();
  handle->locks.pop_back();
  element.flags = wire::LockFlag::unlock;
  const Answer answer =
      co_await request(Command::lock, wire::LockRequest{.file_id = handle->id, .locks = {element}}, "unlock");
  if (answer.none()) co_return;
  check_status("unlock", answer.status(), {NtStatus::FILE_CLOSED});
  handle->ranges_locked.erase({element.offset, element.length});
}

runtime::Task<void> CachingActor::rename(HandleRef handle, std::string to, bool replace) {
  if (handle->name == kOverwritten || to == kOverwritten) co_return;
  const std::uint64_t identity = handle->identity;
  const bool was_sure = model_.names_doubted.insert(identity).second;
  const int number = ++model_.renames_begun[identity];
  const ByteVector value = wire::encode_plain(
      wire::FileRenameInformation{.replace_if_exists = replace, .file_name = utf8_to_utf16_lossy(to)});
  const Answer answer = co_await request(
      Command::set_info, wire::SetInfoRequest{.file_info_class = 10, .buffer = value, .file_id = handle->id}, "rename");
  if (answer.none()) co_return;
  check_status("rename", answer.status(),
               {NtStatus::ACCESS_DENIED, NtStatus::OBJECT_NAME_COLLISION, NtStatus::DELETE_PENDING,
                NtStatus::OBJECT_NAME_NOT_FOUND, NtStatus::SHARING_VIOLATION, NtStatus::CANCELLED,
                NtStatus::FILE_CLOSED, kHeldOff});
  const bool was_alone = was_sure && model_.renames_begun[identity] == number;
  if (!was_alone || answer.status() == NtStatus::CANCELLED) co_return;
  model_.names_doubted.erase(identity);
  if (answer.status() == NtStatus::SUCCESS) model_.names[identity] = to;
}

runtime::Task<void> CachingActor::remove(HandleRef handle) {
  const ByteVector value = {1};
  const Answer answer = co_await request(
      Command::set_info, wire::SetInfoRequest{.file_info_class = 13, .buffer = value, .file_id = handle->id}, "remove");
  if (answer.none()) co_return;
  check_status("remove", answer.status(),
               {NtStatus::ACCESS_DENIED, NtStatus::CANCELLED, NtStatus::FILE_CLOSED, kHeldOff});
}

// --- Watching ----------------------------------------------------------------------------------------------------

// Watches the directory until the connection ends. The watch is begun before the listing, so that nothing is missed in
// between; what both tell is told twice, in order, which does no harm.
runtime::Task<void> CachingActor::watch(std::uint32_t buffer_size) {
  if (watch_) co_return;
  watch_.emplace();
  const Client* session = client_;
  OpenArgs args{.access = Access::read_data | Access::synchronize, .options = CreateOption::directory_file};
  const Answer opened = co_await request(Command::create, create_request(kWatched, args), "open directory");
  if (opened.none() && still_has(session)) watch_.reset();
  if (opened.none()) co_return;
  check_status("open directory", opened.status(), {NtStatus::CANCELLED});
  if (opened.status() != NtStatus::SUCCESS) co_return watch_.reset();
  const FileId id = watch_->id = opened.file_id();
  const wire::ChangeNotifyRequest wanted{
      .output_buffer_length = buffer_size, .file_id = id, .completion_filter = wire::NotifyFilterBit::file_name};
  bool list_first = true;
  while (true) {
    auto next = request(Command::change_notify, wanted, "notify", true);
    runtime::OneShot<Answer> arrived;
    runtime::spawn(gate_, await_into(std::move(next), arrived));
    if (list_first) {
      const bool listed = co_await read_names(id);
      if (listed) list_first = false;
    }
    const Answer answer = co_await arrived;
    if (answer.none() && still_has(session) && watch_ && watch_->id == id) {
      // What was told on the channel that is lost is lost too.
      list_first = true;
      watch_->ready = false;
      continue;
    }
    if (answer.none() || !watch_ || watch_->id != id) co_return;
    check_status("notify", answer.status(), {NtStatus::NOTIFY_ENUM_DIR, NtStatus::CANCELLED});
    if (answer.status() == NtStatus::SUCCESS) {
      take_changes(answer.as<wire::ChangeNotifyResponse>().output_buffer);
    } else if (answer.status() == NtStatus::NOTIFY_ENUM_DIR) {
      list_first = true;
      watch_->ready = false;
    } else if (answer.status() != NtStatus::CANCELLED) {
      co_return;
    }
  }
}

runtime::Task<void> CachingActor::await_into(runtime::Task<Answer> task, runtime::OneShot<Answer>& arrived) {
  Answer answer = co_await task;
  arrived.set(std::move(answer));
}

runtime::Task<bool> CachingActor::read_names(FileId directory) {
  const wire::QueryDirectoryRequest wanted{.file_information_class = wire::FileInfoClass::names,
                                           .flags = wire::QueryDirectoryFlag::restart_scans,
                                           .file_id = directory,
                                           .file_name = u"*",
                                           .output_buffer_length = 4096};
  const Answer answer = co_await request(Command::query_directory, wanted, "list");
  if (answer.none() || !watch_ || watch_->id != directory) co_return false;
  check_status("list", answer.status(), {NtStatus::CANCELLED, NtStatus::FILE_CLOSED});
  if (answer.status() != NtStatus::SUCCESS) co_return false;
  watch_->names = names_in(answer);
  watch_->ready = true;
  co_return true;
}

std::set<std::u16string> CachingActor::names_in(const Answer& answer) {
  std::set<std::u16string> out;
  const auto said = answer.as<wire::QueryDirectoryResponse>();
  const auto entries = wire::decode_chain<wire::FileNamesInformation>(said.output_buffer);
  if (!entries) {
    fail_with("a listing that does not decode");
    return out;
  }
  for (const auto& entry : *entries) {
    if (entry.file_name != u"." && entry.file_name != u"..") out.insert(std::u16string(entry.file_name));
  }
  return out;
}

std::set<std::u16string> CachingActor::list_watched_directory() {
  return names_in(any_channel()->list(watch_->id, "*", 4096, 1));
}

void CachingActor::take_changes(Bytes records) {
  const auto changes = wire::decode_chain<wire::FileNotifyInformation>(records, wire::kNotifyAlignment);
  if (!changes) return fail_with("changes that do not decode");
  for (const auto& change : *changes) {
    const bool gone =
        change.action == wire::NotifyAction::removed || change.action == wire::NotifyAction::renamed_old_name;
    const bool came =
        change.action == wire::NotifyAction::added || change.action == wire::NotifyAction::renamed_new_name;
    if (gone) watch_->names.erase(change.file_name);
    if (came) watch_->names.insert(change.file_name);
  }
}

}  // namespace dozo::server::testing
