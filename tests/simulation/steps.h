// Steps: what the actors of a server simulation are told to do, as values that can be made from a seed, printed, read
// back and left out. A step means the same whatever steps went before it, so that a failing trace can be made shorter.
//
// A table says which actions there are and what each is told:
//   open file=2 access=1            the action's name, then its arguments that are not 0
// and a trace is a first line "seed=N" followed by one line per step: the actor, the action, its arguments, and how
// long the world then goes on by itself:
//   1 open file=2 access=1 wait=300
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dozo::server::testing {

// An argument takes the values 0 to bound - 1; 0 is its plainest.
struct Argument {
  std::string_view name;
  std::uint32_t bound = 1;
};
struct ActionRow {
  std::string_view name;
  unsigned weight = 1;  // how often, beside the others'
  std::vector<Argument> arguments;
};
using ActionTable = std::span<const ActionRow>;

struct Step {
  std::uint32_t actor = 0;
  std::uint32_t action = 0;  // the row of its table
  std::vector<std::uint32_t> values;
  std::uint32_t wait_us = 0;
  bool operator==(const Step&) const = default;
};
struct Trace {
  std::uint64_t seed = 1;  // of the world: latencies, orders
  std::vector<Step> steps;
  bool operator==(const Trace&) const = default;
};

Trace generate(ActionTable table, std::uint64_t seed, std::uint32_t actors, std::size_t steps);
std::string to_text(ActionTable table, const Trace& trace);
std::string to_text(ActionTable table, const Step& step);
// Empty lines and what follows '#' mean nothing. nullopt: no trace of this table.
std::optional<Trace> parse_trace(ActionTable table, std::string_view text);

// What a problem is about, whatever the numbers in it.
std::string kind_of(std::string_view problem);

class TraceRunner {
 public:
  // The problem the trace ends with, or "".
  virtual std::string run(const Trace& trace) = 0;

 protected:
  ~TraceRunner() = default;
};
// A trace with as few and as plain steps as can be found by running it at most `runs_max` times that still ends with a
// problem of the same kind as `trace` does.
Trace shrink(const Trace& trace, TraceRunner& runner, std::size_t runs_max = 1500);

}  // namespace dozo::server::testing
