// As much of SMB1 as it takes to find out that it is on, and whether MS17-010 is installed. Pure. [MS-CIFS] 2.2.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace dozo::scan {

inline constexpr std::string_view kNtLm012 = "NT LM 0.12";
// The dialects before it, newest first. [MS-CIFS] 1.7
inline constexpr std::array<std::string_view, 12> kOlderDialects = {"LANMAN2.1",
                                                                    "DOS LANMAN2.1",
                                                                    "LM1.2X002",
                                                                    "DOS LM1.2X002",
                                                                    "LANMAN1.2",
                                                                    "LANMAN1.0",
                                                                    "MICROSOFT NETWORKS 3.0",
                                                                    "MICROSOFT NETWORKS 1.03",
                                                                    "XENIX CORE",
                                                                    "xenix1.1",
                                                                    "PC NETWORK PROGRAM 1.0",
                                                                    "PCLAN1.0"};

ByteVector encode_smb1_offer(const std::vector<std::string_view>& dialects);

// What a server answers to COM_NEGOTIATE. [MS-CIFS] 2.2.4.52.2
struct Smb1Negotiated {
  std::optional<std::uint16_t> dialect_index;  // nothing: it speaks none of those
  std::uint8_t word_count = 0;
  NtStatus status{};                                       // an error: it refuses the offer with it
  bool signing_enabled = false, signing_required = false;  // of NT LM 0.12
  std::uint32_t session_key = 0;
};
// STATUS_INVALID_NETWORK_RESPONSE for what is no such answer: another protocol, a word count that fits no dialect.
Result<Smb1Negotiated> decode_smb1_answer(Bytes message);

// --- The dialogue that MS17-010 is told by: nobody logs on, connects to IPC$ and looks into a pipe that is not open.

struct Smb1Session {
  std::uint16_t uid = 0, tid = 0;
};
ByteVector encode_smb1_plain_offer();  // NT LM 0.12 without extended security
ByteVector encode_smb1_null_logon();   // [MS-CIFS] 2.2.4.53.1
ByteVector encode_smb1_tree_connect(const Smb1Session& session, std::string_view host);  // [MS-CIFS] 2.2.4.55.1
ByteVector encode_smb1_peek(const Smb1Session& session);                                 // [MS-CIFS] 2.2.5.5.1

// The header of an answer.
struct Smb1Answer {
  NtStatus status{};
  std::uint16_t uid = 0, tid = 0;
};
Result<Smb1Answer> decode_smb1_header(Bytes message);

}  // namespace dozo::scan
