// The two feeds, each in a source of its own.
#pragma once

#include "vfs/posix/change_feed.h"

namespace dozo::vfs::posix {

std::unique_ptr<ChangeFeed> make_inotify_feed();
std::unique_ptr<ChangeFeed> make_fanotify_feed();

}  // namespace dozo::vfs::posix
