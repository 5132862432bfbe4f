// One client of the server's simulation, with what it knows: what it has open, which locks it was granted, what its
// private file holds.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/testing/world.h"
#include "tests/simulation/steps.h"

namespace dozo::server::testing {

enum class Action : std::uint8_t {
  open,
  close,
  read,
  write,
  lock,
  unlock,
  remove,
  rename,
  query,
  list,
  notify,
  flush,
  compound,
  echo,
  private_write,
  private_read,
  private_truncate,
  tree_disconnect,
  logoff,
  cancel,
  leave,
  bind,
  cut,
  reauthenticate,
  take_over,
  // Of the world; whose step it is does not matter.
  settle,
  restart,
  outside,
  jump,
  set_clock,
};
// The rows are in the order of Action; what an action does in detail comes from its argument, the dice.
ActionTable free_actions();
// Files that other programs change too.
inline constexpr std::array<std::string_view, 4> kOutsideNames = {"a", "b", "d\\x", "d\\y"};
std::string_view to_string(Action action);

struct KnownOpen {
  FileId id;
  std::uint64_t identity = 0;  // of the file, whatever its names
  AccessMask access;
  ShareAccess share;
  bool is_directory = false;
  std::vector<wire::LockElement> locks;
  // An unlock may be answered before the lock it ended: that had waited, and its answer is on its way.
  std::vector<wire::LockElement> unlocked_early;
};

struct Pending {
  Action action = Action::echo;
  Client* channel = nullptr;
  MessageId id;
  wire::Command command = wire::Command::echo;
  ByteVector body;             // of what is sent once more when its channel is lost
  bool is_sent_again = false;  // the first may have been done, or not
  FileId file;
  std::vector<wire::LockElement> locks;
  std::vector<wire::LockElement> held;  // what an unlock of several finds
  OpenArgs args;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
};

class Actor {
 public:
  Actor(World& world, int number, std::map<std::string, int>& seen) : world_(&world), number_(number), seen_(seen) {}

  bool is_connected() const { return client_ != nullptr; }
  // One more request, a cancel, or the end of the connection. Nothing is waited for. Without a connection: a new one
  // instead.
  void run(const Step& step);
  // Takes in what has been answered.
  void look();
  // The last look had it send something once more.
  bool is_trying_again() const { return is_trying_again_; }
  // The server is killed; the next one is there.
  void lose_server();
  void move_to(World& next) { world_ = &next; }
  // A problem of the model's; empty: none.
  const std::string& problem() const { return problem_; }
  // After everything had time to end: what is still unanswered is only what may wait.
  void check_settled();

  std::size_t channel_count() const { return channels_.size(); }
  const std::vector<KnownOpen>& opens() const { return opens_; }
  // Which the server may have besides: their answers were lost with a channel.
  std::size_t unknown_opens() const { return unknown_opens_; }
  // The locks it waits for, with the identity of their file.
  std::vector<std::pair<std::uint64_t, wire::LockElement>> waiting_locks() const;

 private:
  // A new session of a random dialect, signed or encrypted; its private file is as it was left.
  void connect();
  void connect_as(ClientOptions options);
  void act(Action action);
  // SESSION_SETUP once more, in the middle of everything.
  void reauthenticate();
  // A new session in the place of this one, whose connections are there still.
  void take_over();
  void cancel_some();
  // The connection ends in one of the ways connections end.
  void leave();
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  // --- server_channels.cc
  Client& any_channel() { return *channels_[below(channels_.size())]; }
  void start(Pending pending, Client& channel, MessageId id);
  template <class M>
  void send(Pending pending, wire::Command command, const M& body) {
    pending.command = command;
    send_body(std::move(pending), body_of(body));
  }
  void send_body(Pending pending, ByteVector body);
  void bind_channel();
  void cut_channel(std::uint32_t which);
  void take_in_lost_channels();
  void lose_channel(Client& channel);
  void take_in_loss(Pending pending);
  void close_in_doubt(FileId file);
  void send_again();

  void start_open();
  void start_on_open(Action action);
  void start_notify(FileId directory);
  void start_lock(const KnownOpen& open);
  void start_unlock(const KnownOpen& open);
  wire::LockElement any_range() { return {.offset = below(12), .length = 1 + below(6)}; }
  bool has_locks_under_way(FileId file) const;
  bool has_unlocks_under_way(FileId file) const;
  void start_rename(const KnownOpen& open);
  void start_compound();
  void start_private(Action action);
  void start_leaving(Action action);
  void take_in_answers();
  void take(const Pending& pending, const Answer& answer);
  void take_open(const Pending& pending, const Answer& answer);
  void take_lock(const Pending& pending, NtStatus status);
  void take_private(const Pending& pending, const Answer& answer);
  void open_private(int tries);
  void forget_connection();
  bool is_expected(Action action, NtStatus status) const;
  KnownOpen* find(FileId id);
  const KnownOpen* any_open();
  const KnownOpen* any_directory();
  std::string any_name();
  void fail_with(std::string what);

  World* world_;
  runtime::SeededRandom random_{1};  // of the step
  const int number_;
  std::map<std::string, int>& seen_;
  Client* client_ = nullptr;       // stands for the session, which may go on without this connection of it
  std::vector<Client*> channels_;  // those of its connections that are there
  std::uint16_t channel_sequence_ = 0;
  bool leaving_ = false;  // LOGOFF or TREE_DISCONNECT is on its way
  std::vector<KnownOpen> opens_;
  std::size_t unknown_opens_ = 0;
  std::map<std::uint64_t, Pending> pending_;  // in the order they were sent
  std::uint64_t last_pending_ = 0;
  std::vector<Pending> to_send_again_;
  bool is_trying_again_ = false;
  FileId private_file_;
  bool private_busy_ = false;
  std::string private_content_;
  std::optional<std::string> private_other_;  // what it may hold instead: its last change was never answered
  std::string problem_;
};

}  // namespace dozo::server::testing
