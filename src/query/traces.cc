#include "query/traces.h"

#include <algorithm>

#include "base/hex.h"
#include "base/status.h"
#include "base/text.h"
#include "query/sql_files.h"
#include "query/trace_list.h"
#include "query/trace_queries.h"
#include "store/day.h"
#include "store/row_binary.h"

namespace pitot {
namespace {

// {"span":{...},"cost_usd":1} of trace_spans.sql -> {...,"cost_usd":1}, line by line.
std::string FlatRows(std::string_view lines) {
  constexpr std::string_view kOpen = "{\"span\":";
  constexpr std::string_view kClose = "},\"cost_usd\":";
  std::string flat;
  flat.reserve(lines.size());
  for (const std::string_view line : SplitText(lines, '\n')) {
    const size_t close = line.rfind(kClose);
    if (!line.starts_with(kOpen) || close == std::string_view::npos) continue;
    flat += line.substr(kOpen.size(), close - kOpen.size());
    flat += line.substr(close + 1);
    flat += '\n';
  }
  return flat;
}

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
  if (result.body.size() != 4 * sizeof(int64_t)) {
    return Internal("the engine's answer to trace_bounds.sql has {} bytes", result.body.size());
  }
  RowBinaryReader in(result.body);
  const auto spans = in.Number<uint64_t>();
  TraceBounds bounds;
  bounds.start_min_ns = in.Number<int64_t>();
  bounds.start_max_ns = in.Number<int64_t>();
  bounds.end_max_ns = in.Number<int64_t>();
  if (spans == 0) {
    return Error(absl::StatusCode::kNotFound, "no trace {} in project {}", trace_id, project);
  }
  return bounds;
}

absl::StatusOr<std::string> ReadStructure(Engine& engine, const std::string& project,
                                          const std::string& trace_id, const std::string& span_id,
                                          const TraceBounds& bounds) {
  QueryOptions options = JsonLines({
      {"project", project},
      {"trace_id", trace_id},
      {"span_id", span_id},
      {"trace_start_ns", fmt::to_string(bounds.start_min_ns)},
      {"min_day", fmt::to_string(DayOf(bounds.start_min_ns))},
      {"max_day", fmt::to_string(DayOf(bounds.end_max_ns))},
      {"min_minute", fmt::to_string(bounds.start_min_ns / kNanosPerMinute)},
      {"max_minute", fmt::to_string(bounds.end_max_ns / kNanosPerMinute)},
  });
  for (const char* name : {"enable_named_columns_in_function_tuple",
                           "output_format_json_skip_null_value_in_named_tuples"}) {
    options.settings.push_back({name, "1"});
  }
  ASSIGN_OR_RETURN(const QueryResult result, engine.Query(SqlFile("trace_spans.sql"), options));
  return FlatRows(result.body);
}

absl::StatusOr<TraceStructure> ReadTrace(Engine& engine, const std::string& project,
                                         const std::string& trace_id) {
  ASSIGN_OR_RETURN(const TraceBounds bounds, FindTrace(engine, project, trace_id));
  ASSIGN_OR_RETURN(const std::string trace, ReadTraceRow(engine, project, trace_id, bounds));
  TraceStructure structure;
  ASSIGN_OR_RETURN(structure.spans, ReadStructure(engine, project, trace_id, "", bounds));
  structure.head = fmt::format("{{\"trace\":{},\n\"spans\":[\n", trace);
  structure.tail = "]}";
  // Lines to list: JSON holds no raw line breaks.
  std::string& spans = structure.spans;
  while (!spans.empty() && spans.back() == '\n') spans.pop_back();
  std::ranges::replace(spans, '\n', ',');
  return structure;
}

}  // namespace pitot
