// cmd/reads.h
//
// The commands that ask one question and print one answer: one row of a table each. What they have
// in common (time, filter, JSON) is written once.
#pragma once

#include <boost/json/value.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cmd/client.h"
#include "cmd/view/terminal.h"

namespace pitot {

// "--by" sets the query parameter `by`.
struct ReadOption {
  std::string_view flag;  // Without dashes.
  std::string_view param;
  std::string_view help;
};

struct ReadCommand {
  std::string_view name;
  std::string_view what;        // For --help.
  std::string_view path;        // Of the API.
  std::string_view since;       // What --since is by default; empty: no window.
  std::string_view positional;  // Parameter that words without a flag are; "q" is the filter.
  std::string_view positional_help;
  std::vector<ReadOption> options;
  bool pages = false;  // Knows --limit and --cursor.
  std::string (*render)(const boost::json::value& answer, const Terminal& terminal);
  std::string_view example;
  // Not a command of its own, but what `mode_of` answers with the flag --`name`: `pitot cost --forecast`.
  std::string_view mode_of = {};
};

std::span<const ReadCommand> ReadCommands();

// Flags that become terms of the filter: --feature checkout is feature = "checkout".
struct FilterFlag {
  std::string_view flag;
  std::string_view field;
};
std::span<const FilterFlag> FilterFlags();

struct ReadArgs {
  std::string project, since, until, limit, cursor;
  std::vector<std::string> words;  // Without a flag.
  QueryParams options;             // Parameters of ReadCommand::options that were given.
  QueryParams filters;             // Fields of FilterFlags that were given, with their values.
  bool json = false;
};

// The filter that words and flags make together: `(words) AND feature = "checkout"`.
std::string FilterText(const std::vector<std::string>& words, const QueryParams& filters);

int RunRead(ApiClient& client, const ReadCommand& command, const ReadArgs& args);

}  // namespace pitot
