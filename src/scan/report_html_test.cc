#include "scan/report_html.h"

#include <gtest/gtest.h>

#include <vector>

#include "scan/findings.h"
#include "scan/hosts_for_tests.h"
#include "scan/html_parts.h"

namespace dozo::scan {
namespace {

HostRecord judged_host(HostFacts host) {
  auto findings = judge(host);
  return {std::move(host), std::move(findings)};
}

HostFacts open_host() {
  HostFacts host = safe_host();
  host.smb1 = host.guest = kYes;
  host.shares = {{"public", "disk", "", kYes, kYes}};
  return host;
}

// Every text that comes from a host or its target, hostile.
HostRecord hostile_record() {
  HostFacts host = open_host();
  for (std::string* text : {&host.host, &host.address, &host.name, &host.dns_name, &host.os, &host.domain, &host.forest,
                            &host.server_kind, &host.server_guid, &host.mac}) {
    *text = kHostile;
  }
  const Fact yes{State::yes, kHostile};
  host.guest = host.smb1 = yes;
  for (FactsByName* family : {&host.ports, &host.dialects, &host.ciphers, &host.compression, &host.coercion_pipes}) {
    (*family)[kHostile] = yes;
  }
  host.capabilities[kHostile][kHostile] = yes;
  host.shares = {{kHostile, "disk", kHostile, yes, yes}, {"b", kHostile, "", yes, yes}};
  host.interfaces = {kHostile};
  host.netbios_names = {{kHostile, 3, false}};
  HostRecord record = judged_host(host);
  for (Finding& finding : record.findings) finding.id = finding.title = finding.why = finding.fix = kHostile;
  return record;
}

// The tags of a document, each checked to end; nothing of HTML that has a content of its own kind but style and title.
std::vector<std::string> tags_of(std::string_view html) {
  std::vector<std::string> tags;
  for (std::size_t at = html.find('<'); at != html.npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == html.npos) break;
    tags.emplace_back(html.substr(at, end + 1 - at));
  }
  return tags;
}

std::string name_of(std::string_view tag) {
  tag.remove_prefix(tag.starts_with("</") ? 2 : 1);
  return std::string(tag.substr(0, tag.find_first_of(" >\n")));
}

TEST(HtmlText, EscapesWhatMeansSomething) {
  EXPECT_EQ(html_text("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(html_text("\x1b[0m\xe2\x80\xae"), "\\u{1b}[0m\\u{202e}");
  EXPECT_EQ(html_name("שרת"), "<bdi>שרת</bdi>");
}

TEST(HtmlReport, NothingOfAHostBecomesMarkup) {
  const std::string clean = html_report(std::array{judged_host(open_host())}, {});
  const std::string html = html_report(std::array{hostile_record()}, {kHostile, kHostile, kHostile});
  std::set<std::string> known;
  for (const std::string& tag : tags_of(clean)) known.insert(name_of(tag));
  known.insert({"i", "small", "h4", "ul", "li"});
  for (const std::string& tag : tags_of(html)) EXPECT_TRUE(known.contains(name_of(tag))) << tag;
  EXPECT_EQ(html.find("<script"), html.npos);
  EXPECT_NE(html.find("&lt;script&gt;alert(1)&lt;/script&gt;"), html.npos);
  EXPECT_EQ(html.find("\xe2\x80\xae"), html.npos);
  EXPECT_EQ(html.find('\x1b'), html.npos);
}

TEST(HtmlReport, NoAttributeIsBrokenOutOf) {
  for (const std::string& tag : tags_of(html_report(std::array{hostile_record()}, {}))) {
    EXPECT_EQ(std::ranges::count(tag, '"') % 2, 0) << tag;
    EXPECT_EQ(tag.find(" on"), tag.npos) << tag;
    EXPECT_EQ(tag.find("javascript:"), tag.npos) << tag;
  }
}

TEST(HtmlReport, IsWholeByItself) {
  const std::string html = html_report(std::array{judged_host(open_host()), judged_host(safe_host())}, {});
  EXPECT_TRUE(html.starts_with("<!DOCTYPE html>"));
  for (const char* outside : {"http:", "https:", "src=", "@import", "url(", "<script", "<iframe"}) {
    EXPECT_EQ(html.find(outside), html.npos) << outside;
  }
  EXPECT_NE(html.find("default-src 'none'"), html.npos);
  EXPECT_NE(html.find("prefers-color-scheme:dark"), html.npos);
  EXPECT_NE(html.find("width=device-width"), html.npos);
}

TEST(HtmlReport, TagsAreClosedInOrder) {
  std::vector<std::string> open;
  for (const std::string& tag : tags_of(html_report(std::array{judged_host(open_host()), hostile_record()}, {}))) {
    const std::string name = name_of(tag);
    if (tag.starts_with("<!") || tag.ends_with("/>") || name == "meta" || name == "link") continue;
    if (!tag.starts_with("</")) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << tag;
    ASSERT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(HtmlReport, SaysHowManyNeedAttention) {
  const std::string html = html_report(std::array{judged_host(open_host()), judged_host(safe_host())}, {});
  EXPECT_NE(html.find("2 of 2 hosts spoke SMB. <b>1 needs attention first</b>"), html.npos);
  const std::string safe = html_report(std::array{judged_host(safe_host())}, {});
  EXPECT_NE(safe.find("No finding is critical or high."), safe.npos);
  EXPECT_NE(safe.find("Nothing was found."), safe.npos);
}

TEST(HtmlReport, WhatIsNotTestedIsShownAsThat) {
  const std::string html = html_report(std::array{judged_host(silent_host())}, {});
  EXPECT_NE(html.find("aria-label=\"1 not tested\""), html.npos);
  EXPECT_NE(html.find("<span class=\"state untested\">not tested</span> <small>not asked</small>"), html.npos);
  EXPECT_NE(html.find("aria-label=\"1 did not speak SMB\""), html.npos);
}

TEST(HtmlReport, OfNobodyIsADocumentToo) {
  const std::string html = html_report({}, {});
  EXPECT_NE(html.find("0 of 0 hosts spoke SMB."), html.npos);
  EXPECT_EQ(html.find("nan"), html.npos);
}

TEST(Charts, PartsOfADonutAreTheWholeCircle) {
  const std::array slices{Slice{"a", 1, "good"}, Slice{"b", 0, "bad"}, Slice{"c", 3, "unknown"}};
  const std::string svg = donut(slices, "hosts");
  EXPECT_NE(svg.find("stroke-dasharray=\"25.000 75.000\" stroke-dashoffset=\"25.000\""), svg.npos) << svg;
  EXPECT_NE(svg.find("stroke-dasharray=\"75.000 25.000\" stroke-dashoffset=\"0.000\""), svg.npos) << svg;
  EXPECT_NE(svg.find("aria-label=\"1 a, 3 c\""), svg.npos) << svg;
}

TEST(Charts, TheLongestBarIsTheWholeWidth) {
  const std::array rows{Slice{"a", 2, "good"}, Slice{"b", 4, "bad"}};
  const std::string markup = bars(rows);
  EXPECT_NE(markup.find("x=\"0.000\" width=\"50.000\""), markup.npos) << markup;
  EXPECT_NE(markup.find("x=\"0.000\" width=\"100.000\""), markup.npos) << markup;
}

}  // namespace
}  // namespace dozo::scan
