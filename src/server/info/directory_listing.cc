#include "server/info/directory_listing.h"

#include <algorithm>

#include "base/unicode.h"
#include "model/nt_status.h"
#include "server/info/encode.h"
#include "vfs/short_name.h"

namespace dozo::server {
namespace {

using wire::FileInfoClass;

constexpr EntryLayout kLayouts[] = {
    // class                              name length, EA size, short name, tag, id 64, id 128, name
    {FileInfoClass::directory, 60, 0, 0, 0, 0, 0, 64},                // [MS-FSCC] 2.4.10
    {FileInfoClass::full_directory, 60, 64, 0, 0, 0, 0, 68},          // [MS-FSCC] 2.4.15
    {FileInfoClass::both_directory, 60, 64, 68, 0, 0, 0, 94},         // [MS-FSCC] 2.4.8
    {FileInfoClass::names, 8, 0, 0, 0, 0, 0, 12},                     // [MS-FSCC] 2.4.33
    {FileInfoClass::id_both_directory, 60, 64, 68, 0, 96, 0, 104},    // [MS-FSCC] 2.4.22
    {FileInfoClass::id_full_directory, 60, 64, 0, 0, 72, 0, 80},      // [MS-FSCC] 2.4.24
    {FileInfoClass::id_extd_directory, 60, 64, 0, 68, 0, 72, 88},     // [MS-FSCC] 2.4.23
    {FileInfoClass::id_64_extd_directory, 60, 64, 0, 68, 72, 0, 80},  // [MS-FSCC] 2.4.19
};

// Bytes of a name in UTF-16; as many as in (W)TF-8 where it is ASCII.
bool is_ascii(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// [MS-FSCC] 2.4.8: ShortNameLength, a reserved byte, ShortName of 12 characters. None where the name itself is one.
void put_short_name(std::string_view name, std::uint8_t* to) {
  if (vfs::is_short_name(name) || name == "." || name == "..") return;
  const std::string short_name = vfs::short_name_of(name);
  to[0] = static_cast<std::uint8_t>(2 * short_name.size());
  for (std::size_t i = 0; i < short_name.size(); ++i) {
    store_le(to + 2 + 2 * i, static_cast<std::uint16_t>(static_cast<unsigned char>(short_name[i])));
  }
}

}  // namespace

Result<const EntryLayout*> find_entry_layout(FileInfoClass info_class) {
  for (const EntryLayout& layout : kLayouts) {
    if (layout.info_class == info_class) return &layout;
  }
  // [MS-SMB2] 3.3.5.18 lists these too; they came with Windows Server 2022 and no client depends on them.
  const bool known = info_class == FileInfoClass::id_64_extd_both_directory ||
                     info_class == FileInfoClass::id_all_extd_directory ||
                     info_class == FileInfoClass::id_all_extd_both_directory;
  return fail(known ? NtStatus::NOT_SUPPORTED : NtStatus::INVALID_INFO_CLASS);
}

DirectoryListing::Added DirectoryListing::add(const vfs::DirectoryEntry& entry) {
  const std::size_t used = size();
  const std::size_t at = (used + 7) / 8 * 8;
  const bool ascii = is_ascii(entry.name);
  const std::u16string wide = ascii ? std::u16string() : utf8_to_utf16_lossy(entry.name);
  const std::size_t name_bytes = 2 * (ascii ? entry.name.size() : wide.size());
  const bool fits = in_range(at, layout_.file_name + name_bytes, size_max_);
  if (!fits && count_ != 0) return Added::no_room;

  out_.zeros(at - used);
  if (count_ != 0) out_.patch(start_ + last_, static_cast<std::uint32_t>(at - last_));
  last_ = at;
  ++count_;
  append_fixed(entry, name_bytes);
  const std::size_t copied = fits ? name_bytes : (size_max_ - size()) / 2 * 2;
  const std::size_t name_at = out_.size();
  out_.zeros(copied);
  std::uint8_t* to = out_.mutable_view().data() + name_at;
  for (std::size_t i = 0; i < copied / 2; ++i) {
    const char16_t c = ascii ? static_cast<char16_t>(static_cast<unsigned char>(entry.name[i])) : wide[i];
    store_le(to + 2 * i, static_cast<std::uint16_t>(c));
  }
  return fits ? Added::yes : Added::truncated;
}

void DirectoryListing::append_fixed(const vfs::DirectoryEntry& entry, std::size_t name_bytes) {
  const vfs::NodeInfo& info = entry.info;
  const std::size_t at = out_.size();
  out_.zeros(layout_.file_name);
  std::uint8_t* to = out_.mutable_view().data() + at;
  store_le(to + layout_.name_length, static_cast<std::uint32_t>(name_bytes));
  if (layout_.info_class == FileInfoClass::names) return;
  store_le(to + 8, info.creation_time.ticks);
  store_le(to + 16, info.last_access_time.ticks);
  store_le(to + 24, info.last_write_time.ticks);
  store_le(to + 32, info.change_time.ticks);
  store_le(to + 40, info.size);
  store_le(to + 48, info.allocation_size);
  store_le(to + 56, wire_attributes(info).bits());
  const std::uint32_t tag = reparse_tag(info);
  // [MS-FSCC] 2.4.8: EaSize is the reparse tag of what is one, unless the class has a place for that.
  if (layout_.ea_size != 0) {
    store_le(to + layout_.ea_size, layout_.reparse_tag == 0 && tag != 0 ? tag : info.ea_size);
  }
  if (layout_.short_name != 0) put_short_name(entry.name, to + layout_.short_name);
  if (layout_.reparse_tag != 0) store_le(to + layout_.reparse_tag, tag);
  if (layout_.file_id_64 != 0) store_le(to + layout_.file_id_64, file_id_64(info.id));
  if (layout_.file_id_128 != 0) std::ranges::copy(file_id_128(info.id), to + layout_.file_id_128);
}

}  // namespace dozo::server
