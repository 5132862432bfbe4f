// Oplocks and leases. [MS-SMB2] 3.3.5.9, 3.3.5.22; [MS-FSA] 2.1.4.12, 2.1.5.18.
#include "share/engine_state.h"

namespace dozo::share {

// Nothing is granted yet, so there is nothing to break or to acknowledge.
void Engine::State::on(const BreakCaches& event, Effects& out) {
  if (find_open(event.open) == nullptr) return out.push(Refuse{NtStatus::FILE_CLOSED});
  out.push(Grant{});
}

void Engine::State::on(const AckOplock& event, Effects& out) {
  out.push(Refuse{find_open(event.open) == nullptr ? NtStatus::FILE_CLOSED : NtStatus::INVALID_OPLOCK_PROTOCOL});
}

void Engine::State::on(const AckLease&, Effects& out) { out.push(Refuse{NtStatus::OBJECT_NAME_NOT_FOUND}); }

void Engine::State::on(const DirectoryChange&, Effects& out) { out.push(Grant{}); }

void Engine::State::on(const OutsideChange&, Effects& out) { out.push(Grant{}); }

}  // namespace dozo::share
