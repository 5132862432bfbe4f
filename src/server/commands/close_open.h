// The one way an open ends, whoever ends it: CLOSE, TREE_DISCONNECT, LOGOFF, the connection.
#pragma once

#include "runtime/task.h"
#include "server/connection.h"
#include "server/open.h"
#include "share/effects.h"

namespace dozo::server {

// A name, or a stream of it, whose last open is gone after it was deleted.
struct DeletedName {
  std::shared_ptr<Tree> tree;
  vfs::Location location;
  vfs::NodeRef node_ref;
  vfs::Path path;                              // for a stream
  std::string stream;                          // empty: the name itself
  std::optional<share::LeaseId> parent_lease;  // of who deleted it
};
// What cannot be removed is logged.
runtime::Task<void> remove_deleted(Server& server, DeletedName name);

// Before a CLOSE that deletes: who keeps handles of the file open for later use gives them up, and is waited for. As
// Windows does it (smbtorture smb2.lease.unlink): it is a deletion like any other ([MS-FSA] 2.1.5.15.3). Whatever comes
// of it, the open is to be closed.
runtime::Task<void> break_for_deletion(Request& request, OpenRef open);

// Takes the open out of its session's table and closes it. On the session's home loop.
runtime::Task<void> close_open_of(Server& server, std::shared_ptr<Session> session, OpenRef open);

// The open is out of its session's table already. Ends its waits, gives its locks and share modes back, removes the
// file when this was the last open of a deleted name.
runtime::Task<void> close_open(Server& server, OpenRef open);

// The engine has closed it on its own: what belongs to it goes, and `purge`'s name with it. On the open's loop.
runtime::Task<void> forget_open(Server& server, OpenRef open, std::optional<share::Purge> purge);

// Every open of the tree, and the tree. [MS-SMB2] 3.3.5.8.
runtime::Task<void> close_tree(Server& server, std::shared_ptr<Session> session, std::shared_ptr<Tree> tree);

// Every open and tree of a session that has been taken off its connection. [MS-SMB2] 3.3.7.1.
runtime::Task<void> close_session(Server& server, std::shared_ptr<Session> session);

}  // namespace dozo::server
