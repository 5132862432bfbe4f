// What QUERY_INFO tells of the file system. [MS-FSCC] 2.5; [MS-SMB2] 3.3.5.20.2.
#include "base/unicode.h"
#include "server/info/encode.h"
#include "server/info/functions.h"

namespace dozo::server {
namespace {

using runtime::Task;

constexpr std::uint32_t kDeviceNamedPipe = 0x00000011;  // FILE_DEVICE_NAMED_PIPE, [MS-FSCC] 2.5.10
constexpr std::uint64_t kNoQuota = ~0ull;               // [MS-FSCC] 2.5.2: no limit

Task<Result<vfs::VolumeInfo>> volume_of(InfoQuery& query) {
  const Tree& tree = *query.open.tree;
  // A pipe's file system has no volume.
  if (tree.share->is_ipc()) co_return fail(NtStatus::INVALID_DEVICE_REQUEST);
  co_return co_await tree.share->volume->volume_info(tree.caller);
}

}  // namespace

QueryTask query_fs_volume(InfoQuery& query) {
  auto volume = co_await volume_of(query);
  if (!volume) co_return fail(volume.error());
  const std::u16string label = utf8_to_utf16_lossy(query.open.tree->share->config.name);
  co_return answer_with(wire::FileFsVolumeInformation{volume->created, volume->serial, false, label});
}

QueryTask query_fs_size(InfoQuery& query) {
  auto volume = co_await volume_of(query);
  if (!volume) co_return fail(volume.error());
  co_return answer_with(fs_size_information(*volume));
}

QueryTask query_fs_device(InfoQuery& query) {
  if (query.open.tree->share->is_ipc()) co_return answer_with(wire::FileFsDeviceInformation{kDeviceNamedPipe, 0});
  co_return answer_with(wire::FileFsDeviceInformation{
      wire::kDeviceDisk, wire::kDeviceCharacteristicRemote | wire::kDeviceCharacteristicMounted});
}

QueryTask query_fs_attribute(InfoQuery& query) {
  auto volume = co_await volume_of(query);
  if (!volume) co_return fail(volume.error());
  co_return answer_with(fs_attribute_information(*volume, query.open.tree->share->config.read_only));
}

QueryTask query_fs_control(InfoQuery& query) {
  auto volume = co_await volume_of(query);
  if (!volume) co_return fail(volume.error());
  // Flags 0: quotas are neither tracked nor enforced.
  co_return answer_with(
      wire::FileFsControlInformation{.default_quota_threshold = kNoQuota, .default_quota_limit = kNoQuota});
}

QueryTask query_fs_full_size(InfoQuery& query) {
  auto volume = co_await volume_of(query);
  if (!volume) co_return fail(volume.error());
  co_return answer_with(fs_full_size_information(*volume));
}

QueryTask query_fs_object_id(InfoQuery& query) {
  auto volume = co_await volume_of(query);
  if (!volume) co_return fail(volume.error());
  co_return answer_with(fs_object_id_information(*volume));
}

QueryTask query_fs_sector_size(InfoQuery& query) {
  auto volume = co_await volume_of(query);
  if (!volume) co_return fail(volume.error());
  co_return answer_with(fs_sector_size_information(*volume));
}

}  // namespace dozo::server
