#include "tests/simulation/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "runtime/simulated_loop.h"

namespace dozo::server::testing {
namespace {

// Most steps follow each other closely, some after everything has been answered.
std::uint32_t any_wait(runtime::SeededRandom& random) {
  const std::uint64_t kind = random.below(10);
  return static_cast<std::uint32_t>(kind < 2 ? 0 : kind < 9 ? random.below(1500) : random.below(50'000));
}

std::uint32_t any_action(ActionTable table, runtime::SeededRandom& random) {
  unsigned total = 0;
  for (const ActionRow& row : table) total += row.weight;
  std::uint64_t at = random.below(total);
  std::uint32_t row = 0;
  while (at >= table[row].weight) at -= table[row++].weight;
  return row;
}

std::string_view next_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(" \t\r"), line.size());
  const std::size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

template <class T>
bool parse_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

bool take_argument(const ActionRow& row, std::string_view word, Step& step) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = word.substr(0, equals), value = word.substr(equals + 1);
  if (name == "wait") return parse_number(value, step.wait_us);
  const auto argument = std::ranges::find(row.arguments, name, &Argument::name);
  if (argument == row.arguments.end()) return false;
  std::uint32_t& at = step.values[static_cast<std::size_t>(argument - row.arguments.begin())];
  return parse_number(value, at) && at < argument->bound;
}

std::optional<Step> parse_step(ActionTable table, std::string_view line) {
  Step step;
  if (!parse_number(next_word(line), step.actor)) return std::nullopt;
  const auto row = std::ranges::find(table, next_word(line), &ActionRow::name);
  if (row == table.end()) return std::nullopt;
  step.action = static_cast<std::uint32_t>(row - table.begin());
  step.values.resize(row->arguments.size());
  for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
    if (!take_argument(*row, word, step)) return std::nullopt;
  }
  return step;
}

// Tries changes of a trace, and keeps those after which the same problem is found.
class Shrinker {
 public:
  Shrinker(Trace trace, TraceRunner& runner, std::size_t runs_max)
      : best_(std::move(trace)), runner_(runner), runs_left_(runs_max), kind_(kind_of(runner.run(best_))) {}

  Trace shrink() {
    if (kind_.empty()) return best_;
    for (std::size_t before = best_.steps.size() + 1; best_.steps.size() < before && runs_left_ > 0;) {
      before = best_.steps.size();
      remove_steps();
    }
    simplify_steps();
    remove_steps();
    return best_;
  }

 private:
  bool try_this(const Trace& trace) {
    if (runs_left_ == 0) return false;
    --runs_left_;
    if (kind_of(runner_.run(trace)) != kind_) return false;
    best_ = trace;
    return true;
  }

  void remove_steps() {
    for (std::size_t size = std::max<std::size_t>(best_.steps.size() / 2, 1); size > 0; size /= 2) {
      // From the end: what was last done matters least to what went wrong before.
      for (std::size_t end = best_.steps.size(); end > 0;) {
        const std::size_t begin = end - std::min(size, end);
        Trace fewer = best_;
        fewer.steps.erase(fewer.steps.begin() + static_cast<std::ptrdiff_t>(begin),
                          fewer.steps.begin() + static_cast<std::ptrdiff_t>(end));
        try_this(fewer);
        end = begin;
      }
    }
  }

  // Value `index` of a step, or its wait where there is no such value.
  static std::uint32_t& number_of(Step& step, std::size_t index) {
    return index < step.values.size() ? step.values[index] : step.wait_us;
  }

  bool try_number(std::size_t step, std::size_t index, std::uint32_t plainer) {
    Trace changed = best_;
    std::uint32_t& at = number_of(changed.steps[step], index);
    if (at <= plainer) return true;
    at = plainer;
    return try_this(changed);
  }

  void simplify_steps() {
    for (std::size_t i = 0; i < best_.steps.size(); ++i) {
      const std::size_t values = best_.steps[i].values.size();
      for (std::size_t v = 0; v < values; ++v) static_cast<void>(try_number(i, v, 0) || try_number(i, v, 1));
      static_cast<void>(try_number(i, values, 0) || try_number(i, values, 5000));
    }
  }

  Trace best_;
  TraceRunner& runner_;
  std::size_t runs_left_;
  const std::string kind_;
};

}  // namespace

Trace generate(ActionTable table, std::uint64_t seed, std::uint32_t actors, std::size_t steps) {
  runtime::SeededRandom random(seed * 2 + 1);
  Trace trace{.seed = seed, .steps = {}};
  for (std::size_t i = 0; i < steps; ++i) {
    Step step;
    step.actor = static_cast<std::uint32_t>(random.below(actors));
    step.action = any_action(table, random);
    for (const Argument& argument : table[step.action].arguments) {
      step.values.push_back(static_cast<std::uint32_t>(random.below(argument.bound)));
    }
    step.wait_us = any_wait(random);
    trace.steps.push_back(std::move(step));
  }
  return trace;
}

std::string to_text(ActionTable table, const Step& step) {
  const ActionRow& row = table[step.action];
  std::string out = fmt::format("{} {}", step.actor, row.name);
  for (std::size_t i = 0; i < row.arguments.size(); ++i) {
    if (step.values[i] != 0) out += fmt::format(" {}={}", row.arguments[i].name, step.values[i]);
  }
  if (step.wait_us != 0) out += fmt::format(" wait={}", step.wait_us);
  return out;
}

std::string to_text(ActionTable table, const Trace& trace) {
  std::string out = fmt::format("seed={}\n", trace.seed);
  for (const Step& step : trace.steps) out += to_text(table, step) + "\n";
  return out;
}

std::optional<Trace> parse_trace(ActionTable table, std::string_view text) {
  Trace trace;
  bool seed_seen = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (!seed_seen) {
      const std::string_view word = next_word(line);
      if (!word.starts_with("seed=") || !parse_number(word.substr(5), trace.seed)) return std::nullopt;
      seed_seen = true;
      continue;
    }
    auto step = parse_step(table, line);
    if (!step) return std::nullopt;
    trace.steps.push_back(std::move(*step));
  }
  if (!seed_seen) return std::nullopt;
  return trace;
}

std::string kind_of(std::string_view problem) {
  std::string out;
  for (const char c : problem.substr(0, problem.find('\n'))) {
    if (c < '0' || c > '9') out += c;
  }
  return out;
}

Trace shrink(const Trace& trace, TraceRunner& runner, std::size_t runs_max) {
  return Shrinker(trace, runner, runs_max).shrink();
}

}  // namespace dozo::server::testing
