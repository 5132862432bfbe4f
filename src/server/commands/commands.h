// The handlers of server/command_table.cc. Each decodes, finds, authorises, does and answers, in that order.
#pragma once

#include "runtime/task.h"
#include "server/reply.h"
#include "server/request.h"

namespace dozo::server {

runtime::Task<Result<Reply>> handle_negotiate(Request& request);
runtime::Task<Result<Reply>> handle_session_setup(Request& request);
runtime::Task<Result<Reply>> handle_logoff(Request& request);
runtime::Task<Result<Reply>> handle_tree_connect(Request& request);
runtime::Task<Result<Reply>> handle_tree_disconnect(Request& request);
runtime::Task<Result<Reply>> handle_create(Request& request);
runtime::Task<Result<Reply>> handle_close(Request& request);
runtime::Task<Result<Reply>> handle_flush(Request& request);
runtime::Task<Result<Reply>> handle_read(Request& request);
runtime::Task<Result<Reply>> handle_write(Request& request);
runtime::Task<Result<Reply>> handle_lock(Request& request);
runtime::Task<Result<Reply>> handle_ioctl(Request& request);
runtime::Task<Result<Reply>> handle_echo(Request& request);
runtime::Task<Result<Reply>> handle_query_directory(Request& request);
runtime::Task<Result<Reply>> handle_change_notify(Request& request);
runtime::Task<Result<Reply>> handle_query_info(Request& request);
runtime::Task<Result<Reply>> handle_set_info(Request& request);
runtime::Task<Result<Reply>> handle_oplock_break(Request& request);

}  // namespace dozo::server
