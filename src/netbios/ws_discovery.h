// Web Services Dynamic Discovery, UDP port 3702, as Windows and wsdd speak it: Probe, ProbeMatches, and the metadata
// that name the computer. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace dozo::netbios {

inline constexpr std::uint16_t kWsDiscoveryPort = 3702;
inline constexpr std::string_view kWsDiscoveryGroup = "239.255.255.250";

// "urn:uuid:…" of sixteen random bytes.
std::string message_uuid(const std::array<std::uint8_t, 16>& random);
// Asks for devices that are computers with shares: every device, since Samba's helpers answer only for wsdp:Device.
std::string encode_probe(std::string_view message_id);

struct ProbeMatch {
  std::string endpoint;                // "urn:uuid:…", the same for ever
  std::vector<std::string> types;      // without prefixes: "Device", "Computer"
  std::vector<std::string> addresses;  // "http://192.0.2.7:5357/…", as the device claims
  bool operator==(const ProbeMatch&) const = default;
};
struct ProbeMatches {
  std::string relates_to;  // the message id of the Probe
  std::vector<ProbeMatch> matches;
};
// INVALID_PARAMETER for what is no well-formed XML with a ProbeMatches (or the ResolveMatches' sibling) in the
// namespace of 2005/04, has a document type (entities), is nested more than 32 deep, longer than 64 KiB, or has a text
// of more than 4 KiB in a field. At most 16 matches and 16 addresses of each are kept.
Result<ProbeMatches> decode_probe_matches(Bytes xml);

}  // namespace dozo::netbios
