// Ciphers, signing and compression algorithms of 3.1.1, one by one. A connection offers one of each kind: the server
// chooses in each kind by itself, so nothing is lost by asking three things at once. [MS-SMB2] 3.3.5.4.
#include <fmt/format.h>

#include <algorithm>

#include "scan/checks.h"
#include "scan/first_words.h"

namespace dozo::scan {
namespace {

constexpr std::size_t kRounds =
    std::max({std::size(kCiphers), std::size(kSigningAlgorithms), std::size(kCompressionAlgorithms)});

NegotiateOffer offer_of_round(std::size_t round) {
  NegotiateOffer offer{.dialect = Dialect::smb_3_1_1};
  if (round < std::size(kCiphers)) offer.ciphers = {kCiphers[round].value};
  if (round < std::size(kSigningAlgorithms)) offer.signing = {kSigningAlgorithms[round].value};
  if (round < std::size(kCompressionAlgorithms)) offer.compression = {kCompressionAlgorithms[round].value};
  return offer;
}

// Chosen is what the answer names; a server that has none of an offer leaves the context out, or names another.
template <class T>
void judge(FactsByName& family, const std::vector<T>& offered, const std::vector<T>& chosen, auto& names) {
  for (const auto& named : names) {
    if (std::ranges::find(offered, named.value) == offered.end()) continue;
    const bool taken = std::ranges::find(chosen, named.value) != chosen.end();
    family[std::string(named.name)] =
        taken ? yes("chosen where it was offered alone") : no("not chosen where it was offered alone");
  }
}

void take(HostFacts& facts, const NegotiateOffer& offer, const NegotiateAnswer& answer) {
  judge(facts.ciphers, offer.ciphers, answer.ciphers, kCiphers);
  judge(facts.signing_algorithms, offer.signing, answer.signing, kSigningAlgorithms);
  judge(facts.compression, offer.compression, answer.compression, kCompressionAlgorithms);
}

template <class T>
void leave(FactsByName& family, const std::vector<T>& offered, auto& names, const std::string& why) {
  for (const auto& named : names) {
    if (std::ranges::find(offered, named.value) != offered.end()) family[std::string(named.name)] = untested(why);
  }
}

void leave(HostFacts& facts, const NegotiateOffer& offer, const std::string& why) {
  leave(facts.ciphers, offer.ciphers, kCiphers, why);
  leave(facts.signing_algorithms, offer.signing, kSigningAlgorithms, why);
  leave(facts.compression, offer.compression, kCompressionAlgorithms, why);
}

runtime::Task<void> ask_round(HostProbe& probe, std::size_t round) {
  const NegotiateOffer offer = offer_of_round(round);
  auto line = co_await probe.connect_smb();
  if (!line) co_return leave(probe.facts(), offer, line.error().text);
  const auto outcome = co_await negotiate(probe, **line, offer);
  if (!outcome) co_return leave(probe.facts(), offer, outcome.error().text);
  if (outcome->answer) co_return take(probe.facts(), offer, *outcome->answer);
  const std::string how = outcome->instead ? std::string("another dialect") : status_text(outcome->status);
  leave(probe.facts(), offer, "answers the offer with " + how);
}

// Signing before 3.1.1 is not negotiated: [MS-SMB2] 3.1.4.1 says which algorithm each dialect has.
void judge_older(HostProbe& probe) {
  HostFacts& facts = probe.facts();
  const std::string none = fmt::format("its highest dialect is {}", to_string(*probe.best_dialect));
  for (auto& [name, fact] : facts.compression) fact = no(none);
  for (auto& [name, fact] : facts.signing_algorithms) fact = no(none);
  const std::string_view only = is_smb3(*probe.best_dialect) ? "AES-CMAC" : "HMAC-SHA256";
  facts.signing_algorithms[std::string(only)] = yes(fmt::format("the one of {}", to_string(*probe.best_dialect)));
}

void judge_encryption(HostFacts& facts) {
  std::string chosen;
  bool known = true;
  for (const auto& [name, fact] : facts.ciphers) {
    if (fact.state == State::yes) chosen += (chosen.empty() ? "" : ", ") + name;
    known = known && fact.state != State::untested;
  }
  if (!chosen.empty()) {
    facts.encryption = yes(chosen);
  } else {
    facts.encryption = known ? no("none of the four ciphers was chosen") : facts.ciphers.begin()->second;
  }
}

}  // namespace

runtime::Task<void> check_algorithms(HostProbe& probe) {
  if (!probe.best_dialect) co_return;
  if (*probe.best_dialect != Dialect::smb_3_1_1) co_return judge_older(probe);
  for (std::size_t round = 0; round < kRounds; ++round) {
    // The first of each kind was offered with the dialect.
    if (round == 0 && probe.first_answer) {
      take(probe.facts(), offer_of_round(0), *probe.first_answer);
    } else {
      co_await ask_round(probe, round);
    }
  }
  judge_encryption(probe.facts());
}

}  // namespace dozo::scan
