// Tree: a share that a session has connected to. [MS-SMB2] 3.2.1.4.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/session.h"
#include "model/create.h"
#include "wire/create.h"
#include "wire/info_class.h"
#include "wire/ioctl.h"
#include "wire/tree_connect.h"

namespace dozo::client {

class File;

// What to open and how. Paths are UTF-8, relative to the share, with '\' between names; empty: its root.
struct OpenOptions {
  std::string path;
  AccessMask access = kFileGenericRead;
  ShareAccess share = ShareFlag::read | ShareFlag::write | ShareFlag::delete_access;
  CreateDisposition disposition = CreateDisposition::open;
  CreateOptions options;
  FileAttributes attributes;
  OplockLevel oplock = OplockLevel::none;
  std::vector<wire::CreateContext> contexts;  // views of the caller's
};

// Resource; one loop; outlived by its session, outlives its files.
class Tree {
 public:
  struct Properties {
    TreeId id;
    std::string share;
    wire::TreeConnectResponse answer;
  };
  Tree(Session& session, Properties properties) : session_(session), properties_(std::move(properties)) {}
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  Session& session() { return session_; }
  Connection& connection() { return session_.connection(); }
  TreeId id() const { return properties_.id; }
  const std::string& share() const { return properties_.share; }
  wire::ShareType type() const { return properties_.answer.share_type; }
  const wire::TreeConnectResponse& properties() const { return properties_.answer; }
  bool encrypts() const { return properties_.answer.share_flags.has(wire::ShareProperty::encrypt_data); }

  runtime::Task<Result<std::unique_ptr<File>>> open(OpenOptions options);
  runtime::Task<Result<>> disconnect();

  // As Session::call, on this tree.
  template <class M>
  runtime::Task<Result<Response>> call(wire::Command command, const M& body, std::uint32_t payload = 0,
                                       CallOptions options = {}) {
    return session_.call(request(command, body, payload), options);
  }
  template <class M>
  Request request(wire::Command command, const M& body, std::uint32_t payload = 0) const {
    Request made = make_request(command, body, properties_.id, payload);
    made.encrypt = encrypts();
    return made;
  }
  // CREATE and `requests` in one frame, and CLOSE at its end unless the open is to be kept. Their responses, whatever
  // their statuses. The FileId of `requests` is kRelatedFileId.
  runtime::Task<Result<std::vector<Response>>> chain_on_path(OpenOptions options, std::vector<Request> requests,
                                                             bool keep_open = false);
  // CREATE, what is to be done to the file (its FileId is kRelatedFileId), and CLOSE, in one frame. The responses of
  // all; the first error among them.
  runtime::Task<Result<std::vector<Response>>> call_on_path(OpenOptions options, std::vector<Request> requests);

 private:
  Session& session_;
  Properties properties_;
};

// nullopt for a path that is not UTF-8.
std::optional<wire::CreateRequest> make_create(const OpenOptions& options);

}  // namespace dozo::client
