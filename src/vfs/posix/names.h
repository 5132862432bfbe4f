// Making, removing and moving names. Each is one job that may block.
#pragma once

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

struct Created {
  UniqueFd fd;
  NodeId id;
};
Result<Created> create_object(const Share& share, const Caller* caller, const Resolved& at, const CreateSpec& spec);
Result<> remove_name(const Share& share, const Caller* caller, const Location& where, NodeId expected);
Result<Location> rename_object(const Share& share, const Caller* caller, const Location& from, NodeId expected,
                               const Resolved& to, bool replace);
Result<> link_object(const Share& share, const Caller* caller, const Location& from, NodeId expected,
                     const Resolved& to, bool replace);
Result<> replace_by_symlink(const Share& share, const Caller* caller, const Location& where, NodeId expected,
                            const std::string& target);

}  // namespace dozo::vfs::posix
