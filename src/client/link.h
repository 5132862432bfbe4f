// Link: a share that is reached again when its connection is lost.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/logon.h"
#include "client/session.h"
#include "client/tree.h"
#include "runtime/gate.h"
#include "runtime/semaphore.h"

namespace dozo::client {

// What it takes to reach a share, as often as it has to be.
struct LinkTarget {
  std::vector<runtime::Endpoint> endpoints;  // tried in this order
  ConnectionOptions connection;              // a null client_guid is replaced once: durable handles are of one client
  std::shared_ptr<const Logon> logon;
  SessionOptions session;
  std::string share;
  // How long a lost share is tried again before its loss is an error; zero: not at all.
  Duration patience = std::chrono::seconds(60);
};

// A connection with its session and tree. Who uses it holds a share of it, and its end waits for nobody else.
struct Line {
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Session> session;
  std::unique_ptr<Tree> tree;
  std::uint64_t number = 0;  // 1 for the first
};
using LinePtr = std::shared_ptr<Line>;

// Whether an error means that the connection or the session behind a request is gone, and not that the server refused.
// A broken signature is no loss: whoever breaks signatures would break the next connection's too.
bool is_loss(NtStatus status);

// Where a Link could not get any further.
enum class Stage : std::uint8_t { connecting, logging_on, connecting_tree, ready };

// Resource; one loop. Owner: whoever opened it; it awaits close() before the end, and outlives what uses it.
class Link {
 public:
  // How often one operation was lost, and whether it is tried again.
  class LossCount {
   public:
    explicit LossCount(Link& link) : link_(link) {}
    bool try_again() {
      if (losses_++ == 0) end_ = link_.loop_.now() + link_.target_.patience;
      return losses_ <= losses_max && link_.loop_.now() < end_;
    }

   private:
    static constexpr int losses_max = 16;
    Link& link_;
    int losses_ = 0;
    Instant end_{};
  };

  // Connects. Errors: those of Connection, Session and Tree; reached() says how far it came.
  Link(runtime::Loop& loop, LinkTarget target);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // The line there is, or a new one. A first attempt is one attempt; a line that was lost is tried again and again
  // until `patience` is over. Everybody who asks meanwhile waits for the same attempt.
  runtime::Task<Result<LinePtr>> line();
  // A request over `line` ended with a status that is_loss(): the next line() is a new one.
  void lost(const LinePtr& line, NtStatus why);
  // Logs off and ends the connection.
  runtime::Task<void> close();

  // Runs make(tree), again over a new line when it was lost on the way; for what may be done twice.
  template <class F>
  auto run(F make) -> std::invoke_result_t<F&, Tree&> {
    for (LossCount losses(*this);;) {
      auto at = co_await line();
      if (!at) co_return fail(at.error());
      auto result = co_await make(*(*at)->tree);
      if (result || !is_loss(result.error()) || !losses.try_again()) co_return result;
      lost(*at, result.error());
    }
  }

  Stage reached() const { return reached_; }
  std::uint64_t lines() const { return lines_; }  // how many there have been
  runtime::Loop& loop() { return loop_; }
  const LinkTarget& target() const { return target_; }

 private:
  bool usable() const { return line_ && line_->connection->is_open(); }
  runtime::Task<Result<LinePtr>> line_in_turn();
  runtime::Task<Result<LinePtr>> establish();
  runtime::Task<Result<>> establish_over(Line& line);
  runtime::Task<void> retire(LinePtr line);

  runtime::Loop& loop_;
  LinkTarget target_;
  LinePtr line_;
  SessionId last_session_;
  std::uint64_t lines_ = 0;
  Stage reached_ = Stage::connecting;
  runtime::Semaphore turn_{1};
  runtime::Gate retiring_;
};

}  // namespace dozo::client
