#include "share/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "share/scenario_words.h"

namespace dozo::share {

namespace {

using Words = std::vector<std::string_view>;
using Outcome = std::expected<void, std::string>;

std::unexpected<std::string> bad(std::string message) { return std::unexpected(std::move(message)); }

// Words of a line; a comma is a word of its own.
Words split(std::string_view text) {
  Words words;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == '\t' || text[at] == '\r') {
      ++at;
      continue;
    }
    std::size_t end = text[at] == ',' ? at + 1 : std::min(text.find_first_of(" \t\r,", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string join(const Words& words) { return fmt::format("{}", fmt::join(words, " ")); }

bool parse_number(std::string_view text, std::uint64_t& out) {
  if (text == "max") {
    out = ~std::uint64_t{0};
    return true;
  }
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, hex ? 16 : 10);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool parse_seconds(std::string_view text, std::optional<Duration>& out) {
  std::uint64_t seconds = 0;
  if (!text.ends_with('s') || !parse_number(text.substr(0, text.size() - 1), seconds)) return false;
  out = std::chrono::seconds(seconds);
  return true;
}

Outcome parse_access(std::string_view letters, AccessMask& out) {
  // Every open may look at attributes; that does not take part in share modes.
  out = Access::read_attributes | Access::synchronize;
  if (letters == "-") return {};
  for (const char c : letters) {
    const auto* row = std::ranges::find(kAccessLetters, c, &AccessLetter::letter);
    if (row == kAccessLetters.end()) return bad(fmt::format("unknown access '{}'", c));
    out |= row->right;
  }
  return {};
}

Outcome parse_share(std::string_view letters, ShareAccess& out) {
  if (letters == "-") return {};
  for (const char c : letters) {
    const auto* row = std::ranges::find(kShareLetters, c, &ShareLetter::letter);
    if (row == kShareLetters.end()) return bad(fmt::format("unknown share mode '{}'", c));
    out |= row->flag;
  }
  return {};
}

Outcome parse_sequence(std::string_view text, Step& step) {
  const std::size_t slash = text.find('/');
  std::uint64_t index = 0;
  std::uint64_t number = 0;
  if (slash == std::string_view::npos || !parse_number(text.substr(0, slash), index) ||
      !parse_number(text.substr(slash + 1), number)) {
    return bad("seq= wants INDEX/NUMBER");
  }
  step.sequence = LockSequence{static_cast<std::uint32_t>(index), static_cast<std::uint8_t>(number)};
  return {};
}

Outcome parse_state(std::string_view letters, LeaseState& out) {
  out = {};
  if (letters == "-") return {};
  for (const char c : letters) {
    const auto* row = std::ranges::find(kStateLetters, c, &StateLetter::letter);
    if (row == kStateLetters.end()) return bad(fmt::format("unknown lease state '{}'", c));
    out |= row->bit;
  }
  return {};
}

// KEY:STATE
Outcome parse_lease(std::string_view text, Step& step) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return bad("a lease is KEY:STATE");
  if (!step.lease) step.lease.emplace();
  step.lease->key = text.substr(0, colon);
  return parse_state(text.substr(colon + 1), step.lease->state);
}

Outcome parse_level(std::string_view text, OplockLevel& out) {
  const auto* row = std::ranges::find(kLevels, text, &LevelRow::name);
  if (row == kLevels.end()) return bad(fmt::format("unknown oplock level '{}'", text));
  out = row->level;
  return {};
}

// What an open asks to cache, and how it meets what others cache.
Outcome parse_caching(std::string_view word, Step& step) {
  std::uint64_t number = 0;
  if (word.starts_with("oplock=")) return parse_level(word.substr(7), step.oplock);
  if (word.starts_with("lease=")) return parse_lease(word.substr(6), step);
  if (word == "v2" && step.lease)
    step.lease->v2 = true;
  else if (word.starts_with("epoch=") && step.lease && parse_number(word.substr(6), number))
    step.lease->epoch = static_cast<std::uint16_t>(number);
  else if (word.starts_with("parent=") && step.lease)
    step.lease->parent = word.substr(7);
  else if (word == "overwrite")
    step.overwrites = true;
  else if (word == "nowait")
    step.complete_if_oplocked = true;
  else if (word.starts_with("alloc=") && parse_number(word.substr(6), number))
    step.allocation_size = number;
  else
    return bad(fmt::format("open does not know '{}'", word));
  return {};
}

Outcome parse_open(const Words& words, Step& step) {
  if (words.empty()) return bad("open wants a path");
  const std::size_t colon = words[0].find(':');
  step.path = words[0].substr(0, colon);
  if (colon != std::string_view::npos) step.stream = words[0].substr(colon + 1);
  step.handle = words[0];
  bool has_access = false;
  bool has_share = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    Outcome done;
    if (words[i] == "as" && i + 1 < words.size())
      step.handle = words[++i];
    else if (words[i] == "dir")
      step.is_directory = true;
    else if (words[i] == "doc")
      step.delete_on_close = true;
    else if (words[i].starts_with("access="))
      has_access = true, done = parse_access(words[i].substr(7), step.access);
    else if (words[i].starts_with("share="))
      has_share = true, done = parse_share(words[i].substr(6), step.share);
    else
      done = parse_caching(words[i], step);
    if (!done) return done;
  }
  if (!has_access || !has_share) return bad("open wants access= and share=");
  return {};
}

Outcome parse_range(std::string_view word, Step& step) {
  const std::size_t plus = word.find('+');
  LockElement element;
  element.kind = step.verb == Verb::unlock ? LockKind::unlock : LockKind::invalid;
  element.fail_immediately = step.verb == Verb::lock;
  if (plus == std::string_view::npos || !parse_number(word.substr(0, plus), element.offset) ||
      !parse_number(word.substr(plus + 1), element.length)) {
    return bad(fmt::format("'{}' is no OFFSET+LENGTH", word));
  }
  step.ranges.push_back(element);
  return {};
}

// RANGE [KIND] [wait] [, RANGE ...] [seq=] [for=]
Outcome parse_ranges(const Words& words, Step& step) {
  bool wants_range = true;
  for (const std::string_view word : words) {
    const auto* kind = std::ranges::find(kKinds, word, &KindRow::name);
    Outcome done;
    if (std::exchange(wants_range, false))
      done = parse_range(word, step);
    else if (word == ",")
      wants_range = true;
    else if (kind != kKinds.end() && step.verb == Verb::lock) {
      step.ranges.back().kind = kind->kind;
      if (kind->kind == LockKind::unlock) step.ranges.back().fail_immediately = false;
    } else if (word == "wait" && step.verb == Verb::lock)
      step.ranges.back().fail_immediately = false;
    else if (word.starts_with("seq="))
      done = parse_sequence(word.substr(4), step);
    else if (word.starts_with("for=") && parse_seconds(word.substr(4), step.time))
      done = {};
    else
      done = bad(fmt::format("a range list does not know '{}'", word));
    if (!done) return done;
  }
  if (wants_range) return bad("a range is missing");
  return {};
}

Outcome parse_to(const Words& words, Step& step) {
  if (words.size() < 2 || words[0] != "to") return bad("wants `to PATH`");
  step.path = words[1];
  step.replace = words.size() == 3 && words[2] == "replace" && step.verb == Verb::rename;
  if (words.size() > (step.replace ? 3U : 2U)) return bad("too many words");
  return {};
}

// HANDLE LEVEL, or KEY:STATE
Outcome parse_ack(const Words& words, Step& step) {
  if (words.size() == 1) return parse_lease(words[0], step);
  if (words.size() != 2) return bad("ack wants HANDLE LEVEL or KEY:STATE");
  step.handle = words[0];
  return parse_level(words[1], step.oplock);
}

// PATH by HANDLE
Outcome parse_replace(const Words& words, Step& step) {
  if (words.size() != 3 || words[1] != "by") return bad("wants `PATH by HANDLE`");
  step.path = words[0];
  step.handle = words[2];
  return {};
}

// PATH [key=KEY]
Outcome parse_change(const Words& words, Step& step) {
  if (words.empty() || words.size() > 2) return bad("change wants PATH [key=KEY]");
  step.path = words[0];
  if (words.size() == 1) return {};
  if (!words[1].starts_with("key=")) return bad("change wants PATH [key=KEY]");
  step.lease.emplace().key = words[1].substr(4);
  return {};
}

Outcome parse_use(const Words& words, Step& step) {
  const auto* row = words.size() == 1 ? std::ranges::find(kUses, words[0], &UseRow::name) : kUses.end();
  if (row == kUses.end()) return bad("use wants HANDLE write|lock|size|delete|security|rename");
  step.use = row->use;
  return {};
}

Outcome parse_preserve(const Words& words, Step& step) {
  for (const std::string_view word : words) {
    if (word == "resilient")
      step.resilient = true;
    else if (word == "persistent")
      step.persistent = true;
    else if (!word.starts_with("for=") || !parse_seconds(word.substr(4), step.time))
      return bad(fmt::format("preserve does not know '{}'", word));
  }
  return step.time ? Outcome{} : bad("preserve wants for=");
}

Outcome parse_arguments(const Words& words, Step& step) {
  if (step.verb == Verb::ack) return parse_ack(words, step);
  if (step.verb == Verb::replace) return parse_replace(words, step);
  if (step.verb == Verb::change) return parse_change(words, step);
  if (step.verb == Verb::disconnect) return words.empty() ? Outcome{} : bad("too many words");
  if (step.verb == Verb::open) return parse_open(words, step);
  if (words.empty()) return bad("a handle is missing");
  step.handle = words[0];
  const Words rest(words.begin() + 1, words.end());
  switch (step.verb) {
    case Verb::lock:
    case Verb::unlock:
    case Verb::read:
    case Verb::write:
      return parse_ranges(rest, step);
    case Verb::rename:
    case Verb::link:
      return parse_to(rest, step);
    case Verb::use:
      return parse_use(rest, step);
    case Verb::preserve:
      return parse_preserve(rest, step);
    case Verb::close:
      step.nonempty = rest.size() == 1 && rest[0] == "nonempty";
      return rest.size() == (step.nonempty ? 1U : 0U) ? Outcome{} : bad("close does not know this");
    default:
      return rest.empty() ? Outcome{} : bad("too many words");
  }
}

// What follows `ok` when something may be cached.
bool is_caching(std::string_view word) {
  return word == "breaking" || word.starts_with("oplock=") || word.starts_with("lease=") || word.starts_with("epoch=");
}

bool is_answer(std::string_view text) {
  const Words words = split(text);
  if (words.size() > 1) return words[0] == "ok" && std::all_of(words.begin() + 1, words.end(), is_caching);
  if (text == "ok" || text == "pending" || text == "yes" || text == "no") return true;
#define DOZO_X(name, value) \
  if (text == #name) return true;
  DOZO_NT_STATUS_LIST(DOZO_X)
#undef DOZO_X
  return false;
}

std::expected<Step, std::string> parse_step(std::string_view text) {
  Step step;
  const std::size_t arrow = text.find("->");
  if (arrow != std::string_view::npos) step.answer = join(split(text.substr(arrow + 2)));
  if (!is_answer(step.answer)) return bad(fmt::format("unknown answer '{}'", step.answer));
  const Words words = split(text.substr(0, arrow));
  if (words.size() == 2 && words[0] == "advance") {
    step.verb = Verb::advance;
    if (!parse_seconds(words[1], step.time)) return bad("advance wants seconds, as in 5s");
    return step;
  }
  if (words.size() == 2 && words[0] == "outside") {
    step.verb = Verb::outside;
    step.path = words[1];
    return step;
  }
  if (words.size() < 2) return bad("a line is ACTOR VERB ...");
  step.actor = words[0];
  const auto* verb = std::ranges::find(kVerbs, words[1], &VerbRow::name);
  if (verb == kVerbs.end() || verb->verb == Verb::advance || verb->verb == Verb::outside)
    return bad(fmt::format("unknown verb '{}'", words[1]));
  step.verb = verb->verb;
  if (const Outcome done = parse_arguments(Words(words.begin() + 2, words.end()), step); !done) {
    return bad(done.error());
  }
  return step;
}

Outcome parse_line(std::string_view text, int line, std::vector<Scenario>& out) {
  const Words words = split(text);
  if (words.empty()) return {};
  if (words[0] == "scenario") {
    out.push_back({line, join(Words(words.begin() + 1, words.end())), {}});
    return {};
  }
  if (out.empty()) return bad("the first line is `scenario TITLE`");
  if (words[0] == "=>") {
    if (out.back().steps.empty()) return bad("an effect follows a step");
    out.back().steps.back().effects.push_back(join(Words(words.begin() + 1, words.end())));
    return {};
  }
  auto step = parse_step(text);
  if (!step) return bad(step.error());
  step->line = line;
  out.back().steps.push_back(std::move(*step));
  return {};
}

}  // namespace

std::expected<std::vector<Scenario>, ScenarioError> parse_scenarios(std::string_view text) {
  std::vector<Scenario> out;
  int line = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    one = one.substr(0, one.find('#'));
    if (const Outcome done = parse_line(one, ++line, out); !done) {
      return std::unexpected(ScenarioError{line, done.error()});
    }
  }
  return out;
}

}  // namespace dozo::share
