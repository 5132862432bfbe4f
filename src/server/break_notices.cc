#include "server/break_notices.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/delivery.h"
#include "server/connection.h"
#include "server/server.h"
#include "server/transform.h"
#include "wire/oplock_break.h"

namespace dozo::server {
namespace {

using Connections = std::vector<std::shared_ptr<Connection>>;

// A notification on its way: over one connection after the other, until one takes it.
struct Notice {
  Server& server;
  ByteVector message;
  std::vector<OpenHome> about;
  Connections connections;
  std::size_t next = 0;
  share::Event completion;   // what the engine is told when no connection is left
  bool acknowledged = true;  // whether a completion is due at all
  NoticeOrder order = NoticeOrder::at_once;
};
using NoticeRef = std::shared_ptr<Notice>;

template <class M>
ByteVector message_of(const M& body, SessionId session) {
  // [MS-SMB2] 3.3.4.6, 3.3.4.7: MessageId all ones, TreeId 0, not signed.
  wire::Header header;
  header.command = wire::Command::oplock_break;
  header.flags = wire::HeaderFlag::server_to_redir;
  header.message_id = wire::kUnsolicitedMessageId;
  header.session_id = session;
  ByteWriter out;
  wire::encode_header(header, out);
  wire::encode(body, out);
  return std::move(out).take();
}

// The channel whose session's key the notification is encrypted with, if any: of one that holds the opens, or of
// another of this client. [MS-SMB2] 3.3.4.1.4.
std::shared_ptr<Channel> seal_with(const Connection& connection, const Notice& notice) {
  if (std::ranges::none_of(notice.about, &OpenHome::encrypted)) return nullptr;
  const auto can_seal = [](const std::shared_ptr<Channel>& channel) {
    return channel && !channel->session->has_ended() && channel->sealer() != nullptr;
  };
  for (const OpenHome& home : notice.about) {
    std::shared_ptr<Channel> channel = connection.find_channel(SessionId(home.owner.value()));
    if (can_seal(channel)) return channel;
  }
  for (const auto& [id, channel] : connection.channels) {
    if (can_seal(channel)) return channel;
  }
  return nullptr;
}

// On the connection's loop. False: it can send nothing any more.
bool push(Connection& connection, const Notice& notice) {
  if (connection.is_ending()) return false;
  OutFrame frame;
  frame.messages.emplace_back(notice.message);
  if (const std::shared_ptr<Channel> channel = seal_with(connection, notice)) {
    if (!seal(*channel, frame)) return false;
  } else if (std::ranges::any_of(notice.about, &OpenHome::encrypted)) {
    return false;  // the session that could seal it is not here, or has ended
  } else {
    set_frame_length(frame);
  }
  connection.outbox.push(std::move(frame));
  return true;
}

void try_next(const NoticeRef& notice);

// [MS-SMB2] 3.3.4.6, 3.3.4.7: "fails to send" is also what the client's machine does not take. A network that loses
// everything shows only so, long before TCP gives up; a healthy one takes it within a round trip, a busy one goes on
// taking something. So long without anything is TCP sending again for the third time.
constexpr Duration kLook = std::chrono::milliseconds(250);
constexpr int kLooksInVain = 6;
constexpr int kLooksMax = 140;  // as long as a break is waited for

bool is_awaited(const Notice& notice) {
  return std::ranges::any_of(notice.about, [&notice](const OpenHome& home) {
    const std::optional<share::OpenInfo> open = notice.server.engine().find_open(home.id);
    return open && open->caching.break_in_progress;
  });
}

// Whether the client's machine has taken all that was sent when it was first asked, the notification with it.
class Watched {
 public:
  explicit Watched(const Connection& connection) : connection_(connection) { look(); }
  bool is_delivered() const { return end_ && now_ && now_->acknowledged >= *end_; }
  // Whether anything has been taken since the last look.
  bool look() {
    const std::optional<runtime::Delivery> before = std::exchange(now_, connection_.delivery());
    if (now_ && !end_ && connection_.outbox.idle()) end_ = now_->acknowledged + now_->outstanding;
    return now_ && before && now_->acknowledged != before->acknowledged;
  }

 private:
  const Connection& connection_;
  std::optional<runtime::Delivery> now_;
  std::optional<std::uint64_t> end_;  // where in the stream of bytes the notification ends, at the latest
};

// Sends it over the next connection too, if this one does not deliver it.
runtime::Task<void> watch_delivery(NoticeRef notice, std::shared_ptr<Connection> connection) {
  const bool was_awaited = is_awaited(*notice);
  Watched watched(*connection);
  int in_vain = 0;
  for (int looks = 0; in_vain < kLooksInVain && !connection->is_ending(); ++looks) {
    if (looks == kLooksMax) co_return;
    co_await runtime::sleep_until(runtime::Loop::current(), notice->server.clock().now() + kLook);
    if (was_awaited && !is_awaited(*notice)) co_return;  // it has arrived, or is of no use any more
    in_vain = watched.look() ? 0 : in_vain + 1;
    if (watched.is_delivered()) co_return;
  }
  connection->lost_notification = true;
  try_next(notice);
}

// On the connection's loop. False: it can send nothing any more. Where another connection could take the notification
// instead, it is watched that this one does.
bool push_watched(const std::shared_ptr<Connection>& connection, const NoticeRef& notice) {
  if (!push(*connection, *notice)) return false;
  const bool others = notice->next < notice->connections.size();
  if (others && connection->delivery()) notice->server.sharing().start(watch_delivery(notice, connection));
  return true;
}

void try_next(const NoticeRef& notice) {
  if (notice->next == notice->connections.size()) {
    if (notice->acknowledged) static_cast<void>(notice->server.apply(notice->completion));
    return;
  }
  const std::shared_ptr<Connection> connection = notice->connections[notice->next++];
  const bool is_here = &connection->loop() == runtime::Loop::current_or_null();
  if (is_here && notice->order == NoticeOrder::at_once) {
    if (!push_watched(connection, notice)) try_next(notice);
    return;
  }
  connection->loop().post([connection, notice] {
    if (!push_watched(connection, notice)) try_next(notice);
  });
}

// [MS-SMB2] 3.3.4.6, 3.3.4.7: the first available one, which one that lost the last notification is not for all we
// know.
Connections in_order(const Connections& connections) {
  Connections out, last;
  for (const auto& each : connections) (each->lost_notification.load() ? last : out).push_back(each);
  out.insert(out.end(), last.begin(), last.end());
  return out;
}

}  // namespace

void send_oplock_break(Server& server, const share::BreakOplock& notice, NoticeOrder order) {
  const std::optional<OpenHome> home = server.sharing().opens().find(notice.open);
  if (!home) return;
  const SessionId session(notice.owner.value());
  try_next(std::make_shared<Notice>(Notice{
      .server = server,
      .message =
          message_of(wire::OplockBreakNotification{.oplock_level = notice.to, .file_id = home->file_id}, session),
      .about = {*home},
      .connections = in_order(server.sessions().channels(session)),
      .completion = share::AckOplock{notice.open, OplockLevel::none},
      .order = order}));
}

void send_lease_break(Server& server, const share::BreakLease& notice, NoticeOrder order) {
  wire::LeaseBreakNotification body;
  body.new_epoch = notice.epoch;
  if (notice.ack_required) body.flags = wire::LeaseBreakFlag::ack_required;
  body.lease_key = notice.lease.key;
  body.current_lease_state = notice.from;
  body.new_lease_state = notice.to;
  try_next(std::make_shared<Notice>(Notice{.server = server,
                                           .message = message_of(body, SessionId()),
                                           .about = server.sharing().opens().find_lease(notice.lease),
                                           .connections = in_order(server.connections_of_client(notice.lease.client)),
                                           .completion = share::AckLease{notice.lease, {}},
                                           .acknowledged = notice.ack_required,
                                           .order = order}));
}

}  // namespace dozo::server
