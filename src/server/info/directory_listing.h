// DirectoryListing: the entries of one QUERY_DIRECTORY answer, in any of its classes. [MS-FSCC] 2.4.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "vfs/types.h"
#include "wire/info_class.h"

namespace dozo::server {

// Where a class has what; 0: nowhere. What all classes but FileNamesInformation share lies where
// FileDirectoryInformation (2.4.10) has it. Written by offset instead of through the structs of wire/fscc/directory.h,
// which the tests hold it against: a listing is the one place where a server spends its time on such entries.
struct EntryLayout {
  wire::FileInfoClass info_class;
  std::uint16_t name_length;
  std::uint16_t ea_size;
  std::uint16_t short_name;  // its length; the name itself 2 bytes behind
  std::uint16_t reparse_tag;
  std::uint16_t file_id_64;
  std::uint16_t file_id_128;
  std::uint16_t file_name;  // also the size of the fixed part
};
// STATUS_INVALID_INFO_CLASS: not a class of directories. STATUS_NOT_SUPPORTED: one that dozo does not have.
Result<const EntryLayout*> find_entry_layout(wire::FileInfoClass info_class);

// Appends entries to `out`, at most `size_max` bytes.
class DirectoryListing {
 public:
  enum class Added { yes, no_room, truncated };

  DirectoryListing(const EntryLayout& layout, ByteWriter& out, std::size_t size_max)
      : layout_(layout), out_(out), start_(out.size()), size_max_(size_max) {}

  // no_room: nothing was appended. truncated: the first entry alone does not fit, its name was cut.
  // [MS-FSA] 2.1.5.6.3. Precondition: the fixed part of one entry fits.
  Added add(const vfs::DirectoryEntry& entry);
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return out_.size() - start_; }

 private:
  void append_fixed(const vfs::DirectoryEntry& entry, std::size_t name_bytes);

  const EntryLayout& layout_;
  ByteWriter& out_;
  std::size_t start_;
  std::size_t size_max_;
  std::size_t last_ = 0;
  std::size_t count_ = 0;
};

}  // namespace dozo::server
