#include "cli/completion.h"

#include <fmt/format.h>

#include <ostream>

#include "cli/commands.h"

namespace dozo::cli {
namespace {

std::string_view first_word(std::string_view name) { return name.substr(0, name.find(' ')); }
std::string_view second_word(std::string_view name) {
  const std::size_t space = name.find(' ');
  return space == name.npos ? std::string_view() : name.substr(space + 1);
}

struct Word {
  std::string_view word;
  std::string_view summary;
};

// What may follow "dozo" (empty group) or "dozo GROUP".
std::vector<Word> words_after(std::string_view group) {
  std::vector<Word> words;
  if (group.empty()) {
    for (const CommandGroup& g : command_groups()) words.push_back({g.name, g.summary});
  }
  for (const CommandSpec& command : commands()) {
    if (command.hidden) continue;
    const std::string_view second = second_word(command.name);
    if (group.empty() && second.empty()) words.push_back({command.name, command.summary});
    if (!group.empty() && first_word(command.name) == group && !second.empty()) {
      words.push_back({second, command.summary});
    }
  }
  return words;
}

std::string joined(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) out += fmt::format("{}{}", out.empty() ? "" : " ", word.word);
  return out;
}

std::string option_names(const CommandSpec& command) {
  std::string out = "--help";
  for (const OptionSpec& option : command.options) out += fmt::format(" {}", option.name);
  return out;
}

// In single quotes for a shell.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string bash() {
  std::string out =
      "_dozo() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} candidates=\n"
      "  case $command in\n";
  std::string groups;
  for (const CommandGroup& group : command_groups()) {
    out += fmt::format("    {}) [ \"$COMP_CWORD\" -gt 1 ] && command=\"$command ${{COMP_WORDS[2]}}\" ;;\n", group.name);
    groups += fmt::format("    {0}\\ *) [ \"$COMP_CWORD\" -eq 2 ] && candidates={1} ;;\n", group.name,
                          quoted(joined(words_after(group.name))));
  }
  out += "  esac\n  case $command in\n";
  for (const CommandSpec& command : commands()) {
    if (!command.hidden)
      out += fmt::format("    {}) candidates={} ;;\n", quoted(command.name), quoted(option_names(command)));
  }
  out += groups;
  out += fmt::format("  esac\n  [ \"$COMP_CWORD\" -eq 1 ] && candidates={}\n",
                     quoted(joined(words_after("")) + " --help --version"));
  return out +
         "  COMPREPLY=($(compgen -W \"$candidates\" -- \"$word\"))\n"
         "  case $word in -*) ;; *) [ \"${#COMPREPLY[@]}\" -eq 0 ] && COMPREPLY=($(compgen -f -- \"$word\")) ;; esac\n"
         "}\n"
         "complete -o filenames -F _dozo dozo\n";
}

std::string zsh_words(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) out += " " + quoted(fmt::format("{}:{}", word.word, word.summary));
  return out;
}

std::string zsh() {
  std::string out =
      "#compdef dozo\n"
      "_dozo() {\n"
      "  local -a words_here\n"
      "  if (( CURRENT == 2 )); then\n";
  out +=
      fmt::format("    words_here=({} )\n    _describe command words_here; return\n  fi\n", zsh_words(words_after("")));
  for (const CommandGroup& group : command_groups()) {
    out += fmt::format(
        "  if (( CURRENT == 3 )) && [[ $words[2] == {} ]]; then\n    words_here=({} )\n"
        "    _describe command words_here; return\n  fi\n",
        group.name, zsh_words(words_after(group.name)));
  }
  out += "  case \"$words[2] $words[3]\" in\n";
  for (const CommandSpec& command : commands()) {
    if (command.hidden) continue;
    std::string options;
    for (const OptionSpec& option : command.options) {
      options += " " + quoted(fmt::format("{}:{}", option.name, option.help));
    }
    const bool in_group = !second_word(command.name).empty();
    out += fmt::format("    {}{}) words_here=({} '--help:Explain the command.') ;;\n", quoted(command.name),
                       in_group ? "" : "' '*", options);
  }
  return out +
         "  esac\n"
         "  if [[ $PREFIX == -* ]]; then _describe option words_here; else _files; fi\n"
         "}\n"
         "_dozo \"$@\"\n";
}

std::string fish() {
  std::string out;
  for (const Word& word : words_after("")) {
    out += fmt::format("complete -c dozo -f -n __fish_use_subcommand -a {} -d {}\n", word.word, quoted(word.summary));
  }
  for (const CommandGroup& group : command_groups()) {
    const std::vector<Word> words = words_after(group.name);
    for (const Word& word : words) {
      out += fmt::format(
          "complete -c dozo -f -n '__fish_seen_subcommand_from {}; and not __fish_seen_subcommand_from {}' -a {} -d "
          "{}\n",
          group.name, joined(words), word.word, quoted(word.summary));
    }
  }
  for (const CommandSpec& command : commands()) {
    if (command.hidden) continue;
    std::string condition = fmt::format("__fish_seen_subcommand_from {}", first_word(command.name));
    if (const auto second = second_word(command.name); !second.empty()) {
      condition += fmt::format("; and __fish_seen_subcommand_from {}", second);
    }
    for (const OptionSpec& option : command.options) {
      const bool long_name = option.name.starts_with("--");
      out += fmt::format("complete -c dozo -n {} {} {}{} -d {}\n", quoted(condition), long_name ? "-l" : "-s",
                         option.name.substr(long_name ? 2 : 1), option.value.empty() ? "" : " -r", quoted(option.help));
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> completion(std::string_view shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  return std::nullopt;
}

Exit run_completion(const Arguments& arguments, Io& io) {
  const auto text = completion(arguments.required("SHELL"));
  if (!text) {
    io.err << "dozo: completions exist for bash, zsh and fish\n";
    return Exit::usage;
  }
  io.out << *text;
  return Exit::done;
}

}  // namespace dozo::cli
