// What was there before each `dozo policy apply`, so that undo can go back; and the one that is not confirmed yet.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace dozo::policy {

// Files in a folder that nobody else may read. It lies where a restart of the machine empties it, as it empties the
// firewall. At most 32 states are kept; then the oldest goes.
class AppliedStates {
 public:
  explicit AppliedStates(std::string folder) : folder_(std::move(folder)) {}

  // The error says what failed. Makes the folder.
  std::expected<void, std::string> push(std::string_view saved) const;
  // The last one, and takes it out. Nothing when there is none.
  std::optional<std::string> pop() const;
  bool empty() const;

  // Marks the last push as not confirmed. False when one is already waiting.
  bool begin_waiting() const;
  bool is_waiting() const;
  // Whoever is given true ends the waiting, by confirming or by going back; nobody else is.
  bool end_waiting() const;

 private:
  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }

  std::string folder_;
};

// Waits `seconds` in a process of its own, which no terminal and no session can end by ending; then, unless the waiting
// was ended, goes back by `go_back`, and so when it is told to end. The error says why there is no such process. Call
// it before anything is changed.
std::expected<void, std::string> watch_for_confirmation(const AppliedStates& states, std::int64_t seconds,
                                                        bool (*go_back)(const AppliedStates& states));

}  // namespace dozo::policy
