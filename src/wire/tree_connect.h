// SMB2 TREE_CONNECT. [MS-SMB2] 2.2.9, 2.2.10.
#pragma once

#include "model/access_mask.h"
#include "wire/negotiate.h"

namespace dozo::wire {

enum class TreeConnectFlag : std::uint16_t {
  cluster_reconnect = 0x0001,
  redirect_to_owner = 0x0002,
  extension_present = 0x0004,
};
using TreeConnectFlags = Flags<TreeConnectFlag>;
DOZO_FLAGS(TreeConnectFlag)

// [MS-SMB2] 2.2.9. The flags mean something in 3.1.1 only.
struct TreeConnectRequest {
  static constexpr std::string_view kName = "TreeConnectRequest";
  TreeConnectFlags flags;
  std::u16string path;  // \\server\share

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(9);
    v("flags", self.flags);
    v.offset(u16);
    v.length(u16, "path", self.path, {.when_empty = EmptyOffset::end_of_fixed_part});
    v.pad_empty_buffer();
  }
};

// [MS-SMB2] 2.2.9.2 ContextType; the contexts have the shape of negotiate contexts.
inline constexpr std::uint16_t kRemotedIdentityTreeConnectContext = 0x0001;

// [MS-SMB2] 2.2.9.1: the contexts of a request that has extension_present. `message` as for decode().
Result<std::vector<NegotiateContext>> decode_tree_connect_contexts(Bytes message);

enum class ShareType : std::uint8_t { disk = 1, pipe = 2, print = 3 };

enum class ShareProperty : std::uint32_t {
  dfs = 0x00000001,
  dfs_root = 0x00000002,
  auto_caching = 0x00000010,
  vdo_caching = 0x00000020,
  no_caching = 0x00000030,
  restrict_exclusive_opens = 0x00000100,
  force_shared_delete = 0x00000200,
  allow_namespace_caching = 0x00000400,
  access_based_directory_enum = 0x00000800,
  force_level_ii_oplock = 0x00001000,
  enable_hash_v1 = 0x00002000,
  enable_hash_v2 = 0x00004000,
  encrypt_data = 0x00008000,
  identity_remoting = 0x00040000,
  compress_data = 0x00100000,
  isolated_transport = 0x00200000,
};
using ShareProperties = Flags<ShareProperty>;
DOZO_FLAGS(ShareProperty)

enum class ShareCapability : std::uint32_t {
  dfs = 0x00000008,
  continuous_availability = 0x00000010,
  scaleout = 0x00000020,
  cluster = 0x00000040,
  asymmetric = 0x00000080,
  redirect_to_owner = 0x00000100,
};
using ShareCapabilities = Flags<ShareCapability>;
DOZO_FLAGS(ShareCapability)

// [MS-SMB2] 2.2.10.
struct TreeConnectResponse {
  static constexpr std::string_view kName = "TreeConnectResponse";
  ShareType share_type = ShareType::disk;
  ShareProperties share_flags;
  ShareCapabilities capabilities;
  AccessMask maximal_access;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(16);
    v("share_type", self.share_type);
    v.reserved(1);
    v("share_flags", self.share_flags);
    v("capabilities", self.capabilities);
    v("maximal_access", self.maximal_access);
  }
};

}  // namespace dozo::wire
