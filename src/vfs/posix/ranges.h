// Whole-range operations on a descriptor. They may block.
#pragma once

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

bool is_sparse(const Share& share, int fd);
Result<> truncate_to(int fd, std::uint64_t size);
Result<> allocate_to(int fd, std::uint64_t size);
// Within the size of the file. `sparse`: its blocks are given up.
Result<> zero_bytes(int fd, ByteRange range, bool sparse);
Result<std::vector<ByteRange>> find_allocated(int fd, ByteRange within, bool sparse);
// STATUS_NOT_SUPPORTED: copy through memory.
Result<std::uint64_t> copy_bytes(int in, ByteRange range, int out, std::uint64_t to_offset);
Result<> clone_bytes(int in, ByteRange range, int out, std::uint64_t to_offset);

}  // namespace dozo::vfs::posix
