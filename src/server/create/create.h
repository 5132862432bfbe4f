// CREATE in seven phases: parse, plan, resolve, authorize, arbitrate, materialize, answer. Each is a file here;
// commands/create.cc only sequences them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/create.h"
#include "model/security_descriptor.h"
#include "runtime/task.h"
#include "server/commands/close_open.h"
#include "server/create/durable.h"
#include "server/create/name.h"
#include "server/open.h"
#include "server/outside_changes.h"
#include "server/request.h"
#include "share/effects.h"
#include "share/events.h"
#include "vfs/volume.h"
#include "wire/create.h"

namespace dozo::server {

// What the create contexts ask for. [MS-SMB2] 2.2.13.2. Unknown ones are ignored.
struct CreateContexts {
  std::vector<vfs::ExtendedAttribute> extended_attributes;  // ExtA
  std::optional<SecurityDescriptor> security;               // SecD
  std::optional<std::uint64_t> allocation_size;             // AlSi
  std::optional<FileTime> timewarp;                         // TWrp
  std::optional<FileTime> maximal_access_since;             // MxAc; 0: whatever the time
  bool query_maximal_access = false;
  bool query_on_disk_id = false;  // QFid
  DurableContexts durable;
  std::optional<Bytes> lease;  // RqLs, a view of the request
};

// --- parse: the message as values.
struct CreateParameters {
  wire::CreateRequest request;
  CreateDisposition disposition = CreateDisposition::open;
  ParsedName name;
  CreateContexts contexts;
};
Result<CreateParameters> parse_create(const Request& request);

// --- plan: request and tree policy; what to do, or the error. Pure. [MS-SMB2] 3.3.5.9; [MS-FSA] 2.1.5.1.
struct CreatePlan {
  AccessMask desired;       // generic rights mapped; MAXIMUM_ALLOWED still in it
  bool may_create = false;  // when the name does not exist
  bool may_open = false;    // when it does
  bool overwrites = false;  // what exists is emptied
  bool wants_directory = false;
  bool refuses_directory = false;
  bool delete_on_close = false;
  bool follow_symlink = true;
  FileAttributes attributes;  // for what is made or overwritten
  // What is asked for of a file; a directory gets less (arbitrate.cc).
  OplockLevel oplock = OplockLevel::none;
  std::optional<share::LeaseRequest> lease;
};
Result<CreatePlan> plan_create(const Request& request, const CreateParameters& parameters);

// Whether the plan fits what the name turned out to mean. Pure. [MS-FSA] 2.1.5.1.
Result<> check_target(const CreatePlan& plan, const CreateParameters& parameters, const vfs::Resolved& target);

// --- authorize: the access granted. The only maker of GrantedAccess.
class AccessGrantor {
 public:
  // What `permissions` and the share allow at most.
  static AccessMask maximal(const vfs::Volume::Permissions& permissions, const Tree& tree, bool read_only_file,
                            bool is_directory);
  // STATUS_ACCESS_DENIED when `desired` holds more than `maximal`.
  static Result<GrantedAccess> grant(AccessMask desired, AccessMask maximal);
  static GrantedAccess everything();  // pipes: access is checked by the services
};
struct Authorization {
  GrantedAccess granted;
  AccessMask maximal;
  bool is_new = false;                       // there is no such file yet: it will be its maker's
  std::optional<SecurityDescriptor> parent;  // of a new one: the descriptor stored with its directory
};
runtime::Task<Result<Authorization>> authorize_create(Request& request, const CreateParameters& parameters,
                                                      const CreatePlan& plan, const vfs::Resolved& target);

// --- arbitrate: the share engine's permission. Gives it back unless publish()ed. Move-only.
class ShareGrant {
 public:
  ShareGrant() = default;
  ShareGrant(Server& server, share::OpenId id, const share::Grant& caching = {})
      : server_(&server), id_(id), caching_(caching) {}
  ShareGrant(ShareGrant&& other) noexcept
      : server_(std::exchange(other.server_, nullptr)),
        id_(other.id_),
        caching_(other.caching_),
        name_(std::move(other.name_)),
        outside_(std::move(other.outside_)) {}
  ShareGrant& operator=(ShareGrant&&) = delete;
  ~ShareGrant();
  share::OpenId id() const { return id_; }
  const share::Grant& caching() const { return caching_; }
  // What was opened: should it be deleted meanwhile and this be the last that holds it, giving it back removes it.
  void set_name(DeletedName name) { name_ = std::move(name); }
  // What makes the caching safe: the open's, once there is one.
  void set_outside(std::unique_ptr<OutsideWatch> watch) { outside_ = std::move(watch); }
  bool watches_outside() const { return outside_ != nullptr; }
  std::unique_ptr<OutsideWatch> take_outside() { return std::move(outside_); }
  // The open owns it from now on.
  void publish() { server_ = nullptr; }

 private:
  Server* server_ = nullptr;
  share::OpenId id_;
  share::Grant caching_;
  std::optional<DeletedName> name_;
  std::unique_ptr<OutsideWatch> outside_;
};

// What an open asks the engine for, but for its id.
struct Arbitration {
  share::FileKey key;
  const vfs::Resolved& where;
  bool is_directory = false;
  bool waited = false;  // out: it was parked; what it asked for may mean something else by now
};
// STATUS_RETRY: after a wait; resolve the name again, and ask anew.
runtime::Task<Result<ShareGrant>> arbitrate(Request& request, const CreateParameters& parameters,
                                            const CreatePlan& plan, GrantedAccess granted, Arbitration& about);
// [MS-SMB2] 3.3.5.9.8: a lease key in use cannot be that of a file which is about to be made.
Result<> check_new_lease(const Request& request, const CreatePlan& plan);

share::FileKey key_of(const Tree& tree, vfs::NodeId node, std::string_view stream);
// The path as the engine compares it.
std::u16string engine_path(const vfs::Path& path);

// What a file is opened for.
vfs::OpenFor use_of(AccessMask granted, CreateOptions options);

// --- materialize: the file, opened or made; then the contexts that ask for something to be done with it.
struct Materialized {
  vfs::FileRef file;
  vfs::Resolved where;  // as it is now
  vfs::NodeInfo info;
  CreateAction action = CreateAction::opened;
};
runtime::Task<Result<Materialized>> open_existing(Request& request, const CreateParameters& parameters,
                                                  const CreatePlan& plan, GrantedAccess granted,
                                                  const vfs::Resolved& target);
runtime::Task<Result<Materialized>> create_new(Request& request, const CreateParameters& parameters,
                                               const CreatePlan& plan, GrantedAccess granted,
                                               const vfs::Resolved& target);
runtime::Task<Result<>> apply_contexts(Request& request, const CreateParameters& parameters,
                                       const Authorization& authorization, Materialized& made);

// --- answer. CreateAnswer: contexts.h.
struct CreateAnswer;
Reply answer_create(const CreateAnswer& answer);

// CREATE on IPC$. [MS-SMB2] 3.3.5.9: the name of a pipe.
Result<Reply> create_pipe(Request& request, const CreateParameters& parameters);

}  // namespace dozo::server
