// InfoRow: one element of a net info level: its members in wire order. Most net structures hold nothing but 32-bit
// numbers and pointers to strings, so that a level is a list of its members and one way to write them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rpc/call.h"

namespace dozo::rpc {

class InfoRow {
 public:
  InfoRow& number(std::uint32_t v);
  InfoRow& text(std::string_view utf8);
  InfoRow& null();                    // a null pointer
  InfoRow& counted(ByteVector blob);  // a length, and a pointer to so many bytes; empty: 0 and null

  void write_flat(wire::NdrWriter& out) const;
  void write_pointees(wire::NdrWriter& out) const;
  // What the element takes in a client's buffer, for PreferedMaximumLength.
  std::size_t buffer_size() const;

 private:
  struct Null {};
  using Member = std::variant<std::uint32_t, std::string, Null, ByteVector>;
  std::vector<Member> members_;
};

// The parameters every net enumeration ends with: InfoStruct, PreferedMaximumLength, ResumeHandle.
struct EnumRequest {
  std::uint32_t level = 0;
  bool level_known = false;  // else nothing behind the level was read
  std::uint32_t preferred_length = 0;
  std::optional<std::uint32_t> resume;
};

// Reads them; `levels` are those of the call. The in-direction's container may be null, or hold an empty buffer.
EnumRequest read_enum(wire::NdrReader& in, std::span<const std::uint32_t> levels);

// Writes InfoStruct, TotalEntries, ResumeHandle and the return value. [MS-SRVS] 3.1.4.8: as many rows as
// PreferedMaximumLength holds from the resume handle on, which is the index of the last row given.
void write_enum(wire::NdrWriter& out, const EnumRequest& request, std::span<const InfoRow> rows);
void write_enum_error(wire::NdrWriter& out, const EnumRequest& request, NetError error);

// The answer of a GetInfo call: the union, one structure behind its pointer, and the return value.
void write_info(wire::NdrWriter& out, std::uint32_t level, const InfoRow& row);
void write_info_error(wire::NdrWriter& out, std::uint32_t level, NetError error);

}  // namespace dozo::rpc
