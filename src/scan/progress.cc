#include "scan/progress.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace dozo::scan {
namespace {

constexpr std::string_view kHeading = "dozo scan 1";

std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view before) {
  if (!text.starts_with(before)) return std::nullopt;
  text.remove_prefix(before.size());
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

void Progress::mark(std::uint64_t place) {
  if (place >= count_ || place < below_) return;
  beyond_.insert(place);
  while (beyond_.erase(below_) > 0) ++below_;
}

std::string Progress::text() const {
  std::string out =
      fmt::format("{}\ntargets {} {}\nseed {}\nbelow {}\n", kHeading, count_, fingerprint_, seed_, below_);
  for (const std::uint64_t place : beyond_) out += fmt::format("and {}\n", place);
  return out;
}

std::expected<Progress, std::string> Progress::parse(std::string_view text, const TargetList& targets) {
  Progress out(targets, 0);
  if (!text.starts_with(kHeading)) return std::unexpected("is no file of a scan's progress");
  text.remove_prefix(kHeading.size());
  const auto count = take_number(text, "\ntargets ");
  const auto fingerprint = take_number(text, " ");
  const auto seed = take_number(text, "\nseed ");
  const auto below = take_number(text, "\nbelow ");
  if (!count || !fingerprint || !seed || !below) return std::unexpected("is damaged");
  if (*count != out.count_ || *fingerprint != out.fingerprint_) return std::unexpected("is of a scan of other targets");
  if (*below > *count) return std::unexpected("is damaged");
  out.seed_ = *seed;
  out.below_ = *below;
  while (const auto place = take_number(text, "\nand ")) out.mark(*place);
  if (text != "\n") return std::unexpected("is damaged");
  return out;
}

}  // namespace dozo::scan
