// Whether MS17-010's patch is missing: what a transaction on pipe 0 is answered with. Asked of nobody who does not
// speak SMB1 anyhow; nothing malformed is sent.
#include <fmt/format.h>

#include "model/nt_status.h"
#include "scan/checks.h"
#include "scan/smb1.h"

namespace dozo::scan {
namespace {

// [MS-ERREF] 2.3.1 STATUS_INSUFF_SERVER_RESOURCES.
constexpr auto kInsuffServerResources = static_cast<NtStatus>(0xC0000205);

// The answer to a request of the dialogue; its status too when it is an error.
runtime::Task<Probed<Smb1Answer>> ask(Line& line, ByteVector message) {
  const auto frame = co_await line.ask(message);
  if (!frame) co_return std::unexpected(frame.error());
  const auto answer = decode_smb1_header(frame->view());
  if (!answer) co_return trouble(Trouble::Kind::malformed, "what it answered is not SMB1");
  co_return *answer;
}

Fact untested_at(std::string_view step, const Smb1Answer& answer) {
  return untested(fmt::format("{} of nobody is answered with {}", step, status_text(answer.status)));
}

// [MS-CIFS] 2.2.5.5: an unpatched server looks for room before it looks for the pipe.
Fact judge(const Smb1Answer& answer) {
  const std::string why = fmt::format("PeekNamedPipe on pipe 0 is answered with {}", status_text(answer.status));
  switch (answer.status) {
    case kInsuffServerResources:
      return yes(why);
    case NtStatus::ACCESS_DENIED:
    case NtStatus::INVALID_HANDLE:
      return no(why);
    default:
      return untested(why);
  }
}

runtime::Task<Fact> peek(HostProbe& probe, Line& line) {
  Smb1Session session;
  const auto negotiated = co_await ask(line, encode_smb1_plain_offer());
  if (!negotiated) co_return untested(negotiated.error());
  const auto logon = co_await ask(line, encode_smb1_null_logon());
  if (!logon) co_return untested(logon.error());
  if (is_error(logon->status)) co_return untested_at("a logon", *logon);
  session.uid = logon->uid;
  const auto tree = co_await ask(line, encode_smb1_tree_connect(session, to_string(probe.target().address)));
  if (!tree) co_return untested(tree.error());
  if (is_error(tree->status)) co_return untested_at("IPC$", *tree);
  session.tid = tree->tid;
  const auto answer = co_await ask(line, encode_smb1_peek(session));
  if (!answer) co_return untested(answer.error());
  co_return judge(*answer);
}

}  // namespace

runtime::Task<void> check_ms17_010(HostProbe& probe) {
  Fact& fact = probe.facts().ms17_010;
  if (!probe.has_smb1) {
    const bool off = probe.facts().smb1.state == State::no;
    fact = off ? no("it is a fault of SMB1, which is off") : untested("whether SMB1 is on is not known");
    co_return;
  }
  auto line = co_await probe.connect_smb();
  if (!line) {
    fact = untested(line.error());
    co_return;
  }
  Fact found = co_await peek(probe, **line);
  fact = std::move(found);
}

}  // namespace dozo::scan
