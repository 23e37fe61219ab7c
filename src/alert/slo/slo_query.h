// alert/slo/slo_query.h
//
// An objective as SQL: what is valid and what is good, by the minute in which it ended.
//
// Each model call and tool call counts once, however many spans saw it. Running spans do not count.
//
// Outcomes: a failed attempt does not count when something of the same kind, name and agent began in
// the same trace within a minute of its end: that one is its outcome, also while it still runs.
// Attempts: every one counts.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "alert/slo/slo.h"
#include "query/scope.h"

namespace pitot {

// Immutable.
class SloQuery {
 public:
  // kInvalidArgument: a filter of the spec is none.
  static absl::StatusOr<SloQuery> Create(const SloSpec& spec);

  // Rows (minute since the epoch, valid, good) of the minutes of `window` that have something valid.
  SqlPiece Minutes(const std::string& project, const Window& window) const;
  // Rows (trace id in hex) of valid and not good, each trace once, the latest first.
  SqlPiece BadTraces(const std::string& project, const Window& window, size_t traces_max) const;

 private:
  // FROM ... WHERE ..., with what the columns are made of.
  struct Source {
    std::string from_where;
    std::string good;
    std::string_view time;   // Of the event, Unix nanoseconds.
    std::string_view trace;  // Its trace id.
    std::vector<SqlParam> params;
  };

  SloQuery(SloSpec spec, Filter filter, Filter good);
  Source OfSpans(const std::string& project, const Window& window) const;
  Source OfScores(const std::string& project, const Window& window) const;
  Source SourceOf(const std::string& project, const Window& window) const;

  SloSpec spec_;
  Filter filter_;
  Filter good_;
};

}  // namespace pitot
