#include "client/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/unicode.h"

namespace dozo::client {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 3986 2.1. nullopt for a '%' without two digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// The part of `text` before the first of `separators`; `text` keeps what is behind it.
std::string_view take_until(std::string_view& text, std::string_view separators) {
  const auto end = std::min(text.find_first_of(separators), text.size());
  const auto taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_component(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && !has_control_character(part) &&
         part.find_first_of("/\\") == std::string_view::npos && utf8_to_utf16(part).has_value();
}

bool parse_user(std::string_view text, Url& url, std::string& error) {
  if (text.find(':') != std::string_view::npos) {
    error = "a password does not belong in an address: other users of this machine could read it";
    return false;
  }
  const auto decoded = percent_decoded(text);
  if (!decoded || decoded->empty() || has_control_character(*decoded)) {
    error = "the part before '@' is not a user name";
    return false;
  }
  const auto separator = decoded->find_first_of(";\\");
  if (separator != std::string::npos) url.domain = decoded->substr(0, separator);
  url.user = separator == std::string::npos ? *decoded : decoded->substr(separator + 1);
  return true;
}

bool parse_port(std::string_view text, Url& url, std::string& error) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), url.port);
  if (failure == std::errc() && end == text.data() + text.size() && url.port != 0) return true;
  error = fmt::format("\"{}\" is not a port number", text);
  return false;
}

bool parse_host(std::string_view text, Url& url, std::string& error) {
  std::string_view host = text, rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    host = text.substr(1, end == std::string_view::npos ? 0 : end - 1);
    rest = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) host = {};
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (host.empty() || host.find_first_of(" /\\@") != std::string_view::npos || has_control_character(host)) {
    error = fmt::format("\"{}\" does not name a host", text);
    return false;
  }
  url.host = host;
  return rest.empty() || parse_port(rest.substr(1), url, error);
}

// Share and path, whose separator is any of `separators`.
bool parse_path(std::string_view text, std::string_view separators, bool decode, Url& url, std::string& error) {
  while (!text.empty() && separators.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  while (!text.empty()) {
    const auto raw = take_until(text, separators);
    const auto part = decode ? percent_decoded(raw) : std::string(raw);
    if (!part || !is_component(*part)) {
      error = fmt::format("\"{}\" is not a name in a path", raw);
      return false;
    }
    if (url.share.empty()) {
      url.share = *part;
    } else {
      url.path += (url.path.empty() ? "" : "\\") + *part;
    }
  }
  return true;
}

std::optional<Url> parse_smb(std::string_view text, std::string& error) {
  Url url;
  std::string_view authority = take_until(text, "/");
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    if (!parse_user(authority.substr(0, at), url, error)) return std::nullopt;
    authority.remove_prefix(at + 1);
  }
  if (!parse_host(authority, url, error) || !parse_path(text, "/", true, url, error)) return std::nullopt;
  return url;
}

std::optional<Url> parse_unc(std::string_view text, std::string& error) {
  Url url;
  const std::string_view host = take_until(text, "\\/");
  if (!parse_host(host, url, error) || !parse_path(text, "\\/", false, url, error)) return std::nullopt;
  return url;
}

}  // namespace

std::string Url::unc() const { return fmt::format("\\\\{}\\{}", host, share); }

std::optional<Url> parse_url(std::string_view text, std::string& error) {
  error.clear();
  if (text.starts_with("smb://")) return parse_smb(text.substr(6), error);
  if (text.starts_with("\\\\") || text.starts_with("//")) return parse_unc(text.substr(2), error);
  error = fmt::format("\"{}\" is neither smb://HOST/SHARE/PATH nor \\\\HOST\\SHARE\\PATH", text);
  return std::nullopt;
}

}  // namespace dozo::client
