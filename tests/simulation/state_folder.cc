#include "tests/simulation/state_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/assert.h"

namespace dozo::server::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInMemory = "/dev/shm";
constexpr const char* kKept[] = {"handles.db", "handles.db-wal"};

std::string parent() { return ::access(kInMemory, W_OK) == 0 ? std::string(kInMemory) + "/" : ::testing::TempDir(); }

}  // namespace

StateFolder::StateFolder() : path_(parent() + "dozo-state-XXXXXX") { DOZO_ASSERT(::mkdtemp(path_.data()) != nullptr); }

StateFolder::~StateFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void StateFolder::become_copy_of(const StateFolder& other) {
  for (const auto& entry : fs::directory_iterator(path_)) fs::remove(entry.path());
  for (const char* name : kKept) {
    const fs::path from = fs::path(other.path_) / name;
    if (fs::exists(from)) fs::copy_file(from, fs::path(path_) / name);
  }
}

}  // namespace dozo::server::testing
