#include "rpc/info_row.h"

#include <algorithm>

#include "base/unicode.h"

namespace dozo::rpc {
namespace {

constexpr std::uint32_t kMaxPreferredLength = 0xFFFFFFFF;  // [MS-SRVS] 2.2.2.2 MAX_PREFERRED_LENGTH

void write_status(wire::NdrWriter& out, NetError error) { out.u32(static_cast<std::uint32_t>(error)); }

// A container: the count, and the array behind its pointer.
void write_container(wire::NdrWriter& out, std::span<const InfoRow> rows) {
  const auto count = static_cast<std::uint32_t>(rows.size());
  out.u32(count);
  out.pointer(count != 0);
  if (count == 0) return;
  out.u32(count);
  for (const InfoRow& row : rows) row.write_flat(out);
  for (const InfoRow& row : rows) row.write_pointees(out);
}

void write_resume(wire::NdrWriter& out, const EnumRequest& request, std::uint32_t value) {
  out.pointer(request.resume.has_value());
  if (request.resume) out.u32(value);
}

// How many of `rows` fit.
std::size_t fitting(std::span<const InfoRow> rows, std::uint32_t length_max) {
  if (length_max == kMaxPreferredLength) return rows.size();
  std::size_t used = 0;
  std::size_t count = 0;
  while (count < rows.size() && used + rows[count].buffer_size() <= length_max) used += rows[count++].buffer_size();
  return count;
}

}  // namespace

InfoRow& InfoRow::number(std::uint32_t v) {
  members_.emplace_back(v);
  return *this;
}

InfoRow& InfoRow::text(std::string_view utf8) {
  members_.emplace_back(std::string(utf8));
  return *this;
}

InfoRow& InfoRow::null() {
  members_.emplace_back(Null{});
  return *this;
}

InfoRow& InfoRow::counted(ByteVector blob) {
  number(static_cast<std::uint32_t>(blob.size()));
  if (blob.empty()) return null();
  members_.emplace_back(std::move(blob));
  return *this;
}

void InfoRow::write_flat(wire::NdrWriter& out) const {
  for (const Member& m : members_) {
    if (const auto* v = std::get_if<std::uint32_t>(&m)) {
      out.u32(*v);
    } else {
      out.pointer(!std::holds_alternative<Null>(m));
    }
  }
}

void InfoRow::write_pointees(wire::NdrWriter& out) const {
  for (const Member& m : members_) {
    if (const auto* text = std::get_if<std::string>(&m)) out.string(*text);
    if (const auto* blob = std::get_if<ByteVector>(&m)) {
      out.u32(static_cast<std::uint32_t>(blob->size()));
      out.bytes(*blob);
    }
  }
}

std::size_t InfoRow::buffer_size() const {
  std::size_t size = 4 * members_.size();
  for (const Member& m : members_) {
    if (const auto* text = std::get_if<std::string>(&m)) size += 2 * (utf8_to_utf16_lossy(*text).size() + 1);
    if (const auto* blob = std::get_if<ByteVector>(&m)) size += blob->size();
  }
  return size;
}

EnumRequest read_enum(wire::NdrReader& in, std::span<const std::uint32_t> levels) {
  EnumRequest request;
  request.level = in.u32();
  const std::uint32_t discriminant = in.u32();
  if (discriminant != request.level) in.set_bad();
  request.level_known = std::find(levels.begin(), levels.end(), request.level) != levels.end();
  if (!request.level_known) return request;
  if (in.pointer()) {
    const std::uint32_t entries = in.u32();
    // The array is for the way back; who sends elements is not asking.
    if (in.pointer() && in.u32() != 0) in.set_bad();
    if (entries != 0) in.set_bad();
  }
  request.preferred_length = in.u32();
  if (in.pointer()) request.resume = in.u32();
  return request;
}

void write_enum(wire::NdrWriter& out, const EnumRequest& request, std::span<const InfoRow> rows) {
  const std::size_t begin = std::min<std::size_t>(request.resume.value_or(0), rows.size());
  const auto left = rows.subspan(begin);
  const auto part = left.first(fitting(left, request.preferred_length));
  const bool complete = part.size() == left.size();
  NetError status = complete ? NetError::success : NetError::more_data;
  if (!complete && part.empty()) status = NetError::buffer_too_small;
  out.u32(request.level);
  out.u32(request.level);
  out.pointer(true);
  write_container(out, part);
  out.u32(static_cast<std::uint32_t>(left.size()));
  write_resume(out, request, complete ? 0 : static_cast<std::uint32_t>(begin + part.size()));
  write_status(out, status);
}

void write_enum_error(wire::NdrWriter& out, const EnumRequest& request, NetError error) {
  out.u32(request.level);
  out.u32(request.level);
  if (request.level_known) out.pointer(false);
  out.u32(0);
  write_resume(out, request, 0);
  write_status(out, error);
}

void write_info(wire::NdrWriter& out, std::uint32_t level, const InfoRow& row) {
  out.u32(level);
  out.pointer(true);
  row.write_flat(out);
  row.write_pointees(out);
  write_status(out, NetError::success);
}

void write_info_error(wire::NdrWriter& out, std::uint32_t level, NetError error) {
  out.u32(level);
  out.pointer(false);
  write_status(out, error);
}

}  // namespace dozo::rpc
