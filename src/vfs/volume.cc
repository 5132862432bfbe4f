#include "vfs/volume.h"

#include <algorithm>

namespace dozo::vfs {

Task<Result<std::uint64_t>> File::copy_from(File& source, ByteRange range, std::uint64_t to_offset) {
  constexpr std::uint64_t kPiece = 256 * 1024;
  ByteVector piece(static_cast<std::size_t>(std::min(range.length, kPiece)));
  std::uint64_t done = 0;
  while (done < range.length) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(range.length - done, piece.size()));
    const MutableBytes into = MutableBytes(piece).first(want);
    DOZO_CO_TRY(const std::size_t got, co_await source.read_at(range.offset + done, into));
    if (got == 0) break;
    const Bytes from = Bytes(piece).first(got);
    DOZO_CO_CHECK(co_await write_at(to_offset + done, from));
    done += got;
  }
  co_return done;
}

Task<Result<>> File::clone_from(File&, ByteRange, std::uint64_t) { co_return fail(NtStatus::NOT_SUPPORTED); }

Task<Result<std::vector<ExtendedAttribute>>> File::extended_attributes() { co_return std::vector<ExtendedAttribute>{}; }

Task<Result<>> File::set_extended_attribute(std::string_view, Bytes) { co_return fail(NtStatus::EAS_NOT_SUPPORTED); }

Task<Result<std::vector<StreamInfo>>> File::streams() { co_return std::vector<StreamInfo>{}; }

Task<Result<std::unique_ptr<DirectoryReader>>> File::read_directory(CallerRef) {
  co_return fail(NtStatus::INVALID_PARAMETER);
}

Task<Result<DirectoryEntry>> File::find_entry(CallerRef, std::string) { co_return fail(NtStatus::INVALID_PARAMETER); }

Task<Result<FileRef>> Volume::open_stream(CallerRef, const Resolved&, std::string_view, StreamMode, OpenFor) {
  co_return fail(NtStatus::NOT_SUPPORTED);
}

Task<Result<>> Volume::remove_stream(CallerRef, const Resolved&, std::string_view) {
  co_return fail(NtStatus::NOT_SUPPORTED);
}

Task<Result<>> Volume::rename_stream(CallerRef, const Resolved&, std::string_view, std::string_view, bool) {
  co_return fail(NtStatus::NOT_SUPPORTED);
}

Task<Result<std::string>> Volume::read_symlink(CallerRef, const Resolved&) { co_return fail(NtStatus::NOT_SUPPORTED); }

Task<Result<>> Volume::make_symlink(CallerRef, const Location&, NodeId, std::string_view) {
  co_return fail(NtStatus::NOT_SUPPORTED);
}

Result<std::unique_ptr<Watch>> Volume::watch_outside(const NodeRef&, OutsideListenerRef) {
  return fail(NtStatus::NOT_SUPPORTED);
}

}  // namespace dozo::vfs
