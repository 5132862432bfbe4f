// What others cache, before something is done to a file that their caches must not survive. [MS-FSA] 2.1.4.12.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "runtime/task.h"
#include "server/open.h"
#include "server/request.h"
#include "share/events.h"

namespace dozo::server {

// Whether anybody but this open's client may cache something of its file: one look, for what is done often. Any loop.
bool others_cache(const Open& open, const Server& server);

// Breaks what of others' caches `use` must not meet, and waits for the acknowledgements that have to be waited for.
// STATUS_CANCELLED; STATUS_FILE_CLOSED: the open went away meanwhile.
runtime::Task<Result<>> break_caches(Request& request, const Open& open, share::CacheUse use);

// Behind what changes data or size, or takes a lock, done or not: who was granted caching while it was under way may
// have read what was there before, and loses it. Waits for nobody; one look while nobody else caches. Any loop.
void break_after(Server& server, const share::EndCaches& changed);
void break_after(Server& server, const Open& open);

// `deed`, which changes data or size, with both around it.
template <class T>
runtime::Task<Result<T>> with_breaks(Request& request, const Open& open, share::CacheUse use,
                                     runtime::Task<Result<T>> deed) {
  if (others_cache(open, request.server)) {
    auto broken = co_await break_caches(request, open, use);
    if (!broken) co_return fail(broken.error());
  }
  auto done = co_await std::move(deed);
  break_after(request.server, open);
  co_return done;
}

// The files are about to lose their names to somebody, or the directory they lie in its own: whoever keeps handles of
// them open for later use closes what it does not need. Waits for all. `by`: whose lease is left alone. Whether it
// waited: then names may have come to mean something else. [MS-FSA] 2.1.5.15.12.
runtime::Task<Result<bool>> break_handles(Request& request, std::vector<share::FileIdentity> files,
                                          std::optional<share::LeaseId> by);

// Through `open` an entry of the directory it lies in was changed, or one by its name added to or removed from it: who
// caches that directory is told. [MS-FSA] 2.1.4.12 PARENT_OBJECT.
void entry_changed(Server& server, const Open& open);
// The same of any directory; `by`: Open::parent_lease of who did it.
void entry_changed(Server& server, std::uint64_t volume, const vfs::NodeRef& directory,
                   const std::optional<share::LeaseId>& by);

}  // namespace dozo::server
