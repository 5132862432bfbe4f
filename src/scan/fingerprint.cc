#include "scan/fingerprint.h"

#include <algorithm>
#include <array>

#include "wire/spnego.h"

namespace dozo::scan {
namespace {

// 1.2.752.43: the arc of the mechanisms that Heimdal has made for itself. Apple's GSS framework, which is Heimdal's,
// offers all it has; nobody else's file server does.
constexpr std::array<std::uint8_t, 4> kHeimdalArc = {0x2A, 0x85, 0x70, 0x2B};

bool offers_heimdal(Bytes hint) {
  const auto init = wire::decode_neg_token_init(hint);
  if (!init) return false;
  return std::ranges::any_of(init->mech_types, [](const wire::MechType& type) {
    return type.oid.size() > kHeimdalArc.size() && std::ranges::equal(type.oid.first(kHeimdalArc.size()), kHeimdalArc);
  });
}

// A NetBIOS name in printable ASCII with zeros behind it: what Samba takes for a GUID.
bool is_name(const Guid& guid) {
  const auto printable = [](std::uint8_t byte) { return byte >= 0x21 && byte <= 0x7E; };
  const auto end = std::ranges::find_if_not(guid.bytes, printable);
  return end != guid.bytes.begin() && end != guid.bytes.end() &&
         std::all_of(end, guid.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool is_version(const ChallengeFacts& challenge, std::uint8_t major, std::uint8_t minor) {
  return challenge.version && challenge.version->major == major && challenge.version->minor == minor &&
         challenge.version->build == 0;
}

}  // namespace

std::string server_kind_of(const std::optional<NegotiateAnswer>& answer,
                           const std::optional<ChallengeFacts>& challenge) {
  if (!answer) return {};
  if (is_name(answer->server_guid)) return "samba";
  if (offers_heimdal(answer->token)) return "macos";
  if (!challenge) return {};
  // It leaves its GUID zero, has no version, and calls everything by one name.
  if (answer->server_guid.is_null() && !challenge->version && !challenge->computer.empty() &&
      challenge->computer == challenge->dns_domain) {
    return "ksmbd";
  }
  if (is_version(*challenge, 6, 1)) return "samba";
  if (is_version(*challenge, 10, 0)) return "dozo";
  return challenge->version && challenge->version->build > 0 ? "windows" : "";
}

}  // namespace dozo::scan
