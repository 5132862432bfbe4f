// The policies that `dozo policy init` writes: commented files to start from, each of which passes every check.
#pragma once

#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dozo::policy {

// What a template is filled with. Addresses are checked by reading the result.
struct TemplateInput {
  std::string_view key;       // "lan"; the flag is --lan
  std::string_view question;  // "The networks of your own computers"
  std::string_view example;   // "10.0.0.0/8 fd00::/8"
};
std::span<const TemplateInput> template_inputs();

using TemplateValues = std::map<std::string, std::vector<std::string>, std::less<>>;  // by TemplateInput::key

struct Template {
  std::string_view name;                   // "fileserver"
  std::string_view summary;                // a sentence
  std::vector<std::string_view> needed;    // keys of inputs without which it cannot be written
  std::vector<std::string_view> optional;  // keys that are used when they are there
  std::string (*write)(const TemplateValues& values);
};
std::span<const Template> templates();
const Template* find_template(std::string_view name);

// The file's text; the error names what is missing.
std::expected<std::string, std::string> write_template(const Template& chosen, const TemplateValues& values);

}  // namespace dozo::policy
