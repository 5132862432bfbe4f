// Runs scenarios against the bare engine. (A runner against a live server shares the parser, not this.)
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "share/engine.h"
#include "share/scenario.h"

namespace dozo::share {

// What a step came to, in the words of the scenario language.
struct StepResult {
  std::string answer;
  std::vector<std::string> effects;
  bool operator==(const StepResult&) const = default;
};

// An engine with names: actors, handles, paths. Value; single-threaded.
class EngineRunner {
 public:
  explicit EngineRunner(EngineOptions options = {}) : engine_(options) {}

  // A handle that was never opened is one that was closed: FILE_CLOSED. Opening a handle that is open: INVALID_HANDLE.
  StepResult run(const Step& step);
  const Engine& engine() const { return engine_; }

 private:
  using HandleName = std::pair<std::string, std::string>;  // actor, handle
  struct Waiting {
    TicketId ticket;
    OpenId open;  // as CancelTicket wants it
  };
  struct Handle {
    OpenId open;
    HandleName name;
    std::string path;
    std::vector<Waiting> waiting;
  };

  StepResult open(const Step& step);
  StepResult lock(const Step& step, OpenId open);
  StepResult cancel(const Step& step, OpenId open);
  StepResult rename(const Step& step, OpenId open);
  StepResult link(const Step& step, OpenId open);
  StepResult advance(Duration time);
  StepResult use(const Step& step, OpenId open);
  StepResult replace(const Step& step, OpenId open);
  StepResult ack(const Step& step, OpenId open);
  StepResult reclaim(const Step& step, OpenId open);
  OpenRequest request_of(const Step& step);
  StepResult apply(const Event& event);
  StepResult apply_waiting(const Event& event, TicketId ticket, OpenId open, OpenId handle);
  StepResult text_of(const Effects& effects);
  std::string effect_text(const Effect& effect);
  std::string wake_text(const Wake& wake);
  std::string break_text(const BreakLease& effect) const;
  std::string purge_text(const Purge& purge);

  OwnerId owner_of(const std::string& actor);
  LeaseId lease_of(const std::string& actor, const std::string& key);
  OpenId find(const Step& step) const;
  std::uint64_t inode_of(const std::string& path);

  Engine engine_;
  Instant now_{};
  std::uint64_t next_open_ = 1;
  std::uint64_t next_ticket_ = 1;
  std::uint64_t next_inode_ = 1;
  std::map<std::string, OwnerId> owners_;
  std::map<HandleName, OpenId> names_;
  std::map<OpenId, Handle> handles_;
  std::map<TicketId, OpenId> tickets_;
  std::map<std::string, std::uint64_t> inodes_;
  std::map<Guid, std::string> clients_;
  std::map<Guid, std::string> keys_;
};

// Runs one scenario from an empty engine. The first line that comes out differently, as "line 7: ...".
std::expected<void, std::string> run_scenario(const Scenario& scenario, EngineOptions options = {});

}  // namespace dozo::share
