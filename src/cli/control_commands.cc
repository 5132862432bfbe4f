// dozo status, reload and kick: requests to the running server.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/control_client.h"
#include "cli/json_text.h"
#include "cli/status_text.h"

namespace dozo::cli {
namespace {

using nlohmann::json;

// The answer, or nothing when it was an error; that is printed.
std::optional<json> ask(const Arguments& arguments, Io& io, const json& request) {
  const auto loaded = configuration(arguments, io);
  if (!loaded) return std::nullopt;
  const auto line = ask_server(loaded->config.control_socket_path(), request.dump());
  if (!line) {
    failed(io, line.error());
    return std::nullopt;
  }
  json answer = json::parse(*line, nullptr, false);
  if (!answer.is_object()) {
    failed(io, "the server's answer is not a JSON object");
    return std::nullopt;
  }
  if (const auto error = answer.find("error"); error != answer.end()) {
    failed(io, error->is_string() ? error->get<std::string>() : error->dump());
    return std::nullopt;
  }
  return answer;
}

std::optional<std::uint64_t> session_number(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Exit run_status(const Arguments& arguments, Io& io) {
  const auto answer = ask(arguments, io, {{"command", "status"}});
  if (!answer) return Exit::failed;
  const std::string text = answer->dump();
  io.out << (arguments.flag("--json") ? text + "\n" : status_text(text));
  return Exit::done;
}

Exit run_reload(const Arguments& arguments, Io& io) {
  return ask(arguments, io, {{"command", "reload"}}) ? Exit::done : Exit::failed;
}

Exit run_kick(const Arguments& arguments, Io& io) {
  const std::string& typed = arguments.required("SESSION");
  const auto session = session_number(typed);
  if (!session) {
    io.err << fmt::format("dozo: {} is not a session's number; dozo status shows them\n", on_one_line(typed));
    return Exit::usage;
  }
  return ask(arguments, io, {{"command", "kick"}, {"session", *session}}) ? Exit::done : Exit::failed;
}

}  // namespace dozo::cli
