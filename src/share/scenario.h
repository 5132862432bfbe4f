// The scenario language (.smbt): who does what, what is answered, and what follows from it.
//
//   scenario a writer excludes who does not share writing       # [MS-FSA] 2.1.5.1.2.2
//   A open f access=rw share=rwd -> ok
//   B open f access=w share=r    -> SHARING_VIOLATION
//   A lock f 0+10 excl, 20+1 shared -> ok
//   B open f as g access=r share=rwd
//   B lock g 5+1 shared wait     -> pending
//   A close f
//   => B wake ok
//
// A line is ACTOR VERB HANDLE ARGUMENTS -> ANSWER. Without an arrow the answer is `ok`; other answers are `pending`,
// `yes`, `no` and the names of [MS-ERREF] without STATUS_. Every effect beyond the answer is a `=>` line of its own, in
// order; one too many or too few fails. `scenario` starts with nothing open. `#` begins a comment. Verbs:
//   open PATH[:STREAM] [as HANDLE] access=rwaxd|- share=rwd|- [dir] [doc]   (r read, w write, a append, x execute,
//                                                                            d delete; doc: delete on close)
//   close HANDLE [nonempty]            lock HANDLE OFFSET+LENGTH shared|excl|unlock|bad [wait], ... [seq=I/N] [for=5s]
//   unlock HANDLE OFFSET+LENGTH, ...   [seq=I/N]
//   read|write HANDLE OFFSET+LENGTH    cancel HANDLE (its newest waiting lock)
//   delete|undelete HANDLE             pending HANDLE (is it marked deleted?)
//   rename HANDLE to PATH [replace]    link HANDLE to PATH (a second name)     disconnect
// and, without an actor: `advance 5s`. A path has '\' between its components; what was never opened is a new file.
// Effects: `ACTOR wake ANSWER`, `ACTOR purge HANDLE[:STREAM]`, `ACTOR forget HANDLE`.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/access_mask.h"
#include "model/create.h"
#include "model/nt_status.h"
#include "share/events.h"

namespace dozo::share {

enum class Verb : std::uint8_t {
  open,
  close,
  lock,
  unlock,
  read,
  write,
  cancel,
  delete_file,
  undelete,
  pending,
  rename,
  link,
  disconnect,
  advance,
};

// One line with the effects under it. Which members mean something depends on the verb.
struct Step {
  int line = 0;
  std::string actor;
  Verb verb = Verb::open;
  std::string handle;
  std::string path;    // open, rename, link
  std::string stream;  // open
  AccessMask access;
  ShareAccess share;
  bool is_directory = false;
  bool delete_on_close = false;
  bool nonempty = false;
  bool replace = false;
  LockElements ranges;  // lock, unlock, read, write
  std::optional<LockSequence> sequence;
  std::optional<Duration> time;  // advance; for= of a lock
  std::string answer = "ok";
  std::vector<std::string> effects;
};

struct Scenario {
  int line = 0;
  std::string title;
  std::vector<Step> steps;
};

struct ScenarioError {
  int line = 0;
  std::string message;
};

std::expected<std::vector<Scenario>, ScenarioError> parse_scenarios(std::string_view text);

// Back to text; parse_scenarios(to_text(s)) gives `s` again, but for line numbers.
std::string to_text(const Step& step);
std::string to_text(const Scenario& scenario);

// "ok" for SUCCESS, "pending" for PENDING, else the name without STATUS_.
std::string answer_text(NtStatus status);

}  // namespace dozo::share
