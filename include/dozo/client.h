// dozo's SMB client for C++ programs: shares of SMB 2 and 3 servers, their folders and files.
//
//   dozo::smb::Options options;
//   options.address = "smb://alice@files.example.org/projects";
//   options.password = password;
//   auto share = dozo::smb::Share::connect(options);
//   if (!share) return complain(share.error().message);
//   auto entries = share->list("reports");
//
// Link with `pkg-config --static --libs dozo-client`, or find_package(dozo-client) and dozo::client. C++17 is enough.
//
// Calls block, and may be made from any number of threads at a time: each Share has a thread of its own on which all
// requests are under way together, over one connection. A connection that is lost is made again, and what was under way
// goes on, as far as that is safe. What the server says is believed only when it is signed or encrypted with the key
// that the logon gave, unless Options say otherwise.
//
// Paths are UTF-8 and relative to the share, with '/' or '\' between names; "" is the share's own folder.
// No call throws, except std::bad_alloc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dozo::smb {

// Why a call failed.
struct Error {
  std::uint32_t status = 0;  // the NTSTATUS, [MS-ERREF] 2.3; 0xC000000D for what is wrong with the call itself
  std::string message;       // for people: where, what, and the status by name
};

// What a call returned, or why it failed.
template <class T>
class Result {
 public:
  Result(T value) : content_(std::move(value)) {}      // NOLINT: a value is a result
  Result(Error error) : content_(std::move(error)) {}  // NOLINT: and so is an error
  explicit operator bool() const { return content_.index() == 0; }
  // Only where it succeeded.
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  // Only where it failed.
  const Error& error() const { return std::get<1>(content_); }

 private:
  std::variant<T, Error> content_;
};
struct Done {};
using Status = Result<Done>;

enum class Encryption { when_asked, always };

struct Options {
  std::string address;  // smb://[user@]host[:port]/share, or \\host\share
  std::string user;     // where the address names none
  std::string domain;
  std::string password;      // UTF-8; no copy outlives connect(), only its hash
  bool anonymous = false;    // log on as nobody; takes allow_unsigned
  bool allow_guest = false;  // a guest's session where the server gives no other; takes allow_unsigned
  bool allow_unsigned = false;
  Encryption encryption = Encryption::when_asked;
  std::string min_dialect = "3.0";  // "2.0.2" "2.1" "3.0" "3.0.2" "3.1.1"
  std::string max_dialect = "3.1.1";
  std::chrono::milliseconds timeout{60000};   // of one answer
  std::chrono::milliseconds patience{60000};  // how long a lost connection is tried again
};

struct Entry {
  std::string name;  // empty from stat()
  bool is_folder = false;
  bool is_link = false;          // a symbolic link or another reparse point
  std::uint32_t attributes = 0;  // [MS-FSCC] 2.6
  std::uint64_t size = 0;
  std::uint64_t allocated = 0;
  std::chrono::system_clock::time_point created, accessed, written, changed;
};

enum class Mode {
  read,     // what is there
  write,    // what is there, or a new empty file
  replace,  // an empty file, whatever was there
  create,   // a new file; an error when there is one
};

// An open file. Not copied; moved. Belongs to its Share, and is closed before that ends.
class File {
 public:
  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();  // closes; close() says whether that worked

  std::uint64_t size() const;  // when it was opened
  // Bytes read: fewer than asked for only at the end of the file.
  Result<std::size_t> read_at(std::uint64_t offset, void* into, std::size_t size);
  // All of it is written, or an error says why not. What was written is on the server's disk after flush().
  Status write_at(std::uint64_t offset, const void* from, std::size_t size);
  Status flush();
  Status close();

  struct Impl;
  explicit File(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

// A connection to a share. Not copied; moved, by one thread at a time.
class Share {
 public:
  static Result<Share> connect(const Options& options);
  Share(Share&&) noexcept;
  Share& operator=(Share&&) noexcept;
  ~Share();  // logs off

  std::string dialect() const;  // "3.1.1"; "" while there is no connection

  Result<std::vector<Entry>> list(const std::string& folder, const std::string& pattern = "*");
  Result<Entry> stat(const std::string& path);
  Result<std::vector<std::uint8_t>> read(const std::string& path);
  // Creates the file or replaces what it holds.
  Status write(const std::string& path, const void* from, std::size_t size);
  Result<File> open(const std::string& path, Mode mode);
  Status make_folder(const std::string& path);
  Status remove_file(const std::string& path);
  Status remove_folder(const std::string& path);  // must be empty
  Status rename(const std::string& from, const std::string& to, bool replace = false);

  struct Impl;

 private:
  explicit Share(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace dozo::smb
