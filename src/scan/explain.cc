#include "scan/explain.h"

#include <fmt/format.h>

#include "scan/checks.h"

namespace dozo::scan {
namespace {

std::string check_text(const Check& check) {
  std::string out = fmt::format("{} ({}; at most {} {})\n  sends: {}\n", check.name, safety_name(check.safety),
                                check.connections, check.connections == 1 ? "connection" : "connections", check.sends);
  if (!check.trips.empty()) out += fmt::format("  may trip: {}\n", check.trips);
  return out;
}

}  // namespace

std::string explain_text(const TargetList& targets, const RunSettings& settings) {
  std::string out = "Nothing has been sent. For each host, in this order:\n\n";
  for (const Check& check : checks()) {
    if (runs(check, settings.host)) out += check_text(check);
  }
  out += fmt::format(
      "\n{} {}, in the random order of --seed {}; at most {} connections to one host, {} sockets at once, and {}.\n"
      "Nothing is written, created, changed or locked. A connection or an answer is waited for {:.3g} s.\n",
      targets.count(), targets.count() == 1 ? "host" : "hosts", settings.seed, settings.host.connections_max,
      settings.sockets,
      settings.per_second > 0 ? fmt::format("{:.6g} connections a second", settings.per_second)
                              : std::string("as many connections a second as go"),
      std::chrono::duration<double>(settings.host.timeout).count());
  return out;
}

}  // namespace dozo::scan
