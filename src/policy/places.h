// Names on their way to addresses: zones, objects, roles and hosts, each a list of addresses, networks, ranges, service
// tags and other names.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"
#include "policy/section.h"
#include "policy/service_tags.h"

namespace dozo::policy {

class Places {
 public:
  explicit Places(Report& report) : report_(report) {}

  void set_service_tags(ServiceTags tags, bool given) {
    tags_ = std::move(tags);
    tags_given_ = given;
  }
  // A name twice is an error, whatever the kinds.
  void add(Place::Kind kind, const std::string& name, std::uint32_t line, std::vector<Word> words);

  // Resolves everything; zones have to be apart from each other.
  void resolve_all();
  // What a list of words outside of the table means: `from` and `to` of rules. Words with '!' before them, all or none.
  End end_of(const std::vector<Word>& words, const std::string& set_name);
  const Place* find(std::string_view name);
  bool has(std::string_view name) const { return raw_.contains(name); }
  std::map<std::string, Place> take();

 private:
  struct Raw {
    Place place;
    std::vector<Word> words;
    enum class State : std::uint8_t { fresh, busy, done } state = State::fresh;
  };
  const Place& resolve(std::string_view name, Raw& raw);
  AddressSpace space_of(const std::vector<Word>& words, std::string* azure_tag);
  AddressSpace named(const Word& word);
  AddressSpace tagged(const Word& word);
  AddressSpace internet(const Word& word);
  void warn_of_overlaps(std::vector<std::pair<AddressRange, Word>> literals);
  void check_zones();

  Report& report_;
  ServiceTags tags_;
  bool tags_given_ = false;
  std::map<std::string, Raw, std::less<>> raw_;
};

inline constexpr std::string_view kInternet = "internet";
inline constexpr std::string_view kAnybody = "any";

}  // namespace dozo::policy
