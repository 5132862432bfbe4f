// The share-state engine once more: slow, obvious, made of plain lists and of names instead of ids. What the simulation
// holds the real one against. It knows nothing of share/engine.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "share/scenario.h"
#include "share/scenario_runner.h"

namespace dozo::share {

class EngineModel {
 public:
  StepResult run(const Step& step);

  std::size_t open_count() const { return opens_.size(); }
  std::size_t lock_count() const { return locks_.size(); }
  std::size_t wait_count() const { return waits_.size(); }

 private:
  struct Open {
    int id = 0;
    Step step;  // as it was opened
    int file = 0;
    std::string path;
    std::map<std::uint32_t, int> sequences;
  };
  struct Lock {
    int open = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    bool exclusive = false;
  };
  struct Wait {
    int ticket = 0;
    Lock lock;
    std::optional<LockSequence> sequence;
    std::optional<Duration> until;
  };

  StepResult open(const Step& step);
  StepResult close(const Step& step, Open& open);
  StepResult lock(const Step& step, Open& open);
  StepResult lock_all(const Step& step, Open& open);
  StepResult unlock_all(const Step& step, Open& open);
  StepResult io(const Step& step, const Open& open);
  StepResult cancel(const Open& open);
  StepResult mark(const Step& step, const Open& open, bool on);
  StepResult rename(const Step& step, Open& open);
  StepResult link(const Step& step, const Open& open);
  StepResult disconnect(const Step& step);
  StepResult advance(const Step& step);

  Open* find(const std::string& actor, const std::string& handle);
  Open& by_id(int id);
  bool violates_sharing(const Step& step, int file) const;
  bool blocked(const Lock& wanted, bool writes, bool is_lock) const;
  bool is_marked(const Open& open) const;
  bool has_opens(int file) const;
  void close_open(int id, bool nonempty, std::vector<std::string>& effects);
  void end_waits(int id, std::vector<std::string>& effects);
  void retry(int file, const std::string& stream, std::vector<std::string>& effects);
  bool remove_lock(const Lock& like);

  int next_id_ = 1;
  int next_file_ = 1;
  Duration now_{};
  std::map<std::string, int> files_;
  std::vector<Open> opens_;
  std::vector<Lock> locks_;  // in the order taken
  std::vector<Wait> waits_;  // in the order begun
  std::vector<std::pair<int, std::string>> deleted_links_;
  std::vector<std::pair<int, std::string>> deleted_streams_;
};

}  // namespace dozo::share
