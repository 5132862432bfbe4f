// The feed of inotify. It does not say who did it.
#include <sys/inotify.h>

#include <cerrno>

#include "vfs/posix/feeds.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::uint32_t kWatched =
    IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF;

class InotifyFeed final : public ChangeFeed {
 public:
  InotifyFeed() : inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

  bool ok() const override { return static_cast<bool>(inotify_); }
  int fd() const override { return inotify_.get(); }
  bool tells_own() const override { return false; }

  int add(int directory) override {
    const int watch = inotify_add_watch(fd(), proc_path(directory).c_str(), kWatched | IN_ONLYDIR);
    return watch < 0 ? -errno : watch;
  }
  void remove(int watch, int, const std::string&) override { inotify_rm_watch(fd(), watch); }
  void remove_all() override {}

  std::vector<FeedEvent> read() override {
    std::vector<FeedEvent> events;
    std::array<std::uint8_t, 16384> buffer;
    for (;;) {
      const ssize_t n = ::read(fd(), buffer.data(), buffer.size());
      if (n <= 0) return events;
      ByteReader in(Bytes(buffer).first(static_cast<std::size_t>(n)));
      while (in.remaining() >= sizeof(inotify_event)) {
        FeedEvent event;
        event.watch = static_cast<int>(in.u32());
        event.mask = in.u32();
        event.cookie = in.u32();
        const std::uint32_t length = in.u32();
        const std::string_view padded = as_text(in.bytes(length));
        event.name = padded.substr(0, padded.find('\0'));
        events.push_back(std::move(event));
      }
    }
  }

 private:
  UniqueFd inotify_;
};

}  // namespace

std::unique_ptr<ChangeFeed> make_inotify_feed() { return std::make_unique<InotifyFeed>(); }

}  // namespace dozo::vfs::posix
