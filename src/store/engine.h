// store/engine.h
//
// The database behind one small interface: three verbs, two implementations (EmbeddedEngine over
// libchdb, RemoteEngine over ClickHouse's HTTP interface), the same SQL text for both.
//
// SQL is never built from user text: values are bound as {name:Type} parameters. The clock is a
// parameter too; no now() stands in any SQL.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"

namespace pitot {

// A bound value. The text is what ClickHouse reads for the parameter's type: 42, 2026-01-31,
// ['a','b'] for Array(String) (see QuoteArray). String parameters are passed raw, unquoted.
struct SqlParam {
  std::string name;
  std::string value;
};

struct SqlSetting {
  std::string name;
  std::string value;
};

// Of `table`, only the rows for which `condition` holds are there, wherever the statement reads it.
// The condition is our own text, never a user's.
struct TableFilter {
  std::string table;
  std::string condition;
};

struct QueryOptions {
  std::vector<SqlParam> params;
  std::vector<SqlSetting> settings;            // Applied to this statement only.
  std::string format = "JSONCompact";          // Any ClickHouse output format.
  std::chrono::milliseconds deadline{30'000};  // Then kDeadlineExceeded; the statement is stopped.
  CancelTokenPtr cancel;  // May be null. Cancelled: kCancelled; the statement is stopped.
  std::vector<TableFilter> table_filters;  // All hold, several of one table too.
  // Also rows that a deletion under way hides already (Store::Hide): for the deletion itself.
  bool with_hidden = false;
};

struct QueryResult {
  std::string body;  // In the format asked for.
  uint64_t rows_read = 0;
  double elapsed_s = 0;
};

// Takes a piece of a result, on the caller's thread, and may take its time. False: no more is wanted.
using ResultSink = std::function<bool(std::string_view piece)>;

// Thread-safe: any thread may call any method; calls run in parallel up to the engine's own number
// of connections and wait for one otherwise, within their deadline.
//
// Errors, which decide what a caller does:
//   kUnavailable       the store is away, full or restarting; nothing is known to be written. Retry
//                      the same call later.
//   kDeadlineExceeded  as kUnavailable, after the deadline.
//   kInvalidArgument   the engine refuses this statement or block for good: bad SQL or bad data.
//   kInternal          our bug or corruption.
//   kCancelled         nobody waits any more: QueryOptions::cancel was cancelled, or a sink wanted no
//                      more. The statement is stopped.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual absl::StatusOr<QueryResult> Query(std::string_view sql, const QueryOptions& options) = 0;

  // As Query, handing on the result piece by piece, in bounded memory: all pieces one after the other
  // are the body in the format asked for. Formats of rows (JSONEachRow, TSV, CSV, RowBinary, Native)
  // come as they are made; the embedded engine writes others to a temporary file first. On an error, also one in the middle, what the sink
  // got is incomplete. A sink that waits for a slow reader holds the statement, and time counts: at
  // most half of the engine's own connections stream at a time, the others wait.
  virtual absl::Status Stream(std::string_view sql, const QueryOptions& options,
                              const ResultSink& sink) = 0;

  // Inserts one Native-format block into `table` ("spans"). All of it or, on error, possibly none
  // or all of it: tables are keyed so that inserting the same block again is harmless.
  virtual absl::Status Insert(std::string_view table, std::string_view native_block,
                              std::chrono::milliseconds deadline) = 0;

  // Runs one statement without a result: DDL, ALTER, OPTIMIZE.
  virtual absl::Status Execute(std::string_view sql, std::chrono::milliseconds deadline) = 0;

  // A hint: while `hold` is true, background merges wait, so that a backlog becomes queryable first.
  // Held too long, parts pile up until inserts are refused: the caller bounds the time. Engines in
  // other processes, which serve others too, take no notice.
  virtual void HoldMerges(bool hold) { (void)hold; }

  // "embedded 26.7.3" or "remote http://ch1:8123 26.8.1", for humans.
  virtual std::string Describe() const = 0;
};

// ['a','it\'s'] : the text of an Array(String) parameter.
std::string QuoteArray(const std::vector<std::string>& items);

}  // namespace pitot
