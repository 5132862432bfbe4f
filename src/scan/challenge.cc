#include "scan/challenge.h"

#include <fmt/format.h>

#include "identity/ntlm_client.h"
#include "model/nt_status.h"
#include "scan/clock_skew.h"
#include "wire/header.h"
#include "wire/session_setup.h"

namespace dozo::scan {
namespace {

// NTLMSSP NEGOTIATE in SPNEGO, with the flags of a user's logon: servers refuse to begin weaker ones. No name is in it.
Result<ByteVector> first_token(const Clock& clock) {
  auto anybody = identity::NtlmCredentials::from_password({}, {}, {});
  if (!anybody) return fail(NtStatus::INVALID_PARAMETER);
  identity::SpnegoInitiator initiator(identity::make_ntlm_initiator(std::move(*anybody), {}, clock));
  DOZO_TRY(auto step, initiator.step({}));
  return std::move(step.token);
}

ByteVector session_setup(Bytes token) {
  const wire::SessionSetupRequest body{
      .security_mode = wire::SecurityModeByte::signing_enabled, .previous_session_id = {}, .security_buffer = token};
  return client::make_message({.command = wire::Command::session_setup, .credits = 1, .message_id = MessageId(1)},
                              body);
}

// The system's version where the server has one of its own: Samba, dozo and others name one to be taken for modern,
// with build 0.
std::string system_of(const ChallengeFacts& challenge) {
  if (!challenge.version || challenge.version->build == 0) return {};
  const wire::NtlmVersion& version = *challenge.version;
  return fmt::format("{}.{} build {}", version.major, version.minor, version.build);
}

void take(HostProbe& probe, const ChallengeFacts& challenge) {
  HostFacts& facts = probe.facts();
  facts.ntlm = yes("answers the first message of an NTLM logon");
  if (!challenge.computer.empty()) facts.name = challenge.computer;
  if (!challenge.domain.empty()) facts.domain = challenge.domain;
  // Who is in no domain has its own name here.
  if (challenge.dns_domain.find('.') != std::string::npos) facts.domain = challenge.dns_domain;
  facts.dns_name = challenge.dns_computer;
  facts.forest = challenge.forest;
  facts.os = system_of(challenge);
  if (challenge.timestamp && !facts.clock_skew_s) {
    facts.clock_skew_s = clock_skew_s(*challenge.timestamp, FileTime::from_wall(probe.loop().wall_now()));
  }
  probe.challenge = challenge;
}

void judge(HostProbe& probe, Bytes frame) {
  Fact& fact = probe.facts().ntlm;
  const auto header = wire::decode_header(frame);
  if (!header || !header->is_response() || header->command != wire::Command::session_setup) {
    fact = untested("what it answered is no answer to SESSION_SETUP");
    return;
  }
  if (header->status != NtStatus::MORE_PROCESSING_REQUIRED) {
    const auto offered = offers_ntlm(probe.best_answer->token);
    const std::string why = fmt::format("refuses an NTLM logon with {}", status_text(header->status));
    fact = offered == true ? untested(why) : no(why);
    return;
  }
  const auto body = wire::decode<wire::SessionSetupResponse>(frame);
  const auto challenge = body ? decode_challenge(body->security_buffer) : fail(NtStatus::INVALID_NETWORK_RESPONSE);
  if (challenge) return take(probe, *challenge);
  fact = untested("its challenge cannot be read");
}

}  // namespace

runtime::Task<void> ask_challenge(HostProbe& probe, Line& line) {
  const auto token = first_token(probe.loop());
  if (!token) co_return;
  const ByteVector message = session_setup(*token);
  const auto frame = co_await line.ask(message);
  if (frame) {
    judge(probe, frame->view());
  } else {
    probe.note(frame.error());
    probe.facts().ntlm = untested(frame.error());
  }
}

}  // namespace dozo::scan
