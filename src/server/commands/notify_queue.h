// NotifyQueue: what CHANGE_NOTIFY remembers about one open directory. [MS-FSA] 2.1.1.8 ChangeNotifyEntry.
#pragma once

#include <boost/intrusive/list.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "model/nt_status.h"
#include "runtime/one_shot.h"
#include "share/ids.h"
#include "vfs/volume.h"

namespace dozo::server {

class Server;
struct Open;

struct NotifyAnswer {
  NtStatus status = NtStatus::SUCCESS;
  ByteVector records;  // FILE_NOTIFY_INFORMATION list, [MS-FSCC] 2.7.1
};

// Resource. Owned by its Open, made by the first CHANGE_NOTIFY on it, whose filter and buffer size stay in force; one
// loop. Holds the volume's watch; changes between two requests are kept.
class NotifyQueue final : public vfs::WatchListener {
 public:
  // One request that waits; in the frame of its handler. Destroyed: it waits no longer.
  struct Waiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    explicit Waiter(std::size_t answer_max) : size_max(answer_max) {}
    std::size_t size_max;
    runtime::OneShot<NotifyAnswer> answer;
  };

  NotifyQueue(vfs::ChangeKinds filter, bool subtree, std::size_t buffer_max);
  ~NotifyQueue() override;
  NotifyQueue(const NotifyQueue&) = delete;
  NotifyQueue& operator=(const NotifyQueue&) = delete;

  bool subtree() const { return subtree_; }
  bool watching() const { return watch_ != nullptr; }
  void watch_with(std::unique_ptr<vfs::Watch> watch);

  // Appends a request; it is answered at once when there is something to tell and nobody is before it.
  void wait(Waiter& waiter);
  // Ends every waiting request with `status`, and the watch. Later requests end likewise.
  void finish(NtStatus status);

  void on_changes(std::vector<vfs::Change> changes) override;
  void on_overflow() override;
  void on_directory_gone() override;

 private:
  void add(const vfs::Change& change);
  void lose_changes();
  bool has_news() const { return lost_ || records_.size() != 0; }
  // What there is to tell, of at most `size_max` bytes; forgets it.
  NotifyAnswer take(std::size_t size_max);
  void answer_first();

  vfs::ChangeKinds filter_;
  bool subtree_;
  std::size_t buffer_max_;
  ByteWriter records_;
  std::size_t last_record_ = 0;
  std::string last_modified_;  // the path of the last record, when that says "modified"
  bool lost_ = false;          // changes were dropped: STATUS_NOTIFY_ENUM_DIR
  std::optional<NtStatus> ended_;
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
  std::unique_ptr<vfs::Watch> watch_;
};

// The handle is closed: its requests end with STATUS_NOTIFY_CLEANUP. [MS-FSA] 2.1.5.5.
void close_notify(Open& open);

// The directory was marked deleted: whoever watches it, on any connection, is told STATUS_DELETE_PENDING, for it
// stays in place until the last of them closes it. Any loop. [MS-FSA] 2.1.5.15.3.
void end_notifies(Server& server, const share::FileIdentity& directory);

}  // namespace dozo::server
