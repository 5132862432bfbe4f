// What a subcommand is: a row of data, and a function that is given what was typed. --help, the man pages and the shell
// completions are made from the row; adding a command is one file and one row in commands.cc.
#pragma once

#include <iosfwd>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dozo::cli {

// A contract with scripts.
enum class Exit { done = 0, failed = 1, usage = 2 };

struct Io {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

struct OptionSpec {
  std::string_view name;   // "--config"
  std::string_view value;  // what stands for its value in help, "FILE"; empty: a flag
  std::string_view help;
  bool repeated = false;
};

struct ArgumentSpec {
  std::string_view name;  // "FOLDER"
  std::string_view help;
  bool required = true;
  bool repeated = false;
};

// What was typed, by the names of the row.
class Arguments {
 public:
  bool flag(std::string_view option) const { return values_.contains(option); }
  std::optional<std::string> value(std::string_view name) const;
  // Of an argument that is required.
  const std::string& required(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  void set(std::string_view name, std::vector<std::string> values) { values_[std::string(name)] = std::move(values); }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct CommandSpec {
  std::string_view name;  // "serve", "user add"
  std::string_view summary;
  std::string_view description;  // paragraphs, for the man page and --help
  std::span<const OptionSpec> options;
  std::span<const ArgumentSpec> arguments;
  Exit (*run)(const Arguments& arguments, Io& io);
  bool hidden = false;  // for packaging, not for people
};

}  // namespace dozo::cli
