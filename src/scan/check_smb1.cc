// Whether SMB1 is spoken, and in which dialects. Never taken from the protocol of an answer: only a dialect that the
// server chose counts.
#include <fmt/format.h>

#include "model/nt_status.h"
#include "scan/checks.h"
#include "scan/smb1.h"
#include "wire/header.h"

namespace dozo::scan {
namespace {

using Offered = std::vector<std::string_view>;

// What the server makes of an offer: what it chose, or that it chose nothing and why. Trouble where that is not known.
struct Choice {
  std::optional<Smb1Negotiated> chosen;
  std::string why;
};

// [MS-CIFS] 3.3.5.42: who does not speak SMB1 hangs up, or answers in SMB2.
Probed<Choice> refusal_of(const Trouble& why) {
  using Kind = Trouble::Kind;
  if (why.kind == Kind::ended) return Choice{.chosen = {}, .why = "hangs up on an offer of SMB1"};
  return std::unexpected(why);
}

Probed<Choice> read_choice(Bytes frame, std::size_t offered) {
  if (wire::frame_kind(frame) == wire::FrameKind::smb2) return Choice{.chosen = {}, .why = "answers SMB1 in SMB2"};
  const auto answer = decode_smb1_answer(frame);
  if (!answer) return trouble(Trouble::Kind::malformed, "what it answered is neither SMB1 nor SMB2");
  if (is_error(answer->status)) {
    return Choice{.chosen = {}, .why = fmt::format("refuses it with {}", status_text(answer->status))};
  }
  if (!answer->dialect_index) return Choice{.chosen = {}, .why = "chooses no dialect of SMB1 (DialectIndex 0xFFFF)"};
  if (*answer->dialect_index >= offered) {
    return trouble(Trouble::Kind::malformed, "it chose a dialect that was not offered");
  }
  return Choice{.chosen = *answer, .why = "chosen where it was offered"};
}

runtime::Task<Probed<Choice>> offer(HostProbe& probe, Offered dialects) {
  auto line = co_await probe.connect_smb();
  if (!line) co_return std::unexpected(line.error());
  const ByteVector message = encode_smb1_offer(dialects);
  const auto frame = co_await (*line)->ask(message);
  if (!frame) {
    probe.note(frame.error());
    co_return refusal_of(frame.error());
  }
  probe.note_answer();
  co_return read_choice(frame->view(), dialects.size());
}

Fact fact_of(const Probed<Choice>& choice) {
  if (!choice) return untested(choice.error());
  return choice->chosen ? yes(choice->why) : no(choice->why);
}

// Signing is said by the highest dialect; SMB1's word counts where there is no SMB2.
void take_signing(HostFacts& facts, const Smb1Negotiated& answer) {
  if (facts.signing_required.state != State::untested) return;
  const std::string why = "SecurityMode of its answer to NT LM 0.12";
  facts.signing_required = answer.signing_required ? yes(why) : no(why);
  facts.signing_enabled = answer.signing_enabled || answer.signing_required ? yes(why) : no(why);
  facts.encryption = no("SMB1 has none");
  for (auto& [name, fact] : facts.ciphers) fact = facts.encryption;
}

runtime::Task<void> offer_older(HostProbe& probe) {
  HostFacts& facts = probe.facts();
  const Probed<Choice> any = co_await offer(probe, Offered(kOlderDialects.begin(), kOlderDialects.end()));
  const bool spoken = any && any->chosen;
  for (const std::string_view dialect : kOlderDialects) {
    Fact& fact = facts.dialects[std::string(dialect)];
    if (!spoken) {
      fact = fact_of(any);
      continue;
    }
    const Probed<Choice> alone = co_await offer(probe, {dialect});
    fact = fact_of(alone);
  }
  if (spoken && facts.smb1.state != State::yes) facts.smb1 = yes("speaks a dialect of SMB1 older than NT LM 0.12");
}

}  // namespace

runtime::Task<void> check_smb1(HostProbe& probe) {
  HostFacts& facts = probe.facts();
  const Probed<Choice> modern = co_await offer(probe, {kNtLm012});
  facts.dialects[std::string(kNtLm012)] = facts.smb1 = fact_of(modern);
  const bool spoken = modern && modern->chosen;
  probe.has_smb1 = spoken;
  if (spoken) take_signing(facts, *modern->chosen);
  if (spoken) facts.smb1.why = "NT LM 0.12 was chosen where it was offered alone";
  co_await offer_older(probe);
}

}  // namespace dozo::scan
