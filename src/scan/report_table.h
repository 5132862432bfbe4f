// The results for people at a terminal.
#pragma once

#include <span>
#include <string>

#include "scan/report_json.h"

namespace dozo::scan {

struct TableStyle {
  bool colour = false;        // ANSI colours: only for a terminal, and never with NO_COLOR
  bool details = true;        // the findings of each host below the table
  std::size_t columns = 100;  // of the terminal, for the table and for paragraphs; at least 72
};

// A line for each host, the worst first, then each host's findings with what to do, then totals.
std::string table_text(std::span<const HostRecord> hosts, const TableStyle& style);

// A severity's name in its colour, or plain.
std::string severity_label(Severity severity, bool colour);

// `text` in lines of at most `columns`, each after `indent` blanks. Line feeds stay.
std::string paragraph(std::string_view text, std::size_t indent, std::size_t columns);

}  // namespace dozo::scan
