// query/sql.h
//
// Runs a user's SELECT over the views spans, calls, tools, traces and scores of one project: what
// `pitot sql` and POST /api/v1/sql do. Ids are hex, money is US dollars, attribution is inherited,
// each span and trace counts once (sql/views.sql).
//
// Safety does not rest on one rule: the text must pass query/sql_guard.h; it runs inside a SELECT of
// ours, read-only, with time, memory and result limits; and the engine itself is told to read rows of
// the one project only, whatever table they come from.
#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mutex.h"
#include "store/engine.h"

namespace pitot {

// Thread-safe. Borrows engine and clock.
class SqlRunner {
 public:
  SqlRunner(Engine& engine, const Limits& limits, const Clock& clock);
  ~SqlRunner();

  // {"columns":[{"name","type"}],"rows":[[...]],"rows_read":N,"truncated":false,"elapsed_ms":1.5}
  // Rows beyond limits.sql_rows are cut and `truncated` is true.
  //
  // kInvalidArgument  the text is not one harmless SELECT, does not fit the limits, or is wrong; the
  //                   message says what, for its author.
  // kDeadlineExceeded limits.sql_seconds.
  // kCancelled        `cancel` was cancelled: the statement is stopped in the engine.
  // Otherwise as Engine.
  absl::StatusOr<std::string> Run(const std::string& project, std::string_view text,
                                  CancelTokenPtr cancel = nullptr);

 private:
  struct Catalogue;

  // What the engine has, asked once.
  absl::StatusOr<std::shared_ptr<const Catalogue>> LoadCatalogue();
  absl::StatusOr<std::string> Format(std::string_view text);
  absl::Status Check(const std::string& formatted, const Catalogue& catalogue);
  absl::StatusOr<QueryResult> Select(const std::string& project, const std::string& formatted,
                                     const Catalogue& catalogue, CancelTokenPtr cancel);
  absl::Status TooLarge() const;
  absl::Status ForAuthor(const absl::Status& status) const;

  Engine& engine_;
  const Limits limits_;
  const Clock& clock_;
  Mutex mutex_;
  std::shared_ptr<const Catalogue> catalogue_ ABSL_GUARDED_BY(mutex_);
};

// Names a project may have: 1 to 64 of A-Z a-z 0-9 _ . -
bool IsProjectName(std::string_view name);

}  // namespace pitot
