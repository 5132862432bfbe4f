#include "scan/first_words.h"

#include <fmt/format.h>

#include "model/nt_status.h"
#include "scan/challenge.h"
#include "scan/clock_skew.h"

namespace dozo::scan {
namespace {

// Some servers answer whatever they like; that they do not speak what was offered is certain.
Fact refusal_of(const NegotiateOutcome& outcome) {
  if (outcome.instead) return no(fmt::format("answers in {}, which was not offered", to_string(*outcome.instead)));
  return no(fmt::format("refuses it with {}", status_text(outcome.status)));
}

// [MS-SMB2] 2.2.4 SecurityMode. In SMB2 and 3 every server can sign.
void take_signing(const NegotiateAnswer& answer, std::string_view dialect, HostFacts& facts) {
  const bool required = answer.security_mode.has(wire::SecurityModeBit::signing_required);
  const bool enabled = answer.security_mode.has(wire::SecurityModeBit::signing_enabled);
  const std::string why =
      fmt::format("SecurityMode 0x{:02x} of its answer to {}", answer.security_mode.bits(), dialect);
  facts.signing_required = required ? yes(why) : no(why);
  facts.signing_enabled = enabled || required ? yes(why) : no(why);
}

void take_capabilities(const NegotiateAnswer& answer, std::string_view dialect, HostFacts& facts) {
  FactsByName& family = facts.capabilities[std::string(dialect)];
  const std::string why = fmt::format("Capabilities 0x{:02x}", answer.capabilities.bits());
  for (const auto& capability : kCapabilities) {
    family[std::string(capability.name)] = answer.capabilities.has(capability.value) ? yes(why) : no(why);
  }
}

// [MS-SMB2] 2.2.4 SystemTime; [MS-SMB2] 3.3.5.4 lets a server leave it out.
void take_clock(HostProbe& probe, FileTime system_time) {
  if (system_time.ticks == 0 || probe.facts().clock_skew_s) return;
  probe.facts().clock_skew_s = clock_skew_s(system_time, FileTime::from_wall(probe.loop().wall_now()));
}

void take_answer(HostProbe& probe, Dialect dialect, NegotiateAnswer answer) {
  HostFacts& facts = probe.facts();
  const std::string name(to_string(dialect));
  facts.dialects[name] = yes("chosen where it was offered alone");
  take_capabilities(answer, name, facts);
  if (probe.best_answer) return;
  take_signing(answer, name, facts);
  take_clock(probe, answer.system_time);
  facts.server_guid = to_string(answer.server_guid);
  probe.best_dialect = dialect;
  probe.best_answer = std::move(answer);
}

}  // namespace

NegotiateOffer offer_of(Dialect dialect) {
  NegotiateOffer offer{.dialect = dialect};
  if (dialect != Dialect::smb_3_1_1) return offer;
  offer.ciphers = {kCiphers[0].value};
  offer.signing = {kSigningAlgorithms[0].value};
  offer.compression = {kCompressionAlgorithms[0].value};
  return offer;
}

runtime::Task<Probed<NegotiateOutcome>> negotiate(HostProbe& probe, Line& line, const NegotiateOffer& offer) {
  const ByteVector message = encode_offer(offer, probe.nonce());
  const auto frame = co_await line.ask(message);
  if (!frame) {
    probe.note(frame.error());
    co_return std::unexpected(frame.error());
  }
  probe.note_answer();
  co_return read_negotiate(frame->view(), offer);
}

runtime::Task<void> try_dialect(HostProbe& probe, Line& line, Dialect dialect) {
  Fact& fact = probe.facts().dialects[std::string(to_string(dialect))];
  auto outcome = co_await negotiate(probe, line, offer_of(dialect));
  if (!outcome) {
    fact = untested(outcome.error());
    // Whether that is a no, the other dialects decide.
    if (outcome.error().kind == Trouble::Kind::ended) probe.hung_up_on.push_back(dialect);
    co_return;
  }
  if (!outcome->answer) {
    fact = refusal_of(*outcome);
    co_return;
  }
  const bool first = !probe.best_answer;
  if (dialect == Dialect::smb_3_1_1) probe.first_answer = *outcome->answer;
  take_answer(probe, dialect, std::move(*outcome->answer));
  if (first) co_await ask_challenge(probe, line);
}

runtime::Task<void> say_first_words(HostProbe& probe, Line& line) {
  co_await try_dialect(probe, line, Dialect::smb_3_1_1);
}

}  // namespace dozo::scan
