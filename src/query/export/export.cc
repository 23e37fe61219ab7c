#include "query/export/export.h"

#include <utility>
#include <vector>

#include "base/status.h"
#include "query/export/export_parquet.h"
#include "query/export/exported_span.h"
#include "query/export/otlp_line.h"
#include "query/export/payload_cache.h"
#include "query/export/span_line.h"
#include "store/engine/statement.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

// A day's statement waits for the reader of the file, and with it for its disk or network.
constexpr std::chrono::hours kDayDeadline{6};
// Spans looked at together: their payloads are fetched by one statement.
constexpr size_t kBatchSpans = 256;
constexpr size_t kBatchBytes = 4 << 20;

using AppendLine = void (*)(const ExportedSpan& span, std::string& out);

// Rows come in pieces that end anywhere; lines go out.
class LineExport {
 public:
  LineExport(const QueryContext& context, const std::string& project, uint16_t day,
             AppendLine append_line, const ResultSink& sink)
      : payloads_(context, project, day), append_line_(append_line), sink_(sink) {}

  // False: no more is wanted, or status() says why.
  bool Put(std::string_view piece) {
    rows_ += piece;
    if (rows_.size() < wanted_) return true;
    return Drain();
  }

  absl::Status Finish() {
    Drain();
    RETURN_IF_ERROR(status_);
    if (!rows_.empty()) return Internal("the engine's rows of spans end within one");
    return absl::OkStatus();
  }

  const absl::Status& status() const { return status_; }

 private:
  // Exports the whole rows there are.
  bool Drain() {
    size_t done = 0;
    for (bool more = true; more;) {
      Arena arena;
      std::vector<ExportedSpan> batch;
      const size_t begun = done;
      more = ReadBatch(arena, batch, done);
      if (!batch.empty() && !ExportBatch(batch)) return false;
      if (done == begun) break;
    }
    rows_.erase(0, done);
    // A row larger than what is here: reading it again at every piece would take its square.
    wanted_ = rows_.size() + rows_.size() / 2;
    return true;
  }

  // False: a row is incomplete, or there are no more.
  bool ReadBatch(Arena& arena, std::vector<ExportedSpan>& batch, size_t& done) const {
    const std::string_view all = rows_;
    const size_t begun = done;
    while (batch.size() < kBatchSpans && done - begun < kBatchBytes) {
      RowBinaryReader in(all.substr(done));
      ExportedSpan span;
      if (in.AtEnd() || !ReadExportedSpan(in, arena, span)) return false;
      done = all.size() - in.left();
      batch.push_back(span);
    }
    return true;
  }

  bool ExportBatch(std::vector<ExportedSpan>& batch) {
    status_ = payloads_.Fill(batch);
    if (!status_.ok()) return false;
    for (const ExportedSpan& span : batch) {
      line_.clear();
      append_line_(span, line_);
      if (!sink_(line_)) {
        status_ = NobodyWaits();
        return false;
      }
    }
    return true;
  }

  PayloadCache payloads_;
  const AppendLine append_line_;
  const ResultSink& sink_;
  std::string rows_;
  size_t wanted_ = 0;
  std::string line_;
  absl::Status status_;
};

// UTC days on which spans started.
absl::StatusOr<std::vector<uint16_t>> DaysOf(const QueryContext& context,
                                             const std::string& project) {
  ASSIGN_OR_RETURN(const QueryResult result,
                   context.engine.Query("SELECT DISTINCT toUInt16(day) AS day FROM spans "
                                        "WHERE project = {project:String} ORDER BY day",
                                        context.Options({{"project", project}}, "RowBinary")));
  std::vector<uint16_t> days;
  RowBinaryReader in(result.body);
  while (!in.AtEnd()) days.push_back(in.Number<uint16_t>());
  if (!in.ok()) return Internal("the engine's list of days cannot be read");
  return days;
}

// Spans that were received again with a start on another day lie under both.
constexpr std::string_view kMovedSql =
    "FROM spans WHERE project = {project:String} GROUP BY trace_id, span_id "
    "HAVING min(day) != max(day)";

// What leaves out the older of them, if there are any: they take a pass over all ids to find.
absl::StatusOr<std::string> NewestOnly(const QueryContext& context, const std::string& project) {
  QueryOptions options = context.Options({{"project", project}}, "RowBinary");
  options.deadline = kDayDeadline;
  // In the order in which they are stored, so that memory is that of one trace.
  options.settings.push_back({"optimize_aggregation_in_order", "1"});
  ASSIGN_OR_RETURN(const QueryResult result,
                   context.engine.Query(fmt::format("SELECT 1 {} LIMIT 1", kMovedSql), options));
  if (result.body.empty()) return std::string();
  return fmt::format(
      " AND ((trace_id, span_id) NOT IN (SELECT trace_id, span_id {0}) OR "
      "(trace_id, span_id, version) IN (SELECT trace_id, span_id, max(version) {0}))",
      kMovedSql);
}

// The spans that started on one day.
absl::Status ExportDay(const QueryContext& context, const ExportRequest& request, uint16_t day,
                       std::string_view newest_only, AppendLine append_line,
                       const ResultSink& sink) {
  const SqlPiece matching = MatchingSpans(request);
  const std::string sql = fmt::format(
      "SELECT {} FROM spans FINAL WHERE project = {{project:String}} "
      "AND toUInt16(day) = {{day:UInt16}}{}{}",
      kExportedColumns, matching.sql, newest_only);
  std::vector<SqlParam> params = matching.params;
  params.push_back({"day", fmt::to_string(day)});
  QueryOptions options = context.Options(std::move(params), "RowBinary");
  options.deadline = kDayDeadline;
  options.settings.push_back({"optimize_aggregation_in_order", "1"});
  // A span received again after the retention was changed lies in two partitions.
  options.settings.push_back({"do_not_merge_across_partitions_select_final", "0"});
  LineExport lines(context, request.project, day, append_line, sink);
  const absl::Status status =
      context.engine.Stream(sql, options, [&](std::string_view piece) { return lines.Put(piece); });
  if (!lines.status().ok()) return lines.status();
  RETURN_IF_ERROR(status);
  return lines.Finish();
}

}  // namespace

SqlPiece MatchingSpans(const ExportRequest& request) {
  if (!request.window && request.filter.empty()) return {"", {{"project", request.project}}};
  Scope scope;
  scope.project = request.project;
  scope.window = request.window.value_or(kAllTime);
  scope.filter = request.filter;
  SqlPiece piece = FactsWhere(scope);
  piece.sql = fmt::format(
      " AND (trace_id, span_id) IN "
      "(SELECT f.trace_id, f.span_id FROM facts AS f FINAL WHERE {})",
      piece.sql);
  return piece;
}

absl::StatusOr<ExportFormat> ParseExportFormat(std::string_view name) {
  if (name == "jsonl") return ExportFormat::kJsonl;
  if (name == "otlp") return ExportFormat::kOtlp;
  if (name == "parquet") return ExportFormat::kParquet;
  return InvalidArgument("format \"{}\" is none of jsonl, otlp, parquet", name);
}

absl::Status Export(const QueryContext& context, ExportFormat format, const ExportRequest& request,
                    const ResultSink& sink) {
  if (format == ExportFormat::kParquet) return ExportParquet(context, request, sink);
  const AppendLine append_line = format == ExportFormat::kJsonl ? AppendSpanLine : AppendOtlpLine;
  ASSIGN_OR_RETURN(const std::vector<uint16_t> days, DaysOf(context, request.project));
  std::string newest_only;
  if (days.size() > 1) {
    ASSIGN_OR_RETURN(newest_only, NewestOnly(context, request.project));
  }
  for (const uint16_t day : days) {
    RETURN_IF_ERROR(ExportDay(context, request, day, newest_only, append_line, sink));
  }
  return absl::OkStatus();
}

}  // namespace pitot
