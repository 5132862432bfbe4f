#include "client/api_file.h"

#include "base/bytes.h"
#include "model/nt_status.h"

namespace dozo::smb {
namespace {

using client::Link;
using client::LinkedFile;

CreateDisposition disposition_of(Mode mode) {
  switch (mode) {
    case Mode::read:
      return CreateDisposition::open;
    case Mode::write:
      return CreateDisposition::open_if;
    case Mode::replace:
      return CreateDisposition::overwrite_if;
    case Mode::create:
      break;
  }
  return CreateDisposition::create;
}

client::OpenOptions options_for(std::string path, Mode mode) {
  client::OpenOptions options{.path = std::move(path),
                              .access = kFileGenericRead,
                              .disposition = disposition_of(mode),
                              .options = CreateOption::non_directory_file,
                              .attributes = {},
                              .contexts = {}};
  if (mode == Mode::read) return options;
  options.access |= kFileGenericWrite;
  options.attributes = FileAttribute::normal;
  return options;
}

runtime::Task<dozo::Result<Done>> close_and_end(std::unique_ptr<LinkedFile> file) {
  const auto closed = co_await file->close();
  file.reset();
  if (!closed) co_return fail(closed.error());
  co_return Done{};
}

Status closed(File::Impl& impl) {
  if (!impl.file) return Done{};
  const auto result = impl.share->engine.run([&impl](Link&) { return close_and_end(std::move(impl.file)); });
  if (!result) return impl.share->engine.error_at(impl.path, result.error());
  return Done{};
}

Error is_closed(const File::Impl& impl) { return impl.share->engine.error_at(impl.path, NtStatus::FILE_CLOSED); }

}  // namespace

Result<File> open_file(std::shared_ptr<Share::Impl> share, std::string path, Mode mode) {
  auto opened =
      share->engine.run([&path, mode](Link& link) { return LinkedFile::open(link, options_for(path, mode)); });
  if (!opened) return share->engine.error_at(path, opened.error());
  auto impl = std::make_unique<File::Impl>();
  impl->size = (*opened)->created().end_of_file;
  impl->file = std::move(*opened);
  impl->share = std::move(share);
  impl->path = std::move(path);
  return File(std::move(impl));
}

File::File(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&& other) noexcept {
  if (impl_) static_cast<void>(close());
  impl_ = std::move(other.impl_);
  return *this;
}
File::~File() {
  if (impl_) static_cast<void>(close());
}

std::uint64_t File::size() const { return impl_->size; }

Result<std::size_t> File::read_at(std::uint64_t offset, void* into, std::size_t size) {
  if (!impl_->file) return is_closed(*impl_);
  const MutableBytes bytes(static_cast<std::uint8_t*>(into), size);
  const auto got =
      impl_->share->engine.run([this, offset, bytes](Link&) { return impl_->file->read_range(offset, bytes); });
  if (!got) return impl_->share->engine.error_at(impl_->path, got.error());
  return *got;
}

Status File::write_at(std::uint64_t offset, const void* from, std::size_t size) {
  if (!impl_->file) return is_closed(*impl_);
  const Bytes bytes(static_cast<const std::uint8_t*>(from), size);
  const auto written =
      impl_->share->engine.run([this, offset, bytes](Link&) { return impl_->file->write_range(offset, bytes); });
  if (!written) return impl_->share->engine.error_at(impl_->path, written.error());
  return Done{};
}

Status File::flush() {
  if (!impl_->file) return is_closed(*impl_);
  const auto flushed = impl_->share->engine.run([this](Link&) { return impl_->file->flush(); });
  if (!flushed) return impl_->share->engine.error_at(impl_->path, flushed.error());
  return Done{};
}

Status File::close() { return closed(*impl_); }

}  // namespace dozo::smb
