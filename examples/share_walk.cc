// Prints every file below a folder of a share, and the size of all of them.
//
//   c++ -std=c++17 share_walk.cc $(pkg-config --static --cflags --libs dozo-client) -o share_walk
//   SMB_PASSWORD=… ./share_walk smb://alice@files.example.org/projects [FOLDER]
#include <dozo/client.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace smb = dozo::smb;

static int complain(const smb::Error& error) {
  std::fprintf(stderr, "share_walk: %s\n", error.message.c_str());
  return 1;
}

static int walk(smb::Share& share, const std::string& folder, std::uint64_t& total) {
  auto entries = share.list(folder);
  if (!entries) return complain(entries.error());
  int failures = 0;
  for (const smb::Entry& entry : *entries) {
    const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
    if (entry.is_folder && !entry.is_link) {
      failures += walk(share, path, total);
    } else {
      std::printf("%12llu  %s\n", static_cast<unsigned long long>(entry.size), path.c_str());
      total += entry.size;
    }
  }
  return failures;
}

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: share_walk smb://USER@HOST/SHARE [FOLDER]\n");
    return 2;
  }
  smb::Options options;
  options.address = words[1];
  if (const char* password = std::getenv("SMB_PASSWORD")) options.password = password;
  auto share = smb::Share::connect(options);
  if (!share) return complain(share.error());
  std::uint64_t total = 0;
  const int failures = walk(*share, count > 2 ? words[2] : "", total);
  std::printf("%12llu  in all, over SMB %s\n", static_cast<unsigned long long>(total), share->dialect().c_str());
  return failures == 0 ? 0 : 1;
}
