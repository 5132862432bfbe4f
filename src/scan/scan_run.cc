#include "scan/scan_run.h"

#include <algorithm>

#include "crypto/random.h"
#include "runtime/gate.h"
#include "scan/checks.h"
#include "scan/fingerprint.h"
#include "scan/permutation.h"

namespace dozo::scan {
namespace {

constexpr std::size_t kSocketsOfAHost = 5;

struct Run {
  const TargetList& targets;
  HostSink& sink;
  HostProbe::World world;
  Permutation order;
  std::uint64_t next = 0;
};

std::string why_no_smb(const HostFacts& facts) {
  std::string out;
  for (const auto& [port, fact] : facts.ports) {
    if (port.ends_with("/tcp") && !port.starts_with("135/")) out += (out.empty() ? "" : "; ") + port + ": " + fact.why;
  }
  return out;
}

// Of what no check has said anything about.
std::string why_not_asked(HostProbe& probe) {
  if (probe.transport() == HostProbe::Transport::none) return why_no_smb(probe.facts());
  if (!probe.best_answer) return "no dialect of SMB2 or 3 was answered";
  return probe.settings().level == Level::deep ? "nobody was let in who could ask" : "not asked at this level";
}

runtime::Task<HostFacts> scan_host(HostProbe::World world, Target target) {
  HostProbe probe(world, std::move(target));
  for (const Check& check : checks()) {
    if (!runs(check, world.settings)) continue;
    if (check.needs_smb && probe.transport() == HostProbe::Transport::none) break;
    co_await check.run(probe);
  }
  if (probe.transport() != HostProbe::Transport::none && world.settings.logon == nullptr) {
    probe.facts().credentials = probe.facts().encryption_required = untested("no credentials were given");
  }
  leave_untested(probe.facts(), why_not_asked(probe));
  probe.facts().server_kind = server_kind_of(probe.best_answer, probe.challenge);
  co_return std::move(probe.facts());
}

runtime::Task<void> work(Run& run) {
  while (run.next < run.targets.count()) {
    const std::uint64_t place = run.next++;
    if (run.sink.knows(place)) continue;
    HostFacts facts = co_await scan_host(run.world, run.targets.at(run.order.at(place)));
    run.sink.on_host(place, std::move(facts));
  }
}

}  // namespace

runtime::Task<void> scan_all(runtime::Loop& loop, const TargetList& targets, const RunSettings& settings,
                             HostSink& sink) {
  Pace pace(loop, settings.per_second);
  Caution caution;
  Run run{.targets = targets,
          .sink = sink,
          .world = {.loop = loop,
                    .settings = settings.host,
                    .pace = pace,
                    .caution = caution,
                    .nonce = {crypto::random_bytes<16>()}},
          .order = Permutation(targets.count(), settings.seed)};
  runtime::Gate gate;
  const std::uint64_t at_once = std::max<std::size_t>(1, settings.sockets / kSocketsOfAHost);
  for (std::uint64_t i = 0; i < std::min(at_once, targets.count()); ++i) runtime::spawn(gate, work(run));
  co_await gate.close();
}

bool is_there(const HostFacts& facts) {
  return std::ranges::any_of(facts.ports, [](const auto& port) { return port.second.state == State::yes; });
}

}  // namespace dozo::scan
