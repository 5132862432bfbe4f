// explain_login for people and for programs.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "scan/explain_login.h"
#include "scan/visible_text.h"

namespace dozo::scan {
namespace {

using json = nlohmann::ordered_json;
using Outcome = LoginStep::Outcome;

struct Word {
  std::string_view json;
  std::string_view mark;
  std::string_view colour;
  std::string_view verdict;
};
constexpr Word kWords[] = {
    {"works", "ok  ", "\x1b[32m", "a logon works"},
    {"fails", "FAIL", "\x1b[1;31m", "a logon fails"},
    {"unknown", "?   ", "\x1b[2m", "it cannot be told whether a logon works"},
    {"warning", "note", "\x1b[33m", "a logon works, with what is noted here"},
};

constexpr std::size_t kColumnsMax = 100;

const Word& word_of(Outcome outcome) { return kWords[static_cast<std::size_t>(outcome)]; }

std::string step_lines(const LoginStep& step, const TableStyle& style) {
  const Word& word = word_of(step.outcome);
  constexpr std::size_t kIndent = 20;
  const std::size_t columns = std::min(style.columns, kColumnsMax);
  std::string text = paragraph(visible(step.text), kIndent, columns);
  text.erase(0, std::min(kIndent, text.size()));
  const std::string mark = style.colour ? fmt::format("{}{}\x1b[0m", word.colour, word.mark) : std::string(word.mark);
  std::string out = fmt::format("  {}  {:<12}{}", mark, step.stage, text);
  if (!step.fix.empty()) out += paragraph("Fix: " + step.fix, kIndent, columns);
  return out;
}

}  // namespace

std::string explanation_text(const LoginExplanation& explanation, const TableStyle& style) {
  std::string out = fmt::format("{}, from {}: {}\n", visible(explanation.host), explanation.client,
                                word_of(explanation.verdict).verdict);
  for (const LoginStep& step : explanation.steps) out += step_lines(step, style);
  return out;
}

std::string explanation_json(const LoginExplanation& explanation) {
  json steps = json::array();
  for (const LoginStep& step : explanation.steps) {
    steps.push_back(
        {{"stage", step.stage}, {"outcome", word_of(step.outcome).json}, {"text", step.text}, {"fix", step.fix}});
  }
  const json object = {{"host", explanation.host},
                       {"client", explanation.client},
                       {"verdict", word_of(explanation.verdict).json},
                       {"dialect", explanation.dialect},
                       {"steps", std::move(steps)}};
  return json_with_visible_text(object.dump(-1, ' ', false, json::error_handler_t::replace)) + "\n";
}

}  // namespace dozo::scan
