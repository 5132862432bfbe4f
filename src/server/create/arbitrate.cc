// CREATE, phase arbitrate: the share engine's permission.
#include "base/unicode.h"
#include "server/connection.h"
#include "server/create/create.h"
#include "server/server.h"

namespace dozo::server {

ShareGrant::~ShareGrant() {
  // What never was opened deletes nothing when it is given back.
  if (server_ != nullptr) static_cast<void>(server_->apply(share::CloseOpen{.open = id_, .keep_name = true}));
}

share::FileKey key_of(const Tree& tree, vfs::NodeId node, std::string_view stream) {
  return {.volume = tree.share->volume_id,
          .device = node.device,
          .inode = node.inode,
          .stream = stream.empty() ? std::u16string() : fold_name(stream)};
}

std::u16string engine_path(const vfs::Path& path) {
  std::u16string out;
  for (const std::string& component : path) {
    if (!out.empty()) out += u'\\';
    out += fold_name(component);
  }
  return out;
}

Result<ShareGrant> arbitrate(Request& request, const CreateParameters& parameters, const CreatePlan& plan,
                             GrantedAccess granted, const share::FileKey& key, const vfs::Path& path,
                             bool is_directory) {
  Server& server = request.server;
  share::OpenRequest open;
  open.open = server.engine().new_open_id(key);
  open.owner = share::OwnerId(request.session->id.value());
  open.key = key;
  open.path = engine_path(path);
  open.granted_access = granted.mask();
  // [MS-FSA] 2.1.5.1.2.1: overwriting writes, whatever else the open is for.
  if (plan.overwrites) open.granted_access |= Access::write_data;
  open.share_access = parameters.request.share_access;
  open.delete_on_close = plan.delete_on_close;
  open.is_directory = is_directory;
  open.client_guid = request.connection.negotiated->client_guid;
  const share::Effects effects = server.apply(open);
  DOZO_CHECK(effects.result());
  return ShareGrant(server, open.open);
}

}  // namespace dozo::server
