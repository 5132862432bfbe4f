#include "netbios/dns_message.h"

#include <arpa/inet.h>

#include <algorithm>

#include "model/nt_status.h"
#include "netbios/big_endian.h"

namespace dozo::netbios {
namespace {

constexpr std::size_t kLabelSizeMax = 63;
constexpr std::size_t kNameBytesMax = 255;
constexpr std::uint8_t kPointer = 0xC0;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_label(const std::string& a, const std::string& b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

// RFC 1035 4.1.4: a name ends with a zero or with a pointer to an earlier one. A pointer has to point before the
// place where the part that holds it began; so each jump goes further back, and there is an end.
Labels read_labels(ByteReader& reader) {
  Labels labels;
  std::size_t bytes = 1;
  std::size_t part = reader.position();
  std::size_t after = 0;  // where the message goes on behind the first pointer
  while (reader.ok()) {
    const std::uint8_t length = reader.u8();
    if (length == 0) break;
    if ((length & kPointer) == kPointer) {
      const std::size_t target = static_cast<std::size_t>(length & 0x3F) << 8 | reader.u8();
      if (after == 0) after = reader.position();
      if (target >= part) reader.set_bad();
      reader.seek(target);
      part = target;
      continue;
    }
    bytes += std::size_t{1} + length;
    if (length > kLabelSizeMax || bytes > kNameBytesMax) reader.set_bad();
    labels.emplace_back(as_text(reader.bytes(length)));
  }
  if (after != 0) reader.seek(after);
  return reader.ok() ? labels : Labels{};
}

DnsQuestion read_question(ByteReader& reader) {
  DnsQuestion question;
  question.name = read_labels(reader);
  question.type = be16(reader);
  question.klass = be16(reader);
  return question;
}

// How many bytes stand before the name in the data of this type; -1 when there is no name.
int name_offset(std::uint16_t type, Dialect33 dialect) {
  if (type == kTypePtr || type == kTypeCname) return 0;
  if (type == kTypeSrv && dialect == Dialect33::srv) return 6;  // RFC 2782: priority, weight, port
  return -1;
}

// The data at the reader, a name in them written out.
ByteVector read_data(ByteReader& reader, std::size_t length, int name_at) {
  const std::size_t start = reader.position();
  const Bytes raw = reader.bytes(length);
  if (name_at < 0 || !reader.ok()) return {raw.begin(), raw.end()};
  const auto fixed = static_cast<std::size_t>(name_at);
  if (length < fixed) {
    reader.set_bad();
    return {};
  }
  ByteVector out(raw.begin(), raw.begin() + name_at);
  reader.seek(start + fixed);
  append_labels(out, read_labels(reader));
  if (reader.ok() && reader.position() != start + length) reader.set_bad();
  return out;
}

DnsRecord read_record(ByteReader& reader, Dialect33 dialect) {
  DnsRecord record;
  record.name = read_labels(reader);
  record.type = be16(reader);
  record.klass = be16(reader);
  record.ttl_s = be32(reader);
  const std::uint16_t length = be16(reader);
  record.data = read_data(reader, length, name_offset(record.type, dialect));
  return record;
}

std::vector<DnsRecord> read_records(ByteReader& reader, std::uint16_t count, Dialect33 dialect) {
  std::vector<DnsRecord> records;
  for (std::uint16_t i = 0; i < count && reader.ok(); ++i) records.push_back(read_record(reader, dialect));
  return records;
}

void append_records(ByteVector& out, const std::vector<DnsRecord>& records) {
  for (const DnsRecord& record : records) {
    append_labels(out, record.name);
    put_be16(out, record.type);
    put_be16(out, record.klass);
    put_be32(out, record.ttl_s);
    put_be16(out, record.data.size());
    out.insert(out.end(), record.data.begin(), record.data.end());
  }
}

}  // namespace

Labels labels_of(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  Labels labels;
  std::size_t bytes = 1;
  while (true) {
    const std::size_t dot = text.find('.');
    labels.emplace_back(text.substr(0, dot));
    bytes += 1 + labels.back().size();
    if (labels.back().empty() || labels.back().size() > kLabelSizeMax || bytes > kNameBytesMax) return {};
    if (dot == text.npos) return labels;
    text.remove_prefix(dot + 1);
  }
}

std::string dotted(const Labels& labels) {
  std::string out;
  for (const std::string& label : labels) out += (out.empty() ? "" : ".") + label;
  return out;
}

bool same_labels(const Labels& a, const Labels& b) { return std::ranges::equal(a, b, same_label); }

Result<DnsMessage> decode_dns(Bytes bytes, Dialect33 dialect) {
  ByteReader reader(bytes);
  DnsMessage message;
  message.id = be16(reader);
  message.flags = be16(reader);
  const std::uint16_t questions = be16(reader);
  const std::uint16_t answers = be16(reader);
  const std::uint16_t authorities = be16(reader);
  const std::uint16_t additionals = be16(reader);
  for (std::uint16_t i = 0; i < questions && reader.ok(); ++i) message.questions.push_back(read_question(reader));
  message.answers = read_records(reader, answers, dialect);
  message.authorities = read_records(reader, authorities, dialect);
  message.additionals = read_records(reader, additionals, dialect);
  if (!reader.ok()) return fail(NtStatus::INVALID_PARAMETER);
  return message;
}

ByteVector encode_dns(const DnsMessage& message) {
  ByteVector out;
  put_be16(out, message.id);
  put_be16(out, message.flags);
  put_be16(out, message.questions.size());
  put_be16(out, message.answers.size());
  put_be16(out, message.authorities.size());
  put_be16(out, message.additionals.size());
  for (const DnsQuestion& question : message.questions) {
    append_labels(out, question.name);
    put_be16(out, question.type);
    put_be16(out, question.klass);
  }
  append_records(out, message.answers);
  append_records(out, message.authorities);
  append_records(out, message.additionals);
  return out;
}

void append_labels(ByteVector& out, const Labels& labels) {
  for (const std::string& label : labels) {
    out.push_back(static_cast<std::uint8_t>(label.size()));
    put_text(out, label);
  }
  out.push_back(0);
}

Result<Labels> name_in(const DnsRecord& record) {
  ByteReader reader(record.data);
  Labels labels = read_labels(reader);
  if (!reader.ok() || reader.remaining() != 0) return fail(NtStatus::INVALID_PARAMETER);
  return labels;
}

Result<ServiceLocation> service_location_in(const DnsRecord& record) {
  ByteReader reader(record.data);
  reader.skip(4);  // priority and weight
  ServiceLocation location;
  location.port = be16(reader);
  location.host = read_labels(reader);
  if (!reader.ok() || reader.remaining() != 0) return fail(NtStatus::INVALID_PARAMETER);
  return location;
}

std::vector<std::string> texts_in(const DnsRecord& record) {
  std::vector<std::string> texts;
  ByteReader reader(record.data);
  while (reader.remaining() > 0) {
    const std::uint8_t length = reader.u8();
    const Bytes text = reader.bytes(length);
    if (reader.ok()) texts.emplace_back(as_text(text));
  }
  return texts;
}

std::string address_in(const DnsRecord& record) {
  char text[INET6_ADDRSTRLEN] = "";
  if (record.type == kTypeA && record.data.size() == 4) inet_ntop(AF_INET, record.data.data(), text, sizeof text);
  if (record.type == kTypeAaaa && record.data.size() == 16) inet_ntop(AF_INET6, record.data.data(), text, sizeof text);
  return text;
}

}  // namespace dozo::netbios
