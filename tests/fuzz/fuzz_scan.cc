// What scanned hosts answer, before and after a logon: nothing of it may do more than be refused.
#include <algorithm>

#include "client/srvsvc.h"
#include "scan/challenge_facts.h"
#include "scan/negotiate_probe.h"
#include "scan/progress.h"
#include "scan/quic.h"
#include "scan/rpc_calls.h"
#include "scan/smb1.h"
#include "tests/fuzz/wire_fuzz.h"

namespace {

using namespace dozo;

void negotiate(Bytes input) {
  for (const Dialect dialect : kAllDialects) {
    const auto outcome = scan::read_negotiate(input, {.dialect = dialect});
    if (outcome && outcome->answer) fuzz::check(outcome->answer->dialect == static_cast<std::uint16_t>(dialect));
  }
}

void smb1(Bytes input) {
  const auto answer = scan::decode_smb1_answer(input);
  if (answer && answer->dialect_index)
    fuzz::check(answer->word_count == 17 || answer->word_count == 13 || answer->word_count == 1);
  static_cast<void>(scan::decode_smb1_header(input));
}

void tokens(Bytes input) {
  static_cast<void>(scan::decode_challenge(input));
  static_cast<void>(scan::offers_ntlm(input));
}

void calls(Bytes input) {
  const auto shares = client::decode_share_enum(input);
  if (shares) fuzz::check(std::ranges::none_of(shares->shares, [](const auto& share) { return share.name.empty(); }));
  static_cast<void>(scan::decode_samr_handle(input));
  static_cast<void>(scan::decode_samr_domains(input));
  static_cast<void>(scan::decode_samr_sid(input));
  static_cast<void>(scan::decode_samr_password(input));
  static_cast<void>(scan::decode_samr_lockout_threshold(input));
}

void datagram(Bytes input) {
  if (input.size() < 8) return;
  static_cast<void>(scan::decode_version_negotiation(input.subspan(8), input.first(8)));
}

void file(Bytes input) {
  const auto targets = scan::TargetList::parse({"192.0.2.0/24"}, {}, nullptr);
  const auto progress = scan::Progress::parse(as_text(input), *targets);
  if (progress) fuzz::check(progress->done() <= targets->count());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  negotiate(input);
  smb1(input);
  tokens(input);
  calls(input);
  datagram(input);
  file(input);
  return 0;
}
