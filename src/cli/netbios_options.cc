#include "cli/netbios_options.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <ostream>

#include "cli/json_text.h"

namespace dozo::cli {
namespace {

constexpr double kTimeoutMin = 0.05, kTimeoutMax = 60;
constexpr std::size_t kFileSizeMax = 1 << 20;

}  // namespace

std::optional<netbios::Patience> patience_from(const Arguments& arguments, Io& io) {
  netbios::Patience patience;
  patience.attempts = 2;
  const auto typed = arguments.value("--timeout");
  if (!typed) return patience;
  double seconds = 0;
  const auto [end, error] = std::from_chars(typed->data(), typed->data() + typed->size(), seconds);
  const bool whole = error == std::errc() && end == typed->data() + typed->size();
  if (!whole || !(seconds >= kTimeoutMin && seconds <= kTimeoutMax)) {
    io.err << fmt::format("dozo: --timeout {}: seconds, between {} and {}\n", on_one_line(*typed), kTimeoutMin,
                          kTimeoutMax);
    return std::nullopt;
  }
  patience.timeout = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return patience;
}

std::optional<std::vector<runtime::Endpoint>> endpoints_from(const Arguments& arguments, std::string_view option,
                                                             std::uint16_t port, Io& io) {
  std::vector<runtime::Endpoint> endpoints;
  for (const std::string& typed : arguments.all(option)) {
    const auto endpoint = netbios::endpoint_of(typed, port);
    if (!endpoint) {
      io.err << fmt::format("dozo: {} {}: not an address\n", option, on_one_line(typed));
      return std::nullopt;
    }
    endpoints.push_back(*endpoint);
  }
  return endpoints;
}

std::optional<std::vector<netbios::Link>> links_from(const Arguments& arguments, Io& io) {
  const auto typed = arguments.value("--interface");
  auto links = netbios::local_links(typed.value_or(""));
  if (!typed || !links.empty()) return links;
  io.err << fmt::format("dozo: --interface {}: there is none of that name that is up and has an IPv4 address\n",
                        on_one_line(*typed));
  return std::nullopt;
}

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileSizeMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

std::string json_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + json_quoted(text);
  return "[" + out + "]";
}

}  // namespace dozo::cli
