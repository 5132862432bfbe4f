#include "server/connection.h"

#include "base/log.h"
#include "guard/audit.h"
#include "runtime/delivery.h"
#include "server/commands/negotiate.h"
#include "server/dispatch.h"
#include "server/server.h"
#include "server/transform.h"
#include "wire/framing.h"
#include "wire/transform.h"

namespace dozo::server {
namespace {

constexpr std::size_t kPrefix = 4;                   // direct TCP, [MS-SMB2] 2.1
constexpr std::size_t kPreAuthFrameMax = 64 * 1024;  // NEGOTIATE and SESSION_SETUP are far smaller
constexpr std::size_t kMessageOverhead = 256;        // around an I/O's data
// What one connection may hold at a time, before its socket is read no further.
constexpr std::size_t kBytesInFlightMax = 64u << 20;
constexpr std::size_t kBytesQueuedMax = 32u << 20;
constexpr Duration kDrainMax = std::chrono::seconds(10);
constexpr std::size_t kEndedMax = 16;  // sessions whose end is told under their key

std::string without_port(const std::string& address) { return address.substr(0, address.rfind(':')); }

}  // namespace

Connection::Connection(Server& server, runtime::Loop& loop, runtime::Socket socket, guard::Admission admission)
    : id(server.new_connection_id()),
      credits(server.config()->limits.credits_max),
      outbox(room_),
      last_activity(loop.now()),
      server_(server),
      loop_(loop),
      socket_(std::move(socket)),
      admission_(std::move(admission)),
      peer_name_(socket_.peer_address()),
      peer_address_(without_port(peer_name_)) {}

Connection::~Connection() = default;

runtime::Task<void> Connection::run() {
  const std::shared_ptr<Connection> self = shared_from_this();
  server_.add_connection(self);
  runtime::spawn(gate, outbox.run(socket_));
  deadline_.arm(loop_, next_deadline(), [](void* p) { static_cast<Connection*>(p)->on_deadline(); }, this);
  co_await receive_loop();
  co_await tear_down();
  server_.remove_connection(*this);
  socket_.close();  // here and now: whoever still holds the connection may be on another loop
}

std::uint32_t Connection::frame_size_max() const {
  if (!authenticated_once) return kPreAuthFrameMax;
  return static_cast<std::uint32_t>(message_size_max() + wire::kTransformHeaderSize);
}

// [MS-SMB2] 3.3.5.2: Connection.MaxTransactSize + 256, of a compound as a whole, and as it is after decryption.
std::size_t Connection::message_size_max() const {
  if (!authenticated_once) return kPreAuthFrameMax;
  return negotiated->io_size_max + kMessageOverhead;
}

// --- Receiving ---------------------------------------------------------------------------------------------------

bool Connection::acceptable_length(std::size_t length) {
  if (length < wire::kHeaderSize / 2 || length > frame_size_max()) {
    disconnect(fmt::format("a frame of {} bytes; {} are accepted here", length, frame_size_max()));
    return false;
  }
  if (!admission_.keep(length, loop_.now())) {
    disconnect("too much was sent, or too much time passed, before a session was set up");
    return false;
  }
  return true;
}

runtime::Task<bool> Connection::receive_at_least(std::size_t size) {
  if (received_begin_ > 0) {
    std::copy(received_.begin() + static_cast<std::ptrdiff_t>(received_begin_),
              received_.begin() + static_cast<std::ptrdiff_t>(received_end_), received_.begin());
    received_end_ -= received_begin_;
    received_begin_ = 0;
  }
  while (received_end_ < size) {
    const int n = co_await socket_.recv(MutableBytes(received_).subspan(received_end_));
    if (n <= 0) co_return false;
    received_end_ += static_cast<std::size_t>(n);
  }
  co_return true;
}

runtime::Task<runtime::Buffer> Connection::next_frame() {
  while (true) {
    if (received_end_ - received_begin_ < kPrefix) {
      const bool received = co_await receive_at_least(kPrefix);
      if (!received) co_return runtime::Buffer();
    }
    const Bytes have = Bytes(received_).subspan(received_begin_, received_end_ - received_begin_);
    const std::uint32_t prefix = load_be<std::uint32_t>(have.data());
    received_begin_ += kPrefix;
    // Some clients send NetBIOS' four-byte keep-alive over direct TCP too.
    if (prefix == static_cast<std::uint32_t>(wire::SessionPacketType::keep_alive) << 24) continue;
    const Result<std::uint32_t> length = wire::decode_frame_prefix(have);
    if (!length || !acceptable_length(*length)) {
      disconnect("a frame without a direct TCP prefix");
      co_return runtime::Buffer();
    }

    runtime::Buffer frame = runtime::Buffer::allocate(*length);
    frame.resize(*length);
    const std::size_t already = std::min<std::size_t>(*length, received_end_ - received_begin_);
    std::copy_n(received_.begin() + static_cast<std::ptrdiff_t>(received_begin_), already, frame.data());
    received_begin_ += already;
    if (already < *length) {
      const int rest = co_await socket_.recv_all(frame.mutable_view().subspan(already));
      if (rest < 0 || static_cast<std::size_t>(rest) < *length - already) co_return runtime::Buffer();
    }
    co_return frame;
  }
}

bool Connection::whole_frame_received() const {
  const Bytes have = Bytes(received_).subspan(received_begin_, received_end_ - received_begin_);
  return have.size() >= kPrefix && have.size() - kPrefix >= (load_be<std::uint32_t>(have.data()) & 0xFFFFFF);
}

bool Connection::has_room() const {
  return bytes_in_flight_ < kBytesInFlightMax && outbox.queued_bytes() < kBytesQueuedMax;
}

runtime::Task<void> Connection::receive_loop() {
  while (!disconnecting() && !draining_) {
    if (!has_room()) outbox.release();
    while (!has_room() && !disconnecting()) co_await room_.wait();
    runtime::Buffer frame = co_await next_frame();
    if (!frame || disconnecting()) break;
    last_activity = loop_.now();
    // What arrived together is answered together.
    const bool more = whole_frame_received();
    if (more) outbox.hold();
    on_frame(std::move(frame));
    if (!more) outbox.release();
  }
  outbox.release();
}

void Connection::on_frame(runtime::Buffer frame) {
  if (lost_notification.load(std::memory_order_relaxed)) lost_notification = false;
  switch (wire::frame_kind(frame.view())) {
    case wire::FrameKind::smb2: {
      if (frame.size() > message_size_max()) {
        disconnect(fmt::format("a message of {} bytes; {} are accepted here", frame.size(), message_size_max()));
        break;
      }
      IncomingFrame in;
      in.buffer = std::move(frame);
      runtime::spawn(gate, serve(std::move(in)));
      break;
    }
    case wire::FrameKind::encrypted:
      on_encrypted(std::move(frame));
      break;
    case wire::FrameKind::smb1:
      on_smb1(frame.view());
      break;
    case wire::FrameKind::compressed:
      disconnect("a compressed message, and compression was not negotiated");
      break;
    case wire::FrameKind::unknown:
      disconnect("a message that is not SMB");
      break;
  }
}

void Connection::on_encrypted(runtime::Buffer frame) {
  Result<std::shared_ptr<Channel>> channel = unseal(*this, frame.mutable_view());
  if (!channel) {
    disconnect(fmt::format("an encrypted message that cannot be opened: {}", to_string(channel.error())));
    return;
  }
  IncomingFrame in;
  in.buffer = std::move(frame);
  in.offset = wire::kTransformHeaderSize;
  in.encrypted = true;
  in.unsealed_with = std::move(*channel);
  // [MS-SMB2] 3.3.5.2.1.1: what was encrypted is an SMB2 message, and not another transform.
  if (wire::frame_kind(in.message()) != wire::FrameKind::smb2) {
    disconnect("an encrypted message that holds no SMB2 message");
    return;
  }
  runtime::spawn(gate, serve(std::move(in)));
}

void Connection::on_smb1(Bytes frame) {
  if (negotiated || multi_protocol_negotiated) {
    disconnect("an SMB1 message on an SMB2 connection");
    return;
  }
  Result<Reply> reply = answer_multi_protocol_negotiate(*this, frame);
  if (!reply) {
    guard::emit({.event = guard::AuditEvent::smb1_client_refused,
                 .address = peer_address_,
                 .reason = "the client speaks SMB1 only, which this server does not"});
    disconnect("SMB1");
    return;
  }
  OutFrame out;
  out.messages.push_back(std::move(reply->message));
  set_frame_length(out);
  outbox.push(std::move(out));
}

runtime::Task<void> Connection::serve(IncomingFrame frame) {
  const std::shared_ptr<Connection> self = shared_from_this();
  const std::size_t size = frame.buffer.size();
  bytes_in_flight_ += size;
  co_await serve_frame(*this, frame);
  bytes_in_flight_ -= size;
  if (room_.has_waiter()) room_.notify();
}

// --- Ending ------------------------------------------------------------------------------------------------------

void Connection::disconnect(std::string_view why) {
  if (&loop_ != runtime::Loop::current_or_null()) {
    loop_.post([self = shared_from_this(), reason = std::string(why)] { self->disconnect(reason); });
    return;
  }
  if (disconnecting_.exchange(true, std::memory_order_acq_rel)) return;
  guard::emit({.event = guard::AuditEvent::connection_dropped, .address = peer_name_, .reason = std::string(why)});
  socket_.shutdown();
  if (room_.has_waiter()) room_.notify();
}

void Connection::drain() {
  if (disconnecting() || draining_) return;
  draining_ = true;
  socket_.shutdown_receiving();
  if (room_.has_waiter()) room_.notify();
}

runtime::Task<void> Connection::tear_down() {
  deadline_.disarm();
  ending_.store(true, std::memory_order_release);
  // What waits for somebody else is told that it will not happen; what is at work ends by itself. A CREATE that may be
  // repeated goes on as long as its session does.
  cancel_waiting(nullptr);
  const auto all = channels;
  for (const auto& [session_id, channel] : all) co_await close_channel(channel);
  outbox.close();
  runtime::Timer patience;
  if (draining_ && !disconnecting()) {
    patience.arm(
        loop_, loop_.now() + kDrainMax, [](void* p) { static_cast<Connection*>(p)->disconnect("the server stops"); },
        this);
  } else {
    socket_.shutdown();
  }
  co_await gate.close();
}

// [MS-SMB2] 3.3.7.1: with other channels left the session, its trees and its opens stay; only what was asked on this
// one ends.
runtime::Task<void> Connection::close_channel(std::shared_ptr<Channel> channel) {
  const std::shared_ptr<Session> session = channel->session;
  channels.erase(session->id);
  if (&session->home() != &loop_) {
    session->home().post([session, connection = id] { session->cancel_visitors(connection); });
  }
  const bool was_binding = !channel->is_open() && session->is_valid();
  if (was_binding) co_return;
  const bool is_last = !channel->is_open() || server_.sessions().remove_channel(session->id, *this);
  if (is_last) co_await end_session(server_, session, "its last connection has ended");
}

void Connection::forget(const Session& session) {
  const auto found = channels.find(session.id);
  if (found != channels.end() && found->second->is_open()) {
    if (ended_.size() >= kEndedMax) ended_.erase(ended_.begin());
    ended_.emplace(session.id, found->second->signer());
  }
  channels.erase(session.id);
  cancel_waiting(&session);
}

void Connection::cancel_waiting(const Session* only) {
  const auto next = [&]() -> Request* {
    for (Request& request : in_flight) {
      if (request.is_away || (only != nullptr && request.session.get() != only)) continue;
      if (only == nullptr && request.outlives_channel) continue;
      if (request.is_waiting()) return &request;
    }
    return nullptr;
  };
  // Each cancel may end other requests too, so the list is looked at anew.
  while (Request* request = next()) request->abandon();
}

void Connection::channel_opened() {
  if (authenticated_once) return;
  authenticated_once = true;
  if (negotiated->dialect >= Dialect::smb_2_1) server_.add_connection_of_client(negotiated->client_guid, *this);
  admission_.authenticated();
  deadline_.arm(loop_, next_deadline(), [](void* p) { static_cast<Connection*>(p)->on_deadline(); }, this);
}

std::optional<runtime::Delivery> Connection::delivery() const {
  if (torture.acknowledges_nothing) return runtime::Delivery{.acknowledged = 0, .outstanding = 1};
  return runtime::delivery_of(socket_);
}

std::shared_ptr<Channel> Connection::find_channel(SessionId session_id) const {
  const auto found = channels.find(session_id);
  return found == channels.end() || found->second->session->has_ended() ? nullptr : found->second;
}

std::shared_ptr<crypto::Signer> Connection::signer_of_ended(SessionId session_id) const {
  const auto ended = ended_.find(session_id);
  if (ended != ended_.end()) return ended->second;
  // Its end is known to all before it has been told here.
  const auto ending = channels.find(session_id);
  return ending == channels.end() ? nullptr : ending->second->signer();
}

void Connection::cancel(const wire::Header& cancel) {
  for (Request& request : in_flight) {
    // [MS-SMB2] 3.3.5.16: by AsyncId when the CANCEL has one, else by MessageId.
    const bool found = cancel.is_async() ? request.is_async() && request.async_id() == cancel.async_id
                                         : request.header.message_id == cancel.message_id;
    if (!found) continue;
    if (!request.is_away) return request.cancel();
    // It arrives behind the request itself, which has begun to wait by then, or has no need to.
    request.session->home().post([session = request.session, connection = id, message = request.header.message_id] {
      session->cancel_visitor(connection, message);
    });
    return;
  }
}

// --- Deadlines ---------------------------------------------------------------------------------------------------

bool Connection::has_opens() const {
  for (const auto& [session_id, channel] : channels) {
    if (channel->is_open() && channel->session->valid().opens.size() > 0) return true;
  }
  return false;
}

Instant Connection::next_deadline() const {
  if (!authenticated_once) return admission_.preauth_deadline();
  const auto idle = std::chrono::milliseconds(server_.config()->limits.idle_timeout_ms);
  if (idle.count() == 0) return Instant::max();
  return std::max(last_activity + idle, loop_.now() + std::chrono::seconds(1));
}

void Connection::on_deadline() {
  const auto idle = std::chrono::milliseconds(server_.config()->limits.idle_timeout_ms);
  if (!authenticated_once) {
    disconnect("no session was set up in time");
    return;
  }
  if (idle.count() != 0 && loop_.now() >= last_activity + idle && !has_opens() && in_flight.empty()) {
    disconnect("idle");
    return;
  }
  deadline_.arm(loop_, next_deadline(), [](void* p) { static_cast<Connection*>(p)->on_deadline(); }, this);
}

}  // namespace dozo::server
