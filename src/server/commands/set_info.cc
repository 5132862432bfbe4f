// SET_INFO. [MS-SMB2] 3.3.5.21.
#include "wire/set_info.h"

#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/info/table.h"

namespace dozo::server {

runtime::Task<Result<Reply>> handle_set_info(Request& request) {
  DOZO_CO_TRY(const auto set, request.decode<wire::SetInfoRequest>());

  DOZO_CO_TRY(const OpenRef open, find_open(request, set.file_id));

  DOZO_CO_CHECK(check_io_size(request, set.buffer.size()));
  // [MS-SMB2] 3.3.5.21: nothing to set is a parameter error.
  if (set.buffer.empty()) co_return fail(NtStatus::INVALID_PARAMETER);
  DOZO_CO_CHECK(check_credit_charge(request, set.buffer.size()));
  DOZO_CO_TRY(const SetSide* const side, find_set(set.info_type, set.file_info_class));
  DOZO_CO_CHECK(check_info_target(*open, side->target));
  if (!side->access.empty()) DOZO_CO_CHECK(check_any_access(*open, side->access));
  if (set.buffer.size() < side->minimum) co_return fail(NtStatus::INFO_LENGTH_MISMATCH);

  InfoSet call{request, *open, set.buffer, set.additional_information};
  auto done = co_await side->function(call);
  if (!done) co_return fail(done.error());

  co_return Reply::of(wire::SetInfoResponse());
}

}  // namespace dozo::server
