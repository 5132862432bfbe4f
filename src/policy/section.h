// One table of the policy file while it is read: what is asked for by key, and what nobody asked for is an error.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/toml_tree.h"

namespace dozo::policy {

// What is wrong, gathered.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}
  void error(std::uint32_t line, std::string message) { add(line, Problem::Severity::error, std::move(message)); }
  void warning(std::uint32_t line, std::string message) { add(line, Problem::Severity::warning, std::move(message)); }
  Problems& problems() { return problems_; }
  const std::string& file() const { return file_; }

 private:
  void add(std::uint32_t line, Problem::Severity severity, std::string message) {
    problems_.push_back({file_, line, severity, std::move(message)});
  }
  std::string file_;
  Problems problems_;
};

struct Word {
  std::string text;
  std::uint32_t line = 0;
};

// "; did you mean "x"?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

class Section {
 public:
  // `name` as messages call it, "[[rule]]"; `keys` are all that may stand in it.
  Section(const TomlValue& table, std::string name, std::span<const std::string_view> keys, Report& report);

  std::uint32_t line() const { return line_; }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  std::uint32_t line_of(std::string_view key) const;

  // The value; nothing when the key is absent or, after an error, of the wrong kind.
  std::optional<Word> text(std::string_view key) const;
  std::optional<bool> flag(std::string_view key) const;
  std::optional<std::int64_t> time(std::string_view key) const;
  // A list of strings; an empty one is an error: it never means "all".
  std::vector<Word> words(std::string_view key) const;
  // One of `values`, which are spelt as the file spells them.
  template <class E>
  std::optional<E> one_of(std::string_view key, std::optional<E> (*read)(std::string_view),
                          std::string_view values) const {
    const auto word = text(key);
    if (!word) return std::nullopt;
    const auto value = read(word->text);
    if (!value) must_be(key, *word, values);
    return value;
  }

 private:
  const TomlValue* find(std::string_view key) const;
  const TomlValue* find(std::string_view key, TomlValue::Kind kind, std::string_view kind_name) const;
  void must_be(std::string_view key, const Word& found, std::string_view values) const;

  const TomlValue& table_;
  std::string name_;
  std::uint32_t line_;
  Report& report_;
};

}  // namespace dozo::policy
