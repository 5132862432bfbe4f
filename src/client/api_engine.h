// Engine: a Link with a loop and a thread of its own, for programs that block. Behind include/dozo/client.h.
#pragma once

#include <dozo/client.h>

#include <future>
#include <memory>
#include <string>

#include "client/link.h"

namespace dozo::smb {

// Resource; any thread. Its calls wait for what its loop's thread does.
class Engine {
 public:
  Engine(client::LinkTarget target, std::string name);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Runs start(link) on the loop, and returns what its Task yields.
  template <class F>
  auto run(F start) {
    using Task = std::invoke_result_t<F&, client::Link&>;
    using Value = decltype(std::declval<Task&>().operator co_await().await_resume());
    // Shared: the waiter may have the value, and be gone, before set_value() has returned.
    const auto promise = std::make_shared<std::promise<Value>>();
    std::future<Value> future = promise->get_future();
    loop_->post([this, &start, promise] { runtime::spawn(calls_, fulfil<Value>(start(*link_), promise)); });
    return future.get();
  }

  const std::string& name() const { return name_; }  // "\\files\projects"
  // "\\files\projects\a\b: access denied (STATUS_…)"
  Error error_at(const std::string& path, NtStatus status) const;
  // Where a connection got no further.
  Error connect_error(NtStatus status, client::Stage reached) const;

 private:
  template <class Value>
  static runtime::Task<void> fulfil(runtime::Task<Value> task, std::shared_ptr<std::promise<Value>> promise) {
    Value value = co_await task;
    promise->set_value(std::move(value));
  }
  static runtime::Task<dozo::Result<Done>> finish(client::Link& link);

  struct Thread;
  std::string name_;
  std::string host_;
  std::unique_ptr<runtime::Loop> loop_;
  std::unique_ptr<Thread> thread_;
  runtime::Gate calls_;
  std::unique_ptr<client::Link> link_;
};

struct Share::Impl {
  Impl(client::LinkTarget target, std::string name) : engine(std::move(target), std::move(name)) {}
  Engine engine;
};

// '/' as '\', and none at either end.
std::string to_remote_path(const std::string& path);

}  // namespace dozo::smb
