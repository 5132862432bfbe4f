#include "scan/html_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "scan/summary.h"
#include "scan/visible_text.h"

namespace dozo::scan {
namespace {

std::size_t total_of(std::span<const Slice> slices) {
  std::size_t total = 0;
  for (const Slice& slice : slices) total += slice.count;
  return total;
}

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// "5 high, 2 low": what a chart says to whoever does not see it.
std::string spoken(std::span<const Slice> slices) {
  std::string text;
  for (const Slice& slice : slices) {
    if (slice.count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", slice.count, slice.label);
  }
  return text.empty() ? "nothing" : text;
}

std::string legend(std::span<const Slice> slices) {
  std::string out = "<ul class=\"legend\">";
  for (const Slice& slice : slices) {
    out +=
        fmt::format("<li><i class=\"dot {}\"></i>{}<b>{}</b></li>", slice.colour, html_text(slice.label), slice.count);
  }
  return out + "</ul>";
}

std::string bar_svg(std::span<const Slice> slices, std::size_t whole) {
  std::string out = fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">"
      "<rect class=\"track\" width=\"100\" height=\"10\"/>",
      html_text(spoken(slices)));
  double at = 0;
  for (const Slice& slice : slices) {
    if (slice.count == 0) continue;
    const double width = percent(slice.count, whole);
    out +=
        fmt::format("<rect class=\"fill {}\" x=\"{:.3f}\" width=\"{:.3f}\" height=\"10\"><title>{}: {}</title></rect>",
                    slice.colour, at, width, html_text(slice.label), slice.count);
    at += width;
  }
  return out + "</svg>";
}

std::string bar_row(std::string_view label, const std::string& svg, std::string_view text) {
  return fmt::format("<div class=\"row\"><span>{}</span>{}<b>{}</b></div>", html_text(label), svg, html_text(text));
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_name(std::string_view text) { return fmt::format("<bdi>{}</bdi>", html_text(text)); }

std::string severity_badge(Severity severity) {
  return fmt::format("<span class=\"badge {0}\">{0}</span>", severity_name(severity));
}

std::string donut(std::span<const Slice> slices, std::string_view unit) {
  const std::size_t total = total_of(slices);
  // The circle's length is 100, so that a dash is a percentage; it starts at the top.
  std::string out = fmt::format(
      "<div class=\"donut\"><svg viewBox=\"0 0 42 42\" role=\"img\" aria-label=\"{}\">"
      "<circle class=\"ring\" cx=\"21\" cy=\"21\" r=\"15.9155\"/>",
      html_text(spoken(slices)));
  double at = 0;
  for (const Slice& slice : slices) {
    if (slice.count == 0) continue;
    const double part = percent(slice.count, total);
    out += fmt::format(
        "<circle class=\"arc {}\" cx=\"21\" cy=\"21\" r=\"15.9155\" stroke-dasharray=\"{:.3f} {:.3f}\" "
        "stroke-dashoffset=\"{:.3f}\"><title>{}: {}</title></circle>",
        slice.colour, part, 100 - part, 25 - at, html_text(slice.label), slice.count);
    at += part;
  }
  out +=
      fmt::format("<text class=\"big\" x=\"21\" y=\"21.5\">{}</text><text class=\"small\" x=\"21\" y=\"26\">{}</text>",
                  total, html_text(unit));
  return out + "</svg>" + legend(slices) + "</div>";
}

std::string stacked_bar(std::string_view label, std::span<const Slice> slices, std::string_view text) {
  return bar_row(label, bar_svg(slices, total_of(slices)), text);
}

std::string bars(std::span<const Slice> rows) {
  std::size_t longest = 0;
  for (const Slice& row : rows) longest = std::max(longest, row.count);
  std::string out;
  for (const Slice& row : rows) {
    out += bar_row(row.label, bar_svg(std::span(&row, 1), longest), fmt::format("{}", row.count));
  }
  return out;
}

}  // namespace dozo::scan
