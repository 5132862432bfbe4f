#include "server/settling.h"

#include "runtime/one_shot.h"

namespace dozo::server {

runtime::Task<Result<>> LocalLeaseWait::wait(Request& request) {
  runtime::Loop& loop = runtime::Loop::current();
  if (!give_up_at_) give_up_at_ = loop.now() + kPatience;
  if (loop.now() >= *give_up_at_) co_return fail(NtStatus::SHARING_VIOLATION);
  using Woken = runtime::OneShot<NtStatus>;
  Woken woken;
  auto waiting = request.begin_wait([&woken] { woken.set(NtStatus::CANCELLED); }, InCompound::silent);
  if (!waiting) co_return fail(waiting.error());
  runtime::Timer timer;
  timer.arm(loop, loop.now() + kPause, [](void* p) { static_cast<Woken*>(p)->set(NtStatus::SUCCESS); }, &woken);
  const NtStatus status = co_await woken;
  request.end_wait();
  co_return status == NtStatus::SUCCESS ? Result<>() : Result<>(fail(status));
}

}  // namespace dozo::server
