#include "tests/simulation/server_actor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/unicode.h"
#include "tests/simulation/mishaps.h"
#include "wire/change_notify.h"
#include "wire/create_contexts.h"
#include "wire/echo.h"
#include "wire/flush.h"
#include "wire/fscc/file_set.h"
#include "wire/logoff.h"
#include "wire/query_directory.h"
#include "wire/query_info.h"
#include "wire/read.h"
#include "wire/set_info.h"
#include "wire/tree_disconnect.h"
#include "wire/write.h"

namespace dozo::server::testing {
namespace {

using wire::Command;

constexpr std::size_t kPrivateMax = 300'000;
constexpr std::size_t kOpensMax = 12;

constexpr std::uint32_t kDice = 1'000'000;

const std::vector<ActionRow>& rows() {
  static const std::vector<ActionRow> kRows = {
      {"open", 78, {{"dice", kDice}}},
      {"close", 36, {{"dice", kDice}}},
      {"read", 24, {{"dice", kDice}}},
      {"write", 24, {{"dice", kDice}}},
      {"lock", 108, {{"dice", kDice}}},
      {"unlock", 42, {{"dice", kDice}}},
      {"remove", 12, {{"dice", kDice}}},
      {"rename", 15, {{"dice", kDice}}},
      {"query", 9, {{"dice", kDice}}},
      {"list", 12, {{"dice", kDice}}},
      {"notify", 30, {{"dice", kDice}}},
      {"flush", 6, {{"dice", kDice}}},
      {"compound", 15, {{"dice", kDice}}},
      {"echo", 6, {{"dice", kDice}}},
      {"private_write", 24, {{"dice", kDice}}},
      {"private_read", 18, {{"dice", kDice}}},
      {"private_truncate", 9, {{"dice", kDice}}},
      {"tree_disconnect", 2, {{"dice", kDice}}},
      {"logoff", 2, {{"dice", kDice}}},
      {"cancel", 30, {{"dice", kDice}}},
      {"leave", 6, {{"dice", kDice}}},
      {"bind", 30, {}},
      {"cut", 14, {{"which", 3}}},
      {"reauthenticate", 6, {{"dice", kDice}}},
      {"take_over", 4, {{"dice", kDice}}},
      {"settle", 42, {}},
      {"restart", 1, {{"down", kDowns.size()}}},
      {"outside", 8, {{"file", kOutsideNames.size()}, {"how", 3}}},
      {"jump", 2, {{"time", kJumps.size()}}},
      {"set_clock", 1, {{"by", kClockErrors.size()}}},
  };
  return kRows;
}

// What each action may end with besides success. What is not here is a problem.
struct Expectation {
  Action action;
  std::vector<NtStatus> statuses;
};
const std::vector<Expectation>& expectations() {
  static const std::vector<Expectation> kTable = {
      {Action::open,
       {NtStatus::SHARING_VIOLATION, NtStatus::DELETE_PENDING, NtStatus::OBJECT_NAME_NOT_FOUND,
        NtStatus::OBJECT_NAME_COLLISION, NtStatus::OBJECT_PATH_NOT_FOUND, NtStatus::ACCESS_DENIED,
        NtStatus::NOT_A_DIRECTORY, NtStatus::FILE_IS_A_DIRECTORY, NtStatus::INVALID_PARAMETER}},
      {Action::close, {NtStatus::FILE_CLOSED}},
      {Action::read,
       {NtStatus::FILE_CLOSED, NtStatus::END_OF_FILE, NtStatus::ACCESS_DENIED, NtStatus::FILE_LOCK_CONFLICT,
        NtStatus::INVALID_DEVICE_REQUEST}},
      {Action::write,
       {NtStatus::FILE_CLOSED, NtStatus::ACCESS_DENIED, NtStatus::FILE_LOCK_CONFLICT,
        NtStatus::INVALID_DEVICE_REQUEST}},
      {Action::lock,
       {NtStatus::FILE_CLOSED, NtStatus::LOCK_NOT_GRANTED, NtStatus::ACCESS_DENIED, NtStatus::INVALID_PARAMETER,
        NtStatus::CANCELLED, NtStatus::RANGE_NOT_LOCKED}},
      {Action::unlock,
       {NtStatus::FILE_CLOSED, NtStatus::RANGE_NOT_LOCKED, NtStatus::ACCESS_DENIED, NtStatus::INVALID_PARAMETER}},
      {Action::remove, {NtStatus::FILE_CLOSED, NtStatus::ACCESS_DENIED, NtStatus::DIRECTORY_NOT_EMPTY}},
      {Action::rename,
       {NtStatus::FILE_CLOSED, NtStatus::ACCESS_DENIED, NtStatus::OBJECT_NAME_COLLISION,
        NtStatus::OBJECT_PATH_NOT_FOUND, NtStatus::DELETE_PENDING, NtStatus::OBJECT_NAME_NOT_FOUND,
        NtStatus::SHARING_VIOLATION, NtStatus::OBJECT_NAME_INVALID, NtStatus::INVALID_PARAMETER}},
      {Action::query, {NtStatus::FILE_CLOSED}},
      {Action::list, {NtStatus::FILE_CLOSED, NtStatus::NO_SUCH_FILE, NtStatus::NO_MORE_FILES, NtStatus::ACCESS_DENIED}},
      {Action::notify,
       {NtStatus::FILE_CLOSED, NtStatus::CANCELLED, NtStatus::NOTIFY_CLEANUP, NtStatus::NOTIFY_ENUM_DIR,
        NtStatus::DELETE_PENDING, NtStatus::ACCESS_DENIED}},
      {Action::flush, {NtStatus::FILE_CLOSED, NtStatus::ACCESS_DENIED}},
      // Elements of a compound: the open's statuses, and those of what follows it.
      {Action::compound,
       {NtStatus::SHARING_VIOLATION, NtStatus::DELETE_PENDING, NtStatus::OBJECT_NAME_NOT_FOUND,
        NtStatus::OBJECT_PATH_NOT_FOUND, NtStatus::ACCESS_DENIED, NtStatus::FILE_IS_A_DIRECTORY,
        NtStatus::FILE_LOCK_CONFLICT, NtStatus::INVALID_DEVICE_REQUEST}},
      {Action::private_read, {NtStatus::END_OF_FILE}},
  };
  return kTable;
}

// INVALID_PARAMETER: of a compound's elements behind one that found no tree. [MS-SMB2] 3.3.5.2.7.2.
constexpr std::array kWhileLeaving = {
    NtStatus::USER_SESSION_DELETED, NtStatus::NETWORK_NAME_DELETED, NtStatus::FILE_CLOSED,      NtStatus::CANCELLED,
    NtStatus::RANGE_NOT_LOCKED,     NtStatus::NOTIFY_CLEANUP,       NtStatus::INVALID_PARAMETER};

bool is_private(Action action) {
  return action == Action::private_write || action == Action::private_read || action == Action::private_truncate;
}

std::string patched(std::string content, std::uint64_t offset, std::string_view text) {
  if (content.size() < offset + text.size()) content.resize(offset + text.size(), '\0');
  std::copy(text.begin(), text.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
  return content;
}

// Whether there was one of this range.
bool take_out(std::vector<wire::LockElement>& locks, const wire::LockElement& element) {
  const auto found = std::ranges::find_if(locks, [&](const wire::LockElement& lock) {
    return lock.offset == element.offset && lock.length == element.length;
  });
  if (found == locks.end()) return false;
  locks.erase(found);
  return true;
}

}  // namespace

ActionTable free_actions() { return rows(); }
std::string_view to_string(Action action) { return rows()[static_cast<std::size_t>(action)].name; }

// --- Acting ------------------------------------------------------------------------------------------------------

std::string Actor::any_name() {
  static constexpr std::array<std::string_view, 8> kNames = {"a", "a", "b", "A", "d", "d\\x", "d\\y", "d\\e"};
  return std::string(kNames[below(kNames.size())]);
}

const KnownOpen* Actor::any_open() { return opens_.empty() ? nullptr : &opens_[below(opens_.size())]; }

const KnownOpen* Actor::any_directory() {
  std::vector<const KnownOpen*> directories;
  for (const KnownOpen& open : opens_) {
    if (open.is_directory) directories.push_back(&open);
  }
  return directories.empty() ? nullptr : directories[below(directories.size())];
}

KnownOpen* Actor::find(FileId id) {
  const auto found = std::ranges::find(opens_, id, &KnownOpen::id);
  return found == opens_.end() ? nullptr : &*found;
}

void Actor::run(const Step& step) {
  random_ = runtime::SeededRandom(step.values.empty() ? 0 : step.values[0]);
  if (client_ == nullptr) return connect();
  const auto action = static_cast<Action>(step.action);
  if (action == Action::leave) return leave();
  if (action == Action::bind) return bind_channel();
  if (action == Action::cut) return cut_channel(step.values[0]);
  return act(action);
}

void Actor::cancel_some() {
  if (pending_.empty()) return;
  auto at = pending_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(below(pending_.size())));
  Client& channel = *at->second.channel;
  if (one_in(2)) return channel.cancel(at->second.id);
  channel.cancel_by_message_id(at->second.id);
}

void Actor::act(Action action) {
  const auto is_short = [](const Client* channel) { return channel->credits() < 16; };
  if (leaving_ || std::ranges::any_of(channels_, is_short)) return;
  switch (action) {
    case Action::cancel:
      return cancel_some();
    case Action::open:
      return start_open();
    case Action::compound:
      return start_compound();
    case Action::reauthenticate:
      return reauthenticate();
    case Action::take_over:
      return take_over();
    case Action::echo:
      return send({.action = Action::echo}, Command::echo, wire::EchoRequest{});
    case Action::private_write:
    case Action::private_read:
    case Action::private_truncate:
      return start_private(action);
    case Action::tree_disconnect:
    case Action::logoff:
      return start_leaving(action);
    default:
      return start_on_open(action);
  }
}

void Actor::start_open() {
  if (opens_.size() >= kOpensMax) return;
  static constexpr std::array kAccess = {Access::read_data, Access::write_data, Access::append_data,
                                         Access::delete_object, Access::execute};
  const std::string name = any_name();
  OpenArgs args;
  args.access = Access::read_attributes | Access::synchronize;
  for (const Access right : kAccess) {
    if (one_in(2)) args.access |= right;
  }
  args.share = ShareAccess::from_wire(one_in(3) ? static_cast<std::uint32_t>(below(8)) : 7);
  args.disposition = one_in(3) ? static_cast<CreateDisposition>(below(6)) : CreateDisposition::open_if;
  if (name == "d" || name == "d\\e") args.options |= CreateOption::directory_file;
  if (args.access.has(Access::delete_object) && one_in(8)) args.options |= CreateOption::delete_on_close;
  args.contexts.push_back({wire::context_name::kQueryOnDiskId, {}});
  send({.action = Action::open, .args = args}, Command::create, create_request(name, args));
}

void Actor::start_on_open(Action action) {
  const bool on_directory = action == Action::list || action == Action::notify;
  const KnownOpen* open = any_open();
  if (on_directory) open = any_directory();
  if (open == nullptr) return;
  const FileId id = open->id;
  const std::uint64_t offset = below(64);
  const std::string text(1 + below(32), static_cast<char>('a' + number_));
  switch (action) {
    case Action::close:
      return send({.action = action, .file = id}, Command::close, wire::CloseRequest{{}, id});
    case Action::read:
      return send({.action = action}, Command::read, wire::ReadRequest{.length = 32, .offset = offset, .file_id = id});
    case Action::write:
      return send({.action = action}, Command::write,
                  wire::WriteRequest{.data = as_bytes(text), .offset = offset, .file_id = id});
    case Action::lock:
      return start_lock(*open);
    case Action::unlock:
      return start_unlock(*open);
    case Action::remove: {
      const ByteVector value = {static_cast<std::uint8_t>(one_in(4) ? 0 : 1)};
      return send({.action = action}, Command::set_info,
                  wire::SetInfoRequest{.file_info_class = 13, .buffer = value, .file_id = id});
    }
    case Action::rename:
      return start_rename(*open);
    case Action::query:
      return send({.action = action}, Command::query_info,
                  wire::QueryInfoRequest{.file_info_class = 18, .output_buffer_length = 4096, .file_id = id});
    case Action::list:
      return send({.action = action}, Command::query_directory,
                  wire::QueryDirectoryRequest{.file_information_class = wire::FileInfoClass::names,
                                              .file_id = id,
                                              .file_name = u"*",
                                              .output_buffer_length = 256});
    case Action::notify:
      return start_notify(id);
    case Action::flush:
      return send({.action = action}, Command::flush, wire::FlushRequest{.file_id = id});
    default:
      return;
  }
}

void Actor::start_notify(FileId directory) {
  wire::ChangeNotifyRequest request;
  if (one_in(2)) request.flags = wire::NotifyFlag::watch_tree;
  // Some have no room for any change.
  request.output_buffer_length = one_in(2) ? 12 : 256;
  request.file_id = directory;
  request.completion_filter = wire::NotifyFilter::from_wire(0x1F);
  send({.action = Action::notify}, Command::change_notify, request);
}

void Actor::start_lock(const KnownOpen& open) {
  if (has_unlocks_under_way(open.id)) return;
  std::vector<wire::LockElement> elements;
  const std::size_t count = one_in(4) ? 2 + below(2) : 1;
  for (std::size_t i = 0; i < count; ++i) {
    wire::LockElement element = any_range();
    element.flags = one_in(2) ? wire::LockFlag::shared_lock : wire::LockFlag::exclusive_lock;
    if (count > 1 || one_in(3)) element.flags |= wire::LockFlag::fail_immediately;
    elements.push_back(element);
  }
  send({.action = Action::lock, .file = open.id, .locks = elements}, Command::lock,
       wire::LockRequest{.file_id = open.id, .locks = elements});
}

bool Actor::has_locks_under_way(FileId file) const {
  return std::ranges::any_of(pending_, [&](const auto& entry) {
    const Action action = entry.second.action;
    return entry.second.file == file && (action == Action::lock || action == Action::unlock);
  });
}

// Of several at once. What overtakes them on another channel changes which of them there are.
bool Actor::has_unlocks_under_way(FileId file) const {
  return std::ranges::any_of(pending_, [&](const auto& entry) {
    const Pending& pending = entry.second;
    return pending.file == file && pending.action == Action::unlock && pending.locks.size() > 1;
  });
}

// Of several at once only when it is known which of them there are: how many of them are unlocked before one that fails
// the answer does not say.
void Actor::start_unlock(const KnownOpen& open) {
  if (has_unlocks_under_way(open.id)) return;
  std::vector<wire::LockElement> elements;
  const bool several = one_in(4) && !has_locks_under_way(open.id);
  const std::size_t count = several ? 2 + below(2) : 1;
  for (std::size_t i = 0; i < count; ++i) {
    wire::LockElement element = open.locks.empty() ? any_range() : open.locks[below(open.locks.size())];
    element.flags = wire::LockFlag::unlock;
    elements.push_back(element);
  }
  Pending pending{.action = Action::unlock, .file = open.id, .locks = elements};
  if (several) pending.held = open.locks;
  send(std::move(pending), Command::lock, wire::LockRequest{.file_id = open.id, .locks = elements});
}

void Actor::start_rename(const KnownOpen& open) {
  const ByteVector value = wire::encode_plain(
      wire::FileRenameInformation{.replace_if_exists = one_in(2), .file_name = utf8_to_utf16_lossy(any_name())});
  send({.action = Action::rename}, Command::set_info,
       wire::SetInfoRequest{.file_info_class = 10, .buffer = value, .file_id = open.id});
}

void Actor::start_compound() {
  OpenArgs args{.access = Access::write_data | Access::synchronize};
  Client& channel = any_channel();
  const auto ids = channel.start_compound(
      {element(Command::create, create_request(any_name(), args)),
       element(Command::write, wire::WriteRequest{.data = as_bytes("compound"), .offset = 0, .file_id = kRelatedFileId},
               true),
       element(Command::close, wire::CloseRequest{{}, kRelatedFileId}, true)});
  for (const MessageId id : ids) {
    const Command command = id == ids.front() ? Command::create : Command::write;
    start({.action = Action::compound, .command = command}, channel, id);
  }
}

// One at a time, so that what the file holds is known.
void Actor::start_private(Action action) {
  if (private_busy_) return;
  Pending pending{.action = action, .file = private_file_};
  pending.offset = below(private_content_.size() + 100);
  if (action == Action::private_read) {
    pending.length = static_cast<std::uint32_t>(1 + below(one_in(8) ? 60'000 : 500));
    send(pending, Command::read,
         wire::ReadRequest{.length = pending.length, .offset = pending.offset, .file_id = private_file_});
  } else if (action == Action::private_write) {
    const std::string text(1 + below(one_in(8) ? 60'000 : 300), static_cast<char>('A' + below(26)));
    if (pending.offset + text.size() > kPrivateMax) return;
    private_other_ = patched(private_content_, pending.offset, text);
    send(pending, Command::write,
         wire::WriteRequest{.data = as_bytes(text), .offset = pending.offset, .file_id = private_file_});
  } else {
    private_other_ = private_content_;
    private_other_->resize(pending.offset, '\0');
    const ByteVector value = wire::encode_plain(wire::FileEndOfFileInformation{pending.offset});
    send(pending, Command::set_info,
         wire::SetInfoRequest{.file_info_class = 20, .buffer = value, .file_id = private_file_});
  }
  private_busy_ = true;
}

void Actor::start_leaving(Action action) {
  if (private_busy_ || !to_send_again_.empty()) return;
  leaving_ = true;
  if (action == Action::logoff) return send({.action = action}, Command::logoff, wire::LogoffRequest{});
  send({.action = action}, Command::tree_disconnect, wire::TreeDisconnectRequest{});
}

// --- Taking in ---------------------------------------------------------------------------------------------------

void Actor::look() {
  is_trying_again_ = false;
  if (client_ == nullptr) return;
  take_in_answers();
  take_in_lost_channels();
  if (channels_.empty()) return forget_connection();
  send_again();
}

void Actor::take_in_answers() {
  for (auto at = pending_.begin(); at != pending_.end();) {
    const Answer* answer = at->second.channel->find_answer(at->second.id);
    if (answer == nullptr) {
      ++at;
      continue;
    }
    const Pending pending = std::move(at->second);
    at = pending_.erase(at);
    take(pending, *answer);
  }
}

bool Actor::is_expected(Action action, NtStatus status) const {
  if (status == NtStatus::SUCCESS) return true;
  if (leaving_ && std::ranges::find(kWhileLeaving, status) != kWhileLeaving.end()) return true;
  // It was sent before a channel was lost, and arrived behind what was sent after that. [MS-SMB2] 3.3.5.2.10.
  const bool is_change = action == Action::write || action == Action::remove || action == Action::rename;
  if (status == NtStatus::FILE_NOT_AVAILABLE && channel_sequence_ != 0 && is_change) return true;
  for (const Expectation& row : expectations()) {
    if (row.action == action) return std::ranges::find(row.statuses, status) != row.statuses.end();
  }
  return false;
}

void Actor::take(const Pending& pending, const Answer& answer) {
  const NtStatus status = answer.status();
  ++seen_[fmt::format("{} {}", to_string(pending.action), dozo::to_string(status))];
  if (status == NtStatus::FILE_NOT_AVAILABLE && is_private(pending.action) && channel_sequence_ != 0) {
    return to_send_again_.push_back(pending);
  }
  if (!is_expected(pending.action, status)) {
    return fail_with(fmt::format("{} ended with {}", to_string(pending.action), dozo::to_string(status)));
  }
  switch (pending.action) {
    case Action::open:
      return take_open(pending, answer);
    case Action::close:
      if (status == NtStatus::SUCCESS || pending.is_sent_again)
        std::erase_if(opens_, [&](const KnownOpen& o) { return o.id == pending.file; });
      return;
    case Action::lock:
    case Action::unlock:
      return take_lock(pending, status);
    case Action::private_read:
    case Action::private_write:
    case Action::private_truncate:
      return take_private(pending, answer);
    default:
      return;
  }
}

void Actor::take_open(const Pending& pending, const Answer& answer) {
  if (answer.status() != NtStatus::SUCCESS || leaving_) return;
  const auto said = answer.as<wire::CreateResponse>();
  const auto* context = wire::find_context(said.create_contexts, wire::context_name::kQueryOnDiskId);
  if (context == nullptr) return fail_with("an open without the file's id");
  const auto identity = wire::decode_plain<wire::QueryOnDiskIdResponse>(context->data);
  opens_.push_back({.id = said.file_id,
                    .identity = identity ? identity->disk_file_id : 0,
                    .access = pending.args.access,
                    .share = pending.args.share,
                    .is_directory = said.file_attributes.has(FileAttribute::directory),
                    .locks = {},
                    .unlocked_early = {}});
}

void Actor::take_lock(const Pending& pending, NtStatus status) {
  KnownOpen* open = find(pending.file);
  if (open == nullptr) return;
  if (pending.action == Action::lock) {
    if (status != NtStatus::SUCCESS) return;
    for (const wire::LockElement& element : pending.locks) {
      if (!take_out(open->unlocked_early, element)) open->locks.push_back(element);
    }
    return;
  }
  // [MS-SMB2] 3.3.5.14.1: those before the one that failed stay unlocked.
  std::vector<wire::LockElement> held = pending.held;
  for (const wire::LockElement& element : pending.locks) {
    if (status != NtStatus::SUCCESS && !take_out(held, element)) break;
    if (!take_out(open->locks, element)) open->unlocked_early.push_back(element);
  }
}

void Actor::take_private(const Pending& pending, const Answer& answer) {
  private_busy_ = false;
  if (pending.action != Action::private_read) {
    private_content_ = *std::exchange(private_other_, std::nullopt);
    return;
  }
  const std::string_view all = private_content_;
  const std::string_view expected = pending.offset < all.size() ? all.substr(pending.offset, pending.length) : "";
  const auto said = answer.as<wire::ReadResponse>();
  const bool at_end = answer.status() == NtStatus::END_OF_FILE;
  if (at_end != expected.empty() || (!at_end && as_text(said.data) != expected)) {
    fail_with(fmt::format("it reads something else than it wrote at {}", pending.offset));
  }
}

// --- Checking ----------------------------------------------------------------------------------------------------

void Actor::check_settled() {
  if (client_ == nullptr) return;
  for (const auto& [number, pending] : pending_) {
    const bool may_wait = pending.action == Action::lock || pending.action == Action::notify;
    if (!may_wait || !pending.channel->is_pending(pending.id)) {
      return fail_with(
          fmt::format("{} (message {}) was never answered", to_string(pending.action), pending.id.value()));
    }
  }
  for (const KnownOpen& open : opens_) {
    if (!open.unlocked_early.empty()) return fail_with("it unlocked what it never had locked");
  }
  if (leaving_) {
    for (Client* channel : channels_) channel->hang_up();
    forget_connection();
  }
}

std::vector<std::pair<std::uint64_t, wire::LockElement>> Actor::waiting_locks() const {
  std::vector<std::pair<std::uint64_t, wire::LockElement>> out;
  for (const auto& [number, pending] : pending_) {
    if (pending.action != Action::lock) continue;
    const auto open = std::ranges::find(opens_, pending.file, &KnownOpen::id);
    if (open != opens_.end()) out.emplace_back(open->identity, pending.locks.front());
  }
  return out;
}

void Actor::fail_with(std::string what) {
  if (problem_.empty()) problem_ = fmt::format("actor {}: {}", number_, what);
}

}  // namespace dozo::server::testing
