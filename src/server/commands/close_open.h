// The one way an open ends, whoever ends it: CLOSE, TREE_DISCONNECT, LOGOFF, the connection.
#pragma once

#include "runtime/task.h"
#include "server/connection.h"
#include "server/open.h"

namespace dozo::server {

// The open is out of its session's table already. Ends its waits, gives its locks and share modes back, removes the
// file when this was the last open of a deleted name.
runtime::Task<void> close_open(Server& server, OpenRef open);

// Every open of the tree, and the tree. [MS-SMB2] 3.3.5.8.
runtime::Task<void> close_tree(Server& server, std::shared_ptr<Session> session, std::shared_ptr<Tree> tree);

// Every open and tree of a session that has been taken off its connection. [MS-SMB2] 3.3.7.1.
runtime::Task<void> close_session(Server& server, std::shared_ptr<Session> session);

}  // namespace dozo::server
