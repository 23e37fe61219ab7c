#include "query/traces.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "base/status.h"
#include "query/sql_files.h"
#include "query/trace_list.h"
#include "query/trace_queries.h"
#include "store/day.h"
#include "store/engine/statement.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

// As many spans are read by one statement: few enough to be sorted and joined in little memory.
constexpr uint32_t kPageSpans = 25'000;
// A reader's pace counts: its statement waits for it.
constexpr std::chrono::minutes kStreamDeadline{10};

// Some of a trace's spans: those that started in [from_ns, before_ns), which ended by end_max_ns.
struct SpanRange {
  int64_t from_ns = std::numeric_limits<int64_t>::min();
  int64_t before_ns = std::numeric_limits<int64_t>::max();
  int64_t start_min_ns = 0;
  int64_t end_max_ns = 0;
};

// {"span":{...},"cost_usd":1} of trace_spans.sql -> {...,"cost_usd":1}
void AppendFlatRow(std::string_view line, std::string& json) {
  constexpr std::string_view kOpen = "{\"span\":";
  constexpr std::string_view kClose = "},\"cost_usd\":";
  const size_t close = line.rfind(kClose);
  if (!line.starts_with(kOpen) || close == std::string_view::npos) return;
  json += line.substr(kOpen.size(), close - kOpen.size());
  json += line.substr(close + 1);
}

QueryOptions SpansOptions(const QueryContext& context, const std::string& project,
                          const std::string& trace_id, const std::string& span_id,
                          const TraceBounds& bounds, const SpanRange& range) {
  QueryOptions options = context.Options({
      {"project", project},
      {"trace_id", trace_id},
      {"span_id", span_id},
      {"trace_start_ns", fmt::to_string(bounds.start_ns)},
      {"from_ns", fmt::to_string(range.from_ns)},
      {"before_ns", fmt::to_string(range.before_ns)},
      // Of the whole trace: what was received of a span before may have another start.
      {"min_start_day", fmt::to_string(DayOf(bounds.start_min_ns))},
      {"max_start_day", fmt::to_string(DayOf(bounds.start_max_ns))},
      {"min_day", fmt::to_string(DayOf(range.start_min_ns))},
      {"max_day", fmt::to_string(DayOf(range.end_max_ns))},
      {"min_minute", fmt::to_string(range.start_min_ns / kNanosPerMinute)},
      {"max_minute", fmt::to_string(range.end_max_ns / kNanosPerMinute)},
  });
  for (const char* name : {"enable_named_columns_in_function_tuple",
                           "output_format_json_skip_null_value_in_named_tuples"}) {
    options.settings.push_back({name, "1"});
  }
  return options;
}

// In the order of their starts.
absl::StatusOr<std::vector<SpanRange>> CutIntoRanges(const QueryContext& context,
                                                     const std::string& project,
                                                     const std::string& trace_id,
                                                     const TraceBounds& bounds) {
  SpanRange all;
  all.start_min_ns = bounds.start_min_ns;
  all.end_max_ns = bounds.end_max_ns;
  if (bounds.spans <= kPageSpans) return std::vector<SpanRange>{all};
  ASSIGN_OR_RETURN(
      const QueryResult result,
      context.engine.Query(SqlFile("trace_pages.sql"),
                           context.Options({{"project", project},
                                            {"trace_id", trace_id},
                                            {"page_spans", fmt::to_string(kPageSpans)}},
                                           "RowBinary")));
  RowBinaryReader in(result.body);
  std::vector<SpanRange> ranges;
  int64_t end_before_ns = 0;
  while (!in.AtEnd() && in.ok()) {
    const auto start_ns = in.Number<int64_t>();
    const auto end_max_ns = in.Number<int64_t>();
    // Spans that started at the same moment stay together, though the count would part them.
    if (!ranges.empty() && ranges.back().start_min_ns == start_ns) {
      ranges.back().end_max_ns = std::max(ranges.back().end_max_ns, end_max_ns);
    } else {
      SpanRange range;
      if (!ranges.empty()) range.from_ns = ranges.back().before_ns = start_ns;
      range.start_min_ns = start_ns;
      range.end_max_ns = std::max(end_before_ns, end_max_ns);
      ranges.push_back(range);
    }
    end_before_ns = end_max_ns;
  }
  if (!in.ok()) return Internal("the engine's answer to trace_pages.sql cannot be read");
  return ranges;
}

// Calls `line` with each complete line of a text that comes in pieces.
class LineSplitter {
 public:
  template <typename Function>
  void Put(std::string_view piece, const Function& line) {
    for (size_t end; (end = piece.find('\n')) != std::string_view::npos;) {
      if (kept_.empty()) {
        line(piece.substr(0, end));
      } else {
        kept_ += piece.substr(0, end);
        line(std::string_view(kept_));
        kept_.clear();
      }
      piece.remove_prefix(end + 1);
    }
    kept_ += piece;
  }

 private:
  std::string kept_;
};

}  // namespace

QueryOptions JsonLines(std::vector<SqlParam> params) {
  QueryOptions options;
  options.params = std::move(params);
  options.format = "JSONEachRow";
  options.settings = {{"date_time_output_format", "iso"},
                      {"output_format_json_validate_utf8", "1"}};
  return options;
}

absl::Status CheckId(std::string_view what, std::string_view id, size_t bytes) {
  std::string raw(bytes, '\0');
  if (FromHex(id, raw.data(), bytes)) return absl::OkStatus();
  return InvalidArgument("{} \"{}\" is not {} hex digits", what, id, 2 * bytes);
}

absl::StatusOr<TraceBounds> FindTrace(Engine& engine, const std::string& project,
                                      const std::string& trace_id) {
  RETURN_IF_ERROR(CheckId("trace_id", trace_id, 16));
  QueryOptions options;
  options.params = {{"project", project}, {"trace_id", trace_id}};
  options.format = "RowBinary";
  ASSIGN_OR_RETURN(const QueryResult result,
                   engine.Query(SqlFile("trace_bounds.sql"), std::move(options)));
  if (result.body.size() != 5 * sizeof(int64_t)) {
    return Internal("the engine's answer to trace_bounds.sql has {} bytes", result.body.size());
  }
  RowBinaryReader in(result.body);
  TraceBounds bounds;
  bounds.spans = in.Number<uint64_t>();
  bounds.start_min_ns = in.Number<int64_t>();
  bounds.start_max_ns = in.Number<int64_t>();
  bounds.end_max_ns = in.Number<int64_t>();
  bounds.start_ns = in.Number<int64_t>();
  if (bounds.spans == 0) {
    return Error(absl::StatusCode::kNotFound, "no trace {} in project {}", trace_id, project);
  }
  return bounds;
}

absl::StatusOr<std::string> ReadStructure(const QueryContext& context, const std::string& project,
                                          const std::string& trace_id, const std::string& span_id,
                                          const TraceBounds& bounds) {
  SpanRange all;
  all.start_min_ns = bounds.start_min_ns;
  all.end_max_ns = bounds.end_max_ns;
  ASSIGN_OR_RETURN(
      const QueryResult result,
      context.engine.Query(SqlFile("trace_spans.sql"),
                           SpansOptions(context, project, trace_id, span_id, bounds, all)));
  std::string json;
  AppendFlatRow(std::string_view(result.body).substr(0, result.body.find('\n')), json);
  return json;
}

absl::Status StreamTrace(const QueryContext& context, const std::string& project,
                         const std::string& trace_id, const ResultSink& sink) {
  ASSIGN_OR_RETURN(const TraceBounds bounds, FindTrace(context.engine, project, trace_id));
  ASSIGN_OR_RETURN(const std::string trace,
                   ReadTraceRow(context.engine, project, trace_id, bounds));
  ASSIGN_OR_RETURN(const std::vector<SpanRange> ranges,
                   CutIntoRanges(context, project, trace_id, bounds));
  if (!sink(fmt::format("{{\"trace\":{},\n\"spans\":[\n", trace))) return NobodyWaits();
  bool first = true;
  for (const SpanRange& range : ranges) {
    QueryOptions options = SpansOptions(context, project, trace_id, "", bounds, range);
    options.deadline = kStreamDeadline;
    LineSplitter lines;
    RETURN_IF_ERROR(
        context.engine.Stream(SqlFile("trace_spans.sql"), options, [&](std::string_view piece) {
          std::string json;
          json.reserve(piece.size());
          lines.Put(piece, [&](std::string_view line) {
            if (!std::exchange(first, false)) json += ",\n";
            AppendFlatRow(line, json);
          });
          return json.empty() || sink(json);
        }));
  }
  return sink("]}") ? absl::OkStatus() : NobodyWaits();
}

}  // namespace pitot
