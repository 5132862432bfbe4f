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
//   open PATH[:STREAM] [as HANDLE] access=rwaxdecp|- share=rwd|- [dir] [doc]   (r read, w write, a append, x execute,
//                                                   d delete, e extended attributes, c, p read and write the security
//                                                   descriptor; doc: delete on close)
//   close HANDLE [nonempty]            lock HANDLE OFFSET+LENGTH shared|excl|unlock|bad [wait], ... [seq=I/N] [for=5s]
//   unlock HANDLE OFFSET+LENGTH, ...   [seq=I/N]
//   read|write HANDLE OFFSET+LENGTH    cancel HANDLE (its newest waiting lock)
//   delete|undelete HANDLE             pending HANDLE (is it marked deleted?)
//   rename HANDLE to PATH [replace]    link HANDLE to PATH (a second name)     disconnect
// and, without an actor: `advance 5s`. A path has '\' between its components; what was never opened is a new file.
// Effects: `ACTOR wake ANSWER`, `ACTOR purge HANDLE[:STREAM]`, `ACTOR forget HANDLE`.
//
// Caching:
//   open ... oplock=level_ii|exclusive|batch     open ... lease=KEY:STATE [v2] [epoch=N] [parent=KEY]   STATE: RWH or -
//   open ... [overwrite] [nowait] [alloc=N]      (nowait: FILE_COMPLETE_IF_OPLOCKED; alloc: the stream's allocation
//   size) use HANDLE write|lock|size|delete|security|rename  (BreakCaches) replace PATH by HANDLE     (BreakForReplace)
//   ack HANDLE LEVEL                   ack KEY:STATE                 change PATH [key=KEY]      (DirectoryChange)
//   preserve HANDLE for=60s [resilient] [persistent]                 reclaim HANDLE
// and, without an actor: `outside PATH` (OutsideChange). An open that asked for caching, and an acknowledgement, are
// answered with what is held: `ok oplock=batch`, `ok lease=RH epoch=3 breaking`. Actors `A` and `A.2` are connections
// of one client. Effects: `ACTOR break HANDLE to LEVEL`, `CLIENT break KEY STATE to STATE [ack] [epoch=N]`. Who is
// parked opens anew after its wake, as a server does.
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
#include "share/effects.h"
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
  use,
  replace,
  ack,
  change,
  outside,
  preserve,
  reclaim,
};

// lease=KEY:STATE and what belongs to it.
struct LeaseWords {
  std::string key;
  LeaseState state;
  bool v2 = false;
  std::uint16_t epoch = 0;
  std::string parent;
};

// One line with the effects under it. Which members mean something depends on the verb.
struct Step {
  int line = 0;
  std::string actor;
  Verb verb = Verb::open;
  std::string handle;
  std::string path;    // open, rename, link, replace, change, outside
  std::string stream;  // open
  AccessMask access;
  ShareAccess share;
  bool is_directory = false;
  bool delete_on_close = false;
  bool nonempty = false;
  bool replace = false;
  LockElements ranges;  // lock, unlock, read, write
  std::optional<LockSequence> sequence;
  std::optional<Duration> time;            // advance; for= of a lock or a preserve
  OplockLevel oplock = OplockLevel::none;  // open, ack
  std::optional<LeaseWords> lease;         // open; key and state of an ack; key of a change
  bool overwrites = false;
  bool complete_if_oplocked = false;
  std::optional<std::uint64_t> allocation_size;
  CacheUse use = CacheUse::write;
  bool resilient = false;
  bool persistent = false;
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
// "RWH", "-".
std::string state_text(LeaseState state);
// " oplock=batch", " lease=RH epoch=3 breaking".
std::string caching_text(const Grant& grant);
// "batch".
std::string_view level_text(OplockLevel level);

}  // namespace dozo::share
