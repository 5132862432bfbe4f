// Who may connect to a share, and how. Pure decisions over values; the server asks at TREE_CONNECT and, for
// encryption, at every request.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/access_mask.h"

namespace dozo::guard {

// As the settings say. A list holds user names and "@group"; names ignore case.
struct SharePolicy {
  std::vector<std::string> allow = {};  // empty: every user
  std::vector<std::string> deny = {};   // wins over allow
  bool read_only = false;
  std::vector<std::string> write_allow = {};  // may write although read_only
  bool encryption_required = false;
};

// Who asks. `groups` are names, without '@'.
struct Subject {
  std::string_view user;
  std::span<const std::string> groups;
  bool peer_can_encrypt = false;  // the connection negotiated a cipher
};

enum class ShareRefusal { user_not_allowed, peer_cannot_encrypt };

// What a tree connection is held to from then on.
struct SharePermit {
  bool read_only = false;
  bool encryption_required = false;
};

// An anonymous subject (no user name) is never allowed. Every refusal is STATUS_ACCESS_DENIED on the wire.
std::expected<SharePermit, ShareRefusal> permit_connect(const SharePolicy& policy, const Subject& subject);

// The rights any open in the tree may have at most: all, or those that change nothing. [MS-SMB2] 3.3.5.7 MaximalAccess.
AccessMask share_access(const SharePermit& permit);

// Whether a request that came in clear may be processed. [MS-SMB2] 3.3.5.2.11: TREE_CONNECT itself may, for its
// answer is what tells the client to encrypt.
bool permits_request(const SharePermit& permit, bool encrypted);

std::string_view to_string(ShareRefusal refusal);

}  // namespace dozo::guard
