// cmd/streams.h
//
// Commands whose answer is a stream: `pitot tail` and `pitot export`.
#pragma once

#include <string>

#include "cmd/client.h"

namespace pitot {

struct TailArgs {
  std::string project;
  std::string filter;
  bool starts = false;  // Also spans that begin, not only those that end.
  bool json = false;    // Each event's data in a line.
};
// Until Ctrl-C. Connects again, from where it was, when the connection breaks.
int RunTail(ApiClient& client, const TailArgs& args);

struct ExportArgs {
  std::string project, since, until, filter;
  std::string format = "jsonl";
  std::string file;  // Empty: standard output.
};
int RunExport(ApiClient& client, const ExportArgs& args);

}  // namespace pitot
