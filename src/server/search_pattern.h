// SearchPattern: the wildcard expressions of QUERY_DIRECTORY. [MS-FSA] 2.1.4.3, 2.1.4.4.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "vfs/volume.h"

namespace dozo::server {

// A value; immutable. Names are compared without regard to case.
class SearchPattern final : public vfs::NameFilter {
 public:
  // An empty pattern means "*". STATUS_OBJECT_NAME_INVALID: what can be no component of a path, wildcards aside.
  static Result<SearchPattern> parse(std::u16string_view pattern);

  // `client_name` is one component, in UTF-8 or WTF-8.
  bool matches(std::string_view client_name) const override;

  // False: at most one name can match, and name() is it.
  bool has_wildcards() const { return has_wildcards_; }
  std::string name() const;

 private:
  bool matches_name(std::string_view client_name) const;
  explicit SearchPattern(std::u16string upcased, std::u16string text);

  std::u16string expression_;  // upper case
  std::u16string text_;        // as given
  bool has_tilde_ = false;
  bool has_wildcards_ = false;
  bool matches_all_ = false;
};

// The expression of 2.1.4.4 against a name; both in upper case already.
bool name_is_in_expression(std::u16string_view name, std::u16string_view expression);

}  // namespace dozo::server
