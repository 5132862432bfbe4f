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
  std::size_t wait_count() const { return waits_.size() + cache_waits_.size(); }
  std::size_t oplock_count() const;
  std::size_t lease_count() const;
  std::size_t break_count() const;

 private:
  struct Open {
    int id = 0;
    Step step;  // as it was opened
    int file = 0;
    std::string path;
    std::map<std::uint32_t, int> sequences;
    int cache = 0;  // 0: none
    bool disconnected = false;
    bool resilient = false;  // only while it is disconnected, as the next
    bool persistent = false;
    Duration until{};  // when it ends, disconnected
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
  // A lease with all its opens, or an oplock with its one. States are "", "R", "RW", "RH", "RWH".
  struct Cache {
    int id = 0;
    int file = 0;
    std::string stream;
    std::string client;  // of leases: empty for an oplock
    std::string key;
    std::string state;
    bool v2 = false;
    int epoch = 0;
    bool of_deleted_file = false;
    bool breaking = false;
    std::string announced;
    std::string wanted;  // announced, or less
    Duration until{};
  };
  struct CacheWait {
    int id = 0;
    std::string actor;
    std::string handle;
    int open = 0;  // that waits, if there is one
    std::vector<int> caches;
  };
  // Who breaks others' caches: a client with a lease, an open, both or neither.
  struct Breaker {
    std::string client;
    std::string key;
    int open = 0;
    bool attributes_only = false;
    bool security_only = false;
  };

  StepResult open(const Step& step);
  StepResult close(const Step& step, Open& open);
  StepResult lock(const Step& step, Open& open);
  StepResult lock_all(const Step& step, Open& open);
  StepResult unlock_all(const Step& step, Open& open);
  StepResult io(const Step& step, const Open& open);
  StepResult cancel(const Step& step);
  StepResult mark(const Step& step, const Open& open, bool on);
  StepResult rename(const Step& step, Open& open);
  StepResult link(const Step& step, const Open& open);
  StepResult disconnect(const Step& step);
  StepResult advance(const Step& step);
  StepResult use(const Step& step, Open open);
  StepResult replace(const Step& step, const Open& open);
  StepResult change(const Step& step);
  StepResult outside(const Step& step);
  StepResult preserve(const Step& step, Open& open);
  StepResult reclaim(const Step& step);
  StepResult acknowledge_lease(const Step& step);
  StepResult acknowledge_oplock(const Step& step, const Open& open);

  int file_of(const std::string& path);
  bool is_waiting(const std::string& actor, const std::string& handle) const;
  Cache* cache_of(int id);
  bool is_owner(const Breaker& who, const Cache& cache) const;
  std::optional<std::string> loss(const std::string& what, const Cache& cache) const;
  std::vector<int> break_all(const std::string& what, int file, const std::string& stream, const Breaker& who,
                             std::vector<std::string>& effects);
  bool is_concerned(const std::string& what, const Cache& cache, const Breaker& who) const;
  bool is_disconnected(const Cache& cache) const;
  bool is_held_off(const std::string& what, int file, const std::string& stream, const Breaker& who) const;
  void end_disconnected(const std::string& what, int file, const std::string& stream, const Breaker& who,
                        std::vector<std::string>& effects);
  std::string refusal(const Step& step, int file, const std::vector<std::string>& effects) const;
  void forget(int open, std::vector<std::string>& effects);
  std::vector<std::string> cached_streams(int file) const;
  void break_one(Cache& cache, const std::string& loses, std::vector<std::string>& effects);
  std::string announcement(const Cache& cache, const std::string& from, const std::string& to) const;
  void settle(int cache, const std::string& kept, std::vector<std::string>& effects);
  void finish(int cache, std::vector<std::string>& effects);
  void give_up_lost_break(int cache, std::vector<std::string>& effects);
  void drop(int cache);
  StepResult park(const Step& step, int open, std::vector<int> caches, StepResult result);
  void end_cache_waits(int open, const std::string& how, std::vector<std::string>& effects);
  std::string grant(Open& open);
  std::string grant_lease(Open& open);
  bool may_cache(const Open& open, const std::string& wanted) const;
  std::string best(const Open& open, const std::string& wanted) const;
  std::string caching_text(const Cache* cache) const;

  Open* find(const std::string& actor, const std::string& handle);
  Open& by_id(int id);
  bool violates_sharing(const Step& step, int file) const;
  bool blocked(const Lock& wanted, bool writes, bool is_lock) const;
  bool is_marked(const Open& open) const;
  bool has_opens(int file) const;
  void close_open(int id, bool nonempty, std::vector<std::string>& effects);
  void end_waits(int id, const std::string& how, std::vector<std::string>& effects);
  void retry(int file, const std::string& stream, std::vector<std::string>& effects);
  bool remove_lock(const Lock& like);

  int next_id_ = 1;
  int next_file_ = 1;
  Duration now_{};
  std::map<std::string, int> files_;
  std::vector<Open> opens_;
  std::vector<Lock> locks_;             // in the order taken
  std::vector<Wait> waits_;             // in the order begun
  std::vector<Cache> caches_;           // in the order granted
  std::vector<CacheWait> cache_waits_;  // in the order begun
  std::vector<std::pair<int, std::string>> deleted_links_;
  std::vector<std::pair<int, std::string>> deleted_streams_;
};

}  // namespace dozo::share
