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
Task<Result<>> start_watching(Open& open, const wire::ChangeNotifyRequest& request) {
  const auto filter = vfs::ChangeKinds::from_wire(request.completion_filter.bits() & kValidFilterBits);
  const bool subtree = request.flags.has(wire::NotifyFlag::watch_tree);
  open.notify = std::make_unique<NotifyQueue>(filter, subtree, request.output_buffer_length);

  auto watch = co_await open.tree->share->volume->watch(open.tree->caller, *open.file, subtree, *open.notify);
  if (!watch) {
    // Requests that came meanwhile wait already: they fail alike, and the next one tries again.
    const std::unique_ptr<NotifyQueue> failed = std::move(open.notify);
    failed->finish(watch.error());
    co_return fail(watch.error());
  }
  open.notify->watch_with(std::move(*watch));
  co_return Result<>();
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

  if (!open->notify) {
    auto watching = co_await start_watching(*open, notify);
    if (!watching) co_return fail(watching.error());
  }
  NotifyQueue::Waiter waiter(notify.output_buffer_length);
  open->notify->wait(waiter);
  const bool waits = !waiter.answer.is_set();
  if (waits) DOZO_CO_CHECK(request.begin_wait([&waiter] { waiter.answer.set({NtStatus::CANCELLED, {}}); }));
  NotifyAnswer answer = co_await waiter.answer;
  if (waits) request.end_wait();

  if (is_error(answer.status)) co_return fail(answer.status);
  co_return answer_of(answer);
}

}  // namespace dozo::server
