// Messages in the format of the DNS (RFC 1035 4), which NetBIOS' name service, LLMNR and multicast DNS share. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace dozo::netbios {

// RFC 1035 3.2.2 and its successors; RFC 1002 4.2.1.2.
inline constexpr std::uint16_t kTypeA = 1;
inline constexpr std::uint16_t kTypeCname = 5;
inline constexpr std::uint16_t kTypePtr = 12;
inline constexpr std::uint16_t kTypeTxt = 16;
inline constexpr std::uint16_t kTypeAaaa = 28;
inline constexpr std::uint16_t kTypeNb = 0x20;
inline constexpr std::uint16_t kTypeNbstat = 0x21;
inline constexpr std::uint16_t kTypeSrv = 33;  // the same number as NBSTAT: which one it is, the protocol decides
inline constexpr std::uint16_t kClassIn = 1;
inline constexpr std::uint16_t kClassUnicastReply = 0x8000;  // RFC 6762 5.4: the top bit of a question's class

inline constexpr std::uint16_t kFlagResponse = 0x8000;
inline constexpr std::uint16_t kFlagTruncated = 0x0200;
inline constexpr std::uint16_t kFlagRecursionDesired = 0x0100;
constexpr unsigned rcode_of(std::uint16_t flags) { return flags & 0x0F; }

// A name, label by label; the root has none. Labels are bytes, 1 to 63 of them; 255 bytes in all on the wire.
using Labels = std::vector<std::string>;

// "host.example.org", split at its dots; empty when a label is none or too long.
Labels labels_of(std::string_view dotted);
std::string dotted(const Labels& labels);
bool same_labels(const Labels& a, const Labels& b);  // ASCII case does not matter

struct DnsQuestion {
  Labels name;
  std::uint16_t type = kTypeA;
  std::uint16_t klass = kClassIn;
  bool operator==(const DnsQuestion&) const = default;
};

struct DnsRecord {
  Labels name;
  std::uint16_t type = kTypeA;
  std::uint16_t klass = kClassIn;
  std::uint32_t ttl_s = 0;
  ByteVector data;  // a name in it that was compressed is written out: the data stand by themselves
  bool operator==(const DnsRecord&) const = default;
};

struct DnsMessage {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::vector<DnsQuestion> questions;
  std::vector<DnsRecord> answers, authorities, additionals;
  bool operator==(const DnsMessage&) const = default;

  bool is_response() const { return (flags & kFlagResponse) != 0; }
};

// Whether type 33 is SRV, with a name in its data, or NBSTAT, which has none.
enum class Dialect33 { srv, nbstat };

// INVALID_PARAMETER when a length leads out of the message, a compression pointer does not point backwards (so that
// there are no loops), a name is longer than 255 bytes, or a label has one of the two unused kinds. What follows the
// last record is ignored.
Result<DnsMessage> decode_dns(Bytes message, Dialect33 dialect);
// Without compression. Precondition: the labels are valid and the counts fit 16 bits.
ByteVector encode_dns(const DnsMessage& message);
void append_labels(ByteVector& out, const Labels& labels);

// The parts of a record's data; each fails with INVALID_PARAMETER when the data are not of that shape.
Result<Labels> name_in(const DnsRecord& record);  // of PTR and CNAME
struct ServiceLocation {
  std::uint16_t port = 0;
  Labels host;
};
Result<ServiceLocation> service_location_in(const DnsRecord& record);
std::vector<std::string> texts_in(const DnsRecord& record);  // of TXT; what is cut off is left out
// The address of A or AAAA as text; empty for every other record.
std::string address_in(const DnsRecord& record);

}  // namespace dozo::netbios
