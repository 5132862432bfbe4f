#include "server/search_pattern.h"

#include <array>
#include <bitset>

#include "base/unicode.h"
#include "vfs/short_name.h"

namespace dozo::server {
namespace {

constexpr std::size_t kNameMax = 255;  // UTF-16 units, [MS-FSCC] 2.1.5
constexpr std::u16string_view kWildcards = u"*?<>\"";

constexpr char16_t kDosStar = u'<';
constexpr char16_t kDosQuestionMark = u'>';
constexpr char16_t kDosDot = u'"';

// [MS-FSCC] 2.1.5.2: what no file name holds, the wildcards aside.
bool may_be_in_pattern(char16_t c) { return c >= 0x20 && c != u'\\' && c != u'/' && c != u':' && c != u'|'; }

// The positions in the expression that the name read so far may have led to.
class States {
 public:
  explicit States(std::u16string_view expression) : expression_(expression) { now_.set(0); }

  // Moves that take no character. They only lead forward, so that one pass finds them all. `at_dot`, `at_end`: what
  // comes next in the name.
  void advance(bool at_dot, bool at_end) {
    for (std::size_t i = 0; i < expression_.size(); ++i) {
      if (now_.test(i) && takes_nothing(expression_[i], at_dot, at_end)) now_.set(i + 1);
    }
  }

  void take(char16_t c, bool is_last_dot) {
    std::bitset<kNameMax + 1> next;
    for (std::size_t i = 0; i < expression_.size(); ++i) {
      if (!now_.test(i)) continue;
      const char16_t e = expression_[i];
      if (e == u'*' || (e == kDosStar && !is_last_dot)) next.set(i);
      if (takes_one(e, c)) next.set(i + 1);
    }
    now_ = next;
  }
  bool none() const { return now_.none(); }
  bool accepts() const { return now_.test(expression_.size()); }

 private:
  static bool takes_nothing(char16_t e, bool at_dot, bool at_end) {
    if (e == u'*' || e == kDosStar) return true;
    if (e == kDosQuestionMark) return at_dot || at_end;
    return e == kDosDot && at_end;
  }
  static bool takes_one(char16_t e, char16_t c) {
    if (e == u'*' || e == kDosStar) return false;
    if (e == u'?') return true;
    if (e == kDosQuestionMark) return c != u'.';
    return e == kDosDot ? c == u'.' : e == c;
  }

  std::u16string_view expression_;
  std::bitset<kNameMax + 1> now_;
};

bool is_star_and_text(std::u16string_view expression) {
  return expression.starts_with(u'*') && expression.find_first_of(kWildcards, 1) == std::u16string_view::npos;
}

// Upper case of an ASCII name; 0 when it is not one, or too long.
std::size_t upcase_ascii(std::string_view name, std::array<char16_t, kNameMax>& out) {
  if (name.size() > out.size()) return 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (static_cast<unsigned char>(c) >= 0x80) return 0;
    out[i] = static_cast<char16_t>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return name.size();
}

}  // namespace

// [MS-FSA] 2.1.4.4.
bool name_is_in_expression(std::u16string_view name, std::u16string_view expression) {
  if (name.empty() || expression.empty()) return name.empty() && expression.empty();
  if (expression == u"*" || expression == u"*.*") return true;
  if (is_star_and_text(expression)) return name.ends_with(expression.substr(1));
  if (expression.size() > kNameMax) return false;
  const std::size_t last_dot = name.rfind(u'.');
  States states(expression);
  for (std::size_t i = 0; i < name.size(); ++i) {
    states.advance(name[i] == u'.', false);
    states.take(name[i], i == last_dot);
    if (states.none()) return false;
  }
  states.advance(false, true);
  return states.accepts();
}

SearchPattern::SearchPattern(std::u16string upcased, std::u16string text)
    : expression_(std::move(upcased)),
      text_(std::move(text)),
      has_tilde_(expression_.find(u'~') != std::u16string::npos),
      has_wildcards_(expression_.find_first_of(kWildcards) != std::u16string::npos),
      matches_all_(expression_ == u"*" || expression_ == u"*.*") {}

Result<SearchPattern> SearchPattern::parse(std::u16string_view pattern) {
  if (pattern.empty()) return SearchPattern(u"*", u"*");
  if (pattern.size() > kNameMax) return fail(NtStatus::OBJECT_NAME_INVALID);
  for (const char16_t c : pattern) {
    if (!may_be_in_pattern(c)) return fail(NtStatus::OBJECT_NAME_INVALID);
  }
  return SearchPattern(upcase(pattern), std::u16string(pattern));
}

bool SearchPattern::matches(std::string_view client_name) const {
  if (matches_all_ || matches_name(client_name)) return true;
  // [MS-FSA] 2.1.5.6.3.1: a short name matches as well. One that was made has a '~', and nobody means it who does not
  // write that: the rest of what "*.htm" would find by short names is no more than a surprise.
  if (!has_tilde_) return false;
  return name_is_in_expression(upcase(utf8_to_utf16_lossy(vfs::short_name_of(client_name))), expression_);
}

bool SearchPattern::matches_name(std::string_view client_name) const {
  std::array<char16_t, kNameMax> buffer;
  if (const std::size_t n = upcase_ascii(client_name, buffer); n != 0) {
    return name_is_in_expression({buffer.data(), n}, expression_);
  }
  return name_is_in_expression(fold_name(client_name), expression_);
}

std::string SearchPattern::name() const { return utf16_to_utf8(text_); }

}  // namespace dozo::server
