// The configuration that a command works with: a file, and what the command line says over it.
#pragma once

#include <expected>
#include <string>

#include "cli/command.h"
#include "server/config.h"

namespace dozo::cli {

// --config FILE or the default one, then --state-dir. A default file that is not there counts as empty: commands such
// as `dozo user add` work before there is one. Problems are printed to io.err.
std::optional<server::LoadedConfig> configuration(const Arguments& arguments, Io& io);

void print_problems(const server::ConfigProblems& problems, Io& io);

// "dozo: MESSAGE" to io.err, and Exit::failed.
Exit failed(Io& io, std::string_view message);

// `path` from the working directory, without `.` and `..`; symbolic links stay.
std::string absolute_path(const std::string& path);

}  // namespace dozo::cli
