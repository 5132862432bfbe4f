// LinkedFile: an open file that is opened again when its connection was lost.
#pragma once

#include "client/file.h"
#include "client/link.h"
#include "model/guid.h"

namespace dozo::client {

// Resource; one loop; outlived by its Link. Where the server agrees (3.0 and later) the open is durable: it outlives
// the connection with everything that was written through it. Not closed by its destructor: await close().
class LinkedFile final : public BreakListener {
 public:
  // As Tree::open.
  static runtime::Task<Result<std::unique_ptr<LinkedFile>>> open(Link& link, OpenOptions options);
  explicit LinkedFile(Link& link, OpenOptions options);
  ~LinkedFile() override;
  LinkedFile(const LinkedFile&) = delete;
  LinkedFile& operator=(const LinkedFile&) = delete;

  const wire::CreateResponse& created() const { return created_; }  // of the first open, without its contexts
  bool is_durable() const { return durable_; }

  // As File's. After a loss a file is read on through another open when it still is what it was (same id, where the
  // server has such, size and time of the last write); STATUS_FILE_NOT_AVAILABLE when it is not.
  runtime::Task<Result<std::size_t>> read_range(std::uint64_t offset, MutableBytes into);
  // As File's. After a loss it goes on through the durable open; STATUS_HANDLE_NO_LONGER_VALID when the server has not
  // kept it: what was written since the last flush may be gone, and only the caller has it.
  runtime::Task<Result<>> write_range(std::uint64_t offset, Bytes from);
  runtime::Task<Result<>> flush();
  runtime::Task<Result<>> set_info(wire::FileInfoClass info_class, ByteVector information);
  runtime::Task<Result<>> close();

  // From now on writing goes on through another open when the server has not kept the durable one; the next flush()
  // then fails once with STATUS_HANDLE_NO_LONGER_VALID, for what was written before may be gone.
  void go_on_without_it() { goes_on_ = true; }
  // It was renamed: this is where it is opened again.
  void moved_to(std::string path) { options_.path = std::move(path); }

  void on_oplock_break(const wire::OplockBreak& notification) override;
  void on_lease_break(const wire::LeaseBreakNotification& notification) override;

 private:
  // Kept by whoever uses it, so that nothing goes from under a request that is still in flight.
  struct Current {
    LinePtr line;
    std::shared_ptr<File> file;
  };
  // The open over the line there is; opened again when that is another than before.
  runtime::Task<Result<Current>> current();
  runtime::Task<Result<>> open_again(LinePtr line);
  runtime::Task<Result<>> create_over(LinePtr line, CreateDisposition disposition);
  runtime::Task<Result<>> reconnect_over(LinePtr line);
  std::optional<FileId> durable_id() const;
  bool wants_durable(Tree& tree) const;
  void adopt(LinePtr line, std::unique_ptr<File> file);
  void let_go();
  template <class F>
  auto run(F make) -> std::invoke_result_t<F&, File&>;

  Link& link_;
  OpenOptions options_;
  wire::CreateResponse created_;
  Current now_;
  Guid create_guid_;
  Guid lease_key_;
  bool leased_ = false;
  bool durable_ = false;
  bool wrote_ = false;      // ever: size and times are ours
  bool unflushed_ = false;  // something was written since the last flush
  std::uint64_t writes_ = 0;
  bool goes_on_ = false;
  bool may_have_lost_ = false;  // what no flush has told of yet
  runtime::Semaphore turn_{1};
};

}  // namespace dozo::client
