// Uses everything of include/dozo/client.h on a share, as a program of somebody else's would; says what is wrong.
//   api_check ADDRESS OPERATION     the password is in SMB_PASSWORD
#include <dozo/client.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace smb = dozo::smb;

namespace {

std::atomic<int> failures{0};

void check(bool right, const std::string& what) {
  if (right) return;
  ++failures;
  std::fprintf(stderr, "wrong: %s\n", what.c_str());
}
template <class T>
bool done(const smb::Result<T>& result, const std::string& what) {
  check(static_cast<bool>(result), result ? what : what + ": " + result.error().message);
  return static_cast<bool>(result);
}

smb::Options options_for(const std::string& address) {
  smb::Options options;
  options.address = address;
  options.min_dialect = "2.0.2";
  if (const char* password = std::getenv("SMB_PASSWORD")) options.password = password;
  return options;
}

std::vector<std::uint8_t> bytes_of(std::size_t size, unsigned seed) {
  std::vector<std::uint8_t> out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 131 + (i >> 9) + seed);
  return out;
}

void whole_files(smb::Share& share, const std::string& folder) {
  const auto content = bytes_of(3'000'000, 1);
  done(share.write(folder + "/whole", content.data(), content.size()), "write");
  const auto back = share.read(folder + "/whole");
  check(done(back, "read") && *back == content, "what was read");
  const auto entry = share.stat(folder + "\\whole");
  check(done(entry, "stat") && entry->size == content.size() && !entry->is_folder, "what stat says");
  const auto age =
      std::chrono::system_clock::now() - (entry ? entry->written : std::chrono::system_clock::time_point());
  check(age < std::chrono::hours(1) && age > std::chrono::hours(-1), "the time of the last write");
}

void open_files(smb::Share& share, const std::string& folder) {
  const auto content = bytes_of(500'000, 2);
  auto file = share.open(folder + "/open", smb::Mode::create);
  if (!done(file, "open")) return;
  done(file->write_at(100'000, content.data(), content.size()), "write_at");
  done(file->flush(), "flush");
  std::vector<std::uint8_t> back(1'000'000);
  const auto got = file->read_at(0, back.data(), back.size());
  check(done(got, "read_at") && *got == 600'000, "how much was read");
  check(std::memcmp(back.data() + 100'000, content.data(), content.size()) == 0, "what was read");
  done(file->close(), "close");
  check(!file->read_at(0, back.data(), 1), "a closed file was read");
  const auto twice = share.open(folder + "/open", smb::Mode::create);
  check(!twice && twice.error().status == 0xC0000035u, "a file was created twice");
  auto replaced = share.open(folder + "/open", smb::Mode::replace);
  check(done(replaced, "replace") && replaced->size() == 0, "the size of a replaced file");
}

void names(smb::Share& share, const std::string& folder) {
  done(share.make_folder(folder + "/inner"), "make_folder");
  done(share.rename(folder + "/open", folder + "/inner/moved"), "rename");
  const auto entries = share.list(folder + "/inner");
  check(done(entries, "list") && entries->size() == 1 && entries->front().name == "moved", "what list says");
  const auto refused = share.remove_folder(folder + "/inner");
  check(!refused && refused.error().message.find("not empty") != std::string::npos, "a full folder was removed");
  done(share.remove_file(folder + "/inner/moved"), "remove_file");
  done(share.remove_folder(folder + "/inner"), "remove_folder");
  done(share.remove_file(folder + "/whole"), "remove_file");
  const auto gone = share.stat(folder + "/whole");
  check(!gone && gone.error().message.find("whole: no such file") != std::string::npos, "what is gone was found");
}

void many_threads(smb::Share& share, const std::string& folder) {
  std::vector<std::thread> threads;
  for (unsigned number = 0; number < 8; ++number) {
    threads.emplace_back([&share, &folder, number] {
      const std::string path = folder + "/thread" + std::to_string(number);
      const auto content = bytes_of(300'000 + number, number);
      for (int round = 0; round < 5; ++round) {
        done(share.write(path, content.data(), content.size()), "write of a thread");
        const auto back = share.read(path);
        check(done(back, "read of a thread") && *back == content, "what a thread read");
      }
      done(share.remove_file(path), "remove_file of a thread");
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void everything(const std::string& address) {
  auto connected = smb::Share::connect(options_for(address));
  if (!done(connected, "connect")) return;
  smb::Share share = std::move(*connected);
  check(share.dialect() == "3.1.1", "the dialect: " + share.dialect());
  const std::string folder = "api check";
  done(share.make_folder(folder), "make_folder");
  whole_files(share, folder);
  open_files(share, folder);
  names(share, folder);
  many_threads(share, folder);
  done(share.remove_folder(folder), "remove_folder");
}

void refusals(const std::string& address) {
  smb::Options options = options_for(address);
  options.password += "x";
  const auto wrong = smb::Share::connect(options);
  check(!wrong && wrong.error().status == 0xC000006Du, "a wrong password");
  check(!smb::Share::connect(options_for("ftp://host/share")), "a wrong address");
  options = options_for(address);
  options.min_dialect = "4.0";
  check(!smb::Share::connect(options), "a wrong dialect");
  const auto nowhere = smb::Share::connect(options_for(address + "-nowhere"));
  check(!nowhere && nowhere.error().status == 0xC00000CCu, "a share that is not there");
}

// Nobody's session, on the share that nobody may always connect to.
void anonymous(const std::string& address) {
  smb::Options options = options_for(address.substr(0, address.rfind('/')) + "/IPC$");
  options.anonymous = true;
  check(!smb::Share::connect(options), "an unsigned session without allow_unsigned");
  options.allow_unsigned = true;
  const auto share = smb::Share::connect(options);
  std::printf("anonymous: %s\n", share ? "in" : share.error().message.c_str());
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const std::string operation = words[2];
  if (operation == "everything") everything(words[1]);
  if (operation == "refusals") refusals(words[1]);
  if (operation == "anonymous") anonymous(words[1]);
  return failures == 0 ? 0 : 1;
}
