#include "cli/parse.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "cli/commands.h"

namespace dozo::cli {
namespace {

// Where the library puts the values of one option or argument.
struct Slot {
  std::string_view name;
  CLI::Option* option = nullptr;
  std::vector<std::string> values;
};

// The library's object for one row, and its slots.
struct Row {
  const CommandSpec* command;
  CLI::App* app;
  std::vector<std::unique_ptr<Slot>> slots;
};

void add_option(Row& row, const OptionSpec& spec) {
  auto slot = std::make_unique<Slot>(Slot{spec.name, nullptr, {}});
  if (spec.value.empty()) {
    const std::string help(spec.help);
    slot->option = row.app->add_flag(std::string(spec.name), help);
  } else {
    slot->option = row.app->add_option(std::string(spec.name), slot->values, std::string(spec.help));
    slot->option->type_name(std::string(spec.value))->type_size(1)->allow_extra_args(false);
    slot->option->expected(1);
    if (spec.repeated) slot->option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (!spec.repeated) slot->option->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  }
  row.slots.push_back(std::move(slot));
}

void add_argument(Row& row, const ArgumentSpec& spec) {
  auto slot = std::make_unique<Slot>(Slot{spec.name, nullptr, {}});
  slot->option = row.app->add_option(std::string(spec.name), slot->values, std::string(spec.help));
  slot->option->type_name("")->required(spec.required)->allow_extra_args(spec.repeated || !spec.required);
  slot->option->expected(spec.required ? 1 : 0, spec.repeated ? CLI::detail::expected_max_vector_size : 1);
  row.slots.push_back(std::move(slot));
}

class Interpreter {
 public:
  Interpreter() : app_("Serves files over SMB, safely and quickly.", "dozo") {
    app_.set_version_flag("--version", "dozo " DOZO_VERSION);
    app_.require_subcommand(1);
    for (const CommandGroup& group : command_groups()) {
      CLI::App* app = app_.add_subcommand(std::string(group.name), std::string(group.summary));
      app->require_subcommand(1);
      groups_.emplace(group.name, app);
    }
    for (const CommandSpec& command : commands()) add(command);
  }

  Parsed parse(std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);  // the library takes them from the back
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& end) {  // the library's only way to say so
      const std::string name = end.get_name();
      if (name == "CallForHelp") return HelpText{help_of(deepest(app_))};
      if (name == "CallForVersion") return HelpText{std::string(end.what()) + "\n"};
      return UsageError{fmt::format("{}; see {} --help", end.what(), full_name(deepest(app_)))};
    }
    for (const Row& row : rows_) {
      if (row.app->parsed()) return ParsedCommand{row.command, collect(row)};
    }
    return UsageError{"no command; see dozo --help"};
  }

  std::optional<std::string> help(std::string_view name) {
    if (name.empty()) return app_.help();
    for (const Row& row : rows_) {
      if (row.command->name == name) return help_of(*row.app);
    }
    const auto group = groups_.find(name);
    if (group == groups_.end()) return std::nullopt;
    return help_of(*group->second);
  }

 private:
  void add(const CommandSpec& command) {
    const std::size_t space = command.name.find(' ');
    CLI::App* parent = space == command.name.npos ? &app_ : groups_.at(std::string(command.name.substr(0, space)));
    const std::string name(command.name.substr(space == command.name.npos ? 0 : space + 1));
    Row row{&command, parent->add_subcommand(name, std::string(command.summary)), {}};
    if (command.hidden) row.app->group("");
    for (const OptionSpec& spec : command.options) add_option(row, spec);
    for (const ArgumentSpec& spec : command.arguments) add_argument(row, spec);
    if (!command.description.empty()) row.app->footer("\n" + std::string(command.description));
    rows_.push_back(std::move(row));
  }

  static Arguments collect(const Row& row) {
    Arguments arguments;
    for (const auto& slot : row.slots) {
      if (slot->option->count() > 0) arguments.set(slot->name, slot->values);
    }
    return arguments;
  }

  static const CLI::App& deepest(const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? app : deepest(*chosen.back());
  }

  static std::string help_of(const CLI::App& app) {
    return app.help(app.get_parent() ? full_name(*app.get_parent()) : std::string());
  }

  static std::string full_name(const CLI::App& app) {
    return app.get_parent() ? full_name(*app.get_parent()) + " " + app.get_name() : app.get_name();
  }

  CLI::App app_;
  std::map<std::string, CLI::App*, std::less<>> groups_;
  std::vector<Row> rows_;
};

}  // namespace

Parsed parse(const std::vector<std::string>& arguments) { return Interpreter().parse(arguments); }

std::optional<std::string> help_text(std::string_view name) { return Interpreter().help(name); }

Exit run(const std::vector<std::string>& arguments, Io& io) {
  const Parsed parsed = parse(arguments);
  if (const auto* help = std::get_if<HelpText>(&parsed)) {
    io.out << help->text;
    return Exit::done;
  }
  if (const auto* error = std::get_if<UsageError>(&parsed)) {
    io.err << "dozo: " << error->message << '\n';
    return Exit::usage;
  }
  const auto& command = std::get<ParsedCommand>(parsed);
  return command.command->run(command.arguments, io);
}

}  // namespace dozo::cli
