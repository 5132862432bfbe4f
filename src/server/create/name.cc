#include "server/create/name.h"

#include "base/unicode.h"
#include "model/nt_status.h"

namespace dozo::server {
namespace {

constexpr std::size_t kComponentMax = 255;  // [MS-FSCC] 2.1.5.2
constexpr std::size_t kComponentsMax = 2048;

// [MS-FSCC] 2.1.5.2: what a component may not hold. Wildcards are among them: nothing is created by pattern.
constexpr std::u16string_view kForbidden = u"\"*/:<>?|\\";

Result<> check_component(std::u16string_view component) {
  if (component.empty() || component.size() > kComponentMax) return fail(NtStatus::OBJECT_NAME_INVALID);
  // No path of ours ever holds one of these, whoever asks: a walk goes down only.
  if (component == u"." || component == u"..") return fail(NtStatus::OBJECT_PATH_SYNTAX_BAD);
  for (const char16_t c : component) {
    if (c < 0x20 || kForbidden.find(c) != std::u16string_view::npos) return fail(NtStatus::OBJECT_NAME_INVALID);
  }
  return {};
}

// [MS-FSCC] 2.1.5.3: stream names may hold what file names may not, but for these.
Result<> check_stream(std::u16string_view stream) {
  if (stream.size() > kComponentMax) return fail(NtStatus::OBJECT_NAME_INVALID);
  for (const char16_t c : stream) {
    if (c == 0 || c == u'/' || c == u'\\' || c == u':') return fail(NtStatus::OBJECT_NAME_INVALID);
  }
  return {};
}

// ":stream", ":stream:$DATA", "::$DATA", "::$INDEX_ALLOCATION" behind the last component. [MS-FSCC] 2.1.5.1.
Result<> parse_stream(std::u16string_view text, ParsedName& out) {
  out.has_stream_syntax = true;
  const std::size_t colon = text.find(u':');
  const std::u16string_view stream = text.substr(0, colon);
  DOZO_CHECK(check_stream(stream));
  if (colon == std::u16string_view::npos) {
    if (stream.empty()) return fail(NtStatus::OBJECT_NAME_INVALID);
  } else {
    const std::u16string_view type = text.substr(colon + 1);
    if (equal_ignoring_case(type, u"$INDEX_ALLOCATION")) {
      if (!stream.empty() && !equal_ignoring_case(stream, u"$I30")) return fail(NtStatus::OBJECT_NAME_INVALID);
      out.names_index = true;
      return {};
    }
    if (!equal_ignoring_case(type, u"$DATA")) return fail(NtStatus::OBJECT_NAME_INVALID);
  }
  out.stream = utf16_to_utf8(stream);
  return {};
}

}  // namespace

Result<ParsedName> parse_name(std::u16string_view name) {
  ParsedName out;
  if (name.empty()) return out;
  // [MS-SMB2] 3.3.5.9: a name that begins with a separator is a parameter error.
  if (name.front() == u'\\') return fail(NtStatus::INVALID_PARAMETER);
  const std::size_t last = name.rfind(u'\\');
  const std::size_t colon = name.find(u':', last == std::u16string_view::npos ? 0 : last);
  if (colon != std::u16string_view::npos) {
    DOZO_CHECK(parse_stream(name.substr(colon + 1), out));
    name = name.substr(0, colon);
  }
  if (name.ends_with(u'\\')) {
    out.ends_with_separator = true;
    name.remove_suffix(1);
  }
  while (!name.empty()) {
    const std::size_t cut = name.find(u'\\');
    const std::u16string_view component = name.substr(0, cut);
    DOZO_CHECK(check_component(component));
    out.path.push_back(utf16_to_utf8(component));
    if (out.path.size() > kComponentsMax) return fail(NtStatus::OBJECT_NAME_INVALID);
    if (cut == std::u16string_view::npos) break;
    name.remove_prefix(cut + 1);
    if (name.empty()) return fail(NtStatus::OBJECT_NAME_INVALID);
  }
  return out;
}

}  // namespace dozo::server
