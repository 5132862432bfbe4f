#include "vfs/posix/watch.h"

#include "vfs/posix/watch_hub.h"

namespace dozo::vfs::posix {
namespace {

class PosixWatch final : public Watch {
 public:
  PosixWatch(std::shared_ptr<WatchHub> hub, SubscriberRef subscriber)
      : hub_(std::move(hub)), subscriber_(std::move(subscriber)) {}
  ~PosixWatch() override { hub_->unsubscribe(subscriber_); }

 private:
  std::shared_ptr<WatchHub> hub_;
  SubscriberRef subscriber_;
};

}  // namespace

Task<Result<std::unique_ptr<Watch>>> WatchHubs::watch(ShareRef share, CallerRef caller, int directory, bool subtree,
                                                      WatchListener& listener) {
  runtime::Loop& loop = runtime::Loop::current();
  std::shared_ptr<WatchHub> hub;
  {
    const std::lock_guard lock(mutex_);
    std::weak_ptr<WatchHub>& known = hubs_[&loop];
    hub = known.lock();
    if (!hub) known = hub = std::make_shared<WatchHub>(loop, std::move(share));
  }
  if (!hub->ok()) co_return fail(NtStatus::INSUFFICIENT_RESOURCES);
  DOZO_CO_TRY(SubscriberRef subscriber, co_await hub->subscribe(std::move(caller), directory, subtree, listener));
  co_return std::make_unique<PosixWatch>(std::move(hub), std::move(subscriber));
}

}  // namespace dozo::vfs::posix
