// SMB2 SESSION_SETUP. [MS-SMB2] 2.2.5, 2.2.6.
#pragma once

#include "wire/negotiate.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.5 SecurityMode: the bits of SecurityModeBit, here in one byte.
enum class SecurityModeByte : std::uint8_t { signing_enabled = 0x01, signing_required = 0x02 };

inline constexpr std::uint8_t kSessionBinding = 0x01;  // SMB2_SESSION_FLAG_BINDING, in the request's flags

// [MS-SMB2] 2.2.5.
struct SessionSetupRequest {
  static constexpr std::string_view kName = "SessionSetupRequest";
  std::uint8_t flags = 0;
  Flags<SecurityModeByte> security_mode;
  Capabilities capabilities;
  std::uint32_t channel = 0;
  SessionId previous_session_id;
  Bytes security_buffer;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(25);
    v("flags", self.flags);
    v("security_mode", self.security_mode);
    v("capabilities", self.capabilities);
    v("channel", self.channel);
    v.offset(u16);
    v.length(u16, "security_buffer", self.security_buffer, {.when_empty = EmptyOffset::end_of_fixed_part});
    v("previous_session_id", self.previous_session_id);
  }
};

enum class SessionFlag : std::uint16_t { is_guest = 0x0001, is_null = 0x0002, encrypt_data = 0x0004 };
using SessionFlags = Flags<SessionFlag>;
DOZO_FLAGS(SessionFlag)

// [MS-SMB2] 2.2.6.
struct SessionSetupResponse {
  static constexpr std::string_view kName = "SessionSetupResponse";
  SessionFlags session_flags;
  Bytes security_buffer;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(9);
    v("session_flags", self.session_flags);
    v.offset(u16);
    v.length(u16, "security_buffer", self.security_buffer, {.when_empty = EmptyOffset::end_of_fixed_part});
  }
};

}  // namespace dozo::wire
