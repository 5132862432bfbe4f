#include "server/outside_changes.h"

#include "base/log.h"
#include "base/mutex.h"
#include "server/durable/persist.h"
#include "server/server.h"

namespace dozo::server {

// The engine is told on the loop that made the watch: this is called on threads that run none.
class OutsideWatch::Listener final : public vfs::OutsideListener {
 public:
  Listener(Server& server, std::uint64_t volume) : server_(server), volume_(volume), loop_(&runtime::Loop::current()) {}

  void on_outside_change(vfs::NodeId node) override {
    const share::OutsideChange change{{.volume = volume_, .device = node.device, .inode = node.inode}};
    const MutexLock lock(mutex_);
    if (loop_ == nullptr) return;
    loop_->post([server = &server_, change] {
      static_cast<void>(server->apply(change));
      // What an open whose client is away caches ends without a word to anybody.
      const PersistentStore* store = server->handles();
      if (store != nullptr && !store->empty()) server->sharing().start(persist_states(*server, change.file));
    });
  }

  void end() {
    const MutexLock lock(mutex_);
    loop_ = nullptr;
  }

 private:
  Server& server_;
  const std::uint64_t volume_;
  Mutex mutex_;
  runtime::Loop* loop_ DOZO_GUARDED_BY(mutex_);  // null: ended
};

OutsideWatch::OutsideWatch(std::shared_ptr<Listener> listener, std::unique_ptr<vfs::Watch> watch)
    : listener_(std::move(listener)), watch_(std::move(watch)) {}

OutsideWatch::~OutsideWatch() { listener_->end(); }

std::unique_ptr<OutsideWatch> OutsideWatch::of(Server& server, const Share& share, const vfs::NodeRef& node) {
  const auto listener = std::make_shared<Listener>(server, share.volume_id);
  auto watch = share.volume->watch_outside(node, listener);
  if (watch) return std::unique_ptr<OutsideWatch>(new OutsideWatch(listener, std::move(*watch)));
  if (!share.outside_unseen.exchange(true)) {
    log::info("clients_cache_nothing",
              "share {}: what local programs change cannot be seen ({}): clients cache nothing", share.config.name,
              to_string(watch.error()));
  }
  return nullptr;
}

std::unique_ptr<OutsideWatch> watch_before_caching(Server& server, const Share& share, const vfs::NodeRef& node,
                                                   share::OpenRequest& wanted) {
  if (wanted.oplock == OplockLevel::none) return nullptr;
  std::unique_ptr<OutsideWatch> watch = OutsideWatch::of(server, share, node);
  if (watch) return watch;
  if (wanted.lease) {
    wanted.lease->state = {};
  } else {
    wanted.oplock = OplockLevel::none;
  }
  return nullptr;
}

}  // namespace dozo::server
