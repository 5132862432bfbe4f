// Whether SMBGhost (CVE-2020-0796) is possible: what is known already, and no packet. Compression alone says nothing,
// for every Windows since has it; and the builds that had the fault were patched without a new number.
#include <fmt/format.h>

#include <algorithm>

#include "scan/checks.h"

namespace dozo::scan {
namespace {

constexpr std::uint16_t kBuilds[] = {18362, 18363};  // Windows 10 and Server of 1903 and 1909

Fact judge(HostProbe& probe) {
  const HostFacts& facts = probe.facts();
  const bool known =
      std::ranges::none_of(facts.compression, [](const auto& c) { return c.second.state == State::untested; });
  const bool compresses =
      std::ranges::any_of(facts.compression, [](const auto& c) { return c.second.state == State::yes; });
  if (!compresses && known) return no("it compresses nothing");
  if (!compresses) return untested("whether it compresses is not known");
  if (!probe.challenge || !probe.challenge->version || probe.challenge->version->build == 0) {
    return untested("it compresses, and its build is not known");
  }
  const std::uint16_t build = probe.challenge->version->build;
  if (std::ranges::find(kBuilds, build) == std::end(kBuilds)) return no(fmt::format("build {} never had it", build));
  return yes(fmt::format("possible: build {} with compression, whose patches cannot be seen from here", build));
}

}  // namespace

runtime::Task<void> check_smbghost(HostProbe& probe) {
  probe.facts().smbghost = judge(probe);
  co_return;
}

}  // namespace dozo::scan
