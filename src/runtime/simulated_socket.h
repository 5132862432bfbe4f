// A simulated stream socket: the state that simulated_loop.cc and simulated_network.cc share.
#pragma once

#include <deque>
#include <span>

#include "runtime/simulated_loop.h"

namespace dozo::runtime {

struct SimulatedLoop::SimulatedSocket {
  struct PendingRecv {
    Operation* op;
    MutableBytes into;
  };
  struct PendingSend {
    Operation* op;
    std::span<iovec> rest;
  };

  Handle handle = -1;
  Handle peer = -1;  // -1: not connected
  // Receiving.
  std::deque<std::uint8_t> received;
  bool end_received = false;  // the peer will send no more
  std::deque<PendingRecv> recvs;
  // Sending.
  std::deque<PendingSend> sends;
  std::size_t in_flight = 0;  // sent, and not yet received by the peer's program
  Instant last_delivery{};    // what is sent later arrives later
  bool end_sent = false;
  // Both.
  int error = 0;  // -ECONNRESET after a reset
  // Listening.
  bool listening = false;
  std::uint16_t port = 0;
  std::deque<Handle> backlog;
  std::deque<Operation*> accepts;

  // Drops `op` where it is pending; whether it was.
  bool forget(Operation& op) {
    return std::erase(accepts, &op) != 0 ||
           std::erase_if(recvs, [&](const PendingRecv& pending) { return pending.op == &op; }) != 0 ||
           std::erase_if(sends, [&](const PendingSend& pending) { return pending.op == &op; }) != 0;
  }
};

}  // namespace dozo::runtime
