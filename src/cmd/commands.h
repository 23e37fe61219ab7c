// cmd/commands.h
//
// Commands of their own shape, one function each; they print and return the exit code.
#pragma once

#include <cstdint>
#include <string>

#include "cmd/client.h"
#include "http/url.h"

namespace pitot {

struct TraceArgs {
  std::string id;  // Or its beginning: at least four digits that no other trace shares.
  std::string project;
  bool payloads = false;
  bool story = false;  // As decisions instead of a tree.
  bool all = false;    // Also what a tree of many spans leaves out.
  bool json = false;
};
int RunTrace(ApiClient& client, const TraceArgs& args);

struct SqlArgs {
  std::string text;  // "-": standard input.
  std::string project;
  bool json = false;
};
int RunSql(ApiClient& client, const SqlArgs& args);

int RunReceipts(ApiClient& client, bool json);

// Until SIGINT or SIGTERM; a second one ends the process at once.
int RunServe(const std::string& config_path);

// Prints the configuration that holds.
int RunConfigCheck(const std::string& config_path);

// This program, and the server when one answers.
int RunVersion(ApiClient& client);

}  // namespace pitot
