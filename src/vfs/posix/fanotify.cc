#include "vfs/posix/fanotify.h"

#include <linux/fanotify.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"

namespace dozo::vfs::posix {
namespace {

// Names of Linux 5.17 and 6.5 that an older header lacks.
constexpr unsigned kReportTargetFid = 0x1000;
constexpr int kHandleFid = 0x200;  // AT_HANDLE_FID: a handle that need not be good for opening
constexpr std::uint8_t kInfoOldDirectoryName = 10;
constexpr std::uint8_t kInfoNewDirectoryName = 12;

constexpr std::size_t kHandleMax = 128;  // MAX_HANDLE_SZ

HandleKey make_key(Bytes fsid, Bytes type, Bytes handle) {
  HandleKey key;
  for (const Bytes part : {fsid, type, handle}) key += as_text(part);
  return key;
}

int name_to_handle(int directory, const char* path, file_handle& handle) {
  int mount = 0;
  const int here = *path == '\0' ? AT_EMPTY_PATH : 0;
  handle.handle_bytes = kHandleMax;
  if (::name_to_handle_at(directory, path, &handle, &mount, here) == 0) return 0;
  if (errno != EOPNOTSUPP) return errno;
  handle.handle_bytes = kHandleMax;
  return ::name_to_handle_at(directory, path, &handle, &mount, here | kHandleFid) == 0 ? 0 : errno;
}

// fanotify_event_info_fid with its file_handle, and a name behind it in some kinds.
struct InfoRecord {
  std::uint8_t kind = 0;
  HandleKey key;
  std::string name;
};
InfoRecord read_info(ByteReader& in) {
  InfoRecord out;
  out.kind = in.u8();
  static_cast<void>(in.u8());
  const std::size_t length = in.u16();
  ByteReader record(in.bytes(length < 4 ? 0 : length - 4));
  const Bytes fsid = record.bytes(8);
  const std::size_t handle_length = record.u32();
  const Bytes type = record.bytes(4);
  out.key = make_key(fsid, type, record.bytes(handle_length));
  const std::string_view rest = as_text(record.bytes(record.remaining()));
  out.name = rest.substr(0, rest.find('\0'));
  if (out.name == ".") out.name.clear();
  return out;
}

void take_info(const InfoRecord& info, FanotifyEvent& event) {
  switch (info.kind) {
    case FAN_EVENT_INFO_TYPE_FID:
      event.object = info.key;
      break;
    case FAN_EVENT_INFO_TYPE_DFID:
    case FAN_EVENT_INFO_TYPE_DFID_NAME:
    case kInfoOldDirectoryName:
      event.directory = info.key;
      event.name = info.name;
      break;
    case kInfoNewDirectoryName:
      event.new_directory = info.key;
      event.new_name = info.name;
      break;
    default:
      break;
  }
}

}  // namespace

Errno<HandleKey> handle_key(int directory, const char* path) {
  alignas(file_handle) std::array<std::uint8_t, sizeof(file_handle) + kHandleMax> space{};
  auto* handle = new (space.data()) file_handle{};
  if (const int error = name_to_handle(directory, path, *handle); error != 0) return std::unexpected(error);
  const UniqueFd opened(*path == '\0' ? -1 : openat(directory, path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct statfs status{};
  if (fstatfs(opened ? opened.get() : directory, &status) != 0) return std::unexpected(errno);
  std::array<std::uint8_t, 8> fsid{};
  std::memcpy(fsid.data(), &status.f_fsid, fsid.size());
  std::array<std::uint8_t, 4> type{};
  std::memcpy(type.data(), &handle->handle_type, type.size());
  // Without an id of its own the file system's files could be mistaken for another's.
  if (fsid == decltype(fsid){}) return std::unexpected(ENODEV);
  return make_key(fsid, type, Bytes(space).subspan(sizeof(file_handle), handle->handle_bytes));
}

bool FanotifyEvent::overflow() const { return (mask & FAN_Q_OVERFLOW) != 0; }
bool FanotifyEvent::is_directory() const { return (mask & FAN_ONDIR) != 0; }

Fanotify::Fanotify() {
  constexpr unsigned kFlags =
      FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_FID | FAN_REPORT_DFID_NAME | kReportTargetFid;
  group_ = UniqueFd(static_cast<int>(syscall(SYS_fanotify_init, kFlags, O_RDONLY)));
}

namespace {

int change_mark(int group, unsigned how, int directory, const char* path, std::uint64_t mask) {
  // The kernel takes no empty path; the descriptor's link in /proc leads to what it is of.
  const std::string link = *path == '\0' ? proc_path(directory) : std::string();
  const bool itself = !link.empty();
  const unsigned flags = how | (itself ? 0u : FAN_MARK_DONT_FOLLOW);
  const int at = itself ? AT_FDCWD : directory;
  return syscall(SYS_fanotify_mark, group, flags, mask, at, itself ? link.c_str() : path) == 0 ? 0 : errno;
}

}  // namespace

int Fanotify::add(int directory, const char* path, std::uint64_t mask) const {
  return change_mark(fd(), FAN_MARK_ADD, directory, path, mask);
}

void Fanotify::remove(int directory, const char* path, std::uint64_t mask) const {
  static_cast<void>(change_mark(fd(), FAN_MARK_REMOVE, directory, path, mask));
}

void Fanotify::remove_all() const { syscall(SYS_fanotify_mark, fd(), FAN_MARK_FLUSH, 0, AT_FDCWD, nullptr); }

std::vector<FanotifyEvent> Fanotify::read() const {
  std::vector<FanotifyEvent> events;
  const std::int32_t self = getpid();
  std::array<std::uint8_t, 16384> buffer;
  for (;;) {
    const ssize_t n = ::read(fd(), buffer.data(), buffer.size());
    if (n <= 0) return events;
    ByteReader in(Bytes(buffer).first(static_cast<std::size_t>(n)));
    while (in.remaining() >= sizeof(fanotify_event_metadata)) {
      const std::size_t length = in.u32();
      static_cast<void>(in.u32());  // version and the length of this head
      FanotifyEvent event;
      event.mask = in.u64();
      static_cast<void>(in.u32());  // no descriptor
      event.own = static_cast<std::int32_t>(in.u32()) == self;
      if (length < sizeof(fanotify_event_metadata)) return events;
      ByteReader infos(in.bytes(length - sizeof(fanotify_event_metadata)));
      while (infos.remaining() >= 4) take_info(read_info(infos), event);
      events.push_back(std::move(event));
    }
  }
}

}  // namespace dozo::vfs::posix
