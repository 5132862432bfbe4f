// The simulated loop's network.
#include <arpa/inet.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "runtime/operation_scratch.h"
#include "runtime/simulated_loop.h"
#include "runtime/simulated_socket.h"

namespace dozo::runtime {
namespace {

std::uint16_t port_of(const sockaddr* address, socklen_t length) {
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    return ntohs(in.sin6_port);
  }
  sockaddr_in in{};
  std::memcpy(&in, address, std::min<std::size_t>(length, sizeof in));
  return ntohs(in.sin_port);
}

}  // namespace

// --- Sockets -----------------------------------------------------------------------------------------------------

SimulatedLoop::SimulatedSocket* SimulatedLoop::find(Handle socket) {
  const auto found = sockets_.find(socket);
  return found != sockets_.end() ? found->second.get() : nullptr;
}

SimulatedLoop::SimulatedSocket& SimulatedLoop::add_socket() {
  auto socket = std::make_unique<SimulatedSocket>();
  socket->handle = next_handle_++;  // never used again: a stale handle finds nothing
  return *(sockets_[socket->handle] = std::move(socket));
}

Handle SimulatedLoop::open_socket(int) { return add_socket().handle; }

std::pair<Handle, Handle> SimulatedLoop::make_pair() {
  SimulatedSocket& a = add_socket();
  SimulatedSocket& b = add_socket();
  a.peer = b.handle;
  b.peer = a.handle;
  return {a.handle, b.handle};
}

Handle SimulatedLoop::listen(std::uint16_t port) {
  if (listeners_.contains(port)) return -EADDRINUSE;
  SimulatedSocket& socket = add_socket();
  socket.listening = true;
  socket.port = port;
  listeners_[port] = socket.handle;
  return socket.handle;
}

// --- Connecting --------------------------------------------------------------------------------------------------

bool SimulatedLoop::start_connect(Operation& op, Handle handle, const sockaddr* address, socklen_t length) {
  ++counters_.operations;
  SimulatedSocket* socket = find(handle);
  if (socket == nullptr) return finish(op, -EBADF, handle);
  if (socket->peer >= 0) return finish(op, -EISCONN, handle);
  const std::uint16_t port = port_of(address, length);
  schedule(now_ + latency(), Happening::connection, handle, [this, handle, port, &op] { arrive(handle, port, op); });
  return false;
}

void SimulatedLoop::arrive(Handle from, std::uint16_t port, Operation& op) {
  const auto listening = listeners_.find(port);
  SimulatedSocket* client = find(from);
  if (client == nullptr) return finish_later(op, -ECANCELED, from);
  if (listening == listeners_.end()) return finish_later(op, -ECONNREFUSED, from);
  SimulatedSocket& server = add_socket();
  server.peer = from;
  client->peer = server.handle;
  SimulatedSocket& listener = *find(listening->second);
  finish_later(op, 0, from);
  if (listener.accepts.empty()) {
    listener.backlog.push_back(server.handle);
    return;
  }
  Operation* accepting = listener.accepts.front();
  listener.accepts.pop_front();
  finish_later(*accepting, server.handle, listener.handle);
}

bool SimulatedLoop::start_accept(Operation& op, Handle handle) {
  ++counters_.operations;
  SimulatedSocket* listener = find(handle);
  if (listener == nullptr) return finish(op, -EBADF, handle);
  if (!listener->listening) return finish(op, -EINVAL, handle);
  if (listener->backlog.empty()) {
    listener->accepts.push_back(&op);
    return false;
  }
  const Handle accepted = listener->backlog.front();
  listener->backlog.pop_front();
  return finish(op, accepted, handle);
}

// --- Receiving ---------------------------------------------------------------------------------------------------

bool SimulatedLoop::start_recv(Operation& op, Handle handle, MutableBytes into) {
  ++counters_.operations;
  SimulatedSocket* socket = find(handle);
  if (socket == nullptr) return finish(op, -EBADF, handle);
  if (socket->peer < 0) return finish(op, -ENOTCONN, handle);
  int result = 0;
  if (socket->recvs.empty() && try_recv(*socket, into, result)) return finish(op, result, handle);
  socket->recvs.push_back({.op = &op, .into = into});
  return false;
}

// Whether a receive would not block now; then `result` is its outcome.
bool SimulatedLoop::try_recv(SimulatedSocket& socket, MutableBytes into, int& result) {
  if (socket.error != 0) {
    result = socket.error;
    return true;
  }
  if (socket.received.empty()) {
    result = 0;
    return socket.end_received;
  }
  const std::size_t there = std::min(into.size(), socket.received.size());
  if (there == 0) {
    result = 0;
    return true;
  }
  // Often all there is, sometimes less, as a network stack may.
  const std::size_t taken = random_.chance(500'000) ? there : static_cast<std::size_t>(random_.between(1, there));
  const auto end = socket.received.begin() + static_cast<std::ptrdiff_t>(taken);
  std::copy(socket.received.begin(), end, into.begin());
  socket.received.erase(socket.received.begin(), end);
  result = static_cast<int>(taken);
  if (SimulatedSocket* peer = find(socket.peer)) {
    peer->in_flight -= std::min(peer->in_flight, taken);
    push_outgoing(*peer);
  }
  return true;
}

void SimulatedLoop::retry_recv(SimulatedSocket& socket) {
  int result = 0;
  while (!socket.recvs.empty() && try_recv(socket, socket.recvs.front().into, result)) {
    Operation* op = socket.recvs.front().op;
    socket.recvs.pop_front();
    finish_later(*op, result, socket.handle);
  }
}

// --- Sending -----------------------------------------------------------------------------------------------------

bool SimulatedLoop::start_send(Operation& op, Handle handle, std::span<iovec> parts) {
  DOZO_ASSERT(parts.size() <= parts_max);
  ++counters_.operations;
  SimulatedSocket* socket = find(handle);
  if (socket == nullptr) return finish(op, -EBADF, handle);
  if (socket->error != 0) return finish(op, socket->error, handle);
  if (socket->peer < 0) return finish(op, -ENOTCONN, handle);
  if (socket->end_sent || find(socket->peer) == nullptr) return finish(op, -EPIPE, handle);
  op.result = 0;
  socket->sends.push_back({.op = &op, .rest = advance_parts(parts, 0)});
  push_outgoing(*socket);
  return false;
}

// Puts pieces of the pending sends on the wire while the window has room.
void SimulatedLoop::push_outgoing(SimulatedSocket& socket) {
  while (!socket.sends.empty()) {
    auto& pending = socket.sends.front();
    if (pending.rest.empty()) {
      Operation* op = pending.op;
      socket.sends.pop_front();
      finish_later(*op, op->result, socket.handle);
      continue;
    }
    if (socket.in_flight >= options_.window) return;
    const iovec part = pending.rest.front();
    const std::size_t room = std::min({part.iov_len, options_.window - socket.in_flight, options_.chunk_max});
    const auto taken = static_cast<std::size_t>(random_.between(1, room));
    const auto* from = static_cast<const std::uint8_t*>(part.iov_base);
    pending.rest = advance_parts(pending.rest, taken);
    pending.op->result += static_cast<int>(taken);
    socket.in_flight += taken;
    const Handle peer = socket.peer;
    schedule(next_delivery(socket), Happening::delivery, peer,
             [this, peer, bytes = ByteVector(from, from + taken)] { deliver(peer, bytes); });
  }
}

Duration SimulatedLoop::latency() {
  return Duration(random_.between(static_cast<std::uint64_t>(options_.latency_min.count()),
                                  static_cast<std::uint64_t>(options_.latency_max.count())));
}

Instant SimulatedLoop::next_delivery(SimulatedSocket& socket) {
  socket.last_delivery = std::max(socket.last_delivery + Duration(1), now_ + latency());
  return socket.last_delivery;
}

void SimulatedLoop::deliver(Handle to, const ByteVector& bytes) {
  SimulatedSocket* socket = find(to);
  if (socket == nullptr || socket->error != 0) return;
  if (random_.chance(options_.reset_per_million)) return inject_reset(to);
  note(Happening::delivery, to, bytes.size());
  socket->received.insert(socket->received.end(), bytes.begin(), bytes.end());
  retry_recv(*socket);
}

// --- Ending ------------------------------------------------------------------------------------------------------

void SimulatedLoop::send_end(SimulatedSocket& socket) {
  if (std::exchange(socket.end_sent, true) || socket.peer < 0) return;
  const Handle peer_handle = socket.peer;
  schedule(next_delivery(socket), Happening::delivery, peer_handle, [this, peer_handle] {
    SimulatedSocket* peer = find(peer_handle);
    if (peer == nullptr) return;
    peer->end_received = true;
    retry_recv(*peer);
    // Its program may be waiting for a window that nobody will open.
    if (find(peer->peer) == nullptr) fail_sends(*peer, -EPIPE);
  });
}

void SimulatedLoop::fail_sends(SimulatedSocket& socket, int result) {
  for (const auto& pending : std::exchange(socket.sends, {})) finish_later(*pending.op, result, socket.handle);
}

void SimulatedLoop::shutdown(Handle handle) {
  SimulatedSocket* socket = find(handle);
  if (socket == nullptr) return;
  for (Operation* op : std::exchange(socket->accepts, {})) finish_later(*op, -EINVAL, handle);
  if (socket->listening) socket->listening = false;
  fail_sends(*socket, -EPIPE);
  send_end(*socket);
  socket->end_received = true;
  retry_recv(*socket);
}

void SimulatedLoop::shutdown_receiving(Handle handle) {
  SimulatedSocket* socket = find(handle);
  if (socket == nullptr) return;
  socket->end_received = true;
  retry_recv(*socket);
}

void SimulatedLoop::close(Handle handle) {
  SimulatedSocket* socket = find(handle);
  if (socket == nullptr) return;
  DOZO_ASSERT(socket->recvs.empty() && socket->sends.empty() && socket->accepts.empty());
  send_end(*socket);
  const auto listening = listeners_.find(socket->port);
  if (listening != listeners_.end() && listening->second == handle) listeners_.erase(listening);
  const auto backlog = std::move(socket->backlog);
  sockets_.erase(handle);
  for (const Handle accepted : backlog) close(accepted);
}

void SimulatedLoop::inject_reset(Handle handle) {
  SimulatedSocket* socket = find(handle);
  if (socket == nullptr) return;
  for (SimulatedSocket* end : {socket, find(socket->peer)}) {
    if (end == nullptr || end->error != 0) continue;
    note(Happening::connection, end->handle, 0);
    end->error = -ECONNRESET;
    end->received.clear();
    fail_sends(*end, -ECONNRESET);
    retry_recv(*end);
  }
}

}  // namespace dozo::runtime
