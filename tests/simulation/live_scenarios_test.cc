// tests/scenarios/*.smbt against a live server: what the bare engine promises has to come out at the wire. What a
// client cannot say (a lock with a time limit, an offset beyond any file) is left out, scenario by scenario.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/unicode.h"
#include "server/testing/world.h"
#include "share/scenario.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/file_set.h"
#include "wire/query_info.h"
#include "wire/read.h"

namespace dozo::server::testing {
namespace {

using share::LockKind;
using share::Verb;

constexpr std::uint64_t kOffsetMax = 1 << 20;

std::vector<share::Scenario> load(const std::string& name) {
  std::ifstream in(std::string(DOZO_SOURCE_DIR) + "/tests/scenarios/" + name + ".smbt");
  std::stringstream text;
  text << in.rdbuf();
  auto scenarios = share::parse_scenarios(text.str());
  EXPECT_TRUE(scenarios.has_value()) << name;
  return scenarios.value_or(std::vector<share::Scenario>{});
}

// Why a client cannot do this; empty: it can.
std::string inexpressible(const share::Scenario& scenario) {
  std::map<std::pair<std::string, std::string>, AccessMask> access;
  for (const share::Step& step : scenario.steps) {
    const std::pair handle{step.actor, step.handle};
    if (step.verb == Verb::open) access[handle] = step.access;
    if (step.sequence) return "lock sequences are verified with multichannel alone";
    if (step.time && step.verb != Verb::advance) return "a lock with a time limit";
    const bool is_io = step.verb == Verb::read || step.verb == Verb::write;
    for (const share::LockElement& range : step.ranges) {
      if (is_io && (range.offset > kOffsetMax || range.length > kOffsetMax)) return "beyond any file";
      if (is_io && range.length == 0) return "I/O of nothing is no I/O";
    }
    const AccessMask may = access[handle];
    if (step.verb == Verb::read && !may.has_any(Access::read_data | Access::execute)) return "reads without the right";
    if (step.verb == Verb::write && !may.has_any(Access::write_data)) return "writes without the right";
    const bool locks = step.verb == Verb::lock || step.verb == Verb::unlock;
    if (locks && !may.has_any(Access::read_data | Access::write_data)) return "locks without the right";
  }
  return "";
}

class LiveRunner {
 public:
  // Empty, or the step that came out differently.
  std::string run(const share::Scenario& scenario) {
    prepare(scenario);
    for (const share::Step& step : scenario.steps) {
      woken_.clear();
      const std::string answer = perform(step);
      look_for_wakes();
      std::string seen = "-> " + answer;
      for (const std::string& wake : woken_) seen += "\n=> " + wake;
      if (const std::string expected = expectation(step); seen != expected) {
        return fmt::format("line {}: {}expected {}\nbut it came out {}", step.line, share::to_text(step), expected,
                           seen);
      }
      for (const std::string& effect : step.effects) {
        if (const std::string problem = check_purge(effect); !problem.empty()) {
          return fmt::format("line {}: {}: {}", step.line, effect, problem);
        }
      }
    }
    return world_.leave();
  }

 private:
  struct Handle {
    FileId id;
    std::string path;
    std::vector<MessageId> waiting;
  };
  using HandleName = std::pair<std::string, std::string>;

  static std::string expectation(const share::Step& step) {
    std::vector<std::string> wakes;
    for (const std::string& effect : step.effects) {
      // Who has lost the connection hears nothing.
      if (step.verb == Verb::disconnect && effect.starts_with(step.actor + " ")) continue;
      if (effect.find(" wake ") != std::string::npos) wakes.push_back(effect);
    }
    std::ranges::sort(wakes);
    std::string out = "-> " + step.answer;
    for (const std::string& wake : wakes) out += "\n=> " + wake;
    return out;
  }

  Client& client(const std::string& actor) {
    Client*& found = clients_[actor];
    if (found == nullptr) found = &world_.log_on();
    return *found;
  }
  Client& observer() { return client("(observer)"); }

  // The directories that the scenario's paths lie in.
  void prepare(const share::Scenario& scenario) {
    for (const share::Step& step : scenario.steps) {
      for (std::size_t cut = step.path.find('\\'); cut != std::string::npos; cut = step.path.find('\\', cut + 1)) {
        observer().close(observer().open(step.path.substr(0, cut), {.options = CreateOption::directory_file}));
      }
    }
  }

  Handle* find(const share::Step& step) {
    const auto found = handles_.find({step.actor, step.handle});
    return found == handles_.end() ? nullptr : &found->second;
  }

  std::string perform(const share::Step& step) {
    if (step.verb == Verb::advance) {
      world_.loop().run_for(*step.time);
      return "ok";
    }
    if (step.verb == Verb::disconnect) return disconnect(step);
    if (step.verb == Verb::open) return open(step);
    Handle* handle = find(step);
    const FileId id = handle != nullptr ? handle->id : FileId{1, 2};
    Client& actor = client(step.actor);
    switch (step.verb) {
      case Verb::close:
        return close(step, id);
      case Verb::lock:
      case Verb::unlock:
        return lock(step, handle, id);
      case Verb::read:
        return io(actor.read(id, step.ranges[0].offset, length_of(step)).status());
      case Verb::write:
        return io(actor.write(id, step.ranges[0].offset, std::string(length_of(step), 'x')));
      case Verb::cancel:
        return cancel(step, handle);
      case Verb::delete_file:
      case Verb::undelete:
        return share::answer_text(
            actor.set(id, wire::FileInfoClass::disposition,
                      wire::FileDispositionInformation{.delete_pending = step.verb == Verb::delete_file}));
      case Verb::pending:
        return pending(step, id);
      case Verb::rename:
      case Verb::link:
        return rename(step, handle, id);
      default:
        return "?";
    }
  }

  static std::uint32_t length_of(const share::Step& step) { return static_cast<std::uint32_t>(step.ranges[0].length); }
  // The engine knows no end of a file.
  static std::string io(NtStatus status) { return status == NtStatus::END_OF_FILE ? "ok" : share::answer_text(status); }

  std::string open(const share::Step& step) {
    const HandleName name{step.actor, step.handle};
    if (handles_.contains(name)) return "INVALID_HANDLE";
    OpenArgs args;
    args.access = step.access | Access::read_attributes | Access::synchronize;
    args.share = step.share;
    if (step.is_directory) args.options |= CreateOption::directory_file;
    if (step.delete_on_close) args.options |= CreateOption::delete_on_close;
    const std::string path = step.path + (step.stream.empty() ? "" : ":" + step.stream);
    const Answer answer = client(step.actor).create(path, args);
    if (answer.status() == NtStatus::SUCCESS) handles_[name] = {answer.file_id(), path, {}};
    return share::answer_text(answer.status());
  }

  std::string close(const share::Step& step, FileId id) {
    if (step.nonempty) observer().close(observer().open(handles_[{step.actor, step.handle}].path + "\\child"));
    const NtStatus status = client(step.actor).close(id);
    world_.settle();
    // What waited on it wakes with it.
    look_for_wakes();
    if (status == NtStatus::SUCCESS) closed_[{step.actor, step.handle}] = handles_[{step.actor, step.handle}].path;
    if (status == NtStatus::SUCCESS) handles_.erase({step.actor, step.handle});
    return share::answer_text(status);
  }

  std::string disconnect(const share::Step& step) {
    client(step.actor).reset();
    client(step.actor).run_until_disconnected();
    world_.settle();
    clients_[step.actor] = nullptr;
    for (auto at = handles_.begin(); at != handles_.end();) {
      if (at->first.first != step.actor) {
        ++at;
        continue;
      }
      closed_[at->first] = at->second.path;
      at = handles_.erase(at);
    }
    return "ok";
  }

  static wire::LockElement element_of(const share::LockElement& range) {
    wire::LockElement out{.offset = range.offset, .length = range.length};
    if (range.kind == LockKind::shared) out.flags = wire::LockFlag::shared_lock;
    if (range.kind == LockKind::exclusive) out.flags = wire::LockFlag::exclusive_lock;
    if (range.kind == LockKind::unlock) out.flags = wire::LockFlag::unlock;
    if (range.fail_immediately) out.flags |= wire::LockFlag::fail_immediately;
    return out;
  }

  std::string lock(const share::Step& step, Handle* handle, FileId id) {
    Client& actor = client(step.actor);
    wire::LockRequest request{.file_id = id};
    for (const share::LockElement& range : step.ranges) request.locks.push_back(element_of(range));
    const MessageId message = actor.start(wire::Command::lock, request);
    world_.settle();
    if (const Answer* answer = actor.find_answer(message)) return share::answer_text(answer->status());
    if (handle != nullptr) handle->waiting.push_back(message);
    return actor.is_pending(message) ? "pending" : "nothing";
  }

  std::string cancel(const share::Step& step, Handle* handle) {
    if (handle == nullptr) return "FILE_CLOSED";
    if (handle->waiting.empty()) return "NOT_FOUND";
    client(step.actor).cancel(handle->waiting.back());
    return "ok";
  }

  std::string pending(const share::Step& step, FileId id) {
    const Answer answer = client(step.actor).query(id, wire::FileInfoClass::standard);
    if (answer.status() != NtStatus::SUCCESS) return share::answer_text(answer.status());
    const auto said =
        wire::decode_plain<wire::FileStandardInformation>(answer.as<wire::QueryInfoResponse>().output_buffer);
    return said && said->delete_pending ? "yes" : "no";
  }

  std::string rename(const share::Step& step, Handle* handle, FileId id) {
    const bool link = step.verb == Verb::link;
    const auto info_class = link ? wire::FileInfoClass::link : wire::FileInfoClass::rename;
    const NtStatus status = client(step.actor)
                                .set(id, info_class,
                                     wire::FileRenameInformation{.replace_if_exists = step.replace,
                                                                 .file_name = utf8_to_utf16_lossy(step.path)});
    world_.settle();
    if (status == NtStatus::SUCCESS && !link && handle != nullptr) {
      const std::string old_path = handle->path;
      for (auto& [name, other] : handles_) {
        if (other.path == old_path) other.path = step.path;
      }
    }
    return share::answer_text(status);
  }

  void look_for_wakes() {
    world_.settle();
    for (auto& [name, handle] : handles_) {
      std::erase_if(handle.waiting, [&](MessageId id) {
        const Answer* answer = client(name.first).find_answer(id);
        if (answer == nullptr) return false;
        woken_.insert(fmt::format("{} wake {}", name.first, share::answer_text(answer->status())));
        return true;
      });
    }
  }

  // "A purge f": the name is gone.
  std::string check_purge(const std::string& effect) {
    std::istringstream words(effect);
    std::string actor, verb, handle;
    words >> actor >> verb >> handle;
    if (verb != "purge") return "";
    // The handle's name may have a stream in it too.
    auto closed = closed_.find({actor, handle});
    if (closed == closed_.end()) closed = closed_.find({actor, handle.substr(0, handle.rfind(':'))});
    if (closed == closed_.end()) return "the handle is not closed";
    const Answer answer = observer().create(closed->second, {.access = Access::read_attributes | Access::synchronize,
                                                             .disposition = CreateDisposition::open});
    if (answer.status() == NtStatus::SUCCESS) observer().close(answer.file_id());
    return answer.status() == NtStatus::OBJECT_NAME_NOT_FOUND ? "" : "it is still there";
  }

  World world_;
  std::map<std::string, Client*> clients_;
  std::map<HandleName, Handle> handles_;
  std::map<HandleName, std::string> closed_;
  std::multiset<std::string> woken_;
};

class LiveScenarios : public ::testing::TestWithParam<const char*> {};

TEST_P(LiveScenarios, come_out_at_the_wire_as_in_the_engine) {
  int ran = 0;
  for (const share::Scenario& scenario : load(GetParam())) {
    if (!inexpressible(scenario).empty()) continue;
    ++ran;
    EXPECT_EQ(LiveRunner().run(scenario), "") << GetParam() << ".smbt:" << scenario.line << ": " << scenario.title;
  }
  EXPECT_GT(ran, 0);
  RecordProperty("scenarios", ran);
}

INSTANTIATE_TEST_SUITE_P(Files, LiveScenarios,
                         ::testing::Values("delete", "lock_waiting", "locks", "rename", "share_modes", "streams"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace dozo::server::testing
