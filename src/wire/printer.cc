#include "wire/printer.h"

#include <fmt/format.h>

#include <iterator>

namespace dozo::wire {

void Printer::begin(std::string_view name) {
  if (!first_) out_ += ' ';
  first_ = false;
  out_ += name;
  out_ += '=';
}

void Printer::number(std::uint64_t v) { fmt::format_to(std::back_inserter(out_), "{}", v); }

void Printer::hex(std::uint64_t v) { fmt::format_to(std::back_inserter(out_), "{:#x}", v); }

void Printer::bytes(Bytes v) {
  for (const std::uint8_t b : v.first(std::min(v.size(), kPrintedBytes))) {
    fmt::format_to(std::back_inserter(out_), "{:02x}", b);
  }
  if (v.size() > kPrintedBytes) fmt::format_to(std::back_inserter(out_), "+{}", v.size() - kPrintedBytes);
}

// What a peer sends may hold quotes and line ends; a log line shall not be forged with them.
void Printer::leaf(const std::string& v) {
  out_ += '"';
  for (const char c : v) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || c == '"' || c == '\\') {
      fmt::format_to(std::back_inserter(out_), "\\x{:02x}", byte);
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

void Printer::leaf(const std::u16string& v) { leaf(utf16_to_utf8(v)); }

void Printer::leaf(const FileId& v) {
  fmt::format_to(std::back_inserter(out_), "{:x}:{:x}", v.persistent, v.volatile_id);
}

void Printer::leaf(const Guid& v) { out_ += to_string(v); }

void Printer::leaf(const FileTime& v) { number(v.ticks); }

}  // namespace dozo::wire
