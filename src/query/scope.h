// query/scope.h
//
// What every read has in common: whose data, which time, which spans, and how long it may take.
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/limits.h"
#include "query/filter/filter.h"
#include "store/engine.h"

namespace pitot {

// Of one request. Borrows engine and limits.
struct QueryContext {
  Engine& engine;
  const Limits& limits;
  UnixNanos now = 0;                               // Of the request: no SQL reads a clock.
  std::chrono::steady_clock::time_point deadline;  // Of all statements of the request together.
  CancelTokenPtr cancel;                           // Null, or cancelled when nobody waits any more.

  // Options for one statement: the parameters, the format, what is left of the deadline, and the
  // memory limit of a query (limits.query_memory_bytes).
  QueryOptions Options(std::vector<SqlParam> params, std::string_view format = "JSONEachRow") const;
};

// [since_ns, until_ns)
struct Window {
  UnixNanos since_ns = 0;
  UnixNanos until_ns = 0;
};

struct Scope {
  std::string project;
  Window window;
  Filter filter;  // An empty one matches every span.
  // Of all projects together, whatever `project` is: for the server's own figures, never for a caller.
  bool every_project = false;
};

// A piece of SQL with what is bound to it. Pieces of one statement use different parameter names.
struct SqlPiece {
  std::string sql;
  std::vector<SqlParam> params;
};

// The condition, for `FROM facts AS f FINAL WHERE <sql>`, that selects the spans of the scope: those
// of the project that ENDED within the window (model/facts.h: a running span at its start) and
// satisfy the filter. Bounds partition and key, so that only what is needed is read.
// `calls_only`: additionally f.is_call, which is the key's second part: every span that bears usage
// or a cost has it.
SqlPiece FactsWhere(const Scope& scope, bool calls_only = false);

// SQL conditions over facts AS f.
//
// A model call, each once: not another sight of a call seen elsewhere, and not running. Its duration
// and status are a call's; whether its usage counts is f.counted.
inline constexpr std::string_view kIsCallSql =
    "(f.kind IN ('llm', 'embedding', 'reranker') AND f.role IN ('', 'leaf') AND f.status != "
    "'running')";
inline constexpr std::string_view kIsLlmCallSql =
    "(f.kind = 'llm' AND f.role IN ('', 'leaf') AND f.status != 'running')";
// A tool call, each once.
inline constexpr std::string_view kIsToolCallSql =
    "(f.kind = 'tool' AND f.role != 'inner' AND f.status != 'running')";
// What counts without a known cost, although tokens passed, is f.unpriced.

// A moment as since and until give it: "15m", "24h", "7d" before `now`, or RFC 3339. The error names
// the parameter.
absl::StatusOr<UnixNanos> ParseMoment(std::string_view name, std::string_view text, UnixNanos now);

// since < until, neither before 1970 nor after 2200. `until` empty: now. `since` empty: until minus
// `default_ns`.
absl::StatusOr<Window> ParseWindow(std::string_view since, std::string_view until,
                                   int64_t default_ns, UnixNanos now);

}  // namespace pitot
