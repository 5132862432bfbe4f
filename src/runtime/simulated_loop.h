// SimulatedLoop: a Loop whose time, network and order of completions come from a 64-bit seed. The same program on the
// same seed does the same things in the same order, as trace_hash() shows.
//
// Stream sockets are in memory: a pair, or a listener and connections by port number (whatever the host part of the
// address). What is sent arrives after a latency, in pieces; windows fill and senders wait; connections can be reset.
// Time is virtual: it jumps to the next thing that happens. File operations are the machine's, done at a random later
// step; offloaded functions likewise, on the one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "runtime/loop.h"

namespace dozo::runtime {

// SplitMix64: every choice of the simulation.
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  // bound > 0
  // Uniform in [least, most].
  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
  bool chance(std::uint64_t per_million) { return below(1'000'000) < per_million; }

 private:
  std::uint64_t state_;
};

struct SimulationOptions {
  Duration latency_min = std::chrono::microseconds(20);  // of each delivery, in each direction
  Duration latency_max = std::chrono::microseconds(500);
  Duration completion_max = std::chrono::microseconds(50);  // from "could complete" to "has completed"
  std::size_t chunk_max = 16 * 1024;                        // a send arrives in pieces of 1 to this many bytes
  std::size_t window = 256 * 1024;                          // bytes sent and not yet received, per direction
  std::uint64_t inline_per_million = 300'000;               // operations that complete at once where they can
  std::uint64_t reset_per_million = 0;                      // deliveries that become a connection reset
  Instant start{std::chrono::seconds(1)};                   // its first now(): a loop may go on where another ended
};

class SimulatedLoop final : public Loop {
 public:
  explicit SimulatedLoop(std::uint64_t seed, SimulationOptions options = {});
  ~SimulatedLoop() override;

  // One event: the next in time. False when nothing will ever happen again.
  bool step();
  // Until only timers are left.
  void run_until_idle();
  // Everything within the next `time`, timers included; time has advanced by exactly that when it returns.
  void run_for(Duration time);
  // As for a machine that was suspended: so much time is over at once, and what was due meanwhile happens late.
  void jump(Duration time) { now_ += time; }
  // Somebody sets the clock on the wall, forward or back.
  void set_wall_ahead(Duration by) { wall_start_ += by; }
  // Steps until done() or until nothing is left; whether done().
  template <class Done>
  bool run_until(Done done, std::size_t steps_max = 10'000'000) {
    for (std::size_t i = 0; i < steps_max && !done(); ++i) {
      if (!step()) break;
    }
    return done();
  }

  // Two connected sockets.
  std::pair<Handle, Handle> make_pair();
  Handle listen(std::uint16_t port);
  // Resets the connection of `socket`: both ends fail with ECONNRESET, data in flight is lost.
  void inject_reset(Handle socket);
  // All that has happened so far, in order.
  std::uint64_t trace_hash() const { return trace_; }
  std::uint64_t steps() const { return steps_; }
  SeededRandom& random() { return random_; }

  Instant now() const override { return now_; }
  WallTime wall_now() const override { return wall_start_ + now_.time_since_epoch(); }
  std::string_view backend_name() const override { return "simulated"; }
  // Until stop() or until nothing is left.
  void run() override;
  // This thread only.
  void post(Callback callback) override;

  bool start_accept(Operation& op, Handle listener) override;
  bool start_connect(Operation& op, Handle socket, const sockaddr* address, socklen_t length) override;
  bool start_recv(Operation& op, Handle socket, MutableBytes into) override;
  bool start_send(Operation& op, Handle socket, std::span<iovec> parts) override;
  bool start_read(Operation& op, int fd, MutableBytes into, std::uint64_t offset) override;
  bool start_write(Operation& op, int fd, Bytes from, std::uint64_t offset) override;
  bool start_fsync(Operation& op, int fd, bool data_only) override;
  bool start_poll(Operation& op, int fd, short events) override;
  bool start_offload(Operation& op, void (*function)(void*), void* context) override;
  void cancel(Operation& op) override;
  Handle open_socket(int family) override;
  void shutdown(Handle socket) override;
  void shutdown_receiving(Handle socket) override;
  void close(Handle socket) override;
  Counters counters() const override { return counters_; }

 protected:
  void on_stop_requested() override {}

 private:
  enum class Happening : std::uint8_t { timer, post, completion, delivery, connection, file, poll };
  struct Event {
    Happening what;
    Handle socket;
    Callback run;
  };
  struct When {
    Instant instant;
    std::uint64_t order;  // random: events of one instant come in any order
    std::uint64_t sequence;
    auto operator<=>(const When&) const = default;
  };
  struct SimulatedSocket;

  void schedule(Instant when, Happening what, Handle socket, Callback run);
  Instant soon();
  bool finish(Operation& op, int result, Handle socket);
  void finish_later(Operation& op, int result, Handle socket);
  void note(Happening what, Handle socket, std::uint64_t value);
  SimulatedSocket* find(Handle socket);
  SimulatedSocket& add_socket();
  bool try_recv(SimulatedSocket& socket, MutableBytes into, int& result);
  void retry_recv(SimulatedSocket& socket);
  void push_outgoing(SimulatedSocket& socket);
  Duration latency();
  Instant next_delivery(SimulatedSocket& socket);
  void deliver(Handle to, const ByteVector& bytes);
  void send_end(SimulatedSocket& socket);
  void fail_sends(SimulatedSocket& socket, int result);
  void arrive(Handle from, std::uint16_t port, Operation& op);
  void poll_again(Operation& op, int fd, short events);
  bool run_one(std::optional<Instant> until, bool timers);

  SeededRandom random_;
  const SimulationOptions options_;
  Instant now_ = options_.start;
  WallTime wall_start_{std::chrono::seconds(1'700'000'000)};
  std::map<When, Event> events_;
  std::uint64_t next_sequence_ = 0;
  Instant last_post_{};
  std::map<Handle, std::unique_ptr<SimulatedSocket>> sockets_;
  std::map<std::uint16_t, Handle> listeners_;
  Handle next_handle_;
  std::set<Operation*> polls_;
  std::uint64_t trace_ = 0xcbf29ce484222325ull;
  std::uint64_t steps_ = 0;
  Counters counters_;
};

}  // namespace dozo::runtime
