// What programs want of a share, each in one call. Paths are UTF-8, relative to the share, with '\' between names.
#pragma once

#include <string>
#include <vector>

#include "client/file.h"

namespace dozo::client {

struct DirectoryEntry {
  std::string name;
  FileAttributes attributes;
  std::uint64_t size = 0;
  std::uint64_t allocation_size = 0;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t file_id = 0;
  std::uint32_t reparse_tag = 0;  // of a reparse point, where a listing told it
  bool is_directory() const { return attributes.has(FileAttribute::directory); }
};

// Every name matching `pattern` in the directory, in the server's order, without "." and "..". More than 4,000,000 are
// STATUS_INVALID_NETWORK_RESPONSE.
runtime::Task<Result<std::vector<DirectoryEntry>>> list_directory(Tree& tree, std::string path,
                                                                  std::string pattern = "*");
// The named file or directory; its name and file_id are left empty.
runtime::Task<Result<DirectoryEntry>> stat(Tree& tree, std::string path);
runtime::Task<Result<ByteVector>> read_file(Tree& tree, std::string path);
// Creates the file, or replaces what it holds.
runtime::Task<Result<>> write_file(Tree& tree, std::string path, Bytes content);
runtime::Task<Result<>> make_directory(Tree& tree, std::string path);
runtime::Task<Result<>> remove_file(Tree& tree, std::string path);
runtime::Task<Result<>> remove_directory(Tree& tree, std::string path);  // must be empty
runtime::Task<Result<>> rename(Tree& tree, std::string from, std::string to, bool replace = false);

}  // namespace dozo::client
