// The create contexts: their names, and their data as decode_plain<T>() and encode_plain() take it.
// [MS-SMB2] 2.2.13.2 (requests) and 2.2.14.2 (responses). Those whose data is another structure:
// ExtA is wire/fscc/ea.h, SecD is model/security_descriptor.h, AAPL is left as bytes.
#pragma once

#include <array>
#include <string_view>

#include "model/access_mask.h"
#include "model/create.h"
#include "model/guid.h"
#include "wire/fields.h"

namespace dozo::wire {

namespace context_name {

inline Bytes of(std::string_view tag) { return as_bytes(tag); }

inline const Bytes kEaBuffer = of("ExtA");
inline const Bytes kSdBuffer = of("SecD");
inline const Bytes kDurableRequest = of("DHnQ");
inline const Bytes kDurableReconnect = of("DHnC");
inline const Bytes kDurableRequestV2 = of("DH2Q");
inline const Bytes kDurableReconnectV2 = of("DH2C");
inline const Bytes kAllocationSize = of("AlSi");
inline const Bytes kQueryMaximalAccess = of("MxAc");
inline const Bytes kTimewarp = of("TWrp");
inline const Bytes kQueryOnDiskId = of("QFid");
inline const Bytes kRequestLease = of("RqLs");  // both versions; the data's length tells
inline const Bytes kApple = of("AAPL");

inline constexpr std::array<std::uint8_t, 16> kAppInstanceId = {0x45, 0xBC, 0xA6, 0x6A, 0xEF, 0xA7, 0xF7, 0x4A,
                                                                0x90, 0x08, 0xFA, 0x46, 0x2E, 0x14, 0x4D, 0x74};
inline constexpr std::array<std::uint8_t, 16> kAppInstanceVersion = {0xB9, 0x82, 0xD0, 0xB7, 0x3B, 0x56, 0x07, 0x4F,
                                                                     0xA0, 0x7B, 0x52, 0x4A, 0x81, 0x16, 0xA0, 0x10};
inline constexpr std::array<std::uint8_t, 16> kSvhdxOpenDevice = {0x9C, 0xCB, 0xCF, 0x9E, 0x04, 0xC1, 0xE6, 0x43,
                                                                  0x98, 0x0E, 0x15, 0x8D, 0xA1, 0xF6, 0xEC, 0x83};
inline constexpr std::array<std::uint8_t, 16> kPosix = {0x93, 0xAD, 0x25, 0x50, 0x9C, 0xB4, 0x11, 0xE7,
                                                        0xB4, 0x23, 0x83, 0xDE, 0x96, 0x8B, 0xCD, 0x7C};

}  // namespace context_name

// [MS-SMB2] 2.2.13.2.3.
struct DurableHandleRequest {
  static constexpr std::string_view kName = "DurableHandleRequest";
  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.reserved(16);
  }
};

// [MS-SMB2] 2.2.14.2.3.
struct DurableHandleResponse {
  static constexpr std::string_view kName = "DurableHandleResponse";
  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.reserved(8);
  }
};

// [MS-SMB2] 2.2.13.2.4.
struct DurableHandleReconnect {
  static constexpr std::string_view kName = "DurableHandleReconnect";
  FileId file_id;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("file_id", self.file_id);
  }
};

enum class DurableFlag : std::uint32_t { persistent = 0x00000002 };
using DurableFlags = Flags<DurableFlag>;

// [MS-SMB2] 2.2.13.2.11.
struct DurableHandleRequestV2 {
  static constexpr std::string_view kName = "DurableHandleRequestV2";
  std::uint32_t timeout = 0;  // milliseconds, 0: the server's choice
  DurableFlags flags;
  Guid create_guid;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("timeout", self.timeout);
    v("flags", self.flags);
    v.reserved(8);
    v("create_guid", self.create_guid);
  }
};

// [MS-SMB2] 2.2.14.2.12.
struct DurableHandleResponseV2 {
  static constexpr std::string_view kName = "DurableHandleResponseV2";
  std::uint32_t timeout = 0;  // milliseconds
  DurableFlags flags;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("timeout", self.timeout);
    v("flags", self.flags);
  }
};

// [MS-SMB2] 2.2.13.2.12.
struct DurableHandleReconnectV2 {
  static constexpr std::string_view kName = "DurableHandleReconnectV2";
  FileId file_id;
  Guid create_guid;
  DurableFlags flags;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("file_id", self.file_id);
    v("create_guid", self.create_guid);
    v("flags", self.flags);
  }
};

// [MS-SMB2] 2.2.13.2.5: the request's data is empty or this timestamp.
struct QueryMaximalAccessRequest {
  static constexpr std::string_view kName = "QueryMaximalAccessRequest";
  FileTime timestamp;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("timestamp", self.timestamp);
  }
};

// [MS-SMB2] 2.2.14.2.5.
struct QueryMaximalAccessResponse {
  static constexpr std::string_view kName = "QueryMaximalAccessResponse";
  NtStatus query_status = NtStatus::SUCCESS;
  AccessMask maximal_access;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("query_status", self.query_status);
    v("maximal_access", self.maximal_access);
  }
};

// [MS-SMB2] 2.2.13.2.6.
struct AllocationSizeContext {
  static constexpr std::string_view kName = "AllocationSizeContext";
  std::uint64_t allocation_size = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("allocation_size", self.allocation_size);
  }
};

// [MS-SMB2] 2.2.13.2.7.
struct TimewarpToken {
  static constexpr std::string_view kName = "TimewarpToken";
  FileTime timestamp;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("timestamp", self.timestamp);
  }
};

// [MS-SMB2] 2.2.14.2.9; the request's data is empty.
struct QueryOnDiskIdResponse {
  static constexpr std::string_view kName = "QueryOnDiskIdResponse";
  std::uint64_t disk_file_id = 0;
  std::uint64_t volume_id = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("disk_file_id", self.disk_file_id);
    v("volume_id", self.volume_id);
    v.reserved(16);
  }
};

enum class LeaseFlag : std::uint32_t { break_in_progress = 0x00000002, parent_lease_key_set = 0x00000004 };
using LeaseFlags = Flags<LeaseFlag>;
DOZO_FLAGS(LeaseFlag)

inline constexpr std::size_t kLeaseContextSize = 32;    // [MS-SMB2] 3.3.5.9.8: DataLength tells the version
inline constexpr std::size_t kLeaseV2ContextSize = 52;  // [MS-SMB2] 3.3.5.9.11

// [MS-SMB2] 2.2.13.2.8 and 2.2.14.2.10: request and response have one layout.
struct LeaseContext {
  static constexpr std::string_view kName = "LeaseContext";
  Guid lease_key;
  LeaseState lease_state;
  LeaseFlags lease_flags;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("lease_key", self.lease_key);
    v("lease_state", self.lease_state);
    v("lease_flags", self.lease_flags);
    v.reserved(8);
  }
};

// [MS-SMB2] 2.2.13.2.10 and 2.2.14.2.11.
struct LeaseContextV2 {
  static constexpr std::string_view kName = "LeaseContextV2";
  Guid lease_key;
  LeaseState lease_state;
  LeaseFlags flags;
  Guid parent_lease_key;
  std::uint16_t epoch = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("lease_key", self.lease_key);
    v("lease_state", self.lease_state);
    v("flags", self.flags);
    v.reserved(8);
    v("parent_lease_key", self.parent_lease_key);
    v("epoch", self.epoch);
    v.reserved(2);
  }
};

// [MS-SMB2] 2.2.13.2.13.
struct AppInstanceIdContext {
  static constexpr std::string_view kName = "AppInstanceIdContext";
  Guid app_instance_id;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(20);
    v.reserved(2);
    v("app_instance_id", self.app_instance_id);
  }
};

// [MS-SMB2] 2.2.13.2.15.
struct AppInstanceVersionContext {
  static constexpr std::string_view kName = "AppInstanceVersionContext";
  std::uint64_t app_instance_version_high = 0;
  std::uint64_t app_instance_version_low = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(24);
    v.reserved(2);
    v.reserved(4);
    v("app_instance_version_high", self.app_instance_version_high);
    v("app_instance_version_low", self.app_instance_version_low);
  }
};

// The POSIX extensions' request: the mode a file is created with.
struct PosixCreateRequest {
  static constexpr std::string_view kName = "PosixCreateRequest";
  std::uint32_t mode = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("mode", self.mode);
  }
};

// And the answer: behind the numbers two SIDs in packet form, owner and group.
struct PosixCreateResponse {
  static constexpr std::string_view kName = "PosixCreateResponse";
  std::uint32_t link_count = 0;
  std::uint32_t reparse_tag = 0;
  std::uint32_t mode = 0;
  Bytes sids;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("link_count", self.link_count);
    v("reparse_tag", self.reparse_tag);
    v("mode", self.mode);
    v.rest("sids", self.sids);
  }
};

}  // namespace dozo::wire
