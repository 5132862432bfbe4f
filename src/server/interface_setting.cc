#include "server/interface_setting.h"

#include <charconv>

namespace dozo::server {
namespace {

constexpr std::uint64_t kMegabit = 1'000'000;
constexpr std::uint64_t kMegabitsMax = 100'000'000;  // 100 Tbit/s
constexpr std::string_view kSpeed = "speed=";

// The first word of `text`, which loses it; empty at the end.
std::string_view take_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

bool take_speed(std::string_view digits, InterfaceSetting& out) {
  std::uint64_t megabits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), megabits);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  if (megabits == 0 || megabits > kMegabitsMax) return false;
  out.link_speed = megabits * kMegabit;
  return true;
}

bool take_property(std::string_view word, InterfaceSetting& out) {
  if (word.starts_with(kSpeed)) return take_speed(word.substr(kSpeed.size()), out);
  if (word == "rss" || word == "no-rss") {
    out.rss = word == "rss";
    return true;
  }
  out.rdma = out.rdma || word == "rdma";
  return word == "rdma";
}

}  // namespace

std::optional<InterfaceSetting> interface_from_string(std::string_view text) {
  InterfaceSetting out;
  out.address = take_word(text);
  if (out.address.empty()) return std::nullopt;
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    if (!take_property(word, out)) return std::nullopt;
  }
  return out;
}

}  // namespace dozo::server
