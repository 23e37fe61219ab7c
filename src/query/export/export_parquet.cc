#include "query/export/export_parquet.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"

namespace pitot {
namespace {

constexpr std::chrono::hours kDeadline{6};
constexpr char kInMemoryBytes[] = "134217728";

// What was resolved over the trace, from facts; what was received, from spans.
constexpr std::string_view kSelect = R"(
SELECT
    lower(hex(s.trace_id)) AS trace_id,
    lower(hex(s.span_id)) AS span_id,
    if(s.parent_span_id = toFixedString('', 8), NULL, lower(hex(s.parent_span_id))) AS parent_span_id,
    s.name AS name,
    toString(s.kind) AS kind,
    s.op AS op,
    fromUnixTimestamp64Nano(s.start_ns, 'UTC') AS started_at,
    fromUnixTimestamp64Nano(f.end_ns, 'UTC') AS ended_at,
    f.duration_ns / 1e6 AS duration_ms,
    toString(f.status) AS status,
    s.status_message AS status_message,
    f.is_root AS is_root,
    f.service AS service,
    f.environment AS environment,
    f.release AS release,
    f.feature AS feature,
    f.workflow AS workflow,
    f.user_id AS user_id,
    f.session_id AS session_id,
    f.agent AS agent,
    f.prompt_name AS prompt_name,
    f.prompt_version AS prompt_version,
    s.tags AS tags,
    s.provider AS provider,
    s.model_requested AS model_requested,
    s.model AS model,
    s.response_id AS response_id,
    toString(s.finish_reason) AS finish_reason,
    s.ttft_ns / 1e6 AS ttft_ms,
    s.streaming AS streaming,
    toString(f.role) AS usage_role,
    f.counted AS counted,
    f.input_tokens AS input_tokens,
    f.cache_read_tokens AS cache_read_tokens,
    f.cache_write_5m_tokens AS cache_write_5m_tokens,
    f.cache_write_1h_tokens AS cache_write_1h_tokens,
    f.input_audio_tokens AS input_audio_tokens,
    f.input_image_tokens AS input_image_tokens,
    f.output_tokens AS output_tokens,
    f.reasoning_tokens AS reasoning_tokens,
    f.output_audio_tokens AS output_audio_tokens,
    f.output_image_tokens AS output_image_tokens,
    f.web_searches AS web_searches,
    f.file_searches AS file_searches,
    f.cost / 1e9 AS cost_usd,
    f.estimated AS estimated,
    toString(s.price_source) AS price_source,
    toString(s.price_confidence) AS price_confidence,
    s.price_version AS price_version,
    s.tool_name AS tool_name,
    s.tool_call_id AS tool_call_id,
    toString(s.tool_status) AS tool_status,
    s.retry_count AS retry_count,
    s.mcp_server AS mcp_server,
    s.error_type AS error_type,
    toString(s.error_category) AS error_category,
    c.input AS input,
    c.output AS output,
    c.system AS system,
    c.tool_definitions AS tool_definitions,
    c.reasoning AS reasoning,
    s.attributes AS attributes,
    s.events AS events,
    s.links AS links,
    s.scope AS scope,
    s.emitter AS emitter,
    toString(s.source) AS source
)";

// The texts of a field's pieces in their order, as a JSON list of texts.
std::string FieldSql(std::string_view field) {
  return fmt::format(
      "toJSONString(arrayMap(p -> p.2, arraySort(groupArrayIf((place, text), field = '{0}')))) "
      "AS {0}",
      field);
}

// Contents of the spans, each once: a row a piece, joined with its payload.
std::string ContentsSql(std::string_view matching) {
  std::string pieces;
  std::string fields;
  for (const char* field : {"input", "output", "system", "tool_definitions", "reasoning"}) {
    pieces += fmt::format(
        "{}arrayMap((piece, place) -> ('{}', toUInt32(place), piece), {}, arrayEnumerate({}))",
        pieces.empty() ? "" : ", ", field, field, field);
    fields += fmt::format("{}{}", fields.empty() ? "" : ", ", FieldSql(field));
  }
  return fmt::format(
      "SELECT trace_id, span_id, {} FROM "
      "(SELECT e.trace_id AS trace_id, e.span_id AS span_id, e.field AS field, e.place AS place, "
      "if(startsWith(e.piece, '#'), p.content, substring(e.piece, 2)) AS text FROM "
      "(SELECT trace_id, span_id, arrayJoin(arrayConcat({})) AS item, item.1 AS field, "
      "item.2 AS place, item.3 AS piece, "
      "if(startsWith(piece, '#'), substring(piece, 2), '') AS hash "
      "FROM spans FINAL WHERE project = {{project:String}}{}) AS e "
      "ANY LEFT JOIN (SELECT toString(hash) AS hash, content FROM payloads "
      "WHERE project = {{project:String}}) AS p ON p.hash = e.hash) "
      "GROUP BY trace_id, span_id",
      fields, pieces, matching);
}

}  // namespace

absl::Status ExportParquet(const QueryContext& context, const ExportRequest& request,
                           const ResultSink& sink) {
  const SqlPiece matching = MatchingSpans(request);
  Scope scope;
  scope.project = request.project;
  scope.window = request.window.value_or(kAllTime);
  const SqlPiece facts = FactsWhere(scope);
  const std::string sql = fmt::format(
      "{} FROM (SELECT * FROM spans FINAL WHERE project = {{project:String}}{}) AS s "
      "ANY INNER JOIN (SELECT * FROM facts AS f FINAL WHERE {}) AS f "
      "ON f.trace_id = s.trace_id AND f.span_id = s.span_id "
      "ANY LEFT JOIN ({}) AS c ON c.trace_id = s.trace_id AND c.span_id = s.span_id",
      kSelect, matching.sql, facts.sql, ContentsSql(matching.sql));
  std::vector<SqlParam> params = matching.params;
  for (const SqlParam& param : facts.params) {
    const bool has = std::ranges::any_of(
        params, [&](const SqlParam& other) { return other.name == param.name; });
    if (!has) params.push_back(param);
  }
  QueryOptions options = context.Options(std::move(params), "Parquet");
  options.deadline = kDeadline;
  options.settings.push_back({"do_not_merge_across_partitions_select_final", "0"});
  // What a statement joins and groups beyond these goes to the engine's disk.
  options.settings.push_back({"join_algorithm", "grace_hash"});
  options.settings.push_back({"max_bytes_in_join", kInMemoryBytes});
  options.settings.push_back({"max_bytes_before_external_group_by", kInMemoryBytes});
  return context.engine.Stream(sql, options, sink);
}

}  // namespace pitot
