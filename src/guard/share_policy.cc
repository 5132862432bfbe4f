#include "guard/share_policy.h"

#include <algorithm>

#include "base/unicode.h"

namespace dozo::guard {
namespace {

bool same_name(std::string_view a, std::string_view b) { return fold_name(a) == fold_name(b); }

bool names(std::string_view entry, const Subject& subject) {
  if (!entry.starts_with('@')) return same_name(entry, subject.user);
  entry.remove_prefix(1);
  return std::any_of(subject.groups.begin(), subject.groups.end(),
                     [entry](const std::string& group) { return same_name(entry, group); });
}

bool names_any(const std::vector<std::string>& list, const Subject& subject) {
  return std::any_of(list.begin(), list.end(), [&subject](const std::string& entry) { return names(entry, subject); });
}

}  // namespace

std::expected<SharePermit, ShareRefusal> permit_connect(const SharePolicy& policy, const Subject& subject) {
  const bool allowed = !subject.user.empty() && !names_any(policy.deny, subject) &&
                       (policy.allow.empty() || names_any(policy.allow, subject));
  if (!allowed) return std::unexpected(ShareRefusal::user_not_allowed);
  // [MS-SMB2] 3.3.5.7: a share that encrypts refuses a connection that cannot.
  if (policy.encryption_required && !subject.peer_can_encrypt) {
    return std::unexpected(ShareRefusal::peer_cannot_encrypt);
  }
  return SharePermit{.read_only = policy.read_only && !names_any(policy.write_allow, subject),
                     .encryption_required = policy.encryption_required};
}

AccessMask share_access(const SharePermit& permit) {
  return permit.read_only ? kFileGenericRead | kFileGenericExecute : kFileAllAccess;
}

bool permits_request(const SharePermit& permit, bool encrypted) { return encrypted || !permit.encryption_required; }

std::string_view to_string(ShareRefusal refusal) {
  switch (refusal) {
    case ShareRefusal::user_not_allowed:
      return "user_not_allowed";
    case ShareRefusal::peer_cannot_encrypt:
      return "peer_cannot_encrypt";
  }
  return "?";
}

}  // namespace dozo::guard
