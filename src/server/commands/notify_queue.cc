#include "server/commands/notify_queue.h"

#include "base/unicode.h"
#include "server/connection.h"
#include "server/open.h"
#include "server/server.h"
#include "wire/change_notify.h"

namespace dozo::server {

NotifyQueue::NotifyQueue(vfs::ChangeKinds filter, bool subtree, std::size_t buffer_max)
    : filter_(filter), subtree_(subtree), buffer_max_(buffer_max) {}

NotifyQueue::~NotifyQueue() = default;

void NotifyQueue::watch_with(std::unique_ptr<vfs::Watch> watch) {
  if (!ended_) watch_ = std::move(watch);
}

void NotifyQueue::wait(Waiter& waiter) {
  if (ended_) {
    waiter.answer.set({*ended_, {}});
    return;
  }
  const bool is_first = waiters_.empty();
  waiters_.push_back(waiter);
  if (is_first && has_news()) answer_first();
}

void NotifyQueue::finish(NtStatus status) {
  if (ended_) return;
  ended_ = status;
  watch_.reset();
  // Whoever is woken may destroy this queue, or another waiter, which then leaves the list by itself.
  decltype(waiters_) woken;
  woken.swap(waiters_);
  while (!woken.empty()) {
    Waiter& waiter = woken.front();
    woken.pop_front();
    waiter.answer.set({status, {}});
  }
}

void NotifyQueue::on_changes(std::vector<vfs::Change> changes) {
  std::string_view told;
  for (const vfs::Change& change : changes) {
    // What one operation did to a name is told once, as the first that the filter asks for: a rename is not a change of
    // attributes as well.
    const bool again = change.action == vfs::ChangeAction::modified && told == change.path;
    if (again || !change.kinds.has_any(filter_)) continue;
    add(change);
    told = change.path;
  }
  if (has_news() && !waiters_.empty()) answer_first();
}

void NotifyQueue::on_overflow() {
  if (filter_.empty()) return;
  lose_changes();
  if (!waiters_.empty()) answer_first();
}

void NotifyQueue::on_directory_gone() { finish(NtStatus::DELETE_PENDING); }

void NotifyQueue::add(const vfs::Change& change) {
  if (lost_) return;
  // Told already, with nothing in between: a client looks at the file once for both.
  const bool again = change.action == vfs::ChangeAction::modified && last_modified_ == change.path;
  if (again && records_.size() != 0) return;
  last_modified_ = change.action == vfs::ChangeAction::modified ? change.path : std::string();
  const wire::FileNotifyInformation record{static_cast<wire::NotifyAction>(change.action),
                                           utf8_to_utf16_lossy(change.path)};
  const std::size_t at =
      (records_.size() + wire::kNotifyAlignment - 1) / wire::kNotifyAlignment * wire::kNotifyAlignment;
  if (!in_range(at, wire::plain_size(record), buffer_max_)) return lose_changes();
  records_.align(wire::kNotifyAlignment);
  if (at != 0) records_.patch(last_record_, static_cast<std::uint32_t>(at - last_record_));
  last_record_ = at;
  wire::encode_plain(record, records_);
}

void NotifyQueue::lose_changes() {
  lost_ = true;
  records_ = ByteWriter();
  last_record_ = 0;
}

// [MS-FSA] 2.1.5.11.1: all that is remembered fits, or none of it is told.
NotifyAnswer NotifyQueue::take(std::size_t size_max) {
  const bool fits = !lost_ && records_.size() <= size_max;
  NotifyAnswer answer;
  if (fits) {
    answer.records = std::move(records_).take();
  } else {
    answer.status = NtStatus::NOTIFY_ENUM_DIR;
  }
  lost_ = false;
  records_ = ByteWriter();
  last_record_ = 0;
  return answer;
}

// [MS-SMB2] 3.3.1.3: first in, first out. What is remembered all goes to the oldest request.
void NotifyQueue::answer_first() {
  Waiter& waiter = waiters_.front();
  waiters_.pop_front();
  waiter.answer.set(take(waiter.size_max));  // last: whoever is woken may destroy this queue
}

void close_notify(Open& open) {
  if (open.notify) open.notify->finish(NtStatus::NOTIFY_CLEANUP);
}

namespace {

void end_notifies_of(Session& session, const share::FileIdentity& directory) {
  std::vector<OpenRef> opens;
  for (OpenRef& open : session.valid().opens.all()) {
    if (open->notify && open->key.file() == directory) opens.push_back(std::move(open));
  }
  for (const OpenRef& open : opens) open->notify->finish(NtStatus::DELETE_PENDING);
}

}  // namespace

void end_notifies(Server& server, const share::FileIdentity& directory) {
  for (const std::shared_ptr<Session>& session : server.sessions().all()) {
    session->home().post([session, directory] { end_notifies_of(*session, directory); });
  }
}

}  // namespace dozo::server
