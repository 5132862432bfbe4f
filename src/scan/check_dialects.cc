// Which of SMB2's and SMB3's dialects are spoken: each offered alone, on a connection of its own.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "scan/checks.h"
#include "scan/first_words.h"

namespace dozo::scan {
namespace {

runtime::Task<void> offer_alone(HostProbe& probe, Dialect dialect) {
  auto line = co_await probe.connect_smb();
  if (line) {
    co_await try_dialect(probe, **line, dialect);
  } else {
    probe.facts().dialects[std::string(to_string(dialect))] = untested(line.error());
  }
}

// A server that answers one dialect and hangs up on another refuses that. One that always hangs up says nothing.
void judge_hangups(HostProbe& probe) {
  if (!probe.best_answer) return;
  for (const Dialect dialect : probe.hung_up_on) {
    probe.facts().dialects[std::string(to_string(dialect))] = no("hangs up where it is offered alone");
  }
}

// [MS-SMB2] 2.2.4: before 3.1.1 encryption is a capability, with AES-128-CCM as its cipher.
void judge_encryption(HostProbe& probe) {
  HostFacts& facts = probe.facts();
  if (!probe.best_dialect || *probe.best_dialect == Dialect::smb_3_1_1) return;
  if (!is_smb3(*probe.best_dialect)) {
    facts.encryption = no(fmt::format("its highest dialect is {}", to_string(*probe.best_dialect)));
    for (auto& [name, fact] : facts.ciphers) fact = facts.encryption;
    return;
  }
  const bool encrypts = probe.best_answer->capabilities.has(wire::Capability::encryption);
  const std::string why = fmt::format("capability of {}", to_string(*probe.best_dialect));
  facts.encryption = encrypts ? yes(why) : no(why);
  for (auto& [name, fact] : facts.ciphers)
    fact = no(fmt::format("{} has no choice of ciphers", to_string(*probe.best_dialect)));
  facts.ciphers["AES-128-CCM"] = facts.encryption;
}

}  // namespace

runtime::Task<void> check_dialects(HostProbe& probe) {
  for (const Dialect dialect : std::views::reverse(kAllDialects)) {
    // The connection that found the port open has offered this one.
    const bool asked = dialect == Dialect::smb_3_1_1 && probe.transport() == HostProbe::Transport::direct;
    if (!asked) co_await offer_alone(probe, dialect);
  }
  judge_hangups(probe);
  judge_encryption(probe);
}

}  // namespace dozo::scan
