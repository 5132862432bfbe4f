#include "cli/manual.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <ostream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/parse.h"
#include "server/config.h"

namespace dozo::cli {
namespace {

// Text as man(7) prints it literally.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.ends_with('\n'))) {
      out += fmt::format("\\&{}", c);
    } else {
      out += c;
    }
  }
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::string page_name(std::string_view command) {
  std::string name = fmt::format("dozo {}", command);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string heading(std::string_view name, int section, std::string_view summary) {
  return fmt::format(".TH {} {} \"\" \"dozo {}\" \"\"\n.SH NAME\n{} \\- {}\n", upper(name), section, DOZO_VERSION,
                     escaped(name), escaped(summary));
}

std::string options_section(const CommandSpec& command) {
  std::string out = ".SH OPTIONS\n";
  for (const ArgumentSpec& argument : command.arguments) {
    out += fmt::format(".TP\n\\fI{}\\fR\n{}\n", escaped(argument.name), escaped(argument.help));
  }
  for (const OptionSpec& option : command.options) {
    const std::string value = option.value.empty() ? "" : fmt::format(" \\fI{}\\fR", escaped(option.value));
    out += fmt::format(".TP\n\\fB{}\\fR{}\n{}{}\n", escaped(option.name), value, escaped(option.help),
                       option.repeated ? " Can be given more than once." : "");
  }
  return out + ".TP\n\\fB\\-\\-help\\fR\nExplain the command.\n";
}

constexpr std::string_view kExitStatus =
    ".SH EXIT STATUS\n0 when it was done, 1 when it was not, 2 when the command line was wrong.\n";

ManualPage command_page(const CommandSpec& command) {
  const std::string name = page_name(command.name);
  std::string text = heading(name, 1, command.summary);
  text += fmt::format(".SH SYNOPSIS\n{}\n", escaped(synopsis(command)));
  text += fmt::format(".SH DESCRIPTION\n{}\n", escaped(command.description));
  text += options_section(command);
  text += kExitStatus;
  text += ".SH SEE ALSO\n.BR dozo (1),\n.BR dozo.toml (5)\n";
  return {name + ".1", text};
}

ManualPage overview_page() {
  std::string text = heading("dozo", 1, "serve files over SMB, safely and quickly");
  text += ".SH SYNOPSIS\ndozo COMMAND [OPTION]... [ARGUMENT]...\n.SH COMMANDS\n";
  for (const CommandSpec& command : commands()) {
    if (command.hidden) continue;
    text += fmt::format(".TP\n\\fB{}\\fR\n{}. See \\fB{}\\fR(1).\n", escaped(command.name), escaped(command.summary),
                        escaped(page_name(command.name)));
  }
  text += kExitStatus;
  text += fmt::format(".SH FILES\n.TP\n{}\nThe configuration, \\fBdozo.toml\\fR(5).\n", server::kDefaultConfigFile);
  return {"dozo.1", text};
}

ManualPage settings_page() {
  std::string text = heading("dozo.toml", 5, "configuration of dozo");
  text +=
      ".SH DESCRIPTION\nOne TOML file. Unknown keys are errors. \\fBdozo config check\\fR(1) finds what is wrong, "
      "\\fBdozo config show\\fR(1) prints every setting with where its value came from.\n";
  std::string_view section;
  for (const server::SettingDescription& setting : server::describe_settings()) {
    if (setting.section != section) {
      section = setting.section;
      const std::string shown = section == "share" ? "[[share]]" : fmt::format("[{}]", section);
      text += fmt::format(".SH {}\n", escaped(shown));
    }
    const std::string otherwise =
        setting.default_value.empty() ? "Has to be given." : fmt::format("Default: {}.", setting.default_value);
    text += fmt::format(".TP\n\\fB{}\\fR = {}\n{} {}\n", escaped(setting.key), escaped(setting.values),
                        escaped(setting.help), escaped(otherwise));
  }
  return {"dozo.toml.5", text + ".SH SEE ALSO\n.BR dozo (1)\n"};
}

}  // namespace

std::string synopsis(const CommandSpec& command) {
  std::string text = fmt::format("dozo {}", command.name);
  for (const OptionSpec& option : command.options) {
    text += fmt::format(" [{}{}{}]{}", option.name, option.value.empty() ? "" : " ", option.value,
                        option.repeated ? "..." : "");
  }
  for (const ArgumentSpec& argument : command.arguments) {
    text += fmt::format(" {}{}{}{}", argument.required ? "" : "[", argument.name, argument.required ? "" : "]",
                        argument.repeated ? "..." : "");
  }
  return text;
}

std::vector<ManualPage> manual_pages() {
  std::vector<ManualPage> pages = {overview_page(), settings_page()};
  for (const CommandSpec& command : commands()) {
    if (!command.hidden) pages.push_back(command_page(command));
  }
  return pages;
}

Exit run_manual(const Arguments& arguments, Io& io) {
  for (const ManualPage& page : manual_pages()) {
    const std::string path = fmt::format("{}/{}", arguments.required("FOLDER"), page.file_name);
    std::ofstream file(path, std::ios::binary);
    file << page.text;
    if (!file.flush()) return failed(io, fmt::format("cannot write {}", path));
  }
  return Exit::done;
}

Exit run_help(const Arguments& arguments, Io& io) {
  std::string name;
  for (const std::string& word : arguments.all("COMMAND")) name += (name.empty() ? "" : " ") + word;
  const auto text = help_text(name);
  if (!text) {
    io.err << fmt::format("dozo: there is no command {}; see dozo --help\n", name);
    return Exit::usage;
  }
  io.out << *text;
  return Exit::done;
}

}  // namespace dozo::cli
