// What the tests of volumes share: a loop to run on, a folder to work in, and short forms.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "runtime/gate.h"
#include "runtime/loop.h"
#include "vfs/backends.h"
#include "vfs/memory/volume.h"
#include "vfs/volume.h"

namespace dozo::vfs {

// In volume_test_support_test.cc.
std::string make_test_folder();  // empty when it cannot be made
void remove_test_folder(const std::string& folder);

template <class T>
Task<void> finish(runtime::Loop& loop, Task<T> task, std::optional<T>& out) {
  out.emplace(co_await task);
  loop.stop();
}

inline std::unique_ptr<runtime::Loop> test_loop() {
  const char* wanted = std::getenv("DOZO_LOOP");
  std::string why;
  const bool epoll = wanted != nullptr && std::string_view(wanted) == "epoll";
  return runtime::make_loop(epoll ? runtime::Backend::epoll : runtime::detect_backend(why));
}

// Runs a task on a loop of its own.
template <class T>
T run(Task<T> task) {
  const auto loop = test_loop();
  std::optional<T> out;
  runtime::Gate gate;
  runtime::Loop* const raw = loop.get();
  raw->post([raw, &gate, &task, &out] { runtime::spawn(gate, finish(*raw, std::move(task), out)); });
  raw->run();
  return std::move(*out);
}

// Does it in another process. Only system calls: the child has one thread of several.
template <class Deed>
bool elsewhere(Deed deed) {
  const pid_t child = fork();
  if (child == 0) _exit(deed() ? 0 : 1);
  int status = 1;
  return waitpid(child, &status, 0) == child && status == 0;
}

class AnyName final : public NameFilter {
 public:
  bool matches(std::string_view) const override { return true; }
};

inline constexpr OpenFor kReadWrite{.read_data = true, .write_data = true};

// A volume by its backend's name, with an empty folder for those that need one.
class VolumeFixture : public testing::Test {
 public:
  void open_volume(const std::string& backend, BackendOptions options = {}) {
    volume_.reset();
    remove_test_folder(folder_);
    folder_ = make_test_folder();
    ASSERT_FALSE(folder_.empty());
    options.path = folder_;
    auto opened = find_backend(backend)->open(options);
    ASSERT_TRUE(opened);
    volume_ = std::move(*opened);
  }
  ~VolumeFixture() override {
    volume_.reset();
    remove_test_folder(folder_);
  }

  Volume& volume() { return *volume_; }
  const std::string& folder() const { return folder_; }
  CallerRef caller() const { return caller_; }

  Result<Resolved> look(Path path, bool follow = true) { return run(volume_->resolve(caller_, path, {follow})); }
  NtStatus look_status(Path path) {
    const auto found = look(std::move(path));
    return found ? NtStatus::SUCCESS : found.error();
  }
  bool exists(Path path) {
    const auto found = look(std::move(path));
    return found && found->exists();
  }
  FileRef make(Path path, NodeType type = NodeType::file, FileAttributes attributes = {}) {
    const auto at = look(std::move(path));
    if (!at) return nullptr;
    return run(volume_->create(caller_, *at, {type, kReadWrite, attributes})).value_or(nullptr);
  }
  FileRef open(Path path, OpenFor use = kReadWrite) {
    const auto at = look(std::move(path));
    if (!at || !at->exists()) return nullptr;
    return run(volume_->open(caller_, *at, use)).value_or(nullptr);
  }
  NtStatus remove(Path path) {
    const auto at = look(std::move(path));
    if (!at) return at.error();
    const Location where{at->parent, at->name};
    return status(run(volume_->remove(caller_, where, at->node->id())));
  }
  Result<Location> rename(Path from, Path to, bool replace = false) {
    const auto source = look(std::move(from));
    auto target = look(to);
    if (!source || !target) return fail(NtStatus::UNSUCCESSFUL);
    if (!to.empty()) target->name = to.back();
    const Location where{source->parent, source->name};
    return run(volume_->rename(caller_, where, source->node->id(), *target, replace));
  }
  Result<> link(Path from, Path to, bool replace = false) {
    const auto source = look(std::move(from));
    const auto target = look(std::move(to));
    if (!source || !target) return fail(NtStatus::UNSUCCESSFUL);
    const Location where{source->parent, source->name};
    return run(volume_->link(caller_, where, source->node->id(), *target, replace));
  }
  static std::string text(File& file, std::uint64_t offset = 0, std::size_t length = 100) {
    ByteVector bytes(length);
    const auto n = run(file.read_at(offset, bytes));
    return n ? std::string(as_text(Bytes(bytes).first(*n))) : "error";
  }
  static NtStatus write(File& file, std::string_view text, std::uint64_t offset = 0) {
    return status(run(file.write_at(offset, as_bytes(text))));
  }
  template <class T>
  static NtStatus status(const Result<T>& result) {
    return result ? NtStatus::SUCCESS : result.error();
  }
  std::vector<std::string> names(Path path) {
    const FileRef directory = open(std::move(path), {.read_data = true});
    auto reader = run(directory->read_directory(caller_));
    std::vector<std::string> out;
    for (;;) {
      const auto batch = run((*reader)->next(AnyName(), 3));
      if (!batch || batch->empty()) break;
      for (const DirectoryEntry& entry : *batch) out.push_back(entry.name);
    }
    std::ranges::sort(out);
    return out;
  }

 protected:
  CallerRef caller_ = std::make_shared<Caller>();
  std::unique_ptr<Volume> volume_;
  std::string folder_;
};

}  // namespace dozo::vfs
