// The identifiers of the share-state engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/strong_id.h"
#include "model/guid.h"

namespace dozo::share {

// One open. Unique for the life of the process; handed out by ShardedEngine::new_open_id.
using OpenId = StrongId<struct OpenIdTag>;
// One request that may have to wait. Chosen by the server before apply(), never used again.
using TicketId = StrongId<struct TicketIdTag>;
// Whose opens end together. The server decides: a tree connect, a session, a connection.
using OwnerId = StrongId<struct OwnerIdTag>;

// A file, whatever its names. [MS-FSA] 2.1.1.3 "Per File".
struct FileIdentity {
  std::uint64_t volume = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const FileIdentity&) const = default;
};

// A stream of a file: what share modes and byte-range locks apply to. [MS-FSA] 2.1.1.5 "Per Stream".
struct FileKey {
  std::uint64_t volume = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::u16string stream;  // upcased; empty for the main stream and for directories

  FileIdentity file() const { return {volume, device, inode}; }
  bool is_main_stream() const { return stream.empty(); }
  auto operator<=>(const FileKey&) const = default;
};

// A lease, over all connections of its client. [MS-SMB2] 3.3.1.11 LeaseTable, 3.3.1.12 Lease.
struct LeaseId {
  Guid client;  // Connection.ClientGuid
  Guid key;
  auto operator<=>(const LeaseId&) const = default;
};

// Of the file alone: all streams of a file live in one shard, since deleting the main stream deletes them all.
struct FileIdentityHash {
  std::size_t operator()(const FileIdentity& file) const noexcept {
    std::uint64_t x = file.inode * 0x9E3779B97F4A7C15ull;
    x ^= (x >> 29) ^ (file.device * 0xBF58476D1CE4E5B9ull) ^ (file.volume * 0x94D049BB133111EBull);
    x *= 0xD6E8FEB86659FD93ull;
    return static_cast<std::size_t>(x ^ (x >> 32));
  }
};

}  // namespace dozo::share
