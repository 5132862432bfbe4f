// Object ids. [MS-FSCC] 2.3.1; [MS-FSA] 2.1.5.10.1.
#include "server/fsctl/functions.h"
#include "server/open.h"
#include "wire/fscc/fsctl.h"

namespace dozo::server {

// Every file has an id without being given one: of its number and its file system, as QUERY_ON_DISK_ID tells them. It
// lasts as long as the file, under whichever name.
FsctlTask create_or_get_object_id(FsctlCall& call) {
  const vfs::NodeId node = call.open->node;
  wire::FileObjectIdBuffer out;
  store_le(out.object_id.bytes.data(), node.inode);
  store_le(out.object_id.bytes.data() + 8, node.device);
  store_le(out.birth_volume_id.bytes.data(), node.device);
  out.birth_object_id = out.object_id;
  co_return fsctl_answer(out);
}

}  // namespace dozo::server
