#include "server/session.h"

#include "base/log.h"
#include "server/commands/close_open.h"
#include "server/connection.h"
#include "server/server.h"

namespace dozo::server {

void Session::cancel_visitor(std::uint64_t connection_id, MessageId message) {
  for (Request& visitor : visitors_) {
    if (visitor.connection.id != connection_id || visitor.header.message_id != message) continue;
    visitor.cancel();
    return;
  }
}

void Session::cancel_visitors(std::optional<std::uint64_t> connection_id) {
  const auto next = [&]() -> Request* {
    for (Request& visitor : visitors_) {
      if (!visitor.is_waiting()) continue;
      const bool is_lost = connection_id && visitor.connection.id == *connection_id && !visitor.outlives_channel;
      if (!connection_id || is_lost) return &visitor;
    }
    return nullptr;
  };
  // Each cancel may end other requests too, so the list is looked at anew.
  while (Request* visitor = next()) visitor->abandon();
}

namespace {

// [MS-SMB2] 3.3.5.6: removed from the session table of each channel's connection.
void leave_channels(Server& server, const std::shared_ptr<Session>& session) {
  for (const std::shared_ptr<Connection>& connection : server.sessions().remove(session->id)) {
    if (&connection->loop() == &session->home()) {
      connection->forget(*session);
    } else {
      connection->loop().post([connection, session] { connection->forget(*session); });
    }
  }
}

}  // namespace

runtime::Task<void> end_session(Server& server, std::shared_ptr<Session> session, std::string_view why) {
  runtime::Loop& here = runtime::Loop::current();
  co_await runtime::resume_on(session->home());
  if (session->mark_ended()) {
    if (session->is_valid()) {
      log::debug("session_ended", "session {:#x}: {}", session->id.value(), why);
      server.stats.sessions_now.fetch_sub(1, std::memory_order_relaxed);
      // Closing its opens ends what waits on them, each with the status of that; what waits on nothing is cancelled.
      co_await close_session(server, session);
      session->cancel_visitors(std::nullopt);
    }
    leave_channels(server, session);
  }
  co_await runtime::resume_on(here);
}

}  // namespace dozo::server
