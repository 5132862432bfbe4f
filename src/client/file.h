// File: an open file, directory or pipe. [MS-SMB2] 3.2.1.6.
#pragma once

#include "client/tree.h"
#include "wire/close.h"
#include "wire/query_directory.h"
#include "wire/query_info.h"

namespace dozo::client {

// How large a buffer of QUERY_DIRECTORY is asked for.
std::uint32_t listing_buffer(const Connection& connection);

// Resource; one loop; outlived by its tree. Not closed by its destructor: await close(), or let the session end it.
class File {
 public:
  File(Tree& tree, Response response, wire::CreateResponse answer)
      : tree_(tree), response_(std::move(response)), answer_(std::move(answer)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  Tree& tree() { return tree_; }
  FileId id() const { return answer_.file_id; }
  const wire::CreateResponse& created() const { return answer_; }  // its contexts' data lives as long as the File

  // One READ, at most the server's MaxReadSize; bytes read, 0 at the end of the file.
  runtime::Task<Result<std::size_t>> read_at(std::uint64_t offset, MutableBytes into);
  // One WRITE, at most MaxWriteSize; bytes written.
  runtime::Task<Result<std::size_t>> write_at(std::uint64_t offset, Bytes from);
  // Any length, in pieces that are in flight together.
  runtime::Task<Result<std::size_t>> read_range(std::uint64_t offset, MutableBytes into);
  runtime::Task<Result<>> write_range(std::uint64_t offset, Bytes from);

  runtime::Task<Result<>> flush();
  // The information in its wire form ([MS-FSCC] 2.4), at most `size_max` bytes; a BUFFER_OVERFLOW keeps what there is.
  runtime::Task<Result<ByteVector>> query_info(wire::FileInfoClass info_class, std::uint32_t size_max = 4096);
  runtime::Task<Result<>> set_info(wire::FileInfoClass info_class, ByteVector information);
  // Names matching `pattern`, one buffer of them; empty at the end.
  runtime::Task<Result<ByteVector>> query_directory(wire::FileInfoClass info_class, std::string pattern, bool restart);
  // Returns the output; STATUS_BUFFER_OVERFLOW keeps what there is.
  runtime::Task<Result<ByteVector>> ioctl(wire::Fsctl code, ByteVector input, std::uint32_t output_max);
  runtime::Task<Result<>> close();

 private:
  Tree& tree_;
  Response response_;
  wire::CreateResponse answer_;
};

}  // namespace dozo::client
