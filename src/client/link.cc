#include "client/link.h"

#include <algorithm>

#include "crypto/random.h"

namespace dozo::client {
namespace {

constexpr Duration pause_min = std::chrono::milliseconds(100);
constexpr Duration pause_max = std::chrono::seconds(5);

}  // namespace

bool is_loss(NtStatus status) {
  switch (status) {
    case NtStatus::CONNECTION_DISCONNECTED:
    case NtStatus::CONNECTION_RESET:
    case NtStatus::CONNECTION_REFUSED:
    case NtStatus::HOST_UNREACHABLE:
    case NtStatus::NETWORK_UNREACHABLE:
    case NtStatus::IO_TIMEOUT:
    case NtStatus::USER_SESSION_DELETED:
    case NtStatus::NETWORK_SESSION_EXPIRED:
    case NtStatus::NETWORK_NAME_DELETED:
      return true;
    default:
      return false;
  }
}

Link::Link(runtime::Loop& loop, LinkTarget target) : loop_(loop), target_(std::move(target)) {
  // [MS-SMB2] 3.3.5.9.12: a lease, and with it a durable handle, is taken up again by the client that had it.
  if (target_.connection.client_guid.is_null()) target_.connection.client_guid.bytes = crypto::random_bytes<16>();
}

Link::~Link() { DOZO_ASSERT(!line_ && retiring_.count() == 0); }

void Link::lost(const LinePtr& line, NtStatus why) { line->connection->fail_with(why); }

runtime::Task<Result<LinePtr>> Link::line() {
  if (usable()) co_return line_;
  const bool my_turn = co_await turn_.acquire(1);
  if (!my_turn) co_return fail(NtStatus::CONNECTION_DISCONNECTED);
  auto line = co_await line_in_turn();
  turn_.release(1);
  co_return line;
}

runtime::Task<Result<LinePtr>> Link::line_in_turn() {
  if (usable()) co_return line_;  // somebody before us made it
  if (line_) runtime::spawn(retiring_, retire(std::exchange(line_, nullptr)));
  const Instant end = loop_.now() + (lines_ == 0 ? Duration{} : target_.patience);
  for (Duration pause = pause_min;; pause = std::min(pause * 2, pause_max)) {
    auto line = co_await establish();
    if (line) {
      line_ = *line;
      co_return line;
    }
    if (!is_loss(line.error()) || loop_.now() + pause > end) co_return fail(line.error());
    co_await runtime::sleep_for(loop_, pause);
  }
}

runtime::Task<Result<LinePtr>> Link::establish() {
  NtStatus last = NtStatus::HOST_UNREACHABLE;
  reached_ = Stage::connecting;
  for (const runtime::Endpoint& endpoint : target_.endpoints) {
    auto connection = co_await Connection::connect(loop_, endpoint, target_.connection);
    if (!connection) {
      last = connection.error();
      continue;
    }
    auto line = std::make_shared<Line>();
    line->connection = std::move(*connection);
    const auto established = co_await establish_over(*line);
    if (!established) {
      co_await line->connection->close();
      co_return fail(established.error());
    }
    line->number = ++lines_;
    reached_ = Stage::ready;
    co_return line;
  }
  co_return fail(last);
}

runtime::Task<Result<>> Link::establish_over(Line& line) {
  reached_ = Stage::logging_on;
  SessionOptions options = target_.session;
  // [MS-SMB2] 3.3.5.5.3: what the session before has open is let go, or kept for us where it is durable.
  options.previous = last_session_;
  auto session = co_await Session::log_on_as(*line.connection, *target_.logon, options);
  if (!session) co_return fail(session.error());
  line.session = std::move(*session);
  last_session_ = line.session->id();
  reached_ = Stage::connecting_tree;
  auto tree = co_await line.session->connect_tree(target_.share);
  if (!tree) co_return fail(tree.error());
  line.tree = std::move(*tree);
  co_return Result<>{};
}

runtime::Task<void> Link::retire(LinePtr line) { co_await line->connection->close(); }

runtime::Task<void> Link::close() {
  turn_.close();
  if (line_) {
    const LinePtr line = std::exchange(line_, nullptr);
    // What was done is done; a server that is gone by now changes nothing about it.
    const auto logged_off = co_await line->session->log_off();
    static_cast<void>(logged_off);
    co_await line->connection->close();
  }
  co_await retiring_.close();
}

}  // namespace dozo::client
