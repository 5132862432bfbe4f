#include "server/pinned_times.h"

#include "server/open.h"

namespace dozo::server {

runtime::Task<Result<>> keep_pinned_times(Open& open) {
  vfs::TimesUpdate times;
  times.last_write = open.pinned_write_time;
  times.last_access = open.pinned_access_time;
  times.change = open.pinned_change_time;
  if (!times.last_write && !times.last_access && !times.change) co_return Result<>();
  co_return co_await open.file->set_times(times);
}

}  // namespace dozo::server
