// What an nftables ruleset says to a new connection from anywhere; libnftables-json(5).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "scan/self_network.h"

namespace dozo::scan {
namespace {

using nlohmann::json;

constexpr std::string_view kNotNft = "what nft prints was not understood";
constexpr int kDepthMax = 16;  // of jumps; the kernel's limit

// Whether a rule's expression is true of a new connection from any address and interface.
enum class Match : std::uint8_t { yes, no, some, unknown };

std::string text_in(const json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

const json& member(const json& object, const char* name) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  const auto it = object.find(name);
  return it == object.end() ? kNothing : *it;
}

struct Question {
  std::string_view protocol;  // "tcp"
  std::uint16_t port;
};

// A value, a range, or a set of them; a name stands for a set that is elsewhere.
Match port_is_in(const json& right, std::uint16_t port) {
  if (right.is_number_integer()) return right.get<std::int64_t>() == port ? Match::yes : Match::no;
  const json& range = member(right, "range");
  if (range.is_array() && range.size() == 2 && range[0].is_number_integer() && range[1].is_number_integer()) {
    return range[0].get<std::int64_t>() <= port && port <= range[1].get<std::int64_t>() ? Match::yes : Match::no;
  }
  const json& set = member(right, "set");
  if (!set.is_array()) return Match::unknown;
  Match any = Match::no;
  for (const json& item : set) {
    const Match match = port_is_in(item, port);
    if (match == Match::yes) return Match::yes;
    if (match == Match::unknown) any = Match::unknown;
  }
  return any;
}

// Of names of protocols or of states: one, or a list of them.
bool names(const json& right, std::string_view wanted) {
  if (right.is_string()) return right.get<std::string>() == wanted;
  const json& set = member(right, "set");
  const json& list = set.is_array() ? set : right;
  return list.is_array() && std::ranges::any_of(list, [&](const json& item) { return names(item, wanted); });
}

Match negated(Match match) {
  if (match == Match::yes) return Match::no;
  return match == Match::no ? Match::yes : match;
}

Match payload_match(const json& payload, const json& right, const Question& question) {
  const std::string protocol = text_in(payload, "protocol");
  const std::string field = text_in(payload, "field");
  if (protocol == "ip" || protocol == "ip6") {
    if (field == "protocol" || field == "nexthdr") return names(right, question.protocol) ? Match::yes : Match::no;
    return field == "saddr" || field == "daddr" ? Match::some : Match::unknown;
  }
  if (protocol != question.protocol && protocol != "th") {
    return protocol == "tcp" || protocol == "udp" || protocol == "icmp" || protocol == "icmpv6" ? Match::no
                                                                                                : Match::unknown;
  }
  return field == "dport" ? port_is_in(right, question.port) : Match::unknown;
}

Match meta_match(const std::string& key, const json& right, const Question& question) {
  if (key == "l4proto") return names(right, question.protocol) ? Match::yes : Match::no;
  if (key == "iifname" || key == "iif") return names(right, "lo") ? Match::no : Match::some;
  return key == "nfproto" ? Match::some : Match::unknown;
}

Match match_of(const json& match, const Question& question) {
  const json& left = member(match, "left");
  const json& right = member(match, "right");
  Match found = Match::unknown;
  if (left.contains("payload")) {
    found = payload_match(member(left, "payload"), right, question);
  } else if (left.contains("meta")) {
    found = meta_match(text_in(member(left, "meta"), "key"), right, question);
  } else if (text_in(member(left, "ct"), "key") == "state") {
    found = names(right, "new") ? Match::yes : Match::no;
  }
  return text_in(match, "op") == "!=" ? negated(found) : found;
}

class Ruleset {
 public:
  explicit Ruleset(const json& items) {
    for (const json& item : items) {
      if (member(item, "chain").is_object()) chains_.push_back(&item["chain"]);
      if (member(item, "rule").is_object()) rules_.push_back(&item["rule"]);
    }
  }

  Passage passage(const Question& question) const {
    Passage worst = Passage::open;
    for (const json* chain : chains_) {
      if (text_in(*chain, "hook") != "input" || text_in(*chain, "type") != "filter") continue;
      const Walk walk = walk_chain(*chain, question, 0);
      const Passage one = passage_of(walk, text_in(*chain, "policy") == "drop");
      // Each chain has to let it through.
      if (badness(one) > badness(worst)) worst = one;
    }
    return worst;
  }

 private:
  enum class End : std::uint8_t { accepted, dropped, fell_through };
  struct Walk {
    End end = End::fell_through;
    bool some_accepted = false;
    bool some_dropped = false;
    bool unknown = false;
  };

  static int badness(Passage passage) {
    switch (passage) {
      case Passage::closed:
        return 3;
      case Passage::limited:
        return 2;
      case Passage::unknown:
        return 1;
      case Passage::open:
        break;
    }
    return 0;
  }

  static Passage passage_of(const Walk& walk, bool policy_drops) {
    const bool closed = walk.end == End::dropped || (walk.end == End::fell_through && policy_drops);
    if (walk.unknown) return Passage::unknown;
    if (closed) return walk.some_accepted ? Passage::limited : Passage::closed;
    return walk.some_dropped ? Passage::limited : Passage::open;
  }

  Walk walk_chain(const json& chain, const Question& question, int depth) const {
    Walk walk;
    for (const json* rule : rules_) {
      const bool mine = text_in(*rule, "family") == text_in(chain, "family") &&
                        text_in(*rule, "table") == text_in(chain, "table") &&
                        text_in(*rule, "chain") == text_in(chain, "name");
      if (mine && take_rule(*rule, question, depth, walk)) return walk;
    }
    return walk;
  }

  // Whether the rule ends the walk.
  bool take_rule(const json& rule, const Question& question, int depth, Walk& walk) const {
    Match all = Match::yes;
    for (const json& expression : member(rule, "expr")) {
      if (expression.contains("match")) {
        const Match match = match_of(expression["match"], question);
        if (match == Match::no) return false;
        if (match == Match::unknown || all == Match::yes) all = match;
      } else if (const auto ended = take_statement(rule, expression, {question, all, depth}, walk)) {
        return *ended;
      }
    }
    return false;
  }

  struct Place {
    const Question& question;
    Match match;
    int depth;
  };

  // Whether a verdict ends the walk; nothing for a statement that is no verdict.
  std::optional<bool> take_statement(const json& rule, const json& statement, const Place& place, Walk& walk) const {
    const bool accepts = statement.contains("accept");
    const bool drops = statement.contains("drop") || statement.contains("reject");
    if (accepts || drops) return take_verdict(accepts, place.match, walk);
    if (statement.contains("return")) {
      walk.unknown |= place.match != Match::yes;
      return place.match == Match::yes;
    }
    for (const char* jump : {"jump", "goto"}) {
      if (!statement.contains(jump)) continue;
      const bool ended = take_jump(rule, text_in(statement[jump], "target"), place, walk);
      // What is gone to does not come back.
      return ended || (std::string_view(jump) == "goto" && place.match == Match::yes);
    }
    if (statement.contains("vmap")) return take_map(statement["vmap"], place, walk);
    // A rate: whether what follows holds is not known.
    if (statement.contains("limit")) walk.unknown = true;
    return std::nullopt;
  }

  // Of verdict maps the one that most rulesets begin with is understood: by the state of a connection.
  static std::optional<bool> take_map(const json& map, const Place& place, Walk& walk) {
    const json& entries = member(member(map, "data"), "set");
    if (text_in(member(member(map, "key"), "ct"), "key") != "state" || !entries.is_array()) {
      walk.unknown = true;
      return std::nullopt;
    }
    for (const json& entry : entries) {
      if (!entry.is_array() || entry.size() != 2 || !names(entry[0], "new")) continue;
      if (entry[1].contains("accept") || entry[1].contains("drop")) {
        return take_verdict(entry[1].contains("accept"), place.match, walk);
      }
      walk.unknown = true;
    }
    return std::nullopt;
  }

  static bool take_verdict(bool accepts, Match match, Walk& walk) {
    switch (match) {
      case Match::yes:
        walk.end = accepts ? End::accepted : End::dropped;
        return true;
      case Match::some:
        (accepts ? walk.some_accepted : walk.some_dropped) = true;
        break;
      case Match::unknown:
        walk.unknown = true;
        break;
      case Match::no:
        break;
    }
    return false;
  }

  bool take_jump(const json& rule, const std::string& target, const Place& place, Walk& walk) const {
    const auto it = std::ranges::find_if(chains_, [&](const json* chain) {
      return text_in(*chain, "name") == target && text_in(*chain, "table") == text_in(rule, "table") &&
             text_in(*chain, "family") == text_in(rule, "family");
    });
    if (it == chains_.end() || place.depth == kDepthMax) {
      walk.unknown = true;
      return false;
    }
    const Walk inner = walk_chain(**it, place.question, place.depth + 1);
    walk.unknown |= inner.unknown || (place.match == Match::unknown && inner.end != End::fell_through);
    walk.some_accepted |= inner.some_accepted;
    walk.some_dropped |= inner.some_dropped;
    if (inner.end == End::fell_through) return false;
    return take_verdict(inner.end == End::accepted, place.match, walk);
  }

  std::vector<const json*> chains_;
  std::vector<const json*> rules_;
};

}  // namespace

std::expected<Passage, std::string> passage_in_nft(std::string_view text, Transport transport, std::uint16_t port) {
  const json document = json::parse(text, nullptr, false);
  const json& items = member(document, "nftables");
  if (!items.is_array()) return std::unexpected(std::string(kNotNft));
  return Ruleset(items).passage({transport == Transport::tcp ? "tcp" : "udp", port});
}

}  // namespace dozo::scan
