#include "scan/smb_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace dozo::scan {
std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// "Read   Only" and "readonly" differ for people; smb.conf(5) ignores both case and white space inside names. Runs of
// blanks become one space here, and find() compares without any.
std::string option_name(std::string_view text) {
  std::string out;
  for (const char c : lower(trimmed(text))) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) out += c;
    if (blank && !out.ends_with(' ')) out += ' ';
  }
  return out;
}

bool same_option(std::string_view a, std::string_view b) {
  const auto without_blanks = [](std::string_view text) {
    std::string out(text);
    std::erase(out, ' ');
    return out;
  };
  return without_blanks(a) == without_blanks(b);
}

class Parser {
 public:
  SmbConf run(std::string_view text) {
    while (!text.empty()) read_line(next_logical_line(text));
    return std::move(conf_);
  }

 private:
  // A line that ends in a backslash goes on in the next one.
  std::string next_logical_line(std::string_view& text) {
    std::string logical;
    first_line_ = line_ + 1;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view physical = trimmed(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      ++line_;
      const bool goes_on = physical.ends_with('\\');
      if (goes_on) physical.remove_suffix(1);
      logical += physical;
      if (!goes_on) break;
    }
    return logical;
  }

  void read_line(const std::string& logical) {
    const std::string_view line = trimmed(logical);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) return;
    if (line.starts_with('[')) return read_section(line);

    const std::size_t equals = line.find('=');
    if (equals == line.npos) return problem("neither [section] nor NAME = VALUE");
    // Options before the first section belong to [global].
    if (!section_) section_ = section("global");
    conf_.sections[*section_].options.push_back(
        {option_name(line.substr(0, equals)), std::string(trimmed(line.substr(equals + 1))), first_line_});
  }

  void read_section(std::string_view line) {
    const std::size_t close = line.find(']');
    if (close == line.npos) return problem("a section without ]");
    section_ = section(trimmed(line.substr(1, close - 1)));
  }

  std::size_t section(std::string_view name) {
    auto& sections = conf_.sections;
    const auto it = std::ranges::find_if(sections, [&](const auto& s) { return lower(s.name) == lower(name); });
    if (it != sections.end()) return static_cast<std::size_t>(it - sections.begin());
    sections.push_back({std::string(name), first_line_, {}});
    return sections.size() - 1;
  }

  void problem(std::string_view message) { conf_.problems.push_back(fmt::format("line {}: {}", first_line_, message)); }

  SmbConf conf_;
  std::optional<std::size_t> section_;
  std::uint32_t line_ = 0;
  std::uint32_t first_line_ = 0;
};

}  // namespace

const SmbConfOption* SmbConfSection::find(std::string_view wanted) const {
  const SmbConfOption* found = nullptr;
  for (const SmbConfOption& option : options) {
    if (same_option(option.name, wanted)) found = &option;
  }
  return found;
}

SmbConf parse_smb_conf(std::string_view text) { return Parser().run(text); }

std::optional<bool> smb_conf_bool(std::string_view value) {
  const std::string word = lower(trimmed(value));
  if (word == "yes" || word == "true" || word == "on" || word == "1") return true;
  if (word == "no" || word == "false" || word == "off" || word == "0") return false;
  return std::nullopt;
}

std::vector<std::string> smb_conf_list(std::string_view value) {
  std::vector<std::string> items;
  std::string item;
  bool quoted = false;
  const auto finish = [&] {
    if (!item.empty()) items.push_back(std::exchange(item, {}));
  };
  for (const char c : value) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ' ' || c == '\t' || c == ',' || c == ';')) {
      finish();
    } else {
      item += c;
    }
  }
  finish();
  return items;
}

}  // namespace dozo::scan
