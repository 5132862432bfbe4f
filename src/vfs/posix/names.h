// Making, removing and moving names. Each is one job that may block.
#pragma once

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

struct Created {
  UniqueFd fd;
  NodeId id;
};
Result<Created> create_object(const Share& share, const Caller* caller, const Resolved& at, const CreateSpec& spec);
// The type of what had the name.
Result<NodeType> remove_name(const Share& share, const Caller* caller, const Location& where, NodeId expected);
struct Moved {
  NodeType type;
  bool replaced = false;       // something else had the name
  bool old_name_only = false;  // the object had it already, and has lost the other
};
Result<Moved> rename_object(const Share& share, const Caller* caller, const Location& from, NodeId expected,
                            const Resolved& to, bool replace);
// Whether something else had the name.
Result<bool> link_object(const Share& share, const Caller* caller, const Location& from, NodeId expected,
                         const Resolved& to, bool replace);
Result<> replace_by_symlink(const Share& share, const Caller* caller, const Location& where, NodeId expected,
                            const std::string& target);

}  // namespace dozo::vfs::posix
