// query/sql_guard.h
//
// Decides whether a user's SQL may run. The engine parses the text (formatQuery, then EXPLAIN AST,
// which executes nothing), and the syntax tree is walked. Everything is refused that is not known to
// be harmless: node kinds, tables and functions alike.
//
// Pure: no I/O. query/sql.h asks the engine.
#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>

#include <span>
#include <string>
#include <string_view>

namespace pitot {

struct SqlGuardRules {
  // Tables that may be named: the views.
  std::span<const std::string_view> tables;
  // Tables that the database really has. A subquery may bear neither such a name nor a view's: out
  // of the subquery's scope the name would mean the table.
  std::span<const std::string> stored;
  // Functions that may be called, lower case.
  const absl::flat_hash_set<std::string>* functions;
};

// `formatted`: the one statement as formatQuerySingleLine prints it.
// `ast`: what EXPLAIN AST prints of it, or of a SELECT around it.
// kInvalidArgument says what is not allowed, by name, and what is instead.
absl::Status CheckSql(std::string_view formatted, std::string_view ast, const SqlGuardRules& rules);

}  // namespace pitot
