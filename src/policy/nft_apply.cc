#include "policy/nft_apply.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/emit_text.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kForget = "table inet dozo\ndelete table inet dozo\n";

// The server's own bans are in no policy: a new table has those of the old one.
std::string bans_kept(const std::optional<NftTable>& live) {
  std::string text;
  for (const std::string_view name : {kNftLiveBans4, kNftLiveBans6}) {
    const NftSet* set = live ? live->find_set(name) : nullptr;
    if (set == nullptr || set->ranges.empty()) continue;
    std::vector<std::string> elements;
    for (const Bans::Entry& entry : set->ranges) {
      const std::string timeout = entry.until ? " timeout " + nft_timeout(std::max<std::int64_t>(*entry.until, 1)) : "";
      elements.push_back(short_text(entry.range) + timeout);
    }
    text += fmt::format("add element inet dozo {} {{ {} }}\n", name, fmt::join(elements, ", "));
  }
  return text;
}

bool go_back_quietly(const AppliedStates& states) {
  const auto saved = states.pop();
  return saved && nft_restore(*saved).has_value();
}

Nft<> remember(const AppliedStates& states, std::int64_t confirm_within_s) {
  if (states.is_waiting()) {
    return std::unexpected("the last change is not confirmed yet: dozo policy confirm, or dozo policy undo");
  }
  const auto saved = nft_saved();
  if (!saved) return std::unexpected(saved.error());
  if (auto pushed = states.push(*saved); !pushed) return pushed;
  if (confirm_within_s == 0) return {};
  if (!states.begin_waiting()) return std::unexpected("somebody else is changing the firewall");
  return watch_for_confirmation(states, confirm_within_s, go_back_quietly);
}

}  // namespace

NftTable lockdown_table(bool quic) {
  RuleSet rules;
  rules.bans.services = known_services();
  if (!quic) std::erase_if(rules.bans.services, [](const Service& service) { return service.name == "smb-quic"; });
  for (const Family family : {Family::v4, Family::v6}) {
    rules.bans.entries.push_back({{{family, 0}, {family, highest_of(family)}}, std::nullopt});
  }
  NftTable table = nft_table(rules, {});
  rules.mode = Mode::perimeter;
  for (NftChain& chain : nft_table(rules, {}).chains) table.chains.push_back(std::move(chain));
  return table;
}

Nft<Change> apply_table(const NftTable& table, const AppliedStates& states, std::int64_t confirm_within_s) {
  const auto live = nft_live();
  if (!live) return std::unexpected(live.error());
  if (*live && differences(**live, table).empty()) return Change::none;
  if (auto remembered = remember(states, confirm_within_s); !remembered) return std::unexpected(remembered.error());

  const auto loaded = nft_load(std::string(kForget) + to_string(table) + bans_kept(*live));
  if (loaded) return Change::made;
  // Nothing was changed: nothing is to be taken back.
  if (confirm_within_s == 0 || states.end_waiting()) static_cast<void>(states.pop());
  return std::unexpected(loaded.error());
}

Confirmed confirm(const AppliedStates& states) {
  return states.end_waiting() ? Confirmed::confirmed : Confirmed::nothing_waits;
}

Nft<Change> go_back(const AppliedStates& states) {
  static_cast<void>(states.end_waiting());
  const auto saved = states.pop();
  const auto live = nft_saved();
  if (!live) return std::unexpected(live.error());
  if (!saved && live->empty()) return Change::none;
  if (auto restored = nft_restore(saved.value_or("")); !restored) {
    if (saved) static_cast<void>(states.push(*saved));
    return std::unexpected(restored.error());
  }
  return Change::made;
}

}  // namespace dozo::policy
