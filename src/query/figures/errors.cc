#include "query/figures/errors.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json/serialize.hpp>

#include "base/status.h"
#include "query/figures/answer.h"
#include "query/sql_files.h"
#include "store/day.h"

namespace pitot {
namespace {

constexpr size_t kMessageBytesMax = 500;
constexpr int kNamesShown = 3;

// One failed event is often seen by several spans: second sights of a call are left out, as they are
// of calls.
constexpr std::string_view kSeenOnceSql =
    "f.status != 'running' AND f.role NOT IN ('wrapper', 'duplicate', 'inner')";
constexpr std::string_view kCategorySql =
    "if(f.error_category = '', 'unknown', toString(f.error_category))";

// {"llm":2,"tool":1} of [["llm",2],["tool",1]].
std::string CountsObject(const boost::json::value& pairs) {
  std::string json = "{";
  const boost::json::array* list = pairs.if_array();
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const boost::json::array* pair = (*list)[i].if_array();
    if (pair == nullptr || pair->size() != 2) continue;
    json += fmt::format("{}{}:{}", json.size() == 1 ? "" : ",", JsonText(TextAt(*pair, 0)),
                        IntAt(*pair, 1));
  }
  return json + "}";
}

// Columns of a category.
enum CategoryColumn {
  kCategory,
  kCount,
  kTraces,
  kKinds,
  kModels,
  kTools,
  kFirst,
  kLast,
  kCategoryColumns
};

// Columns of an example.
enum ExampleColumn {
  kOf,
  kTraceId,
  kSpanId,
  kName,
  kKind,
  kTool,
  kModel,
  kEnd,
  kStart,
  kExampleColumns
};

absl::StatusOr<int64_t> CountSpans(const QueryContext& context, const Scope& scope) {
  SqlPiece where = FactsWhere(scope);
  const std::string sql =
      fmt::format("SELECT count() FROM facts AS f FINAL WHERE {} AND {}", where.sql, kSeenOnceSql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context, sql, std::move(where.params), 1));
  if (table.rows.size() != 1) return Internal("the engine gave {} counts", table.rows.size());
  return IntAt(table.rows[0].get_array(), 0);
}

// All of them: there are no more than the enum has names.
absl::StatusOr<Table> ReadCategories(const QueryContext& context, const Scope& scope) {
  SqlPiece where = FactsWhere(scope);
  // First by everything that is counted, then by category: the second level sees few rows.
  const std::string sql = fmt::format(
      "WITH (m -> arraySort(p -> (-p.2, p.1), arrayFilter(p -> p.1 != '', arrayZip(m.1, m.2)))) "
      "AS ranked "
      "SELECT category, sum(n) AS errors, uniqExactMerge(traces), ranked(sumMap([kind], [n])), "
      "arraySlice(ranked(sumMap([model], [n])).1, 1, {}), "
      "arraySlice(ranked(sumMap([tool], [n])).1, 1, {}), min(first_ns), max(last_ns) FROM ("
      "SELECT {} AS category, toString(f.kind) AS kind, toString(f.model) AS model, "
      "toString(f.tool_name) AS tool, toInt64(count()) AS n, uniqExactState(f.trace_id) AS traces, "
      "min(f.end_ns) AS first_ns, max(f.end_ns) AS last_ns FROM facts AS f FINAL "
      "WHERE {} AND f.status = 'error' AND {} GROUP BY category, kind, model, tool) "
      "GROUP BY category ORDER BY errors DESC, category",
      kNamesShown, kNamesShown, kCategorySql, where.sql, kSeenOnceSql);
  return ReadTable(context, sql, std::move(where.params), kCategoryColumns);
}

absl::StatusOr<Table> ReadExamples(const QueryContext& context, const ErrorsRequest& request) {
  SqlPiece where = FactsWhere(request.scope);
  const std::string sql = fmt::format(
      "SELECT {} AS category, lower(hex(f.trace_id)) AS trace, lower(hex(f.span_id)) AS span, "
      "f.name, f.kind, f.tool_name, f.model, f.end_ns, f.end_ns - f.duration_ns "
      "FROM facts AS f FINAL WHERE {} AND f.status = 'error' AND {} "
      "ORDER BY f.end_ns DESC, f.trace_id DESC, f.span_id DESC "
      "LIMIT {{examples:UInt32}} BY category",
      kCategorySql, where.sql, kSeenOnceSql);
  where.params.push_back({"examples", fmt::to_string(request.examples)});
  return ReadTable(context, sql, std::move(where.params), kExampleColumns);
}

// "trace_id/span_id" -> what the span says of its error.
using Messages = absl::flat_hash_map<std::string, std::string>;

std::string IdOf(std::string_view trace_id, std::string_view span_id) {
  return fmt::format("{}/{}", trace_id, span_id);
}

absl::StatusOr<Messages> ReadMessages(const QueryContext& context, const std::string& project,
                                      const Table& examples) {
  Messages messages;
  if (examples.rows.empty()) return messages;
  std::vector<std::string> traces;
  std::vector<std::string> spans;
  std::vector<uint16_t> days;
  for (const boost::json::value& value : examples.rows) {
    const boost::json::array& row = value.get_array();
    traces.emplace_back(TextAt(row, kTraceId));
    spans.emplace_back(TextAt(row, kSpanId));
    days.push_back(DayOf(IntAt(row, kStart)));
  }
  ASSIGN_OR_RETURN(const Table table,
                   ReadTable(context, SqlFile("error_messages.sql"),
                             {{"project", project},
                              {"traces", QuoteArray(traces)},
                              {"spans", QuoteArray(spans)},
                              {"days", fmt::format("[{}]", fmt::join(days, ","))}},
                             3));
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    messages.emplace(IdOf(TextAt(row, 0), TextAt(row, 1)), TextAt(row, 2));
  }
  return messages;
}

std::string ExampleJson(const boost::json::array& row, const Messages& messages) {
  const auto message = messages.find(IdOf(TextAt(row, kTraceId), TextAt(row, kSpanId)));
  const std::string text = message == messages.end() ? "" : message->second;
  return fmt::format(
      R"({{"trace_id":"{}","span_id":"{}","name":{},"kind":"{}","tool_name":{},"model":{},)"
      R"("message":{},"at":"{}"}})",
      TextAt(row, kTraceId), TextAt(row, kSpanId), JsonText(TextAt(row, kName)), TextAt(row, kKind),
      JsonText(TextAt(row, kTool)), JsonText(TextAt(row, kModel)),
      JsonText(CutMessage(text, kMessageBytesMax)), IsoTime(IntAt(row, kEnd)));
}

std::string CategoryJson(const boost::json::array& row, int64_t errors, const Table& examples,
                         const Messages& messages) {
  std::vector<std::string> shown;
  for (const boost::json::value& example : examples.rows) {
    if (TextAt(example.get_array(), kOf) != TextAt(row, kCategory)) continue;
    shown.push_back(ExampleJson(example.get_array(), messages));
  }
  const int64_t count = IntAt(row, kCount);
  return fmt::format(
      R"({{"category":"{}","count":{},"share":{},"traces":{},"kinds":{},"models":{},"tools":{},)"
      R"("first_at":"{}","last_at":"{}","examples":[{}]}})",
      TextAt(row, kCategory), count, static_cast<double>(count) / static_cast<double>(errors),
      IntAt(row, kTraces), CountsObject(row[kKinds]), boost::json::serialize(row[kModels]),
      boost::json::serialize(row[kTools]), IsoTime(IntAt(row, kFirst)), IsoTime(IntAt(row, kLast)),
      fmt::join(shown, ",\n  "));
}

}  // namespace

std::string CutMessage(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  // Bytes 10xxxxxx continue a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

absl::StatusOr<std::string> ReadErrors(const QueryContext& context, const ErrorsRequest& request) {
  ASSIGN_OR_RETURN(const int64_t spans, CountSpans(context, request.scope));
  ASSIGN_OR_RETURN(const Table categories, ReadCategories(context, request.scope));
  int64_t errors = 0;
  for (const boost::json::value& row : categories.rows) errors += IntAt(row.get_array(), kCount);
  Table examples;
  if (request.examples > 0 && !categories.rows.empty()) {
    ASSIGN_OR_RETURN(examples, ReadExamples(context, request));
  }
  ASSIGN_OR_RETURN(const Messages messages, ReadMessages(context, request.scope.project, examples));
  std::vector<std::string> shown;
  for (const boost::json::value& row : categories.rows) {
    if (shown.size() == request.limit) break;
    shown.push_back(CategoryJson(row.get_array(), errors, examples, messages));
  }
  return fmt::format(
      "{{\"window\":{},\"of\":\"spans\",\"spans\":{},\"errors\":{},\n\"categories\":[\n{}]}}",
      WindowJson(request.scope.window), spans, errors, fmt::join(shown, ",\n"));
}

}  // namespace pitot
