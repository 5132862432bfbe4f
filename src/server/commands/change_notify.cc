// CHANGE_NOTIFY. [MS-SMB2] 3.3.5.19.
#include "wire/change_notify.h"

#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/commands/notify_queue.h"
#include "server/connection.h"
#include "server/server.h"

namespace dozo::server {
namespace {

using runtime::Task;

// [MS-SMB2] 3.3.5.19: bits that mean nothing are ignored.
constexpr std::uint32_t kValidFilterBits = 0xFFF;

// [MS-SMB2] 3.3.1.3: filter, subtree and buffer size of an open's first request stay in force for all its requests.
std::unique_ptr<NotifyQueue> make_queue(const wire::ChangeNotifyRequest& request) {
  const auto filter = vfs::ChangeKinds::from_wire(request.completion_filter.bits() & kValidFilterBits);
  const bool subtree = request.flags.has(wire::NotifyFlag::watch_tree);
  return std::make_unique<NotifyQueue>(filter, subtree, request.output_buffer_length);
}

// Requests that wait already end with the failure, and the next one tries again.
Task<void> start_watching(Open& open) {
  const bool subtree = open.notify->subtree();
  auto watch = co_await open.tree->share->volume->watch(open.tree->caller, *open.file, subtree, *open.notify);
  if (watch) {
    open.notify->watch_with(std::move(*watch));
    co_return;
  }
  const std::unique_ptr<NotifyQueue> failed = std::move(open.notify);
  failed->finish(watch.error());
}

bool is_marked_deleted(Request& request, const Open& open) {
  const auto info = request.server.engine().find_open(open.share_id);
  return info && info->delete_pending;
}

Reply answer_of(const NotifyAnswer& answer) {
  return Reply::of(wire::ChangeNotifyResponse{answer.records}, answer.status);
}

}  // namespace

Task<Result<Reply>> handle_change_notify(Request& request) {
  DOZO_CO_TRY(const auto notify, request.decode<wire::ChangeNotifyRequest>());

  DOZO_CO_TRY(const OpenRef open, find_open(request, notify.file_id));

  DOZO_CO_CHECK(check_io_size(request, notify.output_buffer_length));
  DOZO_CO_CHECK(check_credit_charge(request, notify.output_buffer_length));
  DOZO_CO_CHECK(check_directory(*open));
  DOZO_CO_CHECK(check_access(*open, Access::read_data));
  if (is_marked_deleted(request, *open)) co_return fail(NtStatus::DELETE_PENDING);

  const bool first = !open->notify;
  if (first) open->notify = make_queue(notify);
  NotifyQueue::Waiter waiter(notify.output_buffer_length);
  open->notify->wait(waiter);
  // Before anything takes time: a CANCEL may be right behind.
  const bool waits = !waiter.answer.is_set();
  if (waits) {
    const auto begun = request.begin_wait([&waiter] { waiter.answer.set({NtStatus::CANCELLED, {}}); });
    if (!begun && first) open->notify.reset();
    DOZO_CO_CHECK(begun);
  }
  if (first) co_await start_watching(*open);
  NotifyAnswer answer = co_await waiter.answer;
  if (waits) request.end_wait();

  if (is_error(answer.status)) co_return fail(answer.status);
  co_return answer_of(answer);
}

}  // namespace dozo::server
