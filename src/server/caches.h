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
