// The table of structures that stand by themselves.
#include "wire/change_notify.h"
#include "wire/codec_of.h"
#include "wire/create_contexts.h"
#include "wire/fscc/directory.h"
#include "wire/fscc/ea.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/file_set.h"
#include "wire/fscc/file_system.h"
#include "wire/fscc/fsctl.h"
#include "wire/fscc/reparse.h"
#include "wire/fscc/stream.h"
#include "wire/negotiate.h"
#include "wire/transform.h"

namespace dozo::wire {
namespace {

template <class... M>
std::vector<Codec> codecs_of() {
  return {plain_codec<M>()...};
}

}  // namespace

std::span<const Codec> plain_codecs() {
  static const std::vector<Codec> codecs = codecs_of<
      Header, TransformHeader, PatternPayload, PreauthIntegrityCapabilities, EncryptionCapabilities,
      CompressionCapabilities, NetnameContext, TransportCapabilities, RdmaTransformCapabilities, SigningCapabilities,
      DurableHandleRequest, DurableHandleResponse, DurableHandleReconnect, DurableHandleRequestV2,
      DurableHandleResponseV2, DurableHandleReconnectV2, QueryMaximalAccessRequest, QueryMaximalAccessResponse,
      AllocationSizeContext, TimewarpToken, QueryOnDiskIdResponse, LeaseContext, LeaseContextV2, AppInstanceIdContext,
      AppInstanceVersionContext, PosixCreateRequest, PosixCreateResponse, FileNotifyInformation, FileBasicInformation,
      FileStandardInformation, FileInternalInformation, FileEaInformation, FileAccessInformation,
      FilePositionInformation, FileModeInformation, FileAlignmentInformation, FileNameInformation, FileAllInformation,
      FileCompressionInformation, FileNetworkOpenInformation, FileAttributeTagInformation, FileIdInformation,
      FileStandardLinkInformation, FileObjectIdInformation, FilePipeInformation, FilePipeLocalInformation,
      FilePipeRemoteInformation, FileRenameInformation, FileRenameInformationEx, FileDispositionInformation,
      FileDispositionInformationEx, FileAllocationInformation, FileEndOfFileInformation, FileValidDataLengthInformation,
      FileShortNameInformation, FileFullEaInformation, FileGetEaInformation, FileStreamInformation,
      FileDirectoryInformation, FileFullDirectoryInformation, FileIdFullDirectoryInformation,
      FileBothDirectoryInformation, FileIdBothDirectoryInformation, FileNamesInformation,
      FileIdExtdDirectoryInformation, FileId64ExtdDirectoryInformation, FileFsVolumeInformation, FileFsLabelInformation,
      FileFsSizeInformation, FileFsDeviceInformation, FileFsAttributeInformation, FileFsControlInformation,
      FileFsFullSizeInformation, FileFsObjectIdInformation, FileFsSectorSizeInformation, SrvCopychunkCopy,
      SrvCopychunkResponse, SrvRequestResumeKeyResponse, SrvSnapshotArray, SrvReadHashRequest, NetworkResiliencyRequest,
      ValidateNegotiateInfoRequest, ValidateNegotiateInfoResponse, NetworkInterfaceInfo, FileZeroDataInformation,
      FileAllocatedRange, FileSetSparseBuffer, DuplicateExtentsData, DuplicateExtentsDataEx, PipeWaitRequest,
      PipePeekReply, CompressionState, FileObjectIdBuffer, FileLevelTrimRequest, FileLevelTrimReply,
      DfsGetReferralRequest, ReparseDataBuffer>();
  return codecs;
}

}  // namespace dozo::wire
