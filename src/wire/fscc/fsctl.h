// The payloads of SMB2 IOCTL. [MS-SMB2] 2.2.31, 2.2.32; [MS-FSCC] 2.3. Reparse points: reparse.h.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <vector>

#include "wire/chain.h"
#include "wire/fields.h"
#include "wire/negotiate.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.32.3: opaque, made by the server.
using ResumeKey = std::array<std::uint8_t, 24>;
inline constexpr std::array<std::uint8_t, 4> kNoResumeContextBytes{};
inline constexpr Bytes kNoResumeContext{kNoResumeContextBytes};

// [MS-SMB2] 2.2.32.5.1: family, and port and address in network order.
using SockAddrStorage = std::array<std::uint8_t, 128>;
SockAddrStorage sockaddr_v4(const std::array<std::uint8_t, 4>& address);
SockAddrStorage sockaddr_v6(const std::array<std::uint8_t, 16>& address);

// [MS-SMB2] 2.2.32.5 Capability.
inline constexpr std::uint32_t kInterfaceRssCapable = 0x00000001;
inline constexpr std::uint32_t kInterfaceRdmaCapable = 0x00000002;

// [MS-SMB2] 2.2.31.1.1.
struct SrvCopychunk {
  static constexpr std::string_view kName = "SrvCopychunk";
  std::uint64_t source_offset = 0;
  std::uint64_t target_offset = 0;
  std::uint32_t length = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("source_offset", self.source_offset);
    v("target_offset", self.target_offset);
    v("length", self.length);
    v.reserved(4);
  }
};

// [MS-SMB2] 2.2.31.1.
struct SrvCopychunkCopy {
  static constexpr std::string_view kName = "SrvCopychunkCopy";
  ResumeKey source_key;
  std::vector<SrvCopychunk> chunks;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("source_key", self.source_key);
    v.count_of(u32, self.chunks);
    v.reserved(4);
    v.array("chunks", self.chunks);
  }
};

// [MS-SMB2] 2.2.32.1.
struct SrvCopychunkResponse {
  static constexpr std::string_view kName = "SrvCopychunkResponse";
  std::uint32_t chunks_written = 0;
  std::uint32_t chunk_bytes_written = 0;
  std::uint32_t total_bytes_written = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("chunks_written", self.chunks_written);
    v("chunk_bytes_written", self.chunk_bytes_written);
    v("total_bytes_written", self.total_bytes_written);
  }
};

// [MS-SMB2] 2.2.32.3. ContextLength is 0, and still four bytes of context are sent.
struct SrvRequestResumeKeyResponse {
  static constexpr std::string_view kName = "SrvRequestResumeKeyResponse";
  ResumeKey resume_key;
  Bytes context = kNoResumeContext;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("resume_key", self.resume_key);
    v.reserved(4);
    v.rest("context", self.context);
  }
};

// [MS-SMB2] 2.2.32.2. Each name is "@GMT-…" with a NUL behind it, and one more behind the last.
struct SrvSnapshotArray {
  static constexpr std::string_view kName = "SrvSnapshotArray";
  std::uint32_t number_of_snapshots = 0;
  std::uint32_t number_of_snapshots_returned = 0;
  std::u16string snapshots;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("number_of_snapshots", self.number_of_snapshots);
    v("number_of_snapshots_returned", self.number_of_snapshots_returned);
    v.length_of(u32, self.snapshots);
    v.sized("snapshots", self.snapshots);
  }
};

// [MS-SMB2] 2.2.31.2.
struct SrvReadHashRequest {
  static constexpr std::string_view kName = "SrvReadHashRequest";
  std::uint32_t hash_type = 0;
  std::uint32_t hash_version = 0;
  std::uint32_t hash_retrieval_type = 0;
  std::uint32_t length = 0;
  std::uint64_t offset = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("hash_type", self.hash_type);
    v("hash_version", self.hash_version);
    v("hash_retrieval_type", self.hash_retrieval_type);
    v("length", self.length);
    v("offset", self.offset);
  }
};

// [MS-SMB2] 2.2.31.3.
struct NetworkResiliencyRequest {
  static constexpr std::string_view kName = "NetworkResiliencyRequest";
  std::uint32_t timeout = 0;  // milliseconds
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("timeout", self.timeout);
    v.reserved(4);
  }
};

// [MS-SMB2] 2.2.31.4.
struct ValidateNegotiateInfoRequest {
  static constexpr std::string_view kName = "ValidateNegotiateInfoRequest";
  Capabilities capabilities;
  Guid guid;
  SecurityMode security_mode;
  std::vector<std::uint16_t> dialects;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("capabilities", self.capabilities);
    v("guid", self.guid);
    v("security_mode", self.security_mode);
    v.count_of(u16, self.dialects);
    v.array("dialects", self.dialects);
  }
};

// [MS-SMB2] 2.2.32.6.
struct ValidateNegotiateInfoResponse {
  static constexpr std::string_view kName = "ValidateNegotiateInfoResponse";
  Capabilities capabilities;
  Guid guid;
  SecurityMode security_mode;
  std::uint16_t dialect = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("capabilities", self.capabilities);
    v("guid", self.guid);
    v("security_mode", self.security_mode);
    v("dialect", self.dialect);
  }
};

// [MS-SMB2] 2.2.32.5. A chain, 8-aligned.
struct NetworkInterfaceInfo {
  static constexpr std::string_view kName = "NetworkInterfaceInfo";
  std::uint32_t if_index = 0;
  std::uint32_t capability = 0;
  std::uint64_t link_speed = 0;  // bits a second
  SockAddrStorage sockaddr_storage;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("if_index", self.if_index);
    v("capability", self.capability);
    v.reserved(4);
    v("link_speed", self.link_speed);
    v("sockaddr_storage", self.sockaddr_storage);
  }
};

// [MS-FSCC] 2.3.85.
struct FileZeroDataInformation {
  static constexpr std::string_view kName = "FileZeroDataInformation";
  std::uint64_t file_offset = 0;
  std::uint64_t beyond_final_zero = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("file_offset", self.file_offset);
    v("beyond_final_zero", self.beyond_final_zero);
  }
};

// [MS-FSCC] 2.3.51, and 2.3.52 is an array of it.
struct FileAllocatedRange {
  static constexpr std::string_view kName = "FileAllocatedRange";
  std::uint64_t file_offset = 0;
  std::uint64_t length = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("file_offset", self.file_offset);
    v("length", self.length);
  }
};

// [MS-FSCC] 2.3.83. An empty payload means true; that is for the caller.
struct FileSetSparseBuffer {
  static constexpr std::string_view kName = "FileSetSparseBuffer";
  bool set_sparse = true;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("set_sparse", self.set_sparse);
  }
};

// [MS-FSCC] 2.3.7.2.
struct DuplicateExtentsData {
  static constexpr std::string_view kName = "DuplicateExtentsData";
  FileId source_file_id;
  std::uint64_t source_file_offset = 0;
  std::uint64_t target_file_offset = 0;
  std::uint64_t byte_count = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("source_file_id", self.source_file_id);
    v("source_file_offset", self.source_file_offset);
    v("target_file_offset", self.target_file_offset);
    v("byte_count", self.byte_count);
  }
};

// [MS-FSCC] 2.3.9.2.
struct DuplicateExtentsDataEx {
  static constexpr std::string_view kName = "DuplicateExtentsDataEx";
  FileId source_file_id;
  std::uint64_t source_file_offset = 0;
  std::uint64_t target_file_offset = 0;
  std::uint64_t byte_count = 0;
  std::uint32_t flags = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.must_be(std::uint64_t{0x30});
    v("source_file_id", self.source_file_id);
    v("source_file_offset", self.source_file_offset);
    v("target_file_offset", self.target_file_offset);
    v("byte_count", self.byte_count);
    v("flags", self.flags);
    v.reserved(4);
  }
};

// [MS-FSCC] 2.3.49.
struct PipeWaitRequest {
  static constexpr std::string_view kName = "PipeWaitRequest";
  std::uint64_t timeout = 0;  // 100 ns
  bool timeout_specified = false;
  std::u16string name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("timeout", self.timeout);
    v.length_of(u32, self.name);
    v("timeout_specified", self.timeout_specified);
    v.reserved(1);
    v.sized("name", self.name);
  }
};

// [MS-FSCC] 2.3.46.
struct PipePeekReply {
  static constexpr std::string_view kName = "PipePeekReply";
  std::uint32_t named_pipe_state = 0;
  std::uint32_t read_data_available = 0;
  std::uint32_t number_of_messages = 0;
  std::uint32_t message_length = 0;
  Bytes data;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("named_pipe_state", self.named_pipe_state);
    v("read_data_available", self.read_data_available);
    v("number_of_messages", self.number_of_messages);
    v("message_length", self.message_length);
    v.rest("data", self.data);
  }
};

// [MS-FSCC] 2.1.3.1.
struct FileObjectIdBuffer {
  static constexpr std::string_view kName = "FileObjectIdBuffer";
  Guid object_id;
  Guid birth_volume_id;
  Guid birth_object_id;
  Guid domain_id;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("object_id", self.object_id);
    v("birth_volume_id", self.birth_volume_id);
    v("birth_object_id", self.birth_object_id);
    v("domain_id", self.domain_id);
  }
};

// [MS-FSCC] 2.3.18, 2.3.67.
struct CompressionState {
  static constexpr std::string_view kName = "CompressionState";
  std::uint16_t compression_state = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("compression_state", self.compression_state);
  }
};

// [MS-FSCC] 2.3.13.1.
struct FileLevelTrimRange {
  static constexpr std::string_view kName = "FileLevelTrimRange";
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("offset", self.offset);
    v("length", self.length);
  }
};

// [MS-FSCC] 2.3.13.
struct FileLevelTrimRequest {
  static constexpr std::string_view kName = "FileLevelTrimRequest";
  std::uint32_t key = 0;
  std::vector<FileLevelTrimRange> ranges;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("key", self.key);
    v.count_of(u32, self.ranges);
    v.array("ranges", self.ranges);
  }
};

// [MS-FSCC] 2.3.14.
struct FileLevelTrimReply {
  static constexpr std::string_view kName = "FileLevelTrimReply";
  std::uint32_t num_ranges_processed = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("num_ranges_processed", self.num_ranges_processed);
  }
};

// [MS-DFSC] 2.2.2 REQ_GET_DFS_REFERRAL; the name ends in a NUL.
struct DfsGetReferralRequest {
  static constexpr std::string_view kName = "DfsGetReferralRequest";
  std::uint16_t max_referral_level = 0;
  std::u16string request_file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("max_referral_level", self.max_referral_level);
    v.rest("request_file_name", self.request_file_name);
  }
};

// The bytes of a list that has no count and no links, as FSCTL_QUERY_ALLOCATED_RANGES answers.
template <class M>
void encode_all(const std::vector<M>& list, ByteWriter& out) {
  for (const M& element : list) encode_plain(element, out);
}

}  // namespace dozo::wire
