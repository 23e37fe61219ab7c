// cmd/import.h
//
// `pitot import`: sends files to the server, piece by piece.
#pragma once

#include <string>
#include <vector>

#include "cmd/client.h"

namespace pitot {

struct ImportArgs {
  std::vector<std::string> files;  // "-": standard input.
  std::string project;
};

// Prints progress on a terminal and a summary; returns the exit code.
int RunImport(ApiClient& client, const ImportArgs& args);

}  // namespace pitot
