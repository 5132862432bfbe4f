// What is read from a firewall's text: lines in one spelling, by the ids of their tags, and the sets they name. What is
// emitted and what is live are read by the same reader, and then compared.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/backend.h"
#include "policy/match_lines.h"

namespace dozo::policy {

struct TextRules {
  struct Line {
    std::string id;
    std::string text;
    bool operator==(const Line&) const = default;
  };
  std::vector<Line> lines;
  std::map<std::string, AddressSpace> sets;
  std::vector<MatchLine> matches;  // in the order they are asked
};

std::vector<Drift> differences(const TextRules& live, const TextRules& wanted);

// "rule" as what is named by a set's name of the reader, shared by the lines that name it.
class SetTests {
 public:
  explicit SetTests(const std::map<std::string, AddressSpace>& sets);
  // Nothing when there is no such set.
  std::optional<AddressTest> test(const std::string& name, bool negated) const;

 private:
  std::map<std::string, std::shared_ptr<const AddressSpace>> spaces_;
};

// A firewall that keeps states: what is open goes on before any rule is asked, the banned too.
class StatefulRules : public CompiledRules {
 public:
  explicit StatefulRules(std::vector<MatchLine> lines) : list_(std::move(lines)) {}
  Verdict evaluate(const Flow& flow) const override;

 private:
  MatchList list_;
};
Gap ban_gap(std::string_view backend, std::string_view instead);  // of such a firewall

}  // namespace dozo::policy
