// CREATE's side of durable handles: what its contexts ask for, opens that are come back to, CREATEs that are sent
// again, and those that take a failed-over application's place. [MS-SMB2] 3.3.5.9, 3.3.5.9.6 to .13.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "runtime/task.h"
#include "server/durable/handle.h"
#include "server/durable/table.h"
#include "server/open.h"
#include "server/reply.h"
#include "wire/create_contexts.h"

namespace dozo::server {

class Request;
class Server;
class Session;
struct CreateParameters;
struct CreatePlan;

// What the contexts DHnQ, DHnC, DH2Q, DH2C and those of an application instance say.
struct DurableContexts {
  bool request = false;
  std::optional<FileId> reconnect;
  std::optional<wire::DurableHandleRequestV2> request_v2;
  std::optional<wire::DurableHandleReconnectV2> reconnect_v2;
  std::optional<Guid> app_instance;
  std::optional<AppInstanceVersion> app_version;

  bool reconnects() const { return reconnect || reconnect_v2; }
};

// [MS-SMB2] 3.3.5.9.6, .7, .10, .12: which contexts exclude each other; those of 3.x are dropped for older dialects.
// STATUS_INVALID_PARAMETER.
Result<> settle_durable_contexts(const Request& request, DurableContexts& contexts);

// --- A new open.

// The create GUID of a CREATE while it is under way. Gives it back unless it was made an open's. Move-only.
class CreateClaim {
 public:
  CreateClaim() = default;
  CreateClaim(DurableTable& table, const CreateKey& key) : table_(&table), key_(key) {}
  CreateClaim(CreateClaim&& other) noexcept : table_(std::exchange(other.table_, nullptr)), key_(other.key_) {}
  CreateClaim& operator=(CreateClaim&&) = delete;
  ~CreateClaim() {
    if (table_ != nullptr) table_->release(key_);
  }
  // The table knows the open by it now.
  void publish() { table_ = nullptr; }

 private:
  DurableTable* table_ = nullptr;
  CreateKey key_;
};

// Whether CREATEs of this request may get persistent handles: the share is marked so, and the connection knows them.
bool grants_persistent(const Request& request);
// What the granted open is, by what was asked for and what it caches. Null: nothing beyond a plain open.
std::unique_ptr<DurableHandle> make_durable_handle(const Request& request, const CreateParameters& parameters,
                                                   const CreatePlan& plan, const Open& open,
                                                   const share::Grant& caching);
// Other sessions may ask for the open from now on.
void enter_durable_table(Server& server, const Session& session, const Open& open);

// --- A CREATE that is sent again. [MS-SMB2] 3.3.5.9, 3.3.5.9.10.
struct ReplayVerdict {
  // The open that the CREATE made when it came first; null: it is new, and `claim` is its GUID's.
  OpenRef open;
  CreateClaim claim;
};
// STATUS_DUPLICATE_OBJECTID, FILE_NOT_AVAILABLE, ACCESS_DENIED, INVALID_PARAMETER, CONTEXT_MISMATCH.
Result<ReplayVerdict> check_replay(Request& request, const CreateParameters& parameters, const CreatePlan& plan);

// --- An open that is come back to. [MS-SMB2] 3.3.5.9.7, 3.3.5.9.12.
// The open is this session's from then on.
// STATUS_OBJECT_NAME_NOT_FOUND, INVALID_PARAMETER, ACCESS_DENIED.
Result<OpenRef> reclaim(Request& request, const OpenRef& parked);
Result<OpenRef> reconnect(Request& request, const CreateParameters& parameters, const CreatePlan& plan);

// The path as opens are told apart by: folded, with the stream.
std::u16string durable_path(const vfs::Path& path, std::string_view stream);

// What a CREATE that reconnects says of itself, and the rules it has to meet. Pure.
struct ReconnectAsk {
  bool v2 = false;
  bool persistent = false;
  Guid create_guid;
  Guid client_guid;
  std::optional<share::LeaseRequest> lease;
  Sid owner;
  std::u16string share;  // folded
  std::u16string path;   // folded, with the stream
};
Result<> check_reconnect(const Open& open, const ReconnectAsk& ask);

// The answer about an open that was there. known_open.cc.
enum class KnownBy : std::uint8_t { replay, reconnect };
runtime::Task<Result<Reply>> answer_known(Request& request, const CreateParameters& parameters, const CreatePlan& plan,
                                          OpenRef open, KnownBy how);
runtime::Task<Result<Reply>> reconnect_create(Request& request, const CreateParameters& parameters);
// Whether the user may read what the path leads to. STATUS_ACCESS_DENIED, or why it leads nowhere.
runtime::Task<Result<>> may_read(Request& request, const vfs::Path& path);

// --- [MS-SMB2] 3.3.5.9.13: closes the open of the same application on another client. STATUS_FILE_FORCED_CLOSED.
runtime::Task<Result<>> take_app_instance(Request& request, const CreateParameters& parameters);

}  // namespace dozo::server
