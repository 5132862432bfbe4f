#include "identity/authenticator.h"

namespace dozo::identity {

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::malformed_token:
      return "malformed_token";
    case Refusal::unexpected_token:
      return "unexpected_token";
    case Refusal::no_common_mechanism:
      return "no_common_mechanism";
    case Refusal::bad_password:
      return "bad_password";
    case Refusal::unknown_user:
      return "unknown_user";
    case Refusal::account_disabled:
      return "account_disabled";
    case Refusal::anonymous:
      return "anonymous";
    case Refusal::guest:
      return "guest";
    case Refusal::ntlmv1_response:
      return "ntlmv1_response";
    case Refusal::weak_security:
      return "weak_security";
    case Refusal::missing_mic:
      return "missing_mic";
    case Refusal::bad_mic:
      return "bad_mic";
    case Refusal::bad_mech_list_mic:
      return "bad_mech_list_mic";
    case Refusal::stale_timestamp:
      return "stale_timestamp";
    case Refusal::bad_channel_binding:
      return "bad_channel_binding";
    case Refusal::bad_target_name:
      return "bad_target_name";
    case Refusal::no_system_account:
      return "no_system_account";
    case Refusal::internal_error:
      return "internal_error";
  }
  return "unknown";
}

}  // namespace dozo::identity
