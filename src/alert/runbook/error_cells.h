// alert/runbook/error_cells.h
//
// Internal to alert/runbook/: kinds of failure of one model or tool, and what is behind each.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "alert/runbook/investigation.h"
#include "measure/proportions.h"

namespace pitot {

// What may fail: model calls and tool calls, each once. SQL over facts AS f.
inline constexpr std::string_view kMayFailSql =
    "((f.kind IN ('llm', 'embedding', 'reranker') AND f.role IN ('', 'leaf')) OR (f.kind = 'tool' "
    "AND f.role != 'inner')) AND f.status != 'running'";
inline constexpr std::string_view kFailedSql =
    "(f.status = 'error' OR f.tool_status NOT IN ('', 'success'))";
// How, in one word.
inline constexpr std::string_view kFailureSql =
    "multiIf(f.kind = 'tool' AND f.tool_status NOT IN ('', 'success', 'error'), "
    "toString(f.tool_status), f.error_category NOT IN ('', 'unknown'), toString(f.error_category), "
    "f.kind = 'tool', 'tool', 'unknown')";

// Answers that end for their length: no failure, but what AnswersCutOff is about. The only category then.
inline constexpr std::string_view kCutOff = "cut_off";
inline constexpr std::string_view kCutOffSql = "(f.kind = 'llm' AND f.finish_reason = 'length')";
bool AboutCutOff(const Investigation& run);

// One kind of failure of one model or tool.
struct ErrorCell {
  bool is_tool = false;
  std::string provider;  // Of models.
  std::string name;
  std::string category;  // Empty: those that went well.
  Proportion now, base;

  std::string What() const;
  double Excess() const;  // Failures beyond what is usual.
  bool Risen() const;
  std::string FilterText() const;  // Its spans, for commands.

  // Fixed SQL with Params().
  std::string SpansSql() const;
  std::string BadSql() const;
  std::vector<SqlParam> Params() const;
};

// All cells, those without failures too (category empty), of both sides.
absl::StatusOr<std::vector<ErrorCell>> ReadErrorCells(const Investigation& run);

// "38 % of calls have invalid arguments": the verb.
std::string FailureWords(std::string_view category);

// What is behind a cell that has risen: adds a line to the finding, a cause, and what may help.
// `share`: the part of all failures beyond the usual that is the cell's.
void ExplainCell(Investigation& run, const ErrorCell& cell, double share, Finding& finding);

}  // namespace pitot
