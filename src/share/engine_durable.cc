// Opens that outlive their connection. [MS-SMB2] 3.3.7.1, 3.3.5.9.7, 3.3.5.9.12.
#include "share/engine_state.h"

namespace dozo::share {

// None can: every open ends with its connection.
void Engine::State::on(const PreserveOpen& event, Effects& out) {
  out.push(Refuse{find_open(event.open) == nullptr ? NtStatus::FILE_CLOSED : NtStatus::NOT_SUPPORTED});
}

void Engine::State::on(const ReclaimOpen&, Effects& out) { out.push(Refuse{NtStatus::OBJECT_NAME_NOT_FOUND}); }

void Engine::State::expire_opens(Effects& out) {
  while (!expiries.empty() && expiries.begin()->first <= now) forget(expiries.begin()->second, out);
}

}  // namespace dozo::share
