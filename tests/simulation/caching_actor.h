// A client that believes what it is promised: it keeps data according to the leases and oplocks it holds, writes back
// when they are broken, comes back to its durable opens, watches a directory. What it sees goes into the model, which
// knows what may be true.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/testing/world.h"
#include "tests/simulation/caching_names.h"
#include "tests/simulation/history.h"
#include "tests/simulation/mishaps.h"
#include "tests/simulation/steps.h"
#include "wire/create_contexts.h"

namespace dozo::server::testing {

// What a CachingActor can be told to do. The rows of caching_actions() are in this order.
enum class CachingAction : std::uint32_t {
  open,
  close,
  read,
  write,
  flush,
  lock,
  unlock,
  rename,
  remove,
  watch,
  cancel,
  temper,
  drop,
  abandon,
  logoff,
  doze,
  steal,
  resilient,
  bind,
  cut,
  // Of the world; whose step it is does not matter.
  pause,
  settle,
  restart,
  outside,
  jump,
  set_clock,
};
ActionTable caching_actions();

// How an actor answers breaks.
enum class Temper : std::uint32_t { prompt, slow, meek, closes, vanishes, logs_off, late, never };

// Beside all actors: what is true, as far as it can be known.
struct CachingModel {
  World* world = nullptr;
  History history;
  CellValue last_value = 0;
  std::map<std::string, int> seen;  // how often each operation ended how: "open STATUS_SUCCESS"
  std::string problem;
  std::vector<Instant> last_action;    // by actor
  std::size_t unknown_opens = 0;       // opens whose answer was lost: the server may have them, and may have kept them
  bool persistent = false;             // the share is continuously available
  Instant jumped_at = Instant::min();  // when the last long time was over at once
  // What files are called now, where a rename was answered; and those of which that is not certain.
  std::map<std::uint64_t, std::string> names;
  std::set<std::uint64_t> names_doubted;
  std::set<std::uint64_t> names_removed;  // by another program
  std::map<std::uint64_t, int> renames_begun;

  Instant now() const { return world->loop().now(); }
  // Or shortly before: what was sent then was on its way when it happened.
  bool jumped_since(Instant at) const { return jumped_at != Instant::min() && jumped_at + kAfterJump >= at; }
  void fail_with(std::string what) {
    if (problem.empty()) problem = std::move(what);
  }
  void fail_with_unless_empty(std::string what) {
    if (!what.empty()) fail_with(std::move(what));
  }
};

inline constexpr std::uint32_t kCells = 2;

// Data that was written and not sent yet.
struct DirtyCell {
  struct Value {
    CellValue value = 0;
    Instant at;
  };
  Value last;
  std::vector<Value> before;  // overwritten before they were sent
  bool sent = false;
};

// What one lease, or one open with an oplock, lets its client keep.
struct Cache {
  std::optional<Guid> key;  // of a lease
  std::uint64_t identity = 0;
  LeaseState state;  // as far as the client knows
  LeaseState told;   // by the last answer to a CREATE: more than `state` while a break goes on
  bool is_v2 = false;
  std::uint16_t epoch = 0;  // of a lease of version 2
  std::array<std::optional<CellValue>, kCells> clean;
  std::array<std::uint32_t, kCells> stamps{};  // counts changes of each cell: an answer from before one is old news
  std::array<std::uint32_t, kCells> writes_under_way{};
  std::map<std::uint32_t, DirtyCell> dirty;
  std::uint32_t generation = 0;  // counts losses of R
  bool owes_ack = false;
  bool ack_is_under_way = false;
  bool flushing = false;
  std::optional<Instant> slow_since;  // it takes its time before it does what a break asks for
  bool trusted = true;                // false: a break may have been lost with a channel; nothing is relied on

  bool can(LeaseBit bit) const { return trusted && state.has(bit); }
  void forget_clean() {
    ++generation;
    clean = {};
  }
};
using CacheRef = std::shared_ptr<Cache>;

struct Handle {
  FileId id;
  std::string name;
  std::uint64_t identity = 0;
  AccessMask access;
  ShareAccess share;
  CacheRef cache;  // null: nothing may be kept
  std::vector<wire::LockElement> locks;
  std::set<std::pair<std::uint64_t, std::uint64_t>> ranges_locked;  // or being locked
  bool is_durable = false;
  bool is_v2 = false;
  bool is_persistent = false;
  Guid create_guid;
  Duration patience{};
  bool lease_v2 = false;
  std::optional<Instant> lost_at;  // its connection is gone, and it may be come back to
  Instant lost_since;              // the server may have known from here on
  bool closing = false;
  bool close_is_sent = false;
  bool is_resilient = false;
  bool may_be_resilient = false;  // it was asked for, and there is no answer
  bool is_gone = false;           // the server that knew it was killed
  bool lost_in_break = false;     // the connection went while a break was to be acknowledged
  bool may_be_over = false;       // its time was when that happened
};
using HandleRef = std::shared_ptr<Handle>;

// What an oplock lets its client keep, as a lease says it.
LeaseState state_of(OplockLevel level);

// A directory that is watched, and the names in it as they were told.
struct DirectoryWatch {
  FileId id;
  std::set<std::u16string> names;
  bool ready = false;
};

class CachingActor final : public BreakListener {
 public:
  CachingActor(CachingModel& model, std::uint32_t number) : model_(model), number_(number) {}

  // Begins what the step says, after connecting if need be. Returns before it is done, but for connecting.
  void run(const Step& step, std::vector<std::unique_ptr<CachingActor>>& all);
  // Notices that the connection is gone.
  void look();
  // Nothing is on its way any more, but for what may wait for ever.
  bool is_quiet() const;
  std::string what_is_pending() const;
  // What can be known when every actor is quiet.
  void check_settled();
  void end();
  // The server is killed. Until it is there again nothing may be begun; what has been ends by itself.
  void lose_server();
  void find_server_again();
  bool has_ended() const { return gate_.count() == 0; }

  bool is_connected() const { return client_ != nullptr; }
  const std::vector<HandleRef>& handles() const { return handles_; }
  // The names in the watched directory, as it was told.
  const std::set<std::u16string>* watched_names() const { return watch_ && watch_->ready ? &watch_->names : nullptr; }
  std::size_t watch_opens() const { return watch_ ? 1 : 0; }
  std::set<std::u16string> list_watched_directory();
  const std::string& user() const { return user_; }
  bool may_keep_back(std::uint64_t identity) const;
  // Much time is over at once.
  void notice_jump() {
    if (dozing_) oversleep();
  }

  void on_break(Client& client, const Answer& notification) override;

 private:
  using Steps = const std::vector<std::uint32_t>;
  struct Operation {
    std::string what;
    Client* client = nullptr;
    MessageId id;
    bool may_wait = false;
  };
  // What a CREATE asks for besides its name.
  struct Wish {
    OpenArgs args;
    OplockLevel oplock = OplockLevel::none;
    std::optional<wire::LeaseContextV2> lease;
    bool lease_v2 = false;
    bool durable = false;
    bool persistent = false;
    Guid create_guid;
  };
  // A CREATE that comes back to an open. Its contexts' data are in `data`.
  struct ReconnectRequest {
    std::string name;
    OpenArgs args;
    OplockLevel oplock = OplockLevel::none;
    std::vector<std::pair<Bytes, ByteVector>> contexts;
    ByteVector encoded() const;
  };
  struct Flushed {
    Cell cell;
    std::vector<DirtyCell::Value> values;
    Instant done;
  };

  // --- caching_channels.cc
  // Whether a request that was lost with its channel is sent once more on
  // another; `replay`: with SMB2_FLAGS_REPLAY_OPERATION, and again while the
  // server says that the first is still under way. is_one: it is sent again
  // itself.
  enum class Again : std::uint8_t { never, plain, replay, is_one };
  runtime::Task<Answer> call(wire::Command command, ByteVector body, std::string what, bool may_wait = false,
                             Again again = Again::never);
  template <class M>
  runtime::Task<Answer> request(wire::Command command, const M& message, std::string what, bool may_wait = false,
                                Again again = Again::never) {
    return call(command, body_of(message), std::move(what), may_wait, again);
  }
  Client* any_channel();
  void bind_channel();
  void cut_channel(std::uint32_t which);
  void notice_lost_channels();
  void distrust_caches();
  runtime::Task<void> flush_in_time(CacheRef cache);
  bool still_has(const Client* session) const { return client_ == session && !channels_.empty(); }

  // --- caching_actor.cc
  void connect();
  void leave(std::uint32_t how);
  void forget_connection();
  runtime::Task<void> perform(Step step);
  runtime::Task<void> log_off();
  runtime::Task<void> doze(Duration time);
  void oversleep() {
    overslept_ = true;
    last_oversleep_ = model_.now();
  }
  void cancel_some(std::uint32_t which);
  HandleRef pick(std::uint32_t which) const;
  void check_status(std::string_view what, NtStatus status, std::initializer_list<NtStatus> expected);
  void fail_with(std::string what);
  World& world() const { return *model_.world; }

  // --- caching_files.cc
  runtime::Task<void> open(Step step);
  runtime::Task<Answer> send_open(const Wish& wish, const std::string& name);
  void take_open(const Wish& wish, const std::string& name, const Answer& answer);
  runtime::Task<void> close(HandleRef handle);
  runtime::Task<void> read(HandleRef handle, std::uint32_t cell);
  runtime::Task<void> write(HandleRef handle, std::uint32_t cell);
  runtime::Task<void> write_through(HandleRef handle, std::uint32_t cell);
  runtime::Task<NtStatus> write_once(HandleRef handle, std::uint32_t cell, CellValue value, bool is_replay);
  runtime::Task<void> flush(HandleRef handle);
  runtime::Task<void> lock(HandleRef handle, wire::LockElement element);
  runtime::Task<void> unlock(HandleRef handle);
  runtime::Task<void> rename(HandleRef handle, std::string to, bool replace);
  runtime::Task<void> remove(HandleRef handle);
  runtime::Task<void> watch(std::uint32_t buffer_size);
  static runtime::Task<void> await_into(runtime::Task<Answer> task, runtime::OneShot<Answer>& arrived);
  runtime::Task<bool> read_names(FileId directory);
  std::set<std::u16string> names_in(const Answer& answer);
  void take_changes(Bytes records);

  // --- caching_breaks.cc
  Wish wish_of(const Step& step);
  CacheRef take_lease(const Wish& wish, const wire::CreateResponse& said, std::uint64_t identity);
  void handle_break(const Answer& notification);
  void handle_oplock_break(const Answer& notification);
  void handle_lease_break(const Answer& notification);
  void take_break(const CacheRef& cache, LeaseState to, bool ack_required);
  runtime::Task<void> answer_break(CacheRef cache, LeaseState to);
  runtime::Task<void> answer_next_break(CacheRef cache, LeaseState to);
  runtime::Task<void> acknowledge(CacheRef cache, LeaseState to, bool in_time, Instant told);
  runtime::Task<NtStatus> send_acknowledgement(CacheRef cache, LeaseState to);
  runtime::Task<bool> write_back(CacheRef cache, std::vector<Flushed>& done);
  void settle_flushed(const std::vector<Flushed>& done, bool in_time);
  void lose_dirty(Cache& cache);
  void doubt_dirty(const Cache& cache);
  void lose(Cache& cache);
  void release_cache(const HandleRef& handle);
  HandleRef writer_of(const CacheRef& cache) const;
  bool is_used(const CacheRef& cache) const;
  bool has_writer(const CacheRef& cache) const;

  // --- caching_durable.cc
  void suspend(const HandleRef& handle);
  runtime::Task<void> become_resilient(HandleRef handle, Duration timeout);
  const std::string& name_of(const Handle& handle) const;
  bool must_be_given_back(const Handle& handle) const;
  void reclaim_all();
  void reclaim(const HandleRef& handle);
  void take_reclaimed(const HandleRef& handle, const Answer& answer);
  ReconnectRequest reconnect_request(const Handle& handle) const;
  runtime::Task<void> steal(ReconnectRequest request);
  bool others_were_quiet_since(Instant since) const;

  CachingModel& model_;
  const std::uint32_t number_;
  std::string user_;
  Temper temper_ = Temper::prompt;
  Client* client_ = nullptr;       // stands for the session, which may go on without this connection of it
  std::vector<Client*> channels_;  // those of its connections that are there
  std::size_t next_channel_ = 0;
  std::uint16_t channel_sequence_ = 0;
  bool was_replayed_ = false;            // the request whose answer came last
  bool lost_channel_meanwhile_ = false;  // likewise
  bool leaving_ = false;
  bool dozing_ = false;
  bool overslept_ = false;  // longer than a server waits for an acknowledgement
  Instant last_oversleep_ = Instant::min();
  SessionId last_session_;
  std::vector<HandleRef> handles_;
  std::map<Guid, CacheRef> leases_;
  std::set<Guid> keys_used_;
  std::set<Guid> keys_opening_;
  // Breaks that came before the answers of the CREATEs whose grants they break, on another channel.
  std::map<Guid, Answer> early_lease_breaks_;
  std::map<FileId, Answer> early_oplock_breaks_;
  std::map<std::uint64_t, Operation> operations_;
  std::uint64_t last_operation_ = 0;
  std::uint64_t last_guid_ = 0;
  std::optional<DirectoryWatch> watch_;
  std::vector<std::unique_ptr<CachingActor>>* all_ = nullptr;
  runtime::Gate gate_;
};

}  // namespace dozo::server::testing
