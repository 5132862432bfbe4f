#include "vfs/posix/dos_attributes.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::uint32_t kHasAttributes = 0x01;
constexpr std::uint32_t kHasCreationTime = 0x10;
// What a record may say; the rest describes what the object is now.
constexpr FileAttributes kRecorded = kSettableAttributes | FileAttribute::sparse_file | FileAttribute::directory;

// The text before the version: up to "0x" and eight digits and a NUL. Older records say the attributes here.
std::optional<std::uint32_t> read_hex_text(ByteReader& in) {
  std::uint32_t value = 0;
  bool any = false;
  for (int i = 0; i < 16; ++i) {
    const std::uint8_t c = in.u8();
    if (c == 0) return in.ok() && any ? std::optional(value) : std::nullopt;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (i == 1 && (c == 'x' || c == 'X')) continue;
    if (digit < 0) break;
    value = (value << 4) | static_cast<std::uint32_t>(digit);
    any = true;
  }
  in.set_bad();
  return std::nullopt;
}

FileTime read_time(ByteReader& in) {
  in.align(4);
  return {in.u64()};
}

// Versions 1 and 2: everything is valid; version 2 has flags in front, which say when the rest is in use.
void read_old(ByteReader& in, std::uint16_t version, DosAttributes& out) {
  const std::uint32_t flags = version == 2 ? in.u32() : 0;
  out.attributes = FileAttributes::from_wire(in.u32());
  in.skip(4 + 8 + 8);  // ea_size, size, alloc_size
  const FileTime created = read_time(in);
  if (version == 1 || (flags & 1) != 0) out.creation_time = created;
}

void read_flagged(ByteReader& in, std::uint16_t version, DosAttributes& out) {
  const std::uint32_t valid = in.u32();
  const std::uint32_t attributes = in.u32();
  if (version == 3) in.skip(4 + 8 + 8);
  if (version == 4) in.skip(8);  // itime
  const FileTime created = read_time(in);
  if ((valid & kHasAttributes) != 0) out.attributes = FileAttributes::from_wire(attributes);
  if ((valid & kHasCreationTime) != 0) out.creation_time = created;
}

// "DZCT": what follows a record of ours. Anything else there is nothing of ours.
constexpr std::uint32_t kChangeTimeMark = 0x54435A44;
constexpr std::int64_t kTickMax_ns = 10'000'000;
constexpr std::int64_t kWriteMax_ns = 5'000'000;

void read_change_time(ByteReader in, DosAttributes& out) {
  if (in.u32() != kChangeTimeMark) return;
  const KeptChangeTime kept{{in.u64()}, static_cast<std::int64_t>(in.u64())};
  if (in.ok()) out.change_time = kept;
}

}  // namespace

bool KeptChangeTime::stands_for(std::int64_t ctime_ns) const {
  // Hostile: the difference must not overflow.
  const auto later =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(ctime_ns) - static_cast<std::uint64_t>(written_ns));
  return later >= -kTickMax_ns && later <= kWriteMax_ns;
}

std::optional<DosAttributes> decode_dos_attributes(Bytes blob) {
  if (blob.size() > kDosAttributesMax) return std::nullopt;
  ByteReader in(blob);
  DosAttributes out;
  const auto text = read_hex_text(in);
  if (text && in.remaining() < 4) {
    // Before there were versions, the text was all.
    out.attributes = FileAttributes::from_wire(*text) & kRecorded;
    return out;
  }
  in.align(2);
  const std::uint16_t version = in.u16();
  if (in.u16() != version) return std::nullopt;
  in.align(4);
  if (version == 1 || version == 2) {
    read_old(in, version, out);
  } else if (version >= 3 && version <= 5) {
    read_flagged(in, version, out);
  } else {
    return std::nullopt;
  }
  if (!in.ok()) return std::nullopt;
  if (version == 5) read_change_time(in, out);
  if (out.attributes) out.attributes = *out.attributes & kRecorded;
  // smbd writes these for "not set".
  if (out.creation_time && (out.creation_time->ticks == 0 || out.creation_time->ticks >= kFileTimeThaw)) {
    out.creation_time.reset();
  }
  return out;
}

ByteVector encode_dos_attributes(FileAttributes attributes, FileTime creation_time,
                                 const std::optional<KeptChangeTime>& change_time) {
  constexpr std::uint16_t kVersion = 5;
  ByteWriter out;
  out.u8(0);  // no text
  out.align(2);
  out.u16(kVersion);
  out.u16(kVersion);  // the union's discriminant
  out.align(4);
  out.u32(kHasAttributes | kHasCreationTime);
  out.u32((attributes & kRecorded).bits());
  out.u64(creation_time.ticks);
  if (change_time) {
    out.u32(kChangeTimeMark);
    out.u64(change_time->time.ticks);
    out.u64(static_cast<std::uint64_t>(change_time->written_ns));
  }
  return std::move(out).take();
}

}  // namespace dozo::vfs::posix
