#include "server/pinned_times.h"

#include "server/open.h"

namespace dozo::server {

runtime::Task<Result<>> keep_pinned_times(Open& open) {
  if (!open.pins_times) co_return Result<>();
  runtime::Loop& here = runtime::Loop::current();
  co_await runtime::resume_on(*open.home);
  vfs::TimesUpdate times;
  times.last_write = open.pinned_write_time;
  times.last_access = open.pinned_access_time;
  times.change = open.pinned_change_time;
  auto set = co_await open.file->set_times(times);
  co_await runtime::resume_on(here);
  co_return set;
}

}  // namespace dozo::server
