// What client commands print. Pure.
#pragma once

#include <string>
#include <string_view>

#include "client/explain.h"
#include "client/files.h"

namespace dozo::cli {

using client::explain;

// A name from a server on a terminal: control characters as \xNN.
std::string printable_name(std::string_view name);

std::string iso_time(FileTime time);            // "2026-11-22T04:50:29Z"; "-" for none
std::string size_text(std::uint64_t bytes);     // "17 B", "1.5 MiB"
std::string attribute_letters(FileAttributes);  // "dr-h": directory, read only, system, hidden

std::string entry_line(const client::DirectoryEntry& entry);  // of `ls`
std::string entry_json(const client::DirectoryEntry& entry);
std::string stat_text(const client::DirectoryEntry& entry);

}  // namespace dozo::cli
